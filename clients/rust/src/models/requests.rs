// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
//! What is sent: the bodies of commands, and what they are made of.
#![allow(
    clippy::doc_markdown,
    clippy::large_enum_variant,
    clippy::struct_field_names,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::wildcard_imports,
    reason = "the words are those of the API document"
)]

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[allow(unused_imports, reason = "each module names what it needs of the others")]
use super::*;

/// When interest is no longer accrued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AccrualRequest {
    /// Days past due. Default: 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_after_days: Option<u32>,
}

/// Up to which day interest of a moved due date runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AccrueTo {
    #[serde(rename = "shifted")]
    Shifted,
    #[serde(rename = "unshifted")]
    Unshifted,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A calendar with holidays added or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AdaptedCalendarRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Vec<NaiveDate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseCalendar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Vec<NaiveDate>>,
}

/// What a charge entered by hand is for: a penalty, or one of the fees of LENDING.md §7.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AddedCharge {
    #[serde(rename = "penalty")]
    Penalty,
    #[serde(rename = "origination_fee")]
    OriginationFee,
    #[serde(rename = "registration_fee")]
    RegistrationFee,
    #[serde(rename = "service_fee")]
    ServiceFee,
    #[serde(rename = "insurance")]
    Insurance,
    #[serde(rename = "collection_cost")]
    CollectionCost,
    #[serde(rename = "fee")]
    Fee,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What a payment looks at first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AllocationScope {
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "loan")]
    Loan,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// An application for a loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationBody {
    pub borrower: BorrowerOfLoan,
    pub terms: TermsRequest,
    /// Unique among the lender's loans. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Anything the client wants to keep with the loan, in at most 4 KiB. No personal data: it stays in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The name or id of a product. Its current version gives the terms that are left open here, and its limits hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

impl ApplicationBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(borrower: BorrowerOfLoan, terms: TermsRequest) -> Self {
        Self { borrower, terms, external_id: None, id: None, metadata: None, product: None }
    }
}

/// What needs a second person, whoever asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPolicyBody {
    /// By operation and currency: what is above this amount waits for another person, whatever limit its sender has. It
    /// takes the place of the policy before; an empty object takes it away.
    pub second_person_above: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ApprovalPolicyBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(second_person_above: BTreeMap<String, BTreeMap<String, Decimal>>) -> Self {
        Self { second_person_above, reason: None }
    }
}

/// The calendars that are known by rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BaseCalendar {
    #[serde(rename = "br-bank")]
    BrBank,
    #[serde(rename = "weekends")]
    Weekends,
    #[serde(rename = "none")]
    None,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Who applies. Kept beside the log: events hold an id only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BorrowerOfLoan {
    /// At most 200 characters.
    pub name: String,
    /// A CPF or CNPJ, with or without punctuation.
    pub tax_id: String,
}

impl BorrowerOfLoan {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(name: impl Into<String>, tax_id: impl Into<String>) -> Self {
        Self { name: name.into(), tax_id: tax_id.into() }
    }
}

/// A command as a line of a bulk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkLine {
    /// The command's body.
    pub body: Value,
    /// The command's path.
    pub path: String,
    /// As the header `Idempotency-Key`. What stores nothing needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

impl BulkLine {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(body: Value, path: impl Into<String>) -> Self {
        Self { body, path: path.into(), idempotency_key: None }
    }
}

/// A calendar by name, or one adapted by single dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CalendarRequest {
    BaseCalendar(BaseCalendar),
    AdaptedCalendarRequest(AdaptedCalendarRequest),
}

/// What a fee is a fraction of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChargeBase {
    #[serde(rename = "principal")]
    Principal,
    #[serde(rename = "financed")]
    Financed,
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "balance")]
    Balance,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A fee or penalty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeBody {
    pub amount: Decimal,
    /// It joins the installment in whose period this lies; after the last one it is one of its own.
    pub due_on: NaiveDate,
    pub kind: AddedCharge,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl ChargeBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, due_on: NaiveDate, kind: AddedCharge) -> Self {
        Self { amount, due_on, kind, id: None }
    }
}

/// What a fee is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChargeKind {
    #[serde(rename = "origination_fee")]
    OriginationFee,
    #[serde(rename = "registration_fee")]
    RegistrationFee,
    #[serde(rename = "service_fee")]
    ServiceFee,
    #[serde(rename = "insurance")]
    Insurance,
    #[serde(rename = "collection_cost")]
    CollectionCost,
    #[serde(rename = "fee")]
    Fee,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A fee: `amount`, or `rate` of `base`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeRequest {
    /// disbursement, financed, installment, or a date.
    pub due: String,
    pub kind: ChargeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ChargeBase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Decimal>,
}

impl ChargeRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(due: impl Into<String>, kind: ChargeKind) -> Self {
        Self { due: due.into(), kind, amount: None, base: None, rate: None }
    }
}

/// What the payer's bank took back of a repayment, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargebackBody {
    /// The value date, not before the repayment's and not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl ChargebackBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { on, reason: reason.into(), amount: None, id: None }
    }
}

/// A part of what is owed. The order is the default order of allocation: the most burdensome first, interest
/// before principal (Código Civil arts. 354, 355).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Component {
    #[serde(rename = "late_fee")]
    LateFee,
    #[serde(rename = "late_interest")]
    LateInterest,
    #[serde(rename = "penalty")]
    Penalty,
    #[serde(rename = "fee")]
    Fee,
    #[serde(rename = "interest")]
    Interest,
    #[serde(rename = "principal")]
    Principal,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Whether interest bears interest inside a period.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Compounding {
    #[serde(rename = "nominal")]
    Nominal,
    #[serde(rename = "effective")]
    Effective,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Whether the contract's interest runs on beside late interest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContractInterest {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "daily")]
    Daily,
    #[serde(rename = "period")]
    Period,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// The word that stands for the loan's own rate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContractWord {
    #[serde(rename = "contract")]
    Contract,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What is given up, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreditBody {
    pub amount: Decimal,
    /// Where the journal takes it from: expense for `goodwill`, interest income for `interest_waiver`.
    pub kind: CreditKind,
    /// The value date: the disbursement's at the earliest, not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl CreditBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, kind: CreditKind, on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { amount, kind, on, reason: reason.into(), id: None }
    }
}

/// Why a credit is given, which says where the journal takes it from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CreditKind {
    #[serde(rename = "goodwill")]
    Goodwill,
    #[serde(rename = "interest_waiver")]
    InterestWaiver,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A currency by its ISO 4217 code, with the decimals that ISO 4217 gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Currency {
    #[serde(rename = "ARS")]
    Ars,
    #[serde(rename = "BRL")]
    Brl,
    #[serde(rename = "CHF")]
    Chf,
    #[serde(rename = "CLP")]
    Clp,
    #[serde(rename = "COP")]
    Cop,
    #[serde(rename = "CZK")]
    Czk,
    #[serde(rename = "EUR")]
    Eur,
    #[serde(rename = "GBP")]
    Gbp,
    #[serde(rename = "JPY")]
    Jpy,
    #[serde(rename = "MXN")]
    Mxn,
    #[serde(rename = "PEN")]
    Pen,
    #[serde(rename = "PYG")]
    Pyg,
    #[serde(rename = "USD")]
    Usd,
    #[serde(rename = "UYU")]
    Uyu,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// An installment of a custom plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomRowRequest {
    pub due_on: NaiveDate,
    pub principal: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Decimal>,
}

impl CustomRowRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(due_on: NaiveDate, principal: Decimal) -> Self {
        Self { due_on, principal, interest: None }
    }
}

/// How days are counted and how many make a year.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DayCount {
    #[serde(rename = "30/360")]
    N30_360,
    #[serde(rename = "30e/360")]
    N30e360,
    #[serde(rename = "30u/360")]
    N30u360,
    #[serde(rename = "act/365")]
    Act365,
    #[serde(rename = "act/360")]
    Act360,
    #[serde(rename = "act/364")]
    Act364,
    #[serde(rename = "act/act")]
    ActAct,
    #[serde(rename = "bus/252")]
    Bus252,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// When how much goes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisbursementBody {
    /// The value date, not before the approval, or the first disbursement, and not after today's booking day.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl DisbursementBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate) -> Self {
        Self { on, amount: None, id: None }
    }
}

/// Money handed out on a day, as a client sends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisbursementRequest {
    pub amount: Decimal,
    pub on: NaiveDate,
}

impl DisbursementRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, on: NaiveDate) -> Self {
        Self { amount, on }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscardBody {
    /// Why it is right to do without the event: 1 to 500 characters.
    pub reason: String,
}

impl DiscardBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// How a due date that is no business day is moved (ISDA 2006 §4.12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DueDateShift {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "following")]
    Following,
    #[serde(rename = "modified_following")]
    ModifiedFollowing,
    #[serde(rename = "preceding")]
    Preceding,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What a payment before the due date is for (LENDING.md §12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Early {
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "anticipation")]
    Anticipation,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A balanced posting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryBody {
    /// At most 500 characters.
    pub description: String,
    /// 2 to 500; the debits and the credits have the same sum.
    pub lines: Vec<EntryLine>,
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// Of all lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Unique among the lender's entries. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl EntryBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(description: impl Into<String>, lines: Vec<EntryLine>, on: NaiveDate) -> Self {
        Self { description: description.into(), lines, on, currency: None, external_id: None, id: None }
    }
}

/// One side of one account: just one of `debit` and `credit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryLine {
    pub account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<Decimal>,
}

impl EntryLine {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(account: impl Into<String>) -> Self {
        Self { account: account.into(), credit: None, debit: None }
    }
}

/// Why an entry is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryReversalBody {
    /// The value date, not before the entry's and not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
}

impl EntryReversalBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { on, reason: reason.into() }
    }
}

/// The time between due dates: one of the three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EveryRequest {
    Months(EveryRequestMonths),
    Weeks(EveryRequestWeeks),
    Days(EveryRequestDays),
}

/// `EveryRequest` by its days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryRequestDays {
    pub days: u32,
}

impl EveryRequestDays {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(days: u32) -> Self {
        Self { days }
    }
}

/// `EveryRequest` by its months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryRequestMonths {
    pub months: u32,
}

impl EveryRequestMonths {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(months: u32) -> Self {
        Self { months }
    }
}

/// `EveryRequest` by its weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryRequestWeeks {
    pub weeks: u32,
}

impl EveryRequestWeeks {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(weeks: u32) -> Self {
        Self { weeks }
    }
}

/// Where a payment beyond what is due goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Excess {
    #[serde(rename = "next")]
    Next,
    #[serde(rename = "last")]
    Last,
    #[serde(rename = "equal")]
    Equal,
    #[serde(rename = "reduce_term")]
    ReduceTerm,
    #[serde(rename = "reduce_installment")]
    ReduceInstallment,
    #[serde(rename = "credit")]
    Credit,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What becomes of the interest of a grace period.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GraceMode {
    #[serde(rename = "capitalized")]
    Capitalized,
    #[serde(rename = "deferred")]
    Deferred,
    #[serde(rename = "free")]
    Free,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Installments at the start without principal, or without interest too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct GraceRequest {
    /// So many, at most as many, carry no interest either. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<GraceMode>,
    /// So many installments carry no principal. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<u32>,
}

/// Over which periods the equal installment is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InstallmentPeriods {
    #[serde(rename = "actual")]
    Actual,
    #[serde(rename = "equal")]
    Equal,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What interest follows once the loan runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InterestBasis {
    #[serde(rename = "plan")]
    Plan,
    #[serde(rename = "daily_rest")]
    DailyRest,
    #[serde(rename = "period_rest")]
    PeriodRest,
    #[serde(rename = "running_balance")]
    RunningBalance,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Who pays the tax when.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IofCollection {
    #[serde(rename = "financed")]
    Financed,
    #[serde(rename = "withheld")]
    Withheld,
    #[serde(rename = "cash")]
    Cash,
    #[serde(rename = "installment")]
    Installment,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// How a financed tax, which is a tax on itself too, is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IofFinancing {
    #[serde(rename = "fixed_point")]
    FixedPoint,
    #[serde(rename = "series")]
    Series,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What can be rounded for each installment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IofPlace {
    #[serde(rename = "daily")]
    Daily,
    #[serde(rename = "additional")]
    Additional,
    #[serde(rename = "row")]
    Row,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Rates of IOF as fractions of the principal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IofRatesRequest {
    /// Once, at most 0.1.
    pub additional: Decimal,
    /// For each day, at most 0.015 (Dec. 6.306/2007 art. 6).
    pub daily: Decimal,
}

impl IofRatesRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(additional: Decimal, daily: Decimal) -> Self {
        Self { additional, daily }
    }
}

/// IOF: by the table of decrees for `person`, or by `rates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct IofRequest {
    /// Days after which the daily rate stops. Default: 365.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected: Option<IofCollection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub financing: Option<IofFinancing>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<RoundingMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<IofRatesRequest>,
    /// What is rounded for each installment. Default: daily and additional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Vec<IofPlace>>,
}

/// 30, `"30"` or `"actual"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LateDaysRequest {
    Word(LateDaysRequestWord),
    Count(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LateDaysRequestWord {
    #[serde(rename = "30")]
    N30,
    #[serde(rename = "actual")]
    Actual,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What the fine is a fraction of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LateFeeBase {
    #[serde(rename = "overdue")]
    Overdue,
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "principal")]
    Principal,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What late interest is charged on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LateInterestBase {
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "principal")]
    Principal,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Whether late interest bears late interest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LateInterestKind {
    #[serde(rename = "simple")]
    Simple,
    #[serde(rename = "compound")]
    Compound,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Fine and late interest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LateRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_interest: Option<ContractInterest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_base: Option<LateFeeBase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_rate: Option<Decimal>,
    /// Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<LateInterestKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_base: Option<LateInterestBase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_days: Option<LateDaysRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_rate: Option<RateOrWordRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_rate_per_month: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingMode>,
}

/// What a field of a loan's terms may be: from `least` to `most` for amounts, rates and numbers, one of `allowed` for
/// words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Limit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<LimitValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<LimitValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<LimitValue>,
}

/// An amount, a rate or a word as text, a whole number as a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LimitValue {
    Count32(u32),
    Text(String),
}

/// How principal is repaid (LENDING.md §5).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Method {
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "sac")]
    Sac,
    #[serde(rename = "sam")]
    Sam,
    #[serde(rename = "interest_only")]
    InterestOnly,
    #[serde(rename = "bullet")]
    Bullet,
    #[serde(rename = "flat")]
    Flat,
    #[serde(rename = "custom")]
    Custom,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Which day stands for one that a month lacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MonthEnd {
    #[serde(rename = "clamp")]
    Clamp,
    #[serde(rename = "roll")]
    Roll,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What was decided on an application, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeBody {
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl OutcomeBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate) -> Self {
        Self { on, reason: None }
    }
}

/// Why a month is closed or reopened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PeriodBody {
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who borrows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Person {
    #[serde(rename = "natural")]
    Natural,
    #[serde(rename = "legal")]
    Legal,
    #[serde(rename = "simples")]
    Simples,
    #[serde(rename = "mei")]
    Mei,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Terms that loans are offered on. A name that is known gets a new version, which only new loans take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductBody {
    /// What applications call it by. At most 100 characters, and no UUID.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What the terms of a loan may be, by the field's name, such as `rate.value`: `least`, `default` and `most` for
    /// amounts, rates and numbers, `allowed` and `default` for words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BTreeMap<String, Limit>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsRequest>,
}

impl ProductBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), currency: None, limits: None, terms: None }
    }
}

/// Why a proposal is accepted, refused or withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ProposalDecision {
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A rate, or the word `contract`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RateOrWordRequest {
    ContractWord(ContractWord),
    RateRequest(RateRequest),
}

/// The time that a rate is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RatePeriod {
    #[serde(rename = "year")]
    Year,
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "day")]
    Day,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// RATE of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RateRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compounding: Option<Compounding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<RatePeriod>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
}

/// A receipt for a loan that is written off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryBody {
    pub amount: Decimal,
    /// The value date: the write-off's at the earliest, not after today's booking day.
    pub on: NaiveDate,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl RecoveryBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, on: NaiveDate) -> Self {
        Self { amount, on, external_id: None, id: None }
    }
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefundBody {
    /// At most what is overpaid on that day.
    pub amount: Decimal,
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl RefundBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, on: NaiveDate) -> Self {
        Self { amount, on, id: None }
    }
}

/// What becomes of the difference that rounding leaves in the last installment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Remainder {
    #[serde(rename = "last")]
    Last,
    #[serde(rename = "last_keeps_installment")]
    LastKeepsInstallment,
    #[serde(rename = "first")]
    First,
    #[serde(rename = "respread")]
    Respread,
    #[serde(rename = "none")]
    None,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepaymentBody {
    pub amount: Decimal,
    /// The value date: the disbursement's at the earliest, not after today's booking day.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#as: Option<Early>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl RepaymentBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, on: NaiveDate) -> Self {
        Self { amount, on, r#as: None, excess: None, external_id: None, id: None }
    }
}

/// How what is outstanding is owed from a day on, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestructureBody {
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
    /// Of `replace`: the components whose open amounts join the principal. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalize: Option<Vec<Component>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<EveryRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_due_on: Option<NaiveDate>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Of `re_age`: how many new installments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installments: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<RestructureMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsRequest>,
}

impl RestructureBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self {
            on,
            reason: reason.into(),
            capitalize: None,
            every: None,
            first_due_on: None,
            id: None,
            installments: None,
            mode: None,
            terms: None,
        }
    }
}

/// What becomes of the installments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RestructureMode {
    #[serde(rename = "replace")]
    Replace,
    #[serde(rename = "re_age")]
    ReAge,
    #[serde(rename = "re_amortize")]
    ReAmortize,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Why a product is no longer offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RetirementBody {
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why it is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReversalBody {
    /// The value date, not before that of what is undone and not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
}

impl ReversalBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { on, reason: reason.into() }
    }
}

/// What becomes of the digits that are dropped (LENDING.md §4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RoundingMode {
    #[serde(rename = "half_even")]
    HalfEven,
    #[serde(rename = "half_up")]
    HalfUp,
    #[serde(rename = "down")]
    Down,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What can be rounded while computing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RoundingPlace {
    #[serde(rename = "installment")]
    Installment,
    #[serde(rename = "interest")]
    Interest,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What is rounded, where and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RoundingRequest {
    /// Default and most: the currency's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// Decimals of the discount factors, at most 18. Default: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_decimals: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<RoundingMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<Decimal>,
    /// Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<RoundingPlace>>,
    /// Decimals of the rate of one day, at most 18. Default: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_decimals: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remainder: Option<Remainder>,
}

/// TERMS with the disbursements to draw a schedule for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleRequest {
    pub disbursements: Vec<DisbursementRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accrual: Option<AccrualRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accrue_to: Option<AccrueTo>,
    /// The order in which components are paid; those left out come first, in the default order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Vec<Component>>,
    /// The same for what is not yet due. Default: `allocation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_in_advance: Option<Vec<Component>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_scope: Option<AllocationScope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRequest>,
    /// Fees. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<ChargeRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The installments of method custom, in place of the date fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<CustomRowRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<DayCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date_shift: Option<DueDateShift>,
    /// Due dates in increasing order, in place of `installments`, `every` and `first_due_on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_dates: Option<Vec<NaiveDate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<EveryRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<GraceRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_periods: Option<InstallmentPeriods>,
    /// How many installments, 1 to 1200. Required unless `due_dates` or `custom` lists them, or a product gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installments: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_basis: Option<InterestBasis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_end: Option<MonthEnd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxRequest>,
}

impl ScheduleRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(disbursements: Vec<DisbursementRequest>) -> Self {
        Self {
            disbursements,
            accrual: None,
            accrue_to: None,
            allocation: None,
            allocation_in_advance: None,
            allocation_scope: None,
            calendar: None,
            charges: None,
            currency: None,
            custom: None,
            day_count: None,
            due_date_shift: None,
            due_dates: None,
            every: None,
            excess: None,
            first_due_on: None,
            grace: None,
            installment_amount: None,
            installment_periods: None,
            installments: None,
            interest_basis: None,
            late: None,
            method: None,
            month_end: None,
            principal: None,
            rate: None,
            rounding: None,
            settlement: None,
            tax: None,
        }
    }
}

/// What settling early costs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Settlement {
    #[serde(rename = "present_value")]
    PresentValue,
    #[serde(rename = "interest_to_date")]
    InterestToDate,
    #[serde(rename = "interest_to_due_date")]
    InterestToDueDate,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What settles the loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettlementBody {
    /// Just the settlement quote of that day.
    pub amount: Decimal,
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl SettlementBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(amount: Decimal, on: NaiveDate) -> Self {
        Self { amount, on, external_id: None, id: None }
    }
}

/// A command as it would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedCommand {
    /// The body that the path takes. Its `on` may be to come.
    pub body: Value,
    /// The path under the loan's, such as `repayments`.
    pub path: String,
}

impl SimulatedCommand {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(body: Value, path: impl Into<String>) -> Self {
        Self { body, path: path.into() }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulationBody {
    /// At most 360, in the order in which they would be given.
    pub commands: Vec<SimulatedCommand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
}

impl SimulationBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(commands: Vec<SimulatedCommand>) -> Self {
        Self { commands, effective_on: None }
    }
}

/// What a person may decide alone, and accept of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffLimitsBody {
    /// By operation and currency: the most that may be at stake. It takes the place of all limits that the person had; an
    /// empty object takes them away.
    pub limits: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl StaffLimitsBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(limits: BTreeMap<String, BTreeMap<String, Decimal>>) -> Self {
        Self { limits, reason: None }
    }
}

/// Taxes of the loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaxRequest {
    pub iof: IofRequest,
}

impl TaxRequest {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(iof: IofRequest) -> Self {
        Self { iof }
    }
}

/// TERMS of the contract. Amounts are text with at most the currency's decimals (`"1234.50"`), rates are
/// fractions as text (`"0.0199"` is 1.99 %), dates are `YYYY-MM-DD`. What is left out takes its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TermsRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accrual: Option<AccrualRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accrue_to: Option<AccrueTo>,
    /// The order in which components are paid; those left out come first, in the default order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Vec<Component>>,
    /// The same for what is not yet due. Default: `allocation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_in_advance: Option<Vec<Component>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_scope: Option<AllocationScope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRequest>,
    /// Fees. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<ChargeRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The installments of method custom, in place of the date fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<CustomRowRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<DayCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date_shift: Option<DueDateShift>,
    /// Due dates in increasing order, in place of `installments`, `every` and `first_due_on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_dates: Option<Vec<NaiveDate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<EveryRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<GraceRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_periods: Option<InstallmentPeriods>,
    /// How many installments, 1 to 1200. Required unless `due_dates` or `custom` lists them, or a product gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installments: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_basis: Option<InterestBasis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_end: Option<MonthEnd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxRequest>,
}

/// What of a charge is given up, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaiverBody {
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Drawn by the server where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl WaiverBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { on, reason: reason.into(), amount: None, id: None }
    }
}

/// When a loan leaves the books, or comes back, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteOffBody {
    /// The value date, not after today's booking day.
    pub on: NaiveDate,
    /// At most 500 characters.
    pub reason: String,
}

impl WriteOffBody {
    /// With what is needed; the rest is left to its default.
    #[must_use]
    pub fn new(on: NaiveDate, reason: impl Into<String>) -> Self {
        Self { on, reason: reason.into() }
    }
}
