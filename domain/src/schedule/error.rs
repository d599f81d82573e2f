//! Why no plan can be drawn.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::amount::Amount;
use crate::exact::OutOfRange;

/// A refusal of LENDING.md §16, or a figure or date beyond what can be computed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "installment {installment} of row {row} is below its interest {interest}, so what is owed would grow: {}",
        remedy(*agreed)
    )]
    NegativeAmortization { row: usize, installment: Decimal, interest: Decimal, agreed: bool },
    #[error("first due date {due_on} lies before the first disbursement on {disbursed_on}")]
    FirstDueBeforeDisbursement { due_on: NaiveDate, disbursed_on: NaiveDate, pointer: &'static str },
    #[error("disbursement on {on} does not lie before the last due date {last_due_on}")]
    DisbursementAfterLastDueDate { at: usize, on: NaiveDate, last_due_on: NaiveDate },
    #[error("charge due on {due_on} lies after the last due date {last_due_on}")]
    ChargeAfterLastDueDate { at: usize, due_on: NaiveDate, last_due_on: NaiveDate },
    #[error("custom adds up to {listed}, not to the amount financed {financed}")]
    CustomDoesNotAddUp { listed: Amount, financed: Decimal },
    #[error("methods sam, flat, bullet and custom need exactly one disbursement, not {disbursements}")]
    MethodNeedsOneDisbursement { disbursements: usize },
    #[error("rounding.remainder none leaves a residue, which a loan must not")]
    SimulationOnly,
    #[error("no IOF rate is known for {on}; give tax.iof.rates")]
    IofRateUnknown { on: NaiveDate },
    #[error("the principal of each of {rows} installments rounds to nothing; fewer installments repay it")]
    PrincipalRoundsToNothing { rows: usize },
    #[error(
        "drawing the plan takes more than {most} steps; fewer installments, fewer disbursements, or rounding.remainder \
         last take fewer"
    )]
    TooManySteps { most: usize },
    #[error("a plan needs at least one disbursement")]
    NothingDisbursed,
    #[error("{kept} is kept back from {disbursed}, more than is disbursed")]
    MoreKeptBackThanDisbursed { kept: Amount, disbursed: Amount },
    #[error(
        "the due date of installment {number} lies outside of the years that can be computed with (1900 to 2200)"
    )]
    DateOutOfRange { number: usize },
    #[error("the financed tax does not stand still: each round of it asks for more")]
    TaxWithoutEnd,
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

impl PlanError {
    /// The code of the refusal, as LENDING.md §16 names it where it does.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NegativeAmortization { .. } => "negative_amortization",
            Self::FirstDueBeforeDisbursement { .. } => "first_due_before_disbursement",
            Self::DisbursementAfterLastDueDate { .. } => "disbursement_after_last_due_date",
            Self::ChargeAfterLastDueDate { .. } => "charge_after_last_due_date",
            Self::CustomDoesNotAddUp { .. } => "custom_does_not_add_up",
            Self::MethodNeedsOneDisbursement { .. } => "method_needs_one_disbursement",
            Self::SimulationOnly => "simulation_only",
            Self::IofRateUnknown { .. } => "iof_rate_unknown",
            Self::NothingDisbursed => "nothing_disbursed",
            Self::PrincipalRoundsToNothing { .. } => "rounds_to_nothing",
            Self::MoreKeptBackThanDisbursed { .. }
            | Self::DateOutOfRange { .. }
            | Self::TooManySteps { .. }
            | Self::TaxWithoutEnd
            | Self::OutOfRange(_) => "out_of_range",
        }
    }

    /// The field that it concerns, as a JSON pointer from the terms or the schedule request.
    pub fn pointer(&self) -> String {
        match self {
            Self::NegativeAmortization { agreed: true, .. } => "/installment_amount".to_owned(),
            Self::NegativeAmortization { .. }
            | Self::PrincipalRoundsToNothing { .. }
            | Self::TooManySteps { .. }
            | Self::DateOutOfRange { .. } => "/installments".to_owned(),
            Self::FirstDueBeforeDisbursement { pointer, .. } => (*pointer).to_owned(),
            Self::DisbursementAfterLastDueDate { at, .. } => format!("/disbursements/{at}/on"),
            Self::ChargeAfterLastDueDate { at, .. } => format!("/charges/{at}/due"),
            Self::CustomDoesNotAddUp { .. } => "/custom".to_owned(),
            Self::MethodNeedsOneDisbursement { .. } | Self::NothingDisbursed => "/disbursements".to_owned(),
            Self::SimulationOnly => "/rounding/remainder".to_owned(),
            Self::IofRateUnknown { .. } => "/tax/iof/rates".to_owned(),
            Self::MoreKeptBackThanDisbursed { .. } => "/charges".to_owned(),
            Self::TaxWithoutEnd => "/tax/iof".to_owned(),
            Self::OutOfRange(_) => "/rate/value".to_owned(),
        }
    }
}

/// What can be done about an installment below the interest. Even one that repays a plan of equal months can lie below
/// the interest of a long one, where nearly all of it is interest.
const fn remedy(agreed: bool) -> &'static str {
    if agreed {
        "a higher installment_amount repays it"
    } else {
        "fewer installments, a lower rate or shorter periods repay it (the interest of a period follows its days)"
    }
}
