//! What was agreed for a loan: every field of LENDING.md §1, with each default filled in and each rule
//! checked.

mod allocation;
mod charges;
mod check;
mod field_error;
mod late;
mod over;
mod request;
mod request_schemas;
mod schedule_request;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use allocation::{AllocationScope, Excess, InterestBasis, Settlement};
pub use charges::{Charge, ChargeBase, ChargeDue, ChargeKind, ChargeMoment, ChargeWorth};
pub use field_error::{FieldError, leading_code};
pub use late::{
    ContractInterest, ContractWord, Late, LateByMonth, LateDays, LateFeeBase, LateInterest, LateInterestBase,
    LateInterestKind, LateRate,
};
pub use request::{
    AccrualRequest, AdaptedCalendarRequest, CalendarRequest, ChargeRequest, CustomRowRequest, EveryRequest,
    GraceRequest, IofRatesRequest, IofRequest, LateDaysRequest, LateRequest, RateOrWordRequest, RateRequest,
    RoundingRequest, TaxRequest, TermsRequest,
};
pub use schedule_request::{Disbursement, DisbursementRequest, ScheduleRequest};

use crate::amount::Amount;
use crate::calendar::{Calendar, DueDateShift, MonthEnd};
use crate::component::Component;
use crate::currency::Currency;
use crate::day_count::DayCount;
use crate::iof::IofTerms;
use crate::rate::Rate;
use crate::rounding::RoundingMode;

/// The most installments that a plan may have.
pub const MOST_INSTALLMENTS: u32 = 10_000;
/// The years in which every date of terms and plans lies, both included.
pub const FIRST_YEAR: i32 = 1900;
pub const LAST_YEAR: i32 = 2200;

/// The terms of a loan as its first event records them: nothing is left to a default.
///
/// As JSON it has the shape of [`TermsRequest`], so recorded terms can be read by whoever reads the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// The amount asked for, before financed fees and tax.
    pub principal: Amount,
    pub currency: Currency,
    pub method: Method,
    #[serde(flatten)]
    pub due: DueDates,
    pub rate: Rate,
    pub day_count: DayCount,
    pub month_end: MonthEnd,
    pub calendar: Calendar,
    pub due_date_shift: DueDateShift,
    pub accrue_to: AccrueTo,
    pub grace: Grace,
    /// An agreed installment in place of the computed one; price only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_amount: Option<Amount>,
    pub installment_periods: InstallmentPeriods,
    pub rounding: Rounding,
    pub charges: Vec<Charge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    pub interest_basis: InterestBasis,
    /// The order in which a payment serves what is due; always all six components.
    pub allocation: Vec<Component>,
    /// The same for what is not yet due.
    pub allocation_in_advance: Vec<Component>,
    pub allocation_scope: AllocationScope,
    pub excess: Excess,
    /// `None`: neither fine nor late interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    pub settlement: Settlement,
    pub accrual: Accrual,
}

/// How principal is repaid (LENDING.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Equal installments (French system).
    #[default]
    Price,
    /// Equal principal (SAC).
    Sac,
    /// The mean of the two (SAM).
    Sam,
    /// Interest each time, principal with the last installment (sistema americano).
    InterestOnly,
    /// One installment at the end.
    Bullet,
    /// Interest on the financed amount throughout, equal principal.
    Flat,
    /// As listed.
    Custom,
}

/// Where due dates come from (LENDING.md §2). [`Method::Custom`] goes with [`DueDates::Custom`] and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum DueDates {
    /// Each with its principal.
    Custom { custom: Vec<CustomRow> },
    /// As given, increasing.
    Listed { due_dates: Vec<NaiveDate> },
    /// So many, `every` apart, from `first_due_on` or else from the first disbursement plus `every`.
    Regular {
        installments: u32,
        every: Every,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_due_on: Option<NaiveDate>,
    },
}

/// An installment of a custom plan; missing interest follows from the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomRow {
    pub due_on: NaiveDate,
    pub principal: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Amount>,
}

/// The time between installments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Months(u32),
    Weeks(u32),
    Days(u32),
}

/// Up to which day interest of a moved due date runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccrueTo {
    /// To the moved date.
    #[default]
    Shifted,
    /// To the date before moving.
    Unshifted,
}

/// Installments at the start that carry no principal, and no interest either (LENDING.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
pub struct Grace {
    /// So many installments carry no principal.
    pub principal: u32,
    /// So many, at most as many as `principal`, carry no interest.
    pub interest: u32,
    pub mode: GraceMode,
}

/// What becomes of the interest of a grace period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraceMode {
    /// It joins the principal on the due date.
    #[default]
    Capitalized,
    /// It bears no interest and falls due on top of the next installment.
    Deferred,
    /// It is never charged.
    Free,
}

/// Over which periods the equal installment is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstallmentPeriods {
    /// The real ones.
    #[default]
    Actual,
    /// As if each month had 30 days (bus/252: 21).
    Equal,
}

/// What is rounded, where and how (LENDING.md §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rounding {
    /// Decimals of every amount of the plan, at most the currency's.
    pub decimals: u32,
    pub mode: RoundingMode,
    /// The installment becomes a multiple of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<Amount>,
    /// What is rounded while computing.
    pub places: BTreeSet<RoundingPlace>,
    pub remainder: Remainder,
    /// Decimals of the rate of one day; absent: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_decimals: Option<u32>,
    /// Decimals of the discount factors behind the equal installment; absent: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_decimals: Option<u32>,
}

/// What can be rounded while computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingPlace {
    Installment,
    Interest,
}

/// What becomes of the difference that rounding leaves in the last installment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remainder {
    /// The last installment takes it.
    #[default]
    Last,
    /// The last installment keeps its total; its interest takes the difference.
    LastKeepsInstallment,
    /// The first installment takes it.
    First,
    /// It is spread again over all, if that makes it smaller.
    Respread,
    /// It stays as residue; simulations only.
    None,
}

/// Taxes of the loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tax {
    pub iof: IofTerms,
}

/// When interest is no longer accrued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Accrual {
    /// None from the first day with more days past due than this (Res. CMN 4.966/2021).
    pub stop_after_days: u32,
}

impl Method {
    /// Whether the rows not yet due can be drawn again from a lower balance (LENDING.md §10, §12).
    pub const fn can_be_drawn_again(self) -> bool {
        matches!(self, Self::Price | Self::Sac | Self::InterestOnly)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Sac => "sac",
            Self::Sam => "sam",
            Self::InterestOnly => "interest_only",
            Self::Bullet => "bullet",
            Self::Flat => "flat",
            Self::Custom => "custom",
        }
    }
}

impl Terms {
    /// How many due dates there are (a bullet plan still has but one installment, on the last of them).
    pub fn due_date_count(&self) -> u32 {
        match &self.due {
            DueDates::Custom { custom } => u32::try_from(custom.len()).unwrap_or(u32::MAX),
            DueDates::Listed { due_dates } => u32::try_from(due_dates.len()).unwrap_or(u32::MAX),
            DueDates::Regular { installments, .. } => *installments,
        }
    }
}

impl Rounding {
    pub fn rounds(&self, place: RoundingPlace) -> bool {
        self.places.contains(&place)
    }

    /// r(x): `value` rounded to an amount of the plan, still with `decimals` decimals.
    pub fn round(&self, value: Decimal) -> Decimal {
        self.mode.round(value, self.decimals)
    }

    /// r(x) as an amount of `currency`, the loan's. `value` must lie well below 10^20, as every figure of a
    /// plan does.
    pub fn round_to_currency(&self, value: Decimal, currency: Currency) -> Amount {
        let mut rounded = self.round(value);
        if rounded.scale() != currency.decimals() {
            rounded.rescale(currency.decimals());
        }
        Amount::from_checked(rounded)
    }
}
