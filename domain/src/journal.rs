//! The journal: every event that moves money maps, by a pure function, to lines that sum to zero.
//!
//! Income is recognised when it is received. An account exists from its first line on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::component::{Component, Components};
use crate::entry::EntryEvent;
use crate::loan::LoanEvent;
use crate::loan::event::Allocation;
use crate::{Amount, Currency};

/// The longest account name.
pub const LONGEST_ACCOUNT: usize = 100;

/// The money of the lender.
pub static CASH: Account = Account(Cow::Borrowed("assets:cash"));
/// The principal that borrowers owe.
pub static LOAN_PRINCIPAL: Account = Account(Cow::Borrowed("assets:loans:principal"));
/// What borrowers paid beyond what they owed.
pub static OVERPAYMENTS: Account = Account(Cow::Borrowed("liabilities:overpayments"));
pub static INTEREST_INCOME: Account = Account(Cow::Borrowed("income:interest"));
pub static FEE_INCOME: Account = Account(Cow::Borrowed("income:fees"));
pub static PENALTY_INCOME: Account = Account(Cow::Borrowed("income:penalties"));
pub static LATE_FEE_INCOME: Account = Account(Cow::Borrowed("income:late_fees"));
pub static LATE_INTEREST_INCOME: Account = Account(Cow::Borrowed("income:late_interest"));

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
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
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

/// The postings of a loan's event, by booking date: each balances. None where the event moves no money.
///
/// The event's own lines are booked on its value date; a payment that it moved is corrected on that payment's date,
/// or on the event's where that is later.
pub fn loan_postings(event: &LoanEvent) -> Vec<Posting> {
    let mut book = Book::default();
    let (on, currency) = match event {
        LoanEvent::Disbursed(disbursed) => {
            let sums = book.on(disbursed.on);
            sums.debit(&LOAN_PRINCIPAL, disbursed.amount);
            sums.credit(&CASH, disbursed.amount);
            (disbursed.on, disbursed.currency)
        }
        LoanEvent::RepaymentRecorded(repayment) => {
            let sums = book.on(repayment.on);
            sums.debit(&CASH, repayment.amount);
            sums.receive(repayment.allocation, repayment.overpaid);
            (repayment.on, repayment.currency)
        }
        LoanEvent::SettledEarly(settlement) => {
            let sums = book.on(settlement.on);
            sums.debit(&CASH, settlement.amount);
            sums.receive(settlement.allocation, settlement.currency.zero());
            (settlement.on, settlement.currency)
        }
        LoanEvent::RepaymentReversed(reversed) => {
            let sums = book.on(reversed.on);
            sums.credit(&CASH, reversed.amount);
            sums.undo(&reversed.undone);
            (reversed.on, reversed.currency)
        }
        LoanEvent::ChargeAdded(charge) => (charge.on, charge.currency),
        LoanEvent::Applied(_) | LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => {
            return Vec::new();
        }
    };
    for moved in event.reallocated() {
        let sums = book.on(moved.on.max(on));
        sums.undo(&moved.before);
        sums.receive(moved.after.components(), moved.after.overpaid);
    }
    book.postings(currency)
}

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

/// The account that is credited when a component is received.
fn account_of(component: Component) -> &'static Account {
    match component {
        Component::LateFee => &LATE_FEE_INCOME,
        Component::LateInterest => &LATE_INTEREST_INCOME,
        Component::Penalty => &PENALTY_INCOME,
        Component::Fee => &FEE_INCOME,
        Component::Interest => &INTEREST_INCOME,
        Component::Principal => &LOAN_PRINCIPAL,
    }
}

/// What one event books on each day.
#[derive(Default)]
struct Book(BTreeMap<NaiveDate, Sums>);

/// What is debited (above zero) or credited (below) of each account, net.
#[derive(Default)]
struct Sums(BTreeMap<&'static str, Amount>);

impl Book {
    fn on(&mut self, day: NaiveDate) -> &mut Sums {
        self.0.entry(day).or_default()
    }

    fn postings(self, currency: Currency) -> Vec<Posting> {
        let postings =
            self.0.into_iter().map(|(booked_on, sums)| Posting { booked_on, lines: sums.lines(currency) });
        postings.filter(|posting| !posting.lines.is_empty()).collect()
    }
}

impl Sums {
    fn debit(&mut self, account: &'static Account, amount: Amount) {
        let sum = self.0.entry(account.as_str()).or_insert(amount.minus(amount));
        *sum = sum.plus(amount);
    }

    fn credit(&mut self, account: &'static Account, amount: Amount) {
        self.debit(account, amount.negated());
    }

    fn receive(&mut self, components: Components, overpaid: Amount) {
        for (component, amount) in components.iter().filter(|(_, amount)| !amount.is_zero()) {
            self.credit(account_of(component), amount);
        }
        if !overpaid.is_zero() {
            self.credit(&OVERPAYMENTS, overpaid);
        }
    }

    fn undo(&mut self, allocation: &Allocation) {
        for (component, amount) in allocation.components().iter().filter(|(_, amount)| !amount.is_zero()) {
            self.debit(account_of(component), amount);
        }
        if !allocation.overpaid.is_zero() {
            self.debit(&OVERPAYMENTS, allocation.overpaid);
        }
    }

    fn lines(self, currency: Currency) -> Vec<JournalLine> {
        let moved = self.0.into_iter().filter(|(_, sum)| !sum.is_zero());
        moved
            .map(|(account, sum)| JournalLine {
                account: Account(Cow::Borrowed(account)),
                side: if sum.is_negative() { Side::Credit } else { Side::Debit },
                amount: sum.abs(),
                currency,
            })
            .collect()
    }
}
