// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
//! Every operation of the API.
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
use serde::Serialize;
use uuid::Uuid;

use crate::Client;
use crate::call::Call;
use crate::command::Command;
use crate::models::*;
use crate::plain::Plain;
use crate::question::Question;
use crate::read::{Page, Read};

/// The parameters of [`Client::list_accounts`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListAccountsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_account_lines`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListAccountLinesQuery {
    /// Only lines booked on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Only lines booked on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::prove_consistency`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProveConsistencyQuery {
    /// How many events the earlier tree has.
    pub from: i64,
    /// How many the later one has. By default that of the latest checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// The parameters of [`Client::prove_inclusion`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProveInclusionQuery {
    /// The event's position.
    pub position: i64,
    /// Of which tree: how many events it has. By default that of the latest checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
}

/// The parameters of [`Client::list_daily_balances`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListDailyBalancesQuery {
    /// Only this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only what the loans of this product moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Only what this loan moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan: Option<Uuid>,
    /// Only what the loans of this borrower moved: the id, or a CPF or CNPJ, with punctuation or without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub borrower: Option<String>,
    /// 30 days before `to` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Today by default. At most ten years after `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Only this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Whether a day has what is booked on it, or what counts on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ListDailyBalancesBy>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::explain_daily_balance`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ExplainDailyBalanceQuery {
    /// Needed where the account has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Only what the loans of this product moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Whether the day has what is booked on it, or what counts on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ExplainDailyBalanceBy>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_dead_letters`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListDeadLettersQuery {
    /// Only those of this read model, as `GET /v1/projections` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection: Option<ListDeadLettersProjection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<DeadLetterState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_discarded_events`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListDiscardedEventsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_entries`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListEntriesQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Only entries of this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Only entries of this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_entry_history`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListEntryHistoryQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_events`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListEventsQuery {
    /// Only events after this position: the `next` of the page before, or any position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most so many: 50 by default, all of them as NDJSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only those of the stream with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Uuid>,
    /// Only those of this type, such as `LoanRepaymentRecorded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

/// The parameters of [`Client::list_loans`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListLoansQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The borrower's id, or their CPF or CNPJ, with punctuation or without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub borrower: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Only loans that are so many days past due on the day seen, or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_past_due_from: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The day on which the loans are seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::find_loan`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindLoanQuery {
    /// The day on which the loan is seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_accruals`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListAccrualsQuery {
    /// The date of the first disbursement by default, or `to` where that is earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// `effective_on` by default. Days to come are shown as things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// What is dated after this day is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
    /// At most so many: all of them by default, of ten years at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::explain_loan`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ExplainLoanQuery {
    /// With `due`: explains what an installment has of this component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// The due date of the installment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// Explains what a transaction covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Uuid>,
    /// Explains the event at this position: its journal lines, and what it made of which transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_loan_history`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListLoanHistoryQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::restructure_loan`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct RestructureLoanQuery {
    /// Show what would follow, seen on today's booking day, and store nothing
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<bool>,
}

/// The parameters of [`Client::find_schedule`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindScheduleQuery {
    /// The day on which the loan is seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::find_settlement_quote`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindSettlementQuoteQuery {
    /// The day on which it would be paid: `effective_on` by default. A day to come is quoted as things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// What is dated after this day is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::find_statement`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindStatementQuery {
    /// The day on which the loan is seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_transactions`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListTransactionsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The day on which the loan is seen: transactions dated after it are left out. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_periods`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListPeriodsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::find_portfolio`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindPortfolioQuery {
    /// The day on which the loans are seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// The same as `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

/// The parameters of [`Client::list_products`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListProductsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ProductStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::find_product`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindProductQuery {
    /// The version to show in place of the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// The parameters of [`Client::list_proposals`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListProposalsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ProposalStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Only those that this person made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_proposal_history`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListProposalHistoryQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::list_staff`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct ListStaffQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The parameters of [`Client::find_trial_balance`].
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct FindTrialBalanceQuery {
    /// At the end of this day, by booking date: today by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// Only this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<String>,
}

impl Client {
    /// Every account with its balance, by name, then by currency.
    pub fn list_accounts(&self, query: &ListAccountsQuery) -> Read<Page<AccountView>> {
        Read::new(self, Call::get(&["v1", "accounts"]).query(query))
    }

    /// An account's journal lines by booking date, then in the order of recording.
    pub fn list_account_lines(&self, account: &str, query: &ListAccountLinesQuery) -> Read<Page<LineView>> {
        Read::new(self, Call::get(&["v1", "accounts", account, "lines"]).query(query))
    }

    /// Set above which amounts a command waits for a second person, whoever sends it.
    pub fn set_approval_policy(&self, key: &str, body: &ApprovalPolicyBody) -> Command<StaffAnswer> {
        Command::new(self, Call::post(&["v1", "approval-policy"]).body(body), key)
    }

    /// The latest signed checkpoint of the log: a note of C2SP tlog-checkpoint, signed by Ed25519. Its size is the position of
    /// the last event that is sealed, which is up to half a second old; `Razao-Min-Position` waits for one's own.
    pub fn find_checkpoint(&self) -> Plain {
        Plain::new(self, Call::get(&["v1", "audit", "checkpoint"]))
    }

    /// Proves that the log that one checkpoint signs is the beginning of the log that another one signs.
    pub fn prove_consistency(&self, query: &ProveConsistencyQuery) -> Read<ConsistencyProof> {
        Read::new(self, Call::get(&["v1", "audit", "proofs", "consistency"]).query(query))
    }

    /// Proves that the event at a position is in the log that a checkpoint signs. What is not sealed yet is waited for by
    /// `Razao-Min-Position`.
    pub fn prove_inclusion(&self, query: &ProveInclusionQuery) -> Read<InclusionProof> {
        Read::new(self, Call::get(&["v1", "audit", "proofs", "inclusion"]).query(query))
    }

    /// A tile, as `tile/<L>/<N>[.p/<W>]`; the entries under one, as `tile/entries/<N>[.p/<W>]`; or `checkpoint`: the prefix of
    /// C2SP tlog-tiles is `/v1/audit/tiles`. An entry is the SHA-256 of an event's line.
    pub fn find_tile(&self, path: &str) -> Plain {
        Plain::new(self, Call::get(&["v1", "audit", "tiles", path]))
    }

    /// Opening and closing balances with the movements of each day, by account, currency and day: of the whole book, or of
    /// what the loans of a product or a borrower, or one loan moved. The interest that closing a day accrues is booked for
    /// all loans together, so it is in the whole book only.
    pub fn list_daily_balances(&self, query: &ListDailyBalancesQuery) -> Read<Page<DailyBalance>> {
        Read::new(self, Call::get(&["v1", "balances", "daily"]).query(query))
    }

    /// The journal lines, with their events, that a daily balance is made of.
    pub fn explain_daily_balance(
        &self,
        account: &str,
        date: NaiveDate,
        query: &ExplainDailyBalanceQuery,
    ) -> Read<BalanceExplained> {
        Read::new(
            self,
            Call::get(&["v1", "balances", "daily", account, &date.to_string(), "explain"]).query(query),
        )
    }

    /// Events that read models could not take, in the order in which they were parked, with how many wait behind each.
    pub fn list_dead_letters(&self, query: &ListDeadLettersQuery) -> Read<Page<DeadLetter>> {
        Read::new(self, Call::get(&["v1", "dead-letters"]).query(query))
    }

    /// One dead letter, with the events that wait.
    pub fn find_dead_letter(&self, id: Uuid) -> Read<DeadLetterAnswer> {
        Read::new(self, Call::get(&["v1", "dead-letters", &id.to_string()]))
    }

    /// Does without an event in one read model, for a reason that is kept for the auditor with who gave it, and applies
    /// those behind it. The log keeps the event.
    pub fn discard_dead_letter(&self, id: Uuid, body: &DiscardBody) -> Question<RedriveAnswer> {
        Question::new(self, Call::post(&["v1", "dead-letters", &id.to_string(), "discard"]).body(body))
    }

    /// Applies a parked stream's events in order, up to one that still cannot be taken.
    pub fn redrive_dead_letter(&self, id: Uuid) -> Question<RedriveAnswer> {
        Question::new(self, Call::post(&["v1", "dead-letters", &id.to_string(), "redrive"]))
    }

    /// Events that somebody decided to do without in a read model, in the order of the log.
    pub fn list_discarded_events(&self, query: &ListDiscardedEventsQuery) -> Read<Page<DiscardedEvent>> {
        Read::new(self, Call::get(&["v1", "discarded-events"]).query(query))
    }

    /// Entries in the order of their recording.
    pub fn list_entries(&self, query: &ListEntriesQuery) -> Read<Page<EntryView>> {
        Read::new(self, Call::get(&["v1", "entries"]).query(query))
    }

    /// Post a balanced entry.
    pub fn post_entry(&self, key: &str, body: &EntryBody) -> Command<EntryAnswer> {
        Command::new(self, Call::post(&["v1", "entries"]).body(body), key)
    }

    /// One entry.
    pub fn find_entry(&self, id: Uuid) -> Read<EntryFound> {
        Read::new(self, Call::get(&["v1", "entries", &id.to_string()]))
    }

    /// An entry's events, as they are stored.
    pub fn list_entry_history(&self, id: Uuid, query: &ListEntryHistoryQuery) -> Read<Page<EventView>> {
        Read::new(self, Call::get(&["v1", "entries", &id.to_string(), "history"]).query(query))
    }

    /// Reverse an entry by lines that mirror its own.
    pub fn reverse_entry(&self, id: Uuid, key: &str, body: &EntryReversalBody) -> Command<EntryAnswer> {
        Command::new(self, Call::post(&["v1", "entries", &id.to_string(), "reverse"]).body(body), key)
    }

    /// The log in the order of commits. A page may hold fewer events than `limit`, or none, and still have a `next`: one
    /// request looks through so many events and no more. As `application/x-ndjson` each event is a line, to the end of the log.
    pub fn list_events(&self, query: &ListEventsQuery) -> Read<EventList> {
        Read::new(self, Call::get(&["v1", "events"]).query(query))
    }

    /// Loans in the order of their applications.
    pub fn list_loans(&self, query: &ListLoansQuery) -> Read<Page<LoanView>> {
        Read::new(self, Call::get(&["v1", "loans"]).query(query))
    }

    /// Apply for a loan.
    pub fn apply_for_loan(&self, key: &str, body: &ApplicationBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans"]).body(body), key)
    }

    /// One loan as it stands on a day, by all that is known or was known at an earlier time.
    pub fn find_loan(&self, id: Uuid, query: &FindLoanQuery) -> Read<LoanFound> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string()]).query(query))
    }

    /// The interest accrued on each day: none while the loan is past due for longer than its terms allow, nor once it is
    /// written off.
    pub fn list_accruals(&self, id: Uuid, query: &ListAccrualsQuery) -> Read<AccrualList> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "accruals"]).query(query))
    }

    /// Approve an application for the principal asked for.
    pub fn approve_loan(&self, id: Uuid, key: &str, body: &OutcomeBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "approve"]).body(body), key)
    }

    /// Add a charge to a disbursed loan. Payments already received may come to serve it.
    pub fn add_charge(&self, id: Uuid, key: &str, body: &ChargeBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "charges"]).body(body), key)
    }

    /// Waive what is unpaid of a charge, or a part of that. Payments stay where they went.
    pub fn waive_charge(&self, id: Uuid, charge: Uuid, key: &str, body: &WaiverBody) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "charges", &charge.to_string(), "waive"]).body(body),
            key,
        )
    }

    /// Grant a credit: it serves what is owed like a payment.
    pub fn grant_credit(&self, id: Uuid, key: &str, body: &CreditBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "credits"]).body(body), key)
    }

    /// Reverse a credit: everything follows as if it had never been granted.
    pub fn reverse_credit(
        &self,
        id: Uuid,
        credit: Uuid,
        key: &str,
        body: &ReversalBody,
    ) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "credits", &credit.to_string(), "reverse"])
                .body(body),
            key,
        )
    }

    /// Disburse an approved loan: its plan is drawn and agreed. A further disbursement draws it again.
    pub fn disburse_loan(&self, id: Uuid, key: &str, body: &DisbursementBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "disburse"]).body(body), key)
    }

    /// Explains an amount of an installment, a transaction or an event of a loan, as the loan stands today.
    pub fn explain_loan(&self, id: Uuid, query: &ExplainLoanQuery) -> Read<ExplainAnswer> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "explain"]).query(query))
    }

    /// A loan's events, as they are stored, and beside each what happened in plain words.
    pub fn list_loan_history(&self, id: Uuid, query: &ListLoanHistoryQuery) -> Read<Page<ToldEvent>> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "history"]).query(query))
    }

    /// Record a recovery: it is allocated like a repayment, the write-off stays as it was.
    pub fn record_recovery(&self, id: Uuid, key: &str, body: &RecoveryBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "recoveries"]).body(body), key)
    }

    /// Reverse a recovery: everything follows as if it had never been made.
    pub fn reverse_recovery(
        &self,
        id: Uuid,
        recovery: Uuid,
        key: &str,
        body: &ReversalBody,
    ) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "recoveries", &recovery.to_string(), "reverse"])
                .body(body),
            key,
        )
    }

    /// Refund an overpayment, all of it or a part.
    pub fn refund_overpayment(&self, id: Uuid, key: &str, body: &RefundBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "refunds"]).body(body), key)
    }

    /// Reject an application.
    pub fn reject_loan(&self, id: Uuid, key: &str, body: &OutcomeBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "reject"]).body(body), key)
    }

    /// Record a repayment: the event says what it covered.
    pub fn record_repayment(&self, id: Uuid, key: &str, body: &RepaymentBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "repayments"]).body(body), key)
    }

    /// Charge a repayment back, all of it or a part: the payer's bank took money, which is owed again as principal. The
    /// repayment stays.
    pub fn charge_back_repayment(
        &self,
        id: Uuid,
        repayment: Uuid,
        key: &str,
        body: &ChargebackBody,
    ) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "repayments", &repayment.to_string(), "chargeback"])
                .body(body),
            key,
        )
    }

    /// Reverse a repayment or an early settlement: everything follows as if it had never been made.
    pub fn reverse_repayment(
        &self,
        id: Uuid,
        repayment: Uuid,
        key: &str,
        body: &ReversalBody,
    ) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "repayments", &repayment.to_string(), "reverse"])
                .body(body),
            key,
        )
    }

    /// Restructure a loan: what is outstanding is owed by other installments from a day on. With `preview=true` nothing is
    /// stored, no key is needed, and the answer is that of a simulation.
    pub fn restructure_loan(
        &self,
        id: Uuid,
        key: &str,
        query: &RestructureLoanQuery,
        body: &RestructureBody,
    ) -> Command<RestructureAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "restructure"]).query(query).body(body),
            key,
        )
    }

    /// The plan as it stands on a day, with what was paid of each installment. Empty before the disbursement.
    pub fn find_schedule(&self, id: Uuid, query: &FindScheduleQuery) -> Read<ScheduleAnswer> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "schedule"]).query(query))
    }

    /// Settle a loan early by paying exactly the quote of the day.
    pub fn settle_loan(&self, id: Uuid, key: &str, body: &SettlementBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "settle"]).body(body), key)
    }

    /// What settles the loan on a day, by all that is known now: `settle` takes exactly this amount.
    pub fn find_settlement_quote(&self, id: Uuid, query: &FindSettlementQuoteQuery) -> Read<QuoteAnswer> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "settlement-quote"]).query(query))
    }

    /// Simulate commands to a loan: the schedule, balances, days past due, journal lines and events that would follow, at any
    /// date. Nothing is stored.
    pub fn simulate_loan(&self, id: Uuid, body: &SimulationBody) -> Question<Simulation> {
        Question::new(self, Call::post(&["v1", "loans", &id.to_string(), "simulate"]).body(body))
    }

    /// What falls due and what was paid, in the order of dates, with running balances.
    pub fn find_statement(&self, id: Uuid, query: &FindStatementQuery) -> Read<StatementAnswer> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "statement"]).query(query))
    }

    /// A loan's transactions by value date, then in the order of recording.
    pub fn list_transactions(&self, id: Uuid, query: &ListTransactionsQuery) -> Read<Page<TransactionView>> {
        Read::new(self, Call::get(&["v1", "loans", &id.to_string(), "transactions"]).query(query))
    }

    /// Withdraw an application, or an approved loan that was not disbursed.
    pub fn withdraw_loan(&self, id: Uuid, key: &str, body: &OutcomeBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "withdraw"]).body(body), key)
    }

    /// Write off all that is open. What comes in afterwards is a recovery.
    pub fn write_off_loan(&self, id: Uuid, key: &str, body: &WriteOffBody) -> Command<LoanAnswer> {
        Command::new(self, Call::post(&["v1", "loans", &id.to_string(), "write-off"]).body(body), key)
    }

    /// Undo a write-off: it counts as if it had never been.
    pub fn reverse_write_off(&self, id: Uuid, key: &str, body: &WriteOffBody) -> Command<LoanAnswer> {
        Command::new(
            self,
            Call::post(&["v1", "loans", &id.to_string(), "write-off", "reverse"]).body(body),
            key,
        )
    }

    /// Months in their order, and up to when the books are closed.
    pub fn list_periods(&self, query: &ListPeriodsQuery) -> Read<PeriodList> {
        Read::new(self, Call::get(&["v1", "periods"]).query(query))
    }

    /// Close a month that is over: the one after the last closed month, or the first, which closes all earlier months too.
    /// What counts on one of its days is booked on the first open day from then on.
    pub fn close_period(&self, month: &str, key: &str, body: &PeriodBody) -> Command<PeriodAnswer> {
        Command::new(self, Call::post(&["v1", "periods", month, "close"]).body(body), key)
    }

    /// Reopen the month that was closed last.
    pub fn reopen_period(&self, month: &str, key: &str, body: &PeriodBody) -> Command<PeriodAnswer> {
        Command::new(self, Call::post(&["v1", "periods", month, "reopen"]).body(body), key)
    }

    /// What is outstanding by product, status and days past due, what was disbursed, collected and lost in each month, who
    /// owes most, and the stages of provisioning, as of a day.
    pub fn find_portfolio(&self, query: &FindPortfolioQuery) -> Read<PortfolioAnswer> {
        Read::new(self, Call::get(&["v1", "portfolio"]).query(query))
    }

    /// Products in the order of their first versions, each in its current one.
    pub fn list_products(&self, query: &ListProductsQuery) -> Read<Page<ProductView>> {
        Read::new(self, Call::get(&["v1", "products"]).query(query))
    }

    /// Define a product, or a new version of one.
    pub fn define_product(&self, key: &str, body: &ProductBody) -> Command<ProductAnswer> {
        Command::new(self, Call::post(&["v1", "products"]).body(body), key)
    }

    /// A product, in its current version or another, with all of its versions.
    pub fn find_product(&self, product: &str, query: &FindProductQuery) -> Read<ProductFound> {
        Read::new(self, Call::get(&["v1", "products", product]).query(query))
    }

    /// Retire a product: no new loan takes it, those that have its terms keep them.
    pub fn retire_product(&self, product: &str, key: &str, body: &RetirementBody) -> Command<ProductAnswer> {
        Command::new(self, Call::post(&["v1", "products", product, "retire"]).body(body), key)
    }

    /// How far each read model is, and how far behind the log.
    pub fn list_projections(&self) -> Read<ProjectionsAnswer> {
        Read::new(self, Call::get(&["v1", "projections"]))
    }

    /// Proposals in the order in which they were made.
    pub fn list_proposals(&self, query: &ListProposalsQuery) -> Read<Page<ProposalView>> {
        Read::new(self, Call::get(&["v1", "proposals"]).query(query))
    }

    /// A proposal.
    pub fn find_proposal(&self, id: Uuid) -> Read<ProposalFound> {
        Read::new(self, Call::get(&["v1", "proposals", &id.to_string()]))
    }

    /// Accept a proposal that another person made: its command is executed once. The event `ProposalExecuted` says where its
    /// events are, `ProposalFailed` why the command was refused. Who accepts it has the role that the command needs, and a limit
    /// that covers what is at stake.
    pub fn accept_proposal(&self, id: Uuid, key: &str, body: &ProposalDecision) -> Command<ProposalAnswer> {
        Command::new(self, Call::post(&["v1", "proposals", &id.to_string(), "accept"]).body(body), key)
    }

    /// A proposal's events, as they are stored.
    pub fn list_proposal_history(&self, id: Uuid, query: &ListProposalHistoryQuery) -> Read<Page<EventView>> {
        Read::new(self, Call::get(&["v1", "proposals", &id.to_string(), "history"]).query(query))
    }

    /// Refuse a proposal that another person made: its command comes to nothing.
    pub fn refuse_proposal(&self, id: Uuid, key: &str, body: &ProposalDecision) -> Command<ProposalAnswer> {
        Command::new(self, Call::post(&["v1", "proposals", &id.to_string(), "refuse"]).body(body), key)
    }

    /// Withdraw a proposal of one's own.
    pub fn withdraw_proposal(&self, id: Uuid, key: &str, body: &ProposalDecision) -> Command<ProposalAnswer> {
        Command::new(self, Call::post(&["v1", "proposals", &id.to_string(), "withdraw"]).body(body), key)
    }

    /// What became of a command that was sent with `Prefer: respond-async`. Finished requests are kept for seven days, unless
    /// the operator sets another time.
    pub fn show_request(&self, id: Uuid) -> Read<Request> {
        Read::new(self, Call::get(&["v1", "requests", &id.to_string()]))
    }

    /// Draw a schedule: installments, totals, tax and effective cost. Nothing is stored.
    pub fn draw_schedule(&self, body: &ScheduleRequest) -> Question<Plan> {
        Question::new(self, Call::post(&["v1", "schedules"]).body(body))
    }

    /// Everybody who has approval limits, in the order of their names, and the policy for second persons.
    pub fn list_staff(&self, query: &ListStaffQuery) -> Read<StaffList> {
        Read::new(self, Call::get(&["v1", "staff"]).query(query))
    }

    /// Set the limits of a member of staff. From the first limit of an operation on, a command of that operation that is above
    /// its sender's limit waits as a proposal; who has no limit gives none alone.
    pub fn set_staff_limits(&self, subject: &str, key: &str, body: &StaffLimitsBody) -> Command<StaffAnswer> {
        Command::new(self, Call::post(&["v1", "staff", subject, "limits"]).body(body), key)
    }

    /// Every account's debits, credits and balance at the end of a day.
    pub fn find_trial_balance(&self, query: &FindTrialBalanceQuery) -> Read<TrialBalanceAnswer> {
        Read::new(self, Call::get(&["v1", "trial-balance"]).query(query))
    }
}

/// Each operation by its id, with its method and its path.
pub const OPERATIONS: &[(&str, &str, &str)] = &[
    ("list_accounts", "GET", "/v1/accounts"),
    ("list_account_lines", "GET", "/v1/accounts/{account}/lines"),
    ("set_approval_policy", "POST", "/v1/approval-policy"),
    ("find_checkpoint", "GET", "/v1/audit/checkpoint"),
    ("prove_consistency", "GET", "/v1/audit/proofs/consistency"),
    ("prove_inclusion", "GET", "/v1/audit/proofs/inclusion"),
    ("find_tile", "GET", "/v1/audit/tiles/{path}"),
    ("list_daily_balances", "GET", "/v1/balances/daily"),
    ("explain_daily_balance", "GET", "/v1/balances/daily/{account}/{date}/explain"),
    ("send_bulk", "POST", "/v1/bulk"),
    ("list_dead_letters", "GET", "/v1/dead-letters"),
    ("find_dead_letter", "GET", "/v1/dead-letters/{id}"),
    ("discard_dead_letter", "POST", "/v1/dead-letters/{id}/discard"),
    ("redrive_dead_letter", "POST", "/v1/dead-letters/{id}/redrive"),
    ("list_discarded_events", "GET", "/v1/discarded-events"),
    ("list_entries", "GET", "/v1/entries"),
    ("post_entry", "POST", "/v1/entries"),
    ("find_entry", "GET", "/v1/entries/{id}"),
    ("list_entry_history", "GET", "/v1/entries/{id}/history"),
    ("reverse_entry", "POST", "/v1/entries/{id}/reverse"),
    ("list_events", "GET", "/v1/events"),
    ("list_loans", "GET", "/v1/loans"),
    ("apply_for_loan", "POST", "/v1/loans"),
    ("find_loan", "GET", "/v1/loans/{id}"),
    ("list_accruals", "GET", "/v1/loans/{id}/accruals"),
    ("approve_loan", "POST", "/v1/loans/{id}/approve"),
    ("add_charge", "POST", "/v1/loans/{id}/charges"),
    ("waive_charge", "POST", "/v1/loans/{id}/charges/{charge}/waive"),
    ("grant_credit", "POST", "/v1/loans/{id}/credits"),
    ("reverse_credit", "POST", "/v1/loans/{id}/credits/{credit}/reverse"),
    ("disburse_loan", "POST", "/v1/loans/{id}/disburse"),
    ("explain_loan", "GET", "/v1/loans/{id}/explain"),
    ("list_loan_history", "GET", "/v1/loans/{id}/history"),
    ("record_recovery", "POST", "/v1/loans/{id}/recoveries"),
    ("reverse_recovery", "POST", "/v1/loans/{id}/recoveries/{recovery}/reverse"),
    ("refund_overpayment", "POST", "/v1/loans/{id}/refunds"),
    ("reject_loan", "POST", "/v1/loans/{id}/reject"),
    ("record_repayment", "POST", "/v1/loans/{id}/repayments"),
    ("charge_back_repayment", "POST", "/v1/loans/{id}/repayments/{repayment}/chargeback"),
    ("reverse_repayment", "POST", "/v1/loans/{id}/repayments/{repayment}/reverse"),
    ("restructure_loan", "POST", "/v1/loans/{id}/restructure"),
    ("find_schedule", "GET", "/v1/loans/{id}/schedule"),
    ("settle_loan", "POST", "/v1/loans/{id}/settle"),
    ("find_settlement_quote", "GET", "/v1/loans/{id}/settlement-quote"),
    ("simulate_loan", "POST", "/v1/loans/{id}/simulate"),
    ("find_statement", "GET", "/v1/loans/{id}/statement"),
    ("list_transactions", "GET", "/v1/loans/{id}/transactions"),
    ("withdraw_loan", "POST", "/v1/loans/{id}/withdraw"),
    ("write_off_loan", "POST", "/v1/loans/{id}/write-off"),
    ("reverse_write_off", "POST", "/v1/loans/{id}/write-off/reverse"),
    ("list_periods", "GET", "/v1/periods"),
    ("close_period", "POST", "/v1/periods/{month}/close"),
    ("reopen_period", "POST", "/v1/periods/{month}/reopen"),
    ("find_portfolio", "GET", "/v1/portfolio"),
    ("list_products", "GET", "/v1/products"),
    ("define_product", "POST", "/v1/products"),
    ("find_product", "GET", "/v1/products/{product}"),
    ("retire_product", "POST", "/v1/products/{product}/retire"),
    ("list_projections", "GET", "/v1/projections"),
    ("list_proposals", "GET", "/v1/proposals"),
    ("find_proposal", "GET", "/v1/proposals/{id}"),
    ("accept_proposal", "POST", "/v1/proposals/{id}/accept"),
    ("list_proposal_history", "GET", "/v1/proposals/{id}/history"),
    ("refuse_proposal", "POST", "/v1/proposals/{id}/refuse"),
    ("withdraw_proposal", "POST", "/v1/proposals/{id}/withdraw"),
    ("show_request", "GET", "/v1/requests/{id}"),
    ("draw_schedule", "POST", "/v1/schedules"),
    ("list_staff", "GET", "/v1/staff"),
    ("set_staff_limits", "POST", "/v1/staff/{subject}/limits"),
    ("find_trial_balance", "GET", "/v1/trial-balance"),
];
