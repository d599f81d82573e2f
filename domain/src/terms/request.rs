//! The terms as a client sends them: nothing checked, every default still open.
//!
//! Amounts, rates and dates are text here, so that a check can name every wrong one at once.

#![allow(
    clippy::large_stack_arrays,
    reason = "the schema of the terms is made of one array of all that it refers to"
)]

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    AccrueTo, AllocationScope, ChargeBase, ChargeKind, ContractInterest, Excess, GraceMode,
    InstallmentPeriods, InterestBasis, LateFeeBase, LateInterestBase, LateInterestKind, Method, Remainder,
    RoundingPlace, Settlement,
};
use crate::calendar::{BaseCalendar, DueDateShift, MonthEnd};
use crate::component::Component;
use crate::currency::Currency;
use crate::day_count::DayCount;
use crate::iof::{IofCollection, IofFinancing, IofPlace, Person};
use crate::rate::{Compounding, RatePeriod};
use crate::rounding::RoundingMode;
use crate::texts::{AmountText, Day, RateText};

/// TERMS of the contract. Amounts are text with at most the currency's decimals (`"1234.50"`), rates are
/// fractions as text (`"0.0199"` is 1.99 %), dates are `YYYY-MM-DD`. What is left out takes its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsRequest {
    /// The amount asked for, before financed fees and tax. Required for a loan, unless its product gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub principal: Option<String>,
    /// ISO 4217 code. Default: BRL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Currency>)]
    pub currency: Option<String>,
    /// How principal is repaid. Default: price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Method>)]
    pub method: Option<String>,
    /// The installments of method custom, in place of the date fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<CustomRowRequest>>,
    /// Required for a loan, unless its product gives it, and for a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateRequest>,
    /// How days make years. Default: act/365.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DayCount>)]
    pub day_count: Option<String>,
    /// How many installments, 1 to 1200. Required unless `due_dates` or `custom` lists them, or a product gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    pub installments: Option<u32>,
    /// The time between due dates. Default: one month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<EveryRequest>,
    /// The first due date. Default: the first disbursement plus `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Day>)]
    pub first_due_on: Option<String>,
    /// Due dates in increasing order, in place of `installments`, `every` and `first_due_on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Day>>)]
    pub due_dates: Option<Vec<String>>,
    /// Which day stands for one that a month lacks. Default: clamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MonthEnd>)]
    pub month_end: Option<String>,
    /// Business days. Default: br-bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRequest>,
    /// How a due date that is no business day moves. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DueDateShift>)]
    pub due_date_shift: Option<String>,
    /// Up to which day interest of a moved due date runs. Default: shifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AccrueTo>)]
    pub accrue_to: Option<String>,
    /// Installments at the start without principal or interest. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<GraceRequest>,
    /// An agreed installment; method price only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub installment_amount: Option<String>,
    /// Over which periods the installment is found. Default: actual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InstallmentPeriods>)]
    pub installment_periods: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingRequest>,
    /// Fees. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<ChargeRequest>>,
    /// Default: no tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxRequest>,
    /// What interest follows once the loan runs. Default: plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InterestBasis>)]
    pub interest_basis: Option<String>,
    /// The order in which components are paid; those left out come first, in the default order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Component>>)]
    pub allocation: Option<Vec<String>>,
    /// The same for what is not yet due. Default: `allocation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Component>>)]
    pub allocation_in_advance: Option<Vec<String>>,
    /// Default: installment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AllocationScope>)]
    pub allocation_scope: Option<String>,
    /// Where a payment beyond what is due goes. Default: next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Excess>)]
    pub excess: Option<String>,
    /// Default: neither fine nor late interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateRequest>,
    /// What settling early costs. Default: `present_value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Settlement>)]
    pub settlement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accrual: Option<AccrualRequest>,
}

/// RATE of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateRequest {
    /// A fraction: `"0.0199"` is 1.99 %. At most 100 a year, 1 a month, 0.05 a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RateText>)]
    pub value: Option<String>,
    /// Default: month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RatePeriod>)]
    pub per: Option<String>,
    /// Default: effective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Compounding>)]
    pub compounding: Option<String>,
}

/// An installment of a custom plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomRowRequest {
    #[schema(value_type = Day)]
    pub due_on: String,
    #[schema(value_type = AmountText)]
    pub principal: String,
    /// Default: by the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub interest: Option<String>,
}

/// The time between due dates: one of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EveryRequest {
    Months(u32),
    Weeks(u32),
    Days(u32),
}

/// A calendar by name, or one adapted by single dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CalendarRequest {
    Named(String),
    Adapted(AdaptedCalendarRequest),
}

/// A calendar with holidays added or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptedCalendarRequest {
    /// Default: br-bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BaseCalendar>)]
    pub base: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<Day>)]
    pub add: Vec<String>,
    #[serde(default)]
    #[schema(value_type = Vec<Day>)]
    pub remove: Vec<String>,
}

/// Installments at the start without principal, or without interest too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GraceRequest {
    /// So many installments carry no principal. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<u32>,
    /// So many, at most as many, carry no interest either. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<u32>,
    /// Default: capitalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<GraceMode>)]
    pub mode: Option<String>,
}

/// What is rounded, where and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundingRequest {
    /// Default and most: the currency's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// Default: `half_even`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RoundingMode>)]
    pub mode: Option<String>,
    /// The installment becomes a multiple of this amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub multiple_of: Option<String>,
    /// Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<RoundingPlace>>)]
    pub places: Option<Vec<String>>,
    /// Default: last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Remainder>)]
    pub remainder: Option<String>,
    /// Decimals of the rate of one day, at most 18. Default: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 18)]
    pub rate_decimals: Option<u32>,
    /// Decimals of the discount factors, at most 18. Default: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 18)]
    pub factor_decimals: Option<u32>,
}

/// A fee: `amount`, or `rate` of `base`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    #[schema(value_type = ChargeKind)]
    pub kind: String,
    /// disbursement, financed, installment, or a date.
    #[schema(
        pattern = "^(disbursement|financed|installment|(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))$"
    )]
    pub due: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub amount: Option<String>,
    /// A fraction of `base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RateText>)]
    pub rate: Option<String>,
    /// Default: principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ChargeBase>)]
    pub base: Option<String>,
}

/// Taxes of the loan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRequest {
    pub iof: IofRequest,
}

/// IOF: by the table of decrees for `person`, or by `rates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IofRequest {
    /// Needed unless `rates` are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Person>)]
    pub person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<IofRatesRequest>,
    /// Default: financed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IofCollection>)]
    pub collected: Option<String>,
    /// Default: `fixed_point`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IofFinancing>)]
    pub financing: Option<String>,
    /// What is rounded for each installment. Default: daily and additional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<IofPlace>>)]
    pub round: Option<Vec<String>>,
    /// Default: the loan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RoundingMode>)]
    pub mode: Option<String>,
    /// Days after which the daily rate stops. Default: 365.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_days: Option<u32>,
}

/// Rates of IOF as fractions of the principal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IofRatesRequest {
    /// For each day, at most 0.015 (Dec. 6.306/2007 art. 6).
    #[schema(value_type = RateText)]
    pub daily: String,
    /// Once, at most 0.1.
    #[schema(value_type = RateText)]
    pub additional: String,
}

/// Fine and late interest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LateRequest {
    /// A fraction of `fee_base`. Default: 0.02.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RateText>)]
    pub fee_rate: Option<String>,
    /// Default: overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LateFeeBase>)]
    pub fee_base: Option<String>,
    /// A fraction. Default: 0.01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RateText>)]
    pub interest_rate_per_month: Option<String>,
    /// Default: simple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LateInterestKind>)]
    pub interest: Option<String>,
    /// Days of a month: 30 or actual. Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_days: Option<LateDaysRequest>,
    /// A rate by the loan's day count, or `"contract"`, in place of those three. Default with interest basis
    /// `running_balance`: `"contract"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_rate: Option<RateOrWordRequest>,
    /// Default: installment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LateInterestBase>)]
    pub interest_base: Option<String>,
    /// Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ContractInterest>)]
    pub contract_interest: Option<String>,
    /// Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
    /// Default: the loan's mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RoundingMode>)]
    pub rounding: Option<String>,
}

/// A rate, or the word `contract`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RateOrWordRequest {
    Word(String),
    Rate(RateRequest),
}

/// 30, `"30"` or `"actual"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LateDaysRequest {
    Word(String),
    Number(u32),
}

/// When interest is no longer accrued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccrualRequest {
    /// Days past due. Default: 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_after_days: Option<u32>,
}
