//! The journal: every event that moves money maps, by a pure function, to lines that sum to zero.
//!
//! Income is recognised when it is received; closing a day adds what is accrued and not received yet (ADR 0008). An
//! account exists from its first line on.

mod accrual;
mod loan;

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

pub use accrual::{accrual_posting, accrual_written_off, day_close_posting, interest_receivable};
pub use loan::{account_of, loan_postings};

use crate::entry::EntryEvent;
use crate::{Amount, Currency, spelt};

/// The longest account name.
pub const LONGEST_ACCOUNT: usize = 100;

/// The money of the lender.
pub static CASH: Account = Account(Cow::Borrowed("assets:cash"));
/// The principal that borrowers owe.
pub static LOAN_PRINCIPAL: Account = Account(Cow::Borrowed("assets:loans:principal"));
/// Interest accrued and not received yet, as of the last day that was closed.
pub static INTEREST_RECEIVABLE: Account = Account(Cow::Borrowed("assets:loans:interest"));
/// What borrowers paid beyond what they owed.
pub static OVERPAYMENTS: Account = Account(Cow::Borrowed("liabilities:overpayments"));
/// What is kept for borrowers until the next due date.
pub static CREDITS: Account = Account(Cow::Borrowed("liabilities:credits"));
/// Interest and charges that became principal and are not received yet.
pub static DEFERRED_INCOME: Account = Account(Cow::Borrowed("liabilities:deferred_income"));
/// Tax collected for the state.
pub static IOF: Account = Account(Cow::Borrowed("liabilities:taxes:iof"));
pub static INTEREST_INCOME: Account = Account(Cow::Borrowed("income:interest"));
pub static FEE_INCOME: Account = Account(Cow::Borrowed("income:fees"));
pub static PENALTY_INCOME: Account = Account(Cow::Borrowed("income:penalties"));
pub static LATE_FEE_INCOME: Account = Account(Cow::Borrowed("income:late_fees"));
pub static LATE_INTEREST_INCOME: Account = Account(Cow::Borrowed("income:late_interest"));
/// What comes in for loans that were written off.
pub static RECOVERIES: Account = Account(Cow::Borrowed("income:recoveries"));
/// Credits that the lender granted.
pub static GOODWILL: Account = Account(Cow::Borrowed("expenses:goodwill"));
pub static CREDIT_LOSSES: Account = Account(Cow::Borrowed("expenses:credit_losses"));

/// The name of an account: segments of letters, digits, `_`, `.` and `-`, parted by `:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(Cow<'static, str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Debit,
    Credit,
}

/// One debit or credit of one account. The amount is positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    pub account: Account,
    pub side: Side,
    pub amount: Amount,
    pub currency: Currency,
}

/// The lines of one event, with the accounting day on which they are booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub booked_on: NaiveDate,
    pub lines: Vec<JournalLine>,
}

/// A text that cannot name an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no account name: segments of letters, digits, `_`, `.` and `-`, parted by `:`, \
     at most {LONGEST_ACCOUNT} characters"
)]
pub struct NotAnAccount(pub String);

impl Account {
    pub fn parse(text: &str) -> Result<Self, NotAnAccount> {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let good = text.len() <= LONGEST_ACCOUNT
            && text.split(':').all(|segment| !segment.is_empty() && segment.chars().all(letter));
        if good { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(NotAnAccount(text.to_owned())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        spelt::deserialize(deserializer, Self::parse)
    }
}

impl PartialSchema for Account {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*$"))
            .max_length(Some(LONGEST_ACCOUNT))
            .examples(["assets:cash"])
            .into()
    }
}

impl ToSchema for Account {}

/// The posting of an entry's event: its own lines, in their order.
pub fn entry_posting(event: &EntryEvent) -> Posting {
    let (on, booked_on, currency, lines) = match event {
        EntryEvent::Posted(posted) => (posted.on, posted.booked_on, posted.currency, &posted.lines),
        EntryEvent::Reversed(reversed) => {
            (reversed.on, reversed.booked_on, reversed.currency, &reversed.lines)
        }
    };
    let booked_on = booked_on.unwrap_or(on);
    Posting { booked_on, lines: lines.iter().map(|line| line.journal_line(currency)).collect() }
}
