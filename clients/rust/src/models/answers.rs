// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
//! What reads and simulations are answered with.
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
use crate::read::Paged;

/// The answer to a command that waits to be executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedRequest {
    /// The request's id: `GET /v1/requests/{id}` says what became of it. The same command asked again under the same key
    /// is the same request.
    pub id: Uuid,
    pub status: AcceptedStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AcceptedStatus {
    #[serde(rename = "accepted")]
    Accepted,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// An account in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub account: String,
    /// Debits less credits.
    pub balance: Decimal,
    pub credits: Decimal,
    pub currency: Currency,
    pub debits: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccrualList {
    pub as_of: AsOf,
    pub from: NaiveDate,
    pub items: Vec<AccrualView>,
    pub to: NaiveDate,
    /// What to send as `after` for the next page; null at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Interest accrued on a day: the difference of two rounded totals. A day on which none is booked has no entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccrualView {
    pub amount: Decimal,
    pub on: NaiveDate,
    /// All interest accrued by the end of the day.
    pub total: Decimal,
}

/// The answer of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerShown {
    pub body: Value,
    /// By name, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The HTTP status.
    pub status: u32,
}

/// What waits for a second person, whoever asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPolicyView {
    /// The booking day on which it was set.
    pub on: NaiveDate,
    /// The position of the event that set it.
    pub position: i64,
    pub updated_at: DateTime<Utc>,
    /// By operation and currency: what is above this amount.
    pub second_person_above: BTreeMap<String, BTreeMap<String, Decimal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The last event that an answer takes into account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AsOf {
    pub position: i64,
    /// How many streams have an event up to `position` that the read model could not take: what came of them since is
    /// not in the answer. Absent where there is none. `GET /v1/dead-letters` shows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked_streams: Option<i64>,
    /// When that event was recorded; null before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A balance, and what moved it on its day. What its opening is made of, the days before explain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalanceExplained {
    pub account: String,
    pub closing: Decimal,
    pub credits: Decimal,
    pub currency: Currency,
    pub date: NaiveDate,
    pub debits: Decimal,
    pub opening: Decimal,
    pub as_of: AsOf,
    /// In the order of recording: their debits and credits, over all pages, are those of the balance.
    pub lines: Vec<ExplainedLine>,
    /// The position of the last event that `closing` is made of; null where nothing moved by then. It stays until an
    /// event moves this day or one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// What to send as `after` for the next page; null at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An amount for each component, and their sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Balances {
    pub fee: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub penalty: Decimal,
    pub principal: Decimal,
    pub total: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BorrowerShare {
    pub borrower: BorrowerView,
    pub loans: i64,
    pub outstanding: Decimal,
    /// Of all that is outstanding, as a fraction to four decimals.
    pub share: String,
}

/// Who borrows. Name and tax id are kept beside the log and are absent once forgotten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BorrowerView {
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BucketShare {
    /// Calendar days past due: `0`, `1-15`, `16-30`, `31-60`, `61-90`, `91-180`, `181-360` or `over-360`.
    pub days_past_due: String,
    pub loans: i64,
    pub outstanding: Balances,
}

/// The answer to a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkAnswer {
    /// Its answer, or the problem.
    pub body: Value,
    /// The line's number in the body, from 1. Empty lines are passed over, and count.
    pub line: u64,
    /// What the command would have been answered with by itself.
    pub status: u32,
}

/// That the tree of `from` events is the beginning of that of `to` (RFC 6962, 2.1.2). Hashes are in base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    pub from: u64,
    pub hashes: Vec<String>,
    pub to: u64,
}

/// What one transaction covers of the amount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Covering {
    pub amount: Decimal,
    /// The event that recorded it, and those that spread it anew since, with their journal lines of the component. A line
    /// is the sum over all installments that the event touched.
    pub events: Vec<TrailEvent>,
    pub on: NaiveDate,
    /// Absent where credit that was kept served it on its due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Uuid>,
}

/// An account's balance on one day. A balance is debits less credits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DailyBalance {
    pub account: String,
    pub closing: Decimal,
    pub credits: Decimal,
    pub currency: Currency,
    pub date: NaiveDate,
    pub debits: Decimal,
    pub opening: Decimal,
    /// The position of the last event that `closing` is made of; null where nothing moved by then. It stays until an
    /// event moves this day or one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// An event that a read model cannot take, with the stream that waits for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub attempts: u32,
    /// Why the last attempt failed.
    pub cause: String,
    pub first_failed_at: DateTime<Utc>,
    /// Of this event in this read model. Once another event of the stream is to blame, it has another id.
    pub id: Uuid,
    pub last_failed_at: DateTime<Utc>,
    pub position: i64,
    pub projection: String,
    pub sequence: i64,
    pub state: DeadLetterState,
    pub stream_id: String,
    pub stream_type: String,
    pub r#type: String,
    /// How many events of the stream wait: this one and those behind it.
    pub waiting: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_since: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetterAnswer {
    pub attempts: u32,
    /// Why the last attempt failed.
    pub cause: String,
    pub first_failed_at: DateTime<Utc>,
    /// Of this event in this read model. Once another event of the stream is to blame, it has another id.
    pub id: Uuid,
    pub last_failed_at: DateTime<Utc>,
    pub position: i64,
    pub projection: String,
    pub sequence: i64,
    pub state: DeadLetterState,
    pub stream_id: String,
    pub stream_type: String,
    pub r#type: String,
    /// How many events of the stream wait: this one and those behind it.
    pub waiting: i64,
    pub as_of: AsOf,
    /// The events that wait, in order: the one to blame and the first ones behind it.
    pub events: Vec<WaitingEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_since: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// Whether a parked stream is still tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeadLetterState {
    #[serde(rename = "retrying")]
    Retrying,
    #[serde(rename = "dead")]
    Dead,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// An amount for each component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EachComponent {
    pub fee: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub penalty: Decimal,
    pub principal: Decimal,
}

/// The answer to a command on an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryAnswer {
    pub events: Vec<SequencedEntryEvent>,
    /// The entry's id.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// The entry's version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryFound {
    pub created_at: DateTime<Utc>,
    pub currency: Currency,
    pub description: String,
    pub id: Uuid,
    pub lines: Vec<EntryEventLine>,
    pub on: NaiveDate,
    /// The position of its last event.
    pub position: i64,
    pub reversed: bool,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
    pub as_of: AsOf,
    /// The accounting day, where it differs: `on` lies in a period that was closed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_on: Option<NaiveDate>,
}

/// A balanced posting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    pub created_at: DateTime<Utc>,
    pub currency: Currency,
    pub description: String,
    pub id: Uuid,
    pub lines: Vec<EntryEventLine>,
    pub on: NaiveDate,
    /// The position of its last event.
    pub position: i64,
    pub reversed: bool,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
    /// The accounting day, where it differs: `on` lies in a period that was closed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_booked_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventExplained {
    pub event: TrailEvent,
    /// What it made of the loan's transactions.
    pub facts: Vec<FactMoved>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventList {
    pub as_of: AsOf,
    pub items: Vec<EventView>,
    /// What to send as `after` for the next page; null at the end of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// Who did it, by which command, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventMetadata {
    /// The subject of the token, or the program itself.
    pub actor: String,
    pub command: String,
    pub correlation_id: String,
    /// The version of the rules that decided.
    pub engine: String,
    /// Who accepted what the actor had proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the actor was to the lender then, with spaces between several roles: absent where the program acts by itself,
    /// and in events of before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
}

/// The event that a line comes from, without its payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventOfLine {
    pub metadata: EventMetadata,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub sequence: i64,
    pub stream_id: String,
    /// `Loan`, `Entry` or `DayClose`.
    pub stream_type: String,
    pub r#type: String,
}

/// An event as it is stored: one line of the log as NDJSON, which is what the tree over the log is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    pub metadata: EventMetadata,
    pub payload: Value,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub sequence: i64,
    pub stream_id: String,
    /// `Loan`, `Entry`, `Product`, `Periods`, `DayClose`, `Staff` or `Proposal`.
    pub stream_type: String,
    pub r#type: String,
    pub version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// The version as it is stored, where that is not a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainAnswer {
    #[serde(flatten)]
    pub explanation: Explanation,
    pub as_of: AsOf,
}

/// By which of its two dates a movement is on a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ExplainDailyBalanceBy {
    #[serde(rename = "booked_on")]
    BookedOn,
    #[serde(rename = "value_date")]
    ValueDate,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedLine {
    pub amount: Decimal,
    /// The accounting day.
    pub booked_on: NaiveDate,
    pub currency: Currency,
    /// Its number among the lines of that event.
    pub line: u32,
    /// The position of the event that it comes from.
    pub position: i64,
    pub side: Side,
    /// The loan or entry that it comes from.
    pub stream_id: Uuid,
    /// The day on which the event counts that it comes from: before `booked_on` where that day's period was closed.
    pub value_date: NaiveDate,
    pub event: EventOfLine,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of")]
pub enum Explanation {
    #[serde(rename = "installment")]
    Installment(InstallmentExplained),
    #[serde(rename = "transaction")]
    Transaction(TransactionExplained),
    #[serde(rename = "event")]
    Event(EventExplained),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// What an event made of one of the loan's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactMoved {
    pub after: Vec<ShareView>,
    /// What it covered of installments before the event, in their numbers of then.
    pub before: Vec<ShareView>,
    pub kind: FactKind,
    pub on: NaiveDate,
    /// The transaction; absent of a fact without an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Uuid>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldProblem {
    pub code: String,
    /// Names the field, the rule and the offending value.
    pub detail: String,
    /// A JSON pointer into the request's body, such as `/terms/rate/value`; a parameter's name for queries.
    pub pointer: String,
}

/// By what a repeat of a command is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idempotency {
    pub client: String,
    /// How many events the command has.
    pub events: u32,
    pub key: String,
    /// SHA-256 of the path and the body, in hexadecimal.
    pub request_hash: String,
}

/// That an event is in the tree of `size` events (RFC 6962, 2.1.1). Hashes are in base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InclusionProof {
    pub hashes: Vec<String>,
    /// `position` − 1.
    pub index: u64,
    /// SHA-256 over a zero byte and the SHA-256 of the event's line, as it was when it was sealed.
    pub leaf_hash: String,
    pub size: u64,
}

/// An amount of an installment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstallmentExplained {
    pub component: Component,
    /// What was paid, by transaction: their sum is `paid`.
    pub covered_by: Vec<Covering>,
    pub currency: Currency,
    pub due: Decimal,
    pub due_on: NaiveDate,
    pub from: NaiveDate,
    pub installment: u32,
    pub outstanding: Decimal,
    pub paid: Decimal,
    pub rule: Rule,
    /// The events that set the amount due, each with its journal lines of the component.
    pub set_by: Vec<TrailEvent>,
    pub waived: Decimal,
    /// What was taken off without payment.
    pub waived_by: Vec<Covering>,
}

/// An installment: what is due, and what was paid of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstallmentView {
    /// The principal that is left after it, by the plan as it stands.
    pub balance: Decimal,
    /// Calendar days of its period.
    pub days: u32,
    pub due_on: NaiveDate,
    pub fees: Decimal,
    pub from: NaiveDate,
    /// As the interest basis makes it on the day, less what paying early took off.
    pub interest: Decimal,
    pub late_fee: Decimal,
    /// To the day on which it is seen.
    pub late_interest: Decimal,
    pub number: u32,
    pub outstanding: Decimal,
    pub paid: Decimal,
    /// What of it was paid before the due date.
    pub paid_in_advance: Decimal,
    /// What of it was paid once it was late.
    pub paid_late: Decimal,
    pub penalties: Decimal,
    pub principal: Decimal,
    pub tax: Decimal,
    /// The sum of them all.
    pub total: Decimal,
    /// What of it was taken off without payment.
    pub waived: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalized: Option<Decimal>,
    /// The value date on which nothing was open any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitsSetView {
    /// The booking day on which it was set.
    pub on: NaiveDate,
    /// The position of the event that set it.
    pub position: i64,
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One debit or credit of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineView {
    pub amount: Decimal,
    /// The accounting day.
    pub booked_on: NaiveDate,
    pub currency: Currency,
    /// Its number among the lines of that event.
    pub line: u32,
    /// The position of the event that it comes from.
    pub position: i64,
    pub side: Side,
    /// The loan or entry that it comes from.
    pub stream_id: Uuid,
    /// The day on which the event counts that it comes from: before `booked_on` where that day's period was closed.
    pub value_date: NaiveDate,
}

/// By which of its two dates a movement is on a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ListDailyBalancesBy {
    #[serde(rename = "booked_on")]
    BookedOn,
    #[serde(rename = "value_date")]
    ValueDate,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ListDeadLettersProjection {
    #[serde(rename = "loans")]
    Loans,
    #[serde(rename = "entries")]
    Entries,
    #[serde(rename = "journal")]
    Journal,
    #[serde(rename = "daily_balances")]
    DailyBalances,
    #[serde(rename = "products")]
    Products,
    #[serde(rename = "periods")]
    Periods,
    #[serde(rename = "staff")]
    Staff,
    #[serde(rename = "proposals")]
    Proposals,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// The answer to a command on a loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoanAnswer {
    pub events: Vec<SequencedLoanEvent>,
    /// The loan's id.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// The loan's version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoanFound {
    /// What is owed, by component, late charges included: of one loan to the day on which it is seen, in a list to its
    /// last event. After a write-off what is still owed of it.
    pub balances: Balances,
    pub borrower: BorrowerView,
    pub created_at: DateTime<Utc>,
    /// What is kept for the borrower until the next due date.
    pub credit: Decimal,
    pub currency: Currency,
    /// Calendar days since the oldest due date that is late on the day, else 0.
    pub days_past_due: i64,
    pub id: Uuid,
    pub metadata: Value,
    /// What was paid beyond everything owed.
    pub overpaid: Decimal,
    /// The position of that event.
    pub position: i64,
    /// What was received and neither reversed nor given back.
    pub received: Decimal,
    pub status: Status,
    /// The terms as the loan's first event holds them.
    pub terms: Terms,
    pub updated_at: DateTime<Utc>,
    /// The sequence of the loan's last event: what `If-Match` takes.
    pub version: i64,
    pub as_of: AsOf,
    /// The day on which it is seen.
    pub effective_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
    /// When the application was rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbursed_amount: Option<Decimal>,
    /// The date of the first disbursement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbursed_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The first day on which that installment is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_from: Option<NaiveDate>,
    /// The due date of the oldest installment that is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version of the product that its terms were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u32>,
    /// The date of the last restructuring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restructured_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_off: Option<WriteOffView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_terms: Option<Terms>,
}

/// A loan and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoanView {
    /// What is owed, by component, late charges included: of one loan to the day on which it is seen, in a list to its
    /// last event. After a write-off what is still owed of it.
    pub balances: Balances,
    pub borrower: BorrowerView,
    pub created_at: DateTime<Utc>,
    /// What is kept for the borrower until the next due date.
    pub credit: Decimal,
    pub currency: Currency,
    /// Calendar days since the oldest due date that is late on the day, else 0.
    pub days_past_due: i64,
    pub id: Uuid,
    pub metadata: Value,
    /// What was paid beyond everything owed.
    pub overpaid: Decimal,
    /// The position of that event.
    pub position: i64,
    /// What was received and neither reversed nor given back.
    pub received: Decimal,
    pub status: Status,
    /// The terms as the loan's first event holds them.
    pub terms: Terms,
    pub updated_at: DateTime<Utc>,
    /// The sequence of the loan's last event: what `If-Match` takes.
    pub version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_amount: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
    /// When the application was rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbursed_amount: Option<Decimal>,
    /// The date of the first disbursement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbursed_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The first day on which that installment is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_from: Option<NaiveDate>,
    /// The due date of the oldest installment that is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version of the product that its terms were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u32>,
    /// The date of the last restructuring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restructured_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_off: Option<WriteOffView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonthFlow {
    pub collected: Decimal,
    pub disbursed: Decimal,
    pub month: String,
    pub recovered: Decimal,
    pub written_off: Decimal,
}

/// How far one partition is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartitionStatus {
    pub partition: u32,
    /// Every event of the partition up to here is in the rows.
    pub position: i64,
    /// The offset behind the last record of completeness that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<i64>,
    /// The last thing that was wrong with what came. Nothing of it is missing in the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_at: Option<DateTime<Utc>>,
}

/// The answer to a command on the accounting periods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodAnswer {
    pub events: Vec<SequencedPeriodEvent>,
    /// The id of the stream of all periods.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// Its version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodList {
    pub as_of: AsOf,
    pub items: Vec<PeriodView>,
    /// The last day on which nothing more is booked; null while no month was ever closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_through: Option<NaiveDate>,
    /// What to send as `after` for the next page; null at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PeriodStatus {
    #[serde(rename = "closed")]
    Closed,
    #[serde(rename = "open")]
    Open,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A month that was closed or reopened by itself; those before the first were closed with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodView {
    pub month: String,
    /// The booking day on which it was closed, or reopened where it is open.
    pub on: NaiveDate,
    /// The position of the event that did it.
    pub position: i64,
    pub status: PeriodStatus,
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is paid when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub installments: Vec<Installment>,
    pub totals: Totals,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_cost: Option<EffectiveCost>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<PlanTax>,
}

/// The tax of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanTax {
    /// By the rows that it was computed on.
    pub by_installment: Vec<Decimal>,
    pub collected: IofCollection,
    pub kind: TaxKind,
    pub total: Decimal,
}

/// The loans in one currency. Each as it stood after its last event by the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Portfolio {
    pub by_days_past_due: Vec<BucketShare>,
    /// What moved in each month, by value date: a reversal in the month of its own.
    pub by_month: Vec<MonthFlow>,
    pub by_product: Vec<ProductShare>,
    pub by_status: Vec<StatusShare>,
    /// What was received, less what was reversed and given back by the day.
    pub collected: Decimal,
    /// Who owes most, the ten largest.
    pub concentration: Vec<BorrowerShare>,
    pub currency: Currency,
    pub disbursed: Decimal,
    /// How many were disbursed.
    pub loans: i64,
    /// What is owed, write-offs apart.
    pub outstanding: Balances,
    /// What of `collected` came after a write-off.
    pub recovered: Decimal,
    /// The stages of provisioning (Res. CMN 4.966/2021) by days past due alone; whether a borrower is unlikely to pay
    /// for other reasons is not known here. Write-offs apart.
    pub stages: Vec<StageShare>,
    /// What write-offs took off the books, less those undone by the day.
    pub written_off: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortfolioAnswer {
    pub as_of: AsOf,
    pub currencies: Vec<Portfolio>,
    pub on: NaiveDate,
}

/// The body of every refused request (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemDetails {
    pub code: String,
    /// What happened this time.
    pub detail: String,
    pub status: u32,
    pub title: String,
    /// `urn:razao:problem:CODE`
    pub r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldProblem>>,
}

/// The answer to a command on a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductAnswer {
    pub events: Vec<SequencedProductEvent>,
    /// The product's id.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// The stream's version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductFound {
    /// What the terms of a loan may be, by the field's name.
    pub limits: BTreeMap<String, Limit>,
    /// The booking day on which it was defined.
    pub on: NaiveDate,
    /// The position of the event that defined it.
    pub position: i64,
    /// What a loan has where its application leaves a field open.
    pub terms: TermsRequest,
    /// The number of the version, from 1.
    pub version: u32,
    pub created_at: DateTime<Utc>,
    pub currency: Currency,
    pub id: Uuid,
    pub name: String,
    pub status: ProductStatus,
    pub updated_at: DateTime<Utc>,
    pub as_of: AsOf,
    /// All versions, from the first.
    pub versions: Vec<VersionView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductShare {
    pub loans: i64,
    pub outstanding: Balances,
    /// Null for loans without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProductStatus {
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "retired")]
    Retired,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A product in one of its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductView {
    /// What the terms of a loan may be, by the field's name.
    pub limits: BTreeMap<String, Limit>,
    /// The booking day on which it was defined.
    pub on: NaiveDate,
    /// The position of the event that defined it.
    pub position: i64,
    /// What a loan has where its application leaves a field open.
    pub terms: TermsRequest,
    /// The number of the version, from 1.
    pub version: u32,
    pub created_at: DateTime<Utc>,
    pub currency: Currency,
    pub id: Uuid,
    pub name: String,
    pub status: ProductStatus,
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement_reason: Option<String>,
}

/// How far a read model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectionStatus {
    /// How many of the streams are no longer tried again by themselves.
    pub dead_letters: i64,
    /// How many events of the log it does not hold yet.
    pub lag: i64,
    pub name: String,
    /// How many events are not in its rows: these, and those behind them in their streams.
    pub parked_events: i64,
    /// How many streams have an event up to `position` that it cannot take; everything else is in its rows.
    pub parked_streams: i64,
    pub position: i64,
    /// By which road its events come: `log`, or `kafka` with the cluster's id, the topic, and its number of partitions.
    pub road: String,
    /// Where events come by Kafka: the consumer group of the processes that feed it, or did so last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Since when the oldest of them is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked_since: Option<DateTime<Utc>>,
    /// Where events come by Kafka: how far each partition is, of which `position` is the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Vec<PartitionStatus>>,
    /// When the event at `position` was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
    /// Why processes of another group that were told to feed it too do not, where there are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it stands still: what comes after `position` cannot be written, or Kafka is not there, which is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectionsAnswer {
    /// Where the log ends.
    pub as_of: AsOf,
    pub items: Vec<ProjectionStatus>,
}

/// The answer to a command that waits for a second person, and to what is done with a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalAnswer {
    pub events: Vec<SequencedProposalEvent>,
    /// The proposal's id.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// The proposal's version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalFound {
    pub created_at: DateTime<Utc>,
    pub id: Uuid,
    /// The command, why it waits, and for how long.
    pub made: ProposalMade,
    pub status: ProposalStatus,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
    pub as_of: AsOf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<ProposalAccepted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ProposalEnded>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed: Option<ProposalExecuted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ProposalFailed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProposalStatus {
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "accepted")]
    Accepted,
    #[serde(rename = "executed")]
    Executed,
    #[serde(rename = "failed")]
    Failed,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "withdrawn")]
    Withdrawn,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

/// A command that waits, or waited, for a second person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalView {
    pub created_at: DateTime<Utc>,
    pub id: Uuid,
    /// The command, why it waits, and for how long.
    pub made: ProposalMade,
    pub status: ProposalStatus,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<ProposalAccepted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ProposalEnded>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed: Option<ProposalExecuted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ProposalFailed>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuoteAnswer {
    pub amount: Decimal,
    /// What is due by that day, of every component.
    pub due: Decimal,
    /// What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2).
    pub interest: Decimal,
    pub on: NaiveDate,
    /// The open principal of the installments not yet due.
    pub principal: Decimal,
    pub as_of: AsOf,
}

/// What came of a dead letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedriveAnswer {
    /// How many events were applied, in order.
    pub applied: u64,
    pub as_of: AsOf,
    pub id: Uuid,
    pub projection: String,
    pub stream_id: String,
    pub stream_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still_parked: Option<DeadLetter>,
}

/// What became of a command that its caller preferred to wait for elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub accepted_at: DateTime<Utc>,
    pub id: Uuid,
    pub status: RequestStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerShown>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RequestStatus {
    #[serde(rename = "queued")]
    Queued,
    #[serde(rename = "done")]
    Done,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "failed")]
    Failed,
    /// A word that a later server may say.
    #[serde(untagged)]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RestructureAnswer {
    LoanAnswer(LoanAnswer),
    Simulation(Simulation),
    /// What a later server may say.
    Other(Value),
}

/// What the amount follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The order in which a payment serves what is due.
    pub allocation: Vec<Component>,
    /// The principal that is open in the period, by the plan as it stands.
    pub base: Decimal,
    pub day_count: DayCount,
    /// Calendar days of the period.
    pub days: i64,
    pub method: Method,
    pub rate: Rate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleAnswer {
    pub as_of: AsOf,
    pub currency: Currency,
    /// The day on which it is seen.
    pub effective_on: NaiveDate,
    pub installments: Vec<InstallmentView>,
    pub totals: ScheduleTotals,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleTotals {
    pub fees: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub outstanding: Decimal,
    pub paid: Decimal,
    pub paid_in_advance: Decimal,
    pub paid_late: Decimal,
    pub penalties: Decimal,
    pub principal: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub waived: Decimal,
}

/// What settles the loan on a day: `amount` = `due` + `principal` + `interest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettlementQuote {
    pub amount: Decimal,
    /// What is due by that day, of every component.
    pub due: Decimal,
    /// What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2).
    pub interest: Decimal,
    pub on: NaiveDate,
    /// The open principal of the installments not yet due.
    pub principal: Decimal,
}

/// What is covered of one component of one installment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareView {
    pub amount: Decimal,
    pub component: Component,
    pub installment: u32,
    /// Absent in the numbers of then, which may have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
}

/// An amount for each component, and their sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedBalances {
    pub fee: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub penalty: Decimal,
    pub principal: Decimal,
    pub total: Decimal,
}

/// An installment as it is and as it would be; absent where there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedChange {
    pub installment: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SimulatedInstallment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SimulatedInstallment>,
}

/// An installment: what would be due, and what would be paid of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedInstallment {
    /// The principal that is left after it, by plan.
    pub balance: Decimal,
    /// Calendar days of its period.
    pub days: u32,
    pub due_on: NaiveDate,
    pub fees: Decimal,
    pub from: NaiveDate,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub number: u32,
    pub outstanding: Decimal,
    pub paid: Decimal,
    /// What of it was paid before the due date.
    pub paid_in_advance: Decimal,
    /// What of it was paid once it was late.
    pub paid_late: Decimal,
    pub penalties: Decimal,
    pub principal: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub waived: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalized: Option<Decimal>,
    /// The value date on which nothing was open any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_on: Option<NaiveDate>,
}

/// A debit or credit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedLine {
    pub account: String,
    pub amount: Decimal,
    /// The accounting day.
    pub booked_on: NaiveDate,
    pub currency: Currency,
    /// The event that it would come from.
    pub sequence: i64,
    pub side: Side,
}

/// How the loan would stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedLoan {
    pub balances: SimulatedBalances,
    /// What is kept for the borrower until the next due date.
    pub credit: Decimal,
    pub currency: Currency,
    pub days_past_due: i64,
    /// What was paid beyond everything owed.
    pub overpaid: Decimal,
    pub status: Status,
    /// The first day on which that installment is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_from: Option<NaiveDate>,
    /// The due date of the oldest installment that is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_off: Option<SimulatedWriteOff>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedSchedule {
    pub currency: Currency,
    pub installments: Vec<SimulatedInstallment>,
}

/// What would be written off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedWriteOff {
    /// Accrued and not due by then, beside the amount.
    pub accrued_interest: Decimal,
    /// The sum of the components.
    pub amount: Decimal,
    pub fee: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub on: NaiveDate,
    pub penalty: Decimal,
    pub principal: Decimal,
}

/// What would follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Simulation {
    /// Every installment that would be another than it is now, seen on the same day.
    pub difference: Vec<SimulatedChange>,
    /// The day on which the loan is seen.
    pub effective_on: NaiveDate,
    /// What would be recorded.
    pub events: Vec<SequencedLoanEvent>,
    /// The loan's id.
    pub id: Uuid,
    /// What would be booked.
    pub journal: Vec<SimulatedLine>,
    pub loan: SimulatedLoan,
    pub schedule: SimulatedSchedule,
    /// The version of the loan from which the commands are played.
    pub version: i64,
}

/// The answer to a command on the limits of staff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffAnswer {
    pub events: Vec<SequencedStaffEvent>,
    /// The id of the stream of all limits.
    pub id: Uuid,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    pub position: i64,
    /// Its version after the command; `If-Match` takes it.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffList {
    pub as_of: AsOf,
    pub items: Vec<StaffView>,
    /// What to send as `after` for the next page; null at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ApprovalPolicyView>,
}

/// Somebody who has limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffView {
    /// The booking day on which it was set.
    pub on: NaiveDate,
    /// The position of the event that set it.
    pub position: i64,
    pub updated_at: DateTime<Utc>,
    /// By operation and currency: the most that may be at stake.
    pub limits: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// As the `sub` of their tokens says.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageShare {
    /// The least days past due.
    pub days_past_due_from: u32,
    pub loans: i64,
    pub outstanding: Balances,
    pub stage: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementAnswer {
    pub as_of: AsOf,
    pub currency: Currency,
    /// The day on which it is seen.
    pub effective_on: NaiveDate,
    pub lines: Vec<StatementLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum StatementItem {
    #[serde(rename = "transaction")]
    Transaction(TransactionView),
    /// An installment falls due as the plan stands on the day seen, charges apart.
    #[serde(rename = "installment")]
    Installment(StatementItemInstallment),
    /// A charge entered by hand falls due.
    #[serde(rename = "charge")]
    Charge(StatementItemCharge),
    /// Late charges of an installment: what a payment covered of them, on its date, or what is open on the day seen.
    #[serde(rename = "late_charges")]
    LateCharges(StatementItemLateCharges),
    /// What was unpaid of a charge is no longer owed.
    #[serde(rename = "waiver")]
    Waiver(StatementItemWaiver),
    /// Money kept for the borrower served what fell due.
    #[serde(rename = "credit_applied")]
    CreditApplied(StatementItemCreditApplied),
    /// What was outstanding is owed by other installments from then on.
    #[serde(rename = "restructuring")]
    Restructuring(StatementItemRestructuring),
    /// What was open left the books; it is still owed.
    #[serde(rename = "write_off")]
    WriteOff(StatementItemWriteOff),
    /// What a later server may say.
    #[serde(untagged)]
    Other(Value),
}

/// A charge entered by hand falls due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemCharge {
    pub added_on: NaiveDate,
    pub amount: Decimal,
    /// `penalty`, or the kind of a fee.
    pub charge: String,
    pub id: Uuid,
}

/// Money kept for the borrower served what fell due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemCreditApplied {
    pub allocation: EachComponent,
    pub amount: Decimal,
}

/// An installment falls due as the plan stands on the day seen, charges apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemInstallment {
    pub amount: Decimal,
    pub number: u32,
}

/// Late charges of an installment: what a payment covered of them, on its date, or what is open on the day seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemLateCharges {
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub number: u32,
}

/// What was outstanding is owed by other installments from then on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemRestructuring {
    pub id: Uuid,
    /// `replace`, `re_age` or `re_amortize`.
    pub mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was unpaid of a charge is no longer owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemWaiver {
    pub amount: Decimal,
    pub charge: Uuid,
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was open left the books; it is still owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementItemWriteOff {
    pub amount: Decimal,
    /// Undone: it counts as if it had never been.
    pub reversed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementLine {
    /// What fell due until then, less what was paid, credited and waived: above zero is in arrears, below zero paid in
    /// advance. After the last line: all that is owed, less what was overpaid or is kept for the borrower.
    pub balance: Decimal,
    pub on: NaiveDate,
    /// The loan's principal after it.
    pub principal: Decimal,
    pub what: StatementItem,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusShare {
    pub loans: i64,
    /// Of written-off loans what is still owed, which is in no other sum.
    pub outstanding: Balances,
    pub status: Status,
}

/// An event of a loan with its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldEvent {
    pub metadata: EventMetadata,
    pub payload: Value,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub sequence: i64,
    pub stream_id: String,
    /// `Loan`, `Entry`, `Product`, `Periods`, `DayClose`, `Staff` or `Proposal`.
    pub stream_type: String,
    pub r#type: String,
    pub version: u32,
    /// What happened, and how the loan stands after it.
    pub story: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// The version as it is stored, where that is not a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_version: Option<String>,
}

/// Sums of the rows as shown, and what was handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub fees: Decimal,
    /// What is amortized: disbursements, financed fees, financed tax.
    pub financed: Decimal,
    pub interest: Decimal,
    pub principal: Decimal,
    /// What reaches the borrower: disbursements less what is kept back.
    pub released: Decimal,
    /// Principal that the rows leave open; zero unless `rounding.remainder` is none.
    pub residue: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub withheld: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionExplained {
    /// What it covers of which installment.
    pub covers: Vec<ShareView>,
    /// The event that recorded it, and those that spread it anew since, with all of their journal lines.
    pub events: Vec<TrailEvent>,
    pub transaction: TransactionView,
}

/// Money that came or went, or a credit in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionView {
    /// What it covers of each component, as it is spread now. Of a reversed one what it covered until then.
    pub allocation: EachComponent,
    pub amount: Decimal,
    /// The loan's principal after it.
    pub balance: Decimal,
    /// What it adds to what is kept for the borrower until the next due date.
    pub credit: Decimal,
    pub currency: Currency,
    pub id: Uuid,
    /// The value date.
    pub on: NaiveDate,
    /// What it adds to (below zero: takes from) what exceeds everything owed.
    pub overpaid: Decimal,
    /// The position of its event.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    /// Undone: it counts as if it had never been made.
    pub reversed: bool,
    /// `disbursement`, `repayment`, `settlement`, `credit`, `recovery`, `chargeback` or `refund`.
    pub r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_kind: Option<CreditKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Of a credit or a chargeback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a chargeback: the repayment of which money was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repayment: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialBalanceAnswer {
    pub as_of: AsOf,
    pub items: Vec<AccountView>,
    pub on: NaiveDate,
    /// The sums of each currency: debits equal credits.
    pub totals: Vec<TrialBalanceTotal>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialBalanceTotal {
    /// Debits less credits: zero.
    pub balance: Decimal,
    pub credits: Decimal,
    pub currency: Currency,
    pub debits: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    /// What the terms of a loan may be, by the field's name.
    pub limits: BTreeMap<String, Limit>,
    /// The booking day on which it was defined.
    pub on: NaiveDate,
    /// The position of the event that defined it.
    pub position: i64,
    /// What a loan has where its application leaves a field open.
    pub terms: TermsRequest,
    /// The number of the version, from 1.
    pub version: u32,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingEvent {
    pub parked_at: DateTime<Utc>,
    pub position: i64,
    pub sequence: i64,
    pub r#type: String,
}

/// What a write-off took off the books: all that was open on its date, by component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteOffView {
    pub fee: Decimal,
    pub interest: Decimal,
    pub late_fee: Decimal,
    pub late_interest: Decimal,
    pub penalty: Decimal,
    pub principal: Decimal,
    /// Interest that was accrued by then but not yet due, apart from `amount`.
    pub accrued_interest: Decimal,
    /// The sum of the components.
    pub amount: Decimal,
    pub on: NaiveDate,
}

impl Paged for EventList {
    type Item = EventView;

    fn into_parts(self) -> (Vec<EventView>, Option<String>) {
        (self.items, self.next.map(|next| next.to_string()))
    }
}

impl Paged for AccrualList {
    type Item = AccrualView;

    fn into_parts(self) -> (Vec<AccrualView>, Option<String>) {
        (self.items, self.next)
    }
}

impl Paged for PeriodList {
    type Item = PeriodView;

    fn into_parts(self) -> (Vec<PeriodView>, Option<String>) {
        (self.items, self.next)
    }
}

impl Paged for StaffList {
    type Item = StaffView;

    fn into_parts(self) -> (Vec<StaffView>, Option<String>) {
        (self.items, self.next)
    }
}
