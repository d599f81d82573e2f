// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
//! Events, as commands are answered with them, and what they are made of.
#![allow(
    clippy::doc_markdown,
    clippy::large_enum_variant,
    clippy::struct_field_names,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::wildcard_imports,
    reason = "the words are those of the API document"
)]

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[allow(unused_imports, reason = "each module names what it needs of the others")]
use super::*;

/// When interest is no longer accrued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accrual {
    /// None from the first day with more days past due than this (Res. CMN 4.966/2021).
    pub stop_after_days: u32,
}

/// A borrower asked for a loan on these terms. The borrower's name and tax id are kept beside the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    pub borrower_id: Uuid,
    pub terms: Terms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version of the product that the terms were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u32>,
}

/// What needs a second person from now on, whoever asks: what is above these amounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPolicySet {
    /// The booking day on which it was set.
    pub on: NaiveDate,
    pub second_person_above: BTreeMap<String, BTreeMap<String, Decimal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approved {
    pub currency: Currency,
    pub on: NaiveDate,
    pub principal: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which days are business days: one of the known calendars, or one adapted by single dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Calendar {
    BaseCalendar(BaseCalendar),
    Base(CalendarBase),
    /// What a later server may say.
    Other(Value),
}

/// `Calendar` by its base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalendarBase {
    pub base: BaseCalendar,
    /// Holidays that the base does not know, for example those of a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Vec<NaiveDate>>,
    /// Days that are business days whatever the base says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Vec<NaiveDate>>,
}

/// An installment before and after an event; absent where it did not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangedInstallment {
    pub installment: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<InstallmentState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<InstallmentState>,
}

/// A fee: what for, when, how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    #[serde(flatten)]
    pub charge_worth: ChargeWorth,
    pub due: ChargeDue,
    pub kind: ChargeKind,
}

/// A charge joined an installment; payments already received may serve it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeAdded {
    pub amount: Decimal,
    pub charge_id: Uuid,
    pub component: Component,
    pub currency: Currency,
    pub due_on: NaiveDate,
    /// The installment that it joined; one more than the last for a charge due after all of them.
    pub installment: u32,
    pub kind: AddedCharge,
    /// The booking day on which it was added.
    pub on: NaiveDate,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// When a fee is charged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChargeDue {
    ChargeMoment(ChargeMoment),
    /// With the installment in whose period the day lies.
    Day(NaiveDate),
    /// What a later server may say.
    Other(Value),
}

/// The moments that need no date.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChargeMoment {
    #[serde(rename = "disbursement")]
    Disbursement,
    #[serde(rename = "financed")]
    Financed,
    #[serde(rename = "installment")]
    Installment,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What was unpaid of a charge, or a part of it, is no longer owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeWaived {
    pub charge_id: Uuid,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    pub waived: Decimal,
    pub waiver_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

/// How much a fee is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChargeWorth {
    Amount(ChargeWorthAmount),
    /// A fraction of `base`.
    Rate(ChargeWorthRate),
    /// What a later server may say.
    Other(Value),
}

/// `ChargeWorth` by its amount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeWorthAmount {
    pub amount: Decimal,
}

/// A fraction of `base`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeWorthRate {
    pub base: ChargeBase,
    pub rate: String,
}

/// The application ended without a loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An amount of each component; what is zero is left out of the JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Components {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_interest: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Decimal>,
}

/// Credit that served installments on a due date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreditApplied {
    pub on: NaiveDate,
    pub shares: Vec<Share>,
}

/// The lender gave up money; it served what is owed like a payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreditGranted {
    pub allocation: Components,
    pub amount: Decimal,
    pub credit_id: Uuid,
    pub currency: Currency,
    pub effect: Effect,
    pub kind: CreditKind,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

/// An installment of a custom plan; missing interest follows from the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomRow {
    pub due_on: NaiveDate,
    pub principal: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Decimal>,
}

/// Money went out. The first disbursement agrees the plan for its return, a further one draws it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disbursed {
    pub amount: Decimal,
    pub currency: Currency,
    pub disbursement_id: Uuid,
    pub on: NaiveDate,
    pub outcome: Outcome,
    /// What reaches the borrower: the amount less what is kept back of fees and tax.
    pub released: Decimal,
    /// Where it differs from `on`, which lies in a closed period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_cost: Option<EffectiveCost>,
    /// Fees that are kept back or join what is amortized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Decimal>,
    /// The plan; of a further disbursement the outcome says which installments changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installments: Option<Vec<Installment>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<DisbursementTax>,
}

/// The tax that a disbursement or a restructuring brings, all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisbursementTax {
    pub amount: Decimal,
    pub collected: IofCollection,
    pub kind: TaxKind,
}

/// An event that somebody decided to do without in a read model. The log still has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscardedEvent {
    /// Why it could not be taken.
    pub cause: String,
    pub discarded_at: DateTime<Utc>,
    pub discarded_by: String,
    pub position: i64,
    pub projection: String,
    /// Why it was discarded, and by whom.
    pub reason: String,
    pub sequence: i64,
    pub stream_id: String,
    pub stream_type: String,
    pub r#type: String,
    /// When the read model was projected anew and could take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<DateTime<Utc>>,
}

/// Where due dates come from (LENDING.md §2). [`Method::Custom`] goes with [`DueDates::Custom`] and no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DueDates {
    /// Each with its principal.
    Custom(DueDatesCustom),
    /// As given, increasing.
    DueDates(DueDatesDueDates),
    /// So many, `every` apart, from `first_due_on` or else from the first disbursement plus `every`.
    Installments(DueDatesInstallments),
    /// What a later server may say.
    Other(Value),
}

/// Each with its principal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DueDatesCustom {
    pub custom: Vec<CustomRow>,
}

/// As given, increasing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DueDatesDueDates {
    pub due_dates: Vec<NaiveDate>,
}

/// So many, `every` apart, from `first_due_on` or else from the first disbursement plus `every`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DueDatesInstallments {
    pub every: Every,
    pub installments: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_due_on: Option<NaiveDate>,
}

/// What one fact comes to, given the facts before it by value date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Principal open after it.
    pub balance: Decimal,
    /// Credit kept for the borrower that served installments on their due dates, since the fact before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Vec<CreditApplied>>,
    /// What it adds to (below zero: takes from) what is kept for the borrower until the next due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlay: Option<Outlay>,
    /// What it adds to (below zero: takes from) what exceeds everything owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overpaid: Option<Decimal>,
    /// What it covers of installments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<Vec<Share>>,
    /// What it takes off installments without payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Vec<Share>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_off: Option<WriteOff>,
}

/// What borrowing costs, as rates of interest: fractions with four decimals (a percentage with two).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectiveCost {
    /// (1+x)^(1/12) − 1
    pub monthly: String,
    /// The x with Σ received/(1+x)^(d/365) = Σ paid/(1+x)^(d/365).
    pub yearly: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EntryEvent {
    #[serde(rename = "EntryPosted")]
    EntryPosted(Posted),
    #[serde(rename = "EntryReversed")]
    EntryReversed(Reversed),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// One side of one account: just one of `debit` and `credit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryEventLine {
    #[serde(flatten)]
    pub side_amount: SideAmount,
    pub account: String,
}

/// The time between installments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Every {
    Months(EveryMonths),
    Weeks(EveryWeeks),
    Days(EveryDays),
    /// What a later server may say.
    Other(Value),
}

/// `Every` by its days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryDays {
    pub days: u32,
}

/// `Every` by its months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryMonths {
    pub months: u32,
}

/// `Every` by its weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EveryWeeks {
    pub weeks: u32,
}

/// Which kind of fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FactKind {
    #[serde(rename = "disbursement")]
    Disbursement,
    #[serde(rename = "repayment")]
    Repayment,
    #[serde(rename = "settlement")]
    Settlement,
    #[serde(rename = "credit")]
    Credit,
    #[serde(rename = "recovery")]
    Recovery,
    #[serde(rename = "charge")]
    Charge,
    #[serde(rename = "waiver")]
    Waiver,
    #[serde(rename = "chargeback")]
    Chargeback,
    #[serde(rename = "refund")]
    Refund,
    #[serde(rename = "restructure")]
    Restructure,
    #[serde(rename = "write_off")]
    WriteOff,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Installments at the start that carry no principal, and no interest either (LENDING.md §5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grace {
    /// So many, at most as many as `principal`, carry no interest.
    pub interest: u32,
    pub mode: GraceMode,
    /// So many installments carry no principal.
    pub principal: u32,
}

/// A row of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Installment {
    /// Principal after the installment and after what is released that day.
    pub balance: Decimal,
    /// Calendar days of the period.
    pub days: u32,
    pub due_on: NaiveDate,
    pub fees: Decimal,
    /// The day after which its period runs.
    pub from: NaiveDate,
    pub interest: Decimal,
    /// From 1 on.
    pub number: u32,
    pub principal: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalized: Option<Decimal>,
}

/// An installment with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstallmentState {
    pub due: Components,
    pub due_on: NaiveDate,
    pub from: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Components>,
    /// The tax that the fee holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Components>,
}

/// Fractions of the principal: for each day, and once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IofRates {
    pub additional: String,
    pub daily: String,
}

/// Where the rates come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IofSource {
    /// Given with the terms, in place of the table.
    Rates(IofSourceRates),
    /// The table of decrees, by who borrows and when.
    Person(IofSourcePerson),
    /// What a later server may say.
    Other(Value),
}

/// The table of decrees, by who borrows and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IofSourcePerson {
    pub person: Person,
}

/// Given with the terms, in place of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IofSourceRates {
    pub rates: IofRates,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
}

/// How the tax of a loan is found and who pays it when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IofTerms {
    #[serde(flatten)]
    pub iof_source: IofSource,
    /// Days after which the daily rate stops (art. 7 §1: 365).
    pub cap_days: u32,
    pub collected: IofCollection,
    pub financing: IofFinancing,
    pub mode: RoundingMode,
    /// What is rounded for each installment.
    pub round: Vec<IofPlace>,
}

/// The fine and the interest of what is paid late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    #[serde(flatten)]
    pub late_interest: LateInterest,
    pub contract_interest: ContractInterest,
    pub fee_base: LateFeeBase,
    /// The fine as a fraction of `fee_base` (2 % at most where consumer law holds: CDC art. 52 §1).
    pub fee_rate: String,
    /// Days after the due date, moved to a business day, before an installment is late.
    pub grace_days: u32,
    pub interest_base: LateInterestBase,
    pub rounding: RoundingMode,
}

/// Late interest of so much a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateByMonth {
    pub interest: LateInterestKind,
    pub interest_days: LateDays,
    /// A fraction.
    pub interest_rate_per_month: String,
}

/// The days of a month of late interest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LateDays {
    #[serde(rename = "30")]
    N30,
    #[serde(rename = "actual")]
    Actual,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// By what late interest grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LateInterest {
    /// A rate by the loan's day count.
    InterestRate(LateInterestInterestRate),
    /// So much a month (1 %: STJ Súmula 379).
    LateByMonth(LateByMonth),
    /// What a later server may say.
    Other(Value),
}

/// A rate by the loan's day count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateInterestInterestRate {
    pub interest_rate: LateRate,
}

/// A rate of its own, or the loan's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LateRate {
    ContractWord(ContractWord),
    Rate(Rate),
    /// What a later server may say.
    Other(Value),
}

/// An event of a loan's stream. On the wire each is its own type, named `Loan…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum LoanEvent {
    #[serde(rename = "LoanApplied")]
    LoanApplied(Applied),
    #[serde(rename = "LoanApproved")]
    LoanApproved(Approved),
    #[serde(rename = "LoanRejected")]
    LoanRejected(Closed),
    #[serde(rename = "LoanWithdrawn")]
    LoanWithdrawn(Closed),
    #[serde(rename = "LoanDisbursed")]
    LoanDisbursed(Disbursed),
    #[serde(rename = "LoanChargeAdded")]
    LoanChargeAdded(ChargeAdded),
    #[serde(rename = "LoanChargeWaived")]
    LoanChargeWaived(ChargeWaived),
    #[serde(rename = "LoanRepaymentRecorded")]
    LoanRepaymentRecorded(RepaymentRecorded),
    #[serde(rename = "LoanRepaymentReversed")]
    LoanRepaymentReversed(PaymentReversed),
    #[serde(rename = "LoanRepaymentChargedBack")]
    LoanRepaymentChargedBack(RepaymentChargedBack),
    #[serde(rename = "LoanCreditGranted")]
    LoanCreditGranted(CreditGranted),
    #[serde(rename = "LoanCreditReversed")]
    LoanCreditReversed(PaymentReversed),
    #[serde(rename = "LoanSettledEarly")]
    LoanSettledEarly(SettledEarly),
    #[serde(rename = "LoanOverpaymentRefunded")]
    LoanOverpaymentRefunded(OverpaymentRefunded),
    #[serde(rename = "LoanRestructured")]
    LoanRestructured(Restructured),
    #[serde(rename = "LoanWrittenOff")]
    LoanWrittenOff(WrittenOff),
    #[serde(rename = "LoanWriteOffReversed")]
    LoanWriteOffReversed(WriteOffReversed),
    #[serde(rename = "LoanRecoveryRecorded")]
    LoanRecoveryRecorded(RecoveryRecorded),
    #[serde(rename = "LoanRecoveryReversed")]
    LoanRecoveryReversed(PaymentReversed),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// Money of the borrower's that moved within the loan: what was covered was kept as credit before, or overpaid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Moved {
    /// Covered of each component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Components>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overpaid: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operation {
    #[serde(rename = "approve")]
    Approve,
    #[serde(rename = "disburse")]
    Disburse,
    #[serde(rename = "restructure")]
    Restructure,
    #[serde(rename = "write_off")]
    WriteOff,
    #[serde(rename = "waive")]
    Waive,
    #[serde(rename = "credit")]
    Credit,
    #[serde(rename = "refund")]
    Refund,
    #[serde(rename = "reverse")]
    Reverse,
    #[serde(rename = "entry")]
    Entry,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// What followed from a money event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The version of the calculation that decided.
    pub calculation: u32,
    pub standing: Standing,
    /// What time alone did since the last fact, beyond what it had done by the event before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_time: Option<Moved>,
    /// Every installment that changed, before and after. Left out where the shares of the event say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<ChangedInstallment>>,
    /// What is added to (below zero: taken from) income that was capitalized and is not received yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Decimal>,
    /// What other facts add now (below zero: no longer) of tax that joined the principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub financed_tax: Option<Decimal>,
    /// Principal that joins the books (below zero: leaves them) beside what effects cover and write off: handed out,
    /// capitalized, charged back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_added: Option<Decimal>,
    /// Other facts that come to something else now: those after a backdated fact, a reversal or a charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rederived: Option<Vec<Rederived>>,
    /// The tax in the fees that are covered now and were not before (below zero: no longer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Decimal>,
}

/// What a disbursement or a restructure adds to what is owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlay {
    /// What joins what is amortized: the amount disbursed with financed fees and tax; of a restructure what was
    /// capitalized.
    pub principal: Decimal,
    /// The IOF that arises, however it is collected.
    pub tax: Decimal,
    /// Fees and tax kept back from the release.
    pub withheld: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverpaymentRefunded {
    pub amount: Decimal,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub refund_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

/// A repayment or settlement, a credit or a recovery is undone: it counts as if it had never been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentReversed {
    pub amount: Decimal,
    pub currency: Currency,
    pub on: NaiveDate,
    pub outcome: Outcome,
    /// What is undone.
    pub payment_id: Uuid,
    pub reason: String,
    /// What it came to until now, and no longer does.
    pub undone: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditKind>,
    /// Whether it had come after a write-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_off_before: Option<bool>,
}

/// A month was closed or reopened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodChanged {
    /// The last day on which nothing is booked from now on.
    pub closed_through: NaiveDate,
    pub month: String,
    /// The booking day on which it was done.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum PeriodEvent {
    #[serde(rename = "PeriodClosed")]
    PeriodClosed(PeriodChanged),
    #[serde(rename = "PeriodReopened")]
    PeriodReopened(PeriodChanged),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    pub currency: Currency,
    pub description: String,
    pub lines: Vec<EntryEventLine>,
    pub on: NaiveDate,
    /// Where it differs from `on`, which lies in a closed period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ProductEvent {
    #[serde(rename = "ProductDefined")]
    ProductDefined(ProductVersion),
    #[serde(rename = "ProductRevised")]
    ProductRevised(ProductVersion),
    #[serde(rename = "ProductRetired")]
    ProductRetired(ProductRetirement),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// No new loan takes the product from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRetirement {
    /// The booking day on which it was retired.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A version of a product, from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductVersion {
    pub currency: Currency,
    pub name: String,
    /// The booking day on which it was defined.
    pub on: NaiveDate,
    /// What a loan has where its application leaves a field open.
    pub terms: TermsRequest,
    pub version: u32,
    /// What a loan's terms may be, by the field's name, such as `rate.value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BTreeMap<String, Limit>>,
}

/// Somebody else accepted it: it is executed once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalAccepted {
    /// What was at stake when it was accepted.
    pub amount: Decimal,
    pub by: String,
    pub on: NaiveDate,
    /// The limit of who accepted it: what is executed puts no more at stake.
    pub up_to: Decimal,
}

/// It was refused or withdrawn, and comes to nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalEnded {
    pub by: String,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ProposalEvent {
    #[serde(rename = "ProposalMade")]
    ProposalMade(ProposalMade),
    #[serde(rename = "ProposalAccepted")]
    ProposalAccepted(ProposalAccepted),
    #[serde(rename = "ProposalRefused")]
    ProposalRefused(ProposalEnded),
    #[serde(rename = "ProposalWithdrawn")]
    ProposalWithdrawn(ProposalEnded),
    #[serde(rename = "ProposalExecuted")]
    ProposalExecuted(ProposalExecuted),
    #[serde(rename = "ProposalFailed")]
    ProposalFailed(ProposalFailed),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// The command was executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalExecuted {
    /// The position of the last of them.
    pub position: i64,
    /// The stream that its events are of.
    pub stream_id: Uuid,
    /// The version of that stream after them.
    pub version: i64,
}

/// The command was refused when it was to be executed: the state forbids by now what was proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalFailed {
    /// The code of the problem.
    pub code: String,
    /// What the sender would have been told.
    pub detail: String,
}

/// A command was asked for that its sender may not give alone. It waits as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalMade {
    /// What was at stake when it was asked for.
    pub amount: Decimal,
    pub body: Value,
    /// Who asked for it.
    pub by: String,
    /// The client whose idempotency key it came with.
    pub client: String,
    /// The command's name, as in the metadata of its events.
    pub command: String,
    pub currency: Currency,
    /// The last day on which it can be accepted.
    pub expires_on: NaiveDate,
    pub idempotency_key: String,
    /// The booking day on which it was made.
    pub on: NaiveDate,
    pub operation: Operation,
    /// The path that it was sent to.
    pub path: String,
    /// The version that it asked for with `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_person_above: Option<Decimal>,
}

/// A rate of interest: `value` is a fraction (0.0199 is 1.99 %) for each `per`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub compounding: Compounding,
    pub per: RatePeriod,
    pub value: String,
}

/// A payment after the write-off, which stays as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRecorded {
    pub allocation: Components,
    pub amount: Decimal,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub recovery_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A fact that comes to something else than was decided before. Its id and its amount stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rederived {
    /// Its number in the order of recording, from 1.
    pub fact: u32,
    pub kind: FactKind,
    /// The value date of that fact.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_off_after: Option<bool>,
    /// Whether the loan was written off when the fact came, as decided before and as decided now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_off_before: Option<bool>,
}

/// The payer's bank took money back; that principal is owed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepaymentChargedBack {
    pub amount: Decimal,
    pub chargeback_id: Uuid,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    pub repayment_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepaymentRecorded {
    /// What the payment covered, by component, over all installments.
    pub allocation: Components,
    pub amount: Decimal,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub repayment_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#as: Option<Early>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// How a loan is restructured (LENDING.md §13).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode")]
pub enum Restructure {
    /// Open principal, with the open amounts of the components in `capitalize`, becomes the principal of `terms`.
    #[serde(rename = "replace")]
    Replace(RestructureReplace),
    /// All open principal moves to new rows.
    #[serde(rename = "re_age")]
    ReAge(RestructureReAge),
    /// Principal past due moves to the rows due on or after the date.
    #[serde(rename = "re_amortize")]
    ReAmortize,
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// All open principal moves to new rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestructureReAge {
    pub every: Every,
    pub first_due_on: NaiveDate,
    pub installments: u32,
}

/// Open principal, with the open amounts of the components in `capitalize`, becomes the principal of `terms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestructureReplace {
    /// Its `principal` stands for nothing: servicing puts in what is open on the date.
    pub terms: Terms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalize: Option<Vec<Component>>,
}

/// What is outstanding is owed by other installments from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restructured {
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    pub restructure: Restructure,
    pub restructure_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<DisbursementTax>,
}

/// The entry is undone by lines that mirror its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reversed {
    pub currency: Currency,
    pub lines: Vec<EntryEventLine>,
    pub on: NaiveDate,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

/// What is rounded, where and how (LENDING.md §4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rounding {
    /// Decimals of every amount of the plan, at most the currency's.
    pub decimals: u32,
    pub mode: RoundingMode,
    /// What is rounded while computing.
    pub places: Vec<RoundingPlace>,
    pub remainder: Remainder,
    /// Decimals of the discount factors behind the equal installment; absent: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_decimals: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<Decimal>,
    /// Decimals of the rate of one day; absent: not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_decimals: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedEntryEvent {
    #[serde(flatten)]
    pub event: EntryEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedLoanEvent {
    #[serde(flatten)]
    pub event: LoanEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedPeriodEvent {
    #[serde(flatten)]
    pub event: PeriodEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedProductEvent {
    #[serde(flatten)]
    pub event: ProductEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedProposalEvent {
    #[serde(flatten)]
    pub event: ProposalEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequencedStaffEvent {
    #[serde(flatten)]
    pub event: StaffEvent,
    /// The event's number in its stream, from 1.
    pub sequence: i64,
}

/// The borrower paid the early-settlement quote of the day. The installments that changed show the interest before and
/// after the reduction (CDC art. 52 §2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettledEarly {
    pub allocation: Components,
    pub amount: Decimal,
    pub currency: Currency,
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub repayment_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// What a payment covers of one installment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub allocation: Components,
    pub installment: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    #[serde(rename = "debit")]
    Debit,
    #[serde(rename = "credit")]
    Credit,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SideAmount {
    Debit(SideAmountDebit),
    Credit(SideAmountCredit),
    /// What a later server may say.
    Other(Value),
}

/// `SideAmount` by its credit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideAmountCredit {
    pub credit: Decimal,
}

/// `SideAmount` by its debit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideAmountDebit {
    pub debit: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum StaffEvent {
    #[serde(rename = "StaffLimitsSet")]
    StaffLimitsSet(StaffLimitsSet),
    #[serde(rename = "ApprovalPolicySet")]
    ApprovalPolicySet(ApprovalPolicySet),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// What a person may decide alone, and accept of others, from now on. It takes the place of what they had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffLimitsSet {
    pub limits: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// The booking day on which it was set.
    pub on: NaiveDate,
    /// Who, as their tokens name them.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is owed after an event, and since when: seen on the latest value date of the loan, late charges to then
/// included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// What is unpaid of all installments, by component.
    pub balances: Components,
    /// What was paid beyond everything owed.
    pub overpaid: Decimal,
    pub status: Status,
    /// What is kept for the borrower until the next due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Decimal>,
    /// The first day on which that installment is late: the day after its due date moved to a business day
    /// (Lei 7.089/1983). Days past due count from the due date all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_from: Option<NaiveDate>,
    /// The due date of the oldest installment that is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<NaiveDate>,
}

/// Where a loan is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    #[serde(rename = "applied")]
    Applied,
    #[serde(rename = "approved")]
    Approved,
    #[serde(rename = "rejected")]
    Rejected,
    #[serde(rename = "withdrawn")]
    Withdrawn,
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "settled")]
    Settled,
    #[serde(rename = "overpaid")]
    Overpaid,
    #[serde(rename = "written_off")]
    WrittenOff,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// Taxes of the loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tax {
    pub iof: IofTerms,
}

/// Which tax.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaxKind {
    #[serde(rename = "iof")]
    Iof,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// The terms of a loan as its first event records them: nothing is left to a default.
///
/// As JSON it has the shape of `TermsRequest`, so recorded terms can be read by whoever reads the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    #[serde(flatten)]
    pub due_dates: DueDates,
    pub accrual: Accrual,
    pub accrue_to: AccrueTo,
    /// The order in which a payment serves what is due; always all six components.
    pub allocation: Vec<Component>,
    /// The same for what is not yet due.
    pub allocation_in_advance: Vec<Component>,
    pub allocation_scope: AllocationScope,
    pub calendar: Calendar,
    pub charges: Vec<Charge>,
    pub currency: Currency,
    pub day_count: DayCount,
    pub due_date_shift: DueDateShift,
    pub excess: Excess,
    pub grace: Grace,
    pub installment_periods: InstallmentPeriods,
    pub interest_basis: InterestBasis,
    pub method: Method,
    pub month_end: MonthEnd,
    /// The amount asked for, before financed fees and tax.
    pub principal: Decimal,
    pub rate: Rate,
    pub rounding: Rounding,
    pub settlement: Settlement,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installment_amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
}

/// An event of the loan with the journal lines that are asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailEvent {
    pub lines: Vec<TrailLine>,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub sequence: i64,
    pub r#type: String,
    /// The value date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
}

/// A journal line of the event: the sum of what it moved of all installments on one account and day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailLine {
    pub account: String,
    pub amount: Decimal,
    pub booked_on: NaiveDate,
    /// The components that are booked on this account.
    pub components: Vec<Component>,
    pub currency: Currency,
    pub line: u32,
    pub position: i64,
    pub side: Side,
}

/// What a write-off takes off the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteOff {
    pub accrued_interest: Decimal,
    pub on: NaiveDate,
    pub open: Components,
}

/// The write-off is undone: it counts as if it had never been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteOffReversed {
    pub currency: Currency,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    pub undone: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}

/// All that is open left the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenOff {
    pub currency: Currency,
    /// It says what was written off, by component.
    pub effect: Effect,
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
}
