//! Figures as read models have them, beside what the events say they are.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::component::Components;
use domain::journal::{Posting, Side};
use domain::loan::{LoanEvent, Status};
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};

/// What a pack says of its loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanFigures {
    pub loan: LoanStanding,
    /// Every journal line of the loan, in order.
    pub lines: Vec<Line>,
    /// What the loan moved of each account on each day.
    pub balances: Vec<DayBalance>,
}

/// How a loan stands after its last event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanStanding {
    pub status: Status,
    pub currency: Currency,
    /// What is owed, by component.
    pub balances: Components,
    pub overpaid: Amount,
    pub credit: Amount,
    /// What came in of money, less what went back.
    pub received: Amount,
    /// The sequence of the last event, and its position.
    pub version: i64,
    pub position: i64,
}

/// A journal line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub position: i64,
    pub booked_on: NaiveDate,
    pub account: String,
    pub side: Side,
    pub amount: Amount,
    pub currency: Currency,
}

/// An account on a day on which it moved. A balance is debits less credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayBalance {
    pub account: String,
    pub currency: Currency,
    pub date: NaiveDate,
    pub opening: Amount,
    pub debits: Amount,
    pub credits: Amount,
    pub closing: Amount,
}

/// What a pack says of its month: each account before its first event and after its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthFigures {
    pub accounts: Vec<AccountInMonth>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountInMonth {
    pub account: String,
    pub currency: Currency,
    /// As the month before ended.
    pub opening: Amount,
    /// What the month's events book, on each day that they are booked on, which may lie in another month.
    pub days: Vec<Movement>,
    pub closing: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    pub date: NaiveDate,
    pub debits: Amount,
    pub credits: Amount,
}

/// The lines of an event's postings.
pub fn lines(position: i64, postings: &[Posting]) -> impl Iterator<Item = Line> {
    postings.iter().flat_map(move |posting| {
        posting.lines.iter().map(move |line| Line {
            position,
            booked_on: posting.booked_on,
            account: line.account.as_str().to_owned(),
            side: line.side,
            amount: line.amount,
            currency: line.currency,
        })
    })
}

/// Debits and credits by account, currency and day.
type Moved = BTreeMap<(String, &'static str, NaiveDate), (Currency, Amount, Amount)>;

fn moved(lines: &[Line]) -> Moved {
    let mut moved = Moved::new();
    for line in lines {
        let zero = line.currency.zero();
        let key = (line.account.clone(), line.currency.code(), line.booked_on);
        let (_, debits, credits) = moved.entry(key).or_insert((line.currency, zero, zero));
        let sum = if line.side == Side::Debit { debits } else { credits };
        *sum = sum.plus(line.amount);
    }
    moved
}

/// The balances that lines come to, by account, currency and day.
pub fn day_balances(lines: &[Line]) -> Vec<DayBalance> {
    let mut balances: Vec<DayBalance> = Vec::new();
    for ((account, code, date), (currency, debits, credits)) in moved(lines) {
        let before = balances.last().filter(|last| last.account == account && last.currency.code() == code);
        let opening = before.map_or(currency.zero(), |last| last.closing);
        let closing = opening.plus(debits).minus(credits);
        balances.push(DayBalance { account, currency, date, opening, debits, credits, closing });
    }
    balances
}

/// What lines move of each account, after what it was before. An account that is not moved stays as it was.
pub fn accounts(opening: &[(String, Currency, Amount)], lines: &[Line]) -> Vec<AccountInMonth> {
    let mut accounts: BTreeMap<(String, &'static str), AccountInMonth> = BTreeMap::new();
    let mut begin = |account: &str, currency: Currency, opening: Amount| {
        accounts.insert(
            (account.to_owned(), currency.code()),
            AccountInMonth {
                account: account.to_owned(),
                currency,
                opening,
                days: Vec::new(),
                closing: opening,
            },
        );
    };
    for (account, currency, balance) in opening {
        begin(account, *currency, *balance);
    }
    for ((account, code, date), (currency, debits, credits)) in moved(lines) {
        let key = (account.clone(), code);
        let of = accounts.entry(key).or_insert_with(|| AccountInMonth {
            account,
            currency,
            opening: currency.zero(),
            days: Vec::new(),
            closing: currency.zero(),
        });
        of.closing = of.closing.plus(debits).minus(credits);
        of.days.push(Movement { date, debits, credits });
    }
    accounts.into_values().collect()
}

impl LoanStanding {
    /// How a loan stands after its events, as these say it. `None`: they do not begin with an application.
    pub fn after(events: &[(i64, LoanEvent)]) -> Option<Self> {
        let (_, LoanEvent::Applied(applied)) = events.first()? else { return None };
        let currency = applied.terms.currency;
        let mut standing = Self {
            status: Status::Applied,
            currency,
            balances: Components::NOTHING,
            overpaid: currency.zero(),
            credit: currency.zero(),
            received: currency.zero(),
            version: 0,
            position: 0,
        };
        for (position, event) in events {
            standing.version += 1;
            standing.position = *position;
            match event {
                LoanEvent::Approved(_) => standing.status = Status::Approved,
                LoanEvent::Rejected(_) => standing.status = Status::Rejected,
                LoanEvent::Withdrawn(_) => standing.status = Status::Withdrawn,
                _ => {}
            }
            standing.received = standing.received.plus(event.cash_received());
            if let Some(after) = event.standing() {
                standing.status = after.status;
                standing.balances = after.balances;
                standing.overpaid = after.overpaid;
                standing.credit = after.credit;
            }
        }
        Some(standing)
    }
}
