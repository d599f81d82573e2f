//! Why a loan refuses a command: the state of the world, in words for the caller.

use chrono::NaiveDate;

use super::engine::EngineError;
use super::standing::Status;
use crate::id::{ChargeId, PaymentId};
use crate::schedule::PlanError;
use crate::terms::{Excess, InterestBasis, Method};
use crate::{Amount, AmountError, Currency};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoanRefusal {
    #[error("there is no such loan")]
    Unknown,
    #[error("a loan with this id exists already")]
    AlreadyExists,
    #[error("the loan is {status}; only an application that is neither approved nor closed can be {verb}")]
    NotApplied { status: Status, verb: &'static str },
    #[error("the loan is {status}; only an approved loan can be {verb}")]
    NotApproved { status: Status, verb: &'static str },
    #[error("all of the {approved} {currency} that was approved is disbursed")]
    AllDisbursed { approved: Amount, currency: Currency },
    #[error("the loan is {status}, so it takes no {verb}")]
    NotActive { status: Status, verb: &'static str },
    #[error("the loan was {status} on {on}, so it takes no {verb} of that day")]
    NotActiveThen { status: Status, verb: &'static str, on: NaiveDate },
    #[error("the loan is written off since {since}, so it takes no {verb} of {on}: use recoveries")]
    WrittenOff { since: NaiveDate, on: NaiveDate, verb: &'static str },
    #[error("the loan was not written off by {on}, so it takes no {verb} of that day")]
    NotWrittenOff { on: NaiveDate, verb: &'static str },
    #[error("the loan has no write-off that could be undone")]
    NoWriteOff,
    #[error("the write-off of {on} was undone before")]
    WriteOffAlreadyReversed { on: NaiveDate },
    #[error("`on` {on} is after the booking day {today}")]
    FutureDate { on: NaiveDate, today: NaiveDate },
    #[error("`{field}` {on} is before {first}, the date of the {fact}")]
    BeforeFirstFact { field: &'static str, on: NaiveDate, first: NaiveDate, fact: &'static str },
    #[error("`amount`: {0}")]
    Amount(#[from] AmountError),
    #[error("`amount` {amount} is more than the {approved} {currency} approved and not yet disbursed")]
    MoreThanApproved { amount: Amount, approved: Amount, currency: Currency },
    #[error("`amount` {amount} is not the settlement amount of {on}, {quote}")]
    NotTheSettlementAmount { amount: Amount, quote: Amount, on: NaiveDate },
    #[error("`amount` {amount} is more than the {overpaid} overpaid by {on}")]
    RefundExceedsOverpayment { amount: Amount, overpaid: Amount, on: NaiveDate },
    #[error("`amount` {amount} is more than the {left} of the repayment that was not charged back")]
    ChargebackExceedsRepayment { amount: Amount, left: Amount },
    #[error("`amount` {amount} is more than the {unpaid} that is unpaid of the charge on {on}")]
    WaiverExceedsCharge { amount: Amount, unpaid: Amount, on: NaiveDate },
    #[error("nothing is unpaid of the charge {charge} on {on}")]
    NothingToWaive { charge: ChargeId, on: NaiveDate },
    #[error("`excess` {} does not go with interest_basis {}", excess.name(), basis.name())]
    ExcessNotForBasis { excess: Excess, basis: InterestBasis },
    #[error("`{field}` {value} draws the plan again, which method {} does not allow: use settle", method.name())]
    PlanCannotBeDrawnAgain { field: &'static str, value: &'static str, method: Method },
    #[error("`first_due_on` {due_on} does not lie after {on}, the date of the restructuring")]
    FirstDueNotAfter { due_on: NaiveDate, on: NaiveDate },
    #[error(
        "no installment falls due on or after {on}, to which principal could move: use re_age or replace"
    )]
    NoInstallmentsLeft { on: NaiveDate },
    #[error("`terms.currency` {given} is not {currency}, the currency of the loan")]
    OtherCurrency { given: Currency, currency: Currency },
    #[error("the loan has no {kind} {id}")]
    PaymentUnknown { kind: &'static str, id: PaymentId },
    #[error("the loan has no charge {0}")]
    ChargeUnknown(ChargeId),
    #[error("the {kind} {id} was reversed before")]
    AlreadyReversed { kind: &'static str, id: PaymentId },
    #[error("the repayment {0} was charged back, so it cannot be reversed")]
    ChargedBack(PaymentId),
    #[error("a {kind} with the id {id} was recorded before")]
    DuplicatePayment { kind: &'static str, id: PaymentId },
    #[error("a charge with the id {0} was added before")]
    DuplicateCharge(ChargeId),
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// No plan can be drawn by what a restructuring asks for: by the terms that it brings, or by its dates.
    #[error("{error}")]
    NewPlan { error: PlanError, by_new_terms: bool },
    /// With it another fact, or itself, could not be in its place.
    #[error("the loan could not follow: {0}")]
    Impossible(EngineError),
}

impl From<EngineError> for LoanRefusal {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Plan(error) => Self::Plan(error),
            error => Self::Impossible(error),
        }
    }
}
