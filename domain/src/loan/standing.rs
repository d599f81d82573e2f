//! How a loan stands after an event: its status and what is owed, as decided then.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Amount;
use crate::component::Components;
use crate::terms::{InterestBasis, Terms};

/// Where a loan is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Applied,
    Approved,
    Rejected,
    Withdrawn,
    /// Disbursed and something is owed.
    Active,
    /// Nothing is owed any more.
    Settled,
    /// More was paid than was owed, and not yet given back.
    Overpaid,
    WrittenOff,
}

/// What is owed after an event, and since when: seen on the latest value date of the loan, late charges to then
/// included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    pub status: Status,
    /// What is unpaid of all installments, by component.
    pub balances: Components,
    /// What was paid beyond everything owed.
    pub overpaid: Amount,
    /// What is kept for the borrower until the next due date.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub credit: Amount,
    /// The due date of the oldest installment that is not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_due_on: Option<NaiveDate>,
    /// The first day on which that installment is late: the day after its due date moved to a business day
    /// (Lei 7.089/1983). Days past due count from the due date all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_from: Option<NaiveDate>,
}

/// When time alone moves what is owed of a loan that nothing else happens to, by the terms that it was disbursed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByTime {
    /// Interest is as planned, and nothing is charged for being late.
    Never,
    /// Late charges run from the day on which an installment is late.
    WhenLate,
    /// Interest follows the balance from day to day.
    Always,
}

impl ByTime {
    pub const ALL: [Self; 3] = [Self::Never, Self::WhenLate, Self::Always];

    pub const fn of(terms: &Terms) -> Self {
        match (terms.interest_basis, &terms.late) {
            (InterestBasis::Plan, None) => Self::Never,
            (InterestBasis::Plan, Some(_)) => Self::WhenLate,
            _ => Self::Always,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::WhenLate => "when_late",
            Self::Always => "always",
        }
    }
}

impl Status {
    pub const ALL: [Self; 8] = [
        Self::Applied,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
        Self::Active,
        Self::Settled,
        Self::Overpaid,
        Self::WrittenOff,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Active => "active",
            Self::Settled => "settled",
            Self::Overpaid => "overpaid",
            Self::WrittenOff => "written_off",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Standing {
    /// Whether the loan certainly still stands so on a `day` from its last fact on. For loans that were never
    /// restructured: `by_time` is of their first terms.
    pub fn holds_on(&self, day: NaiveDate, by_time: ByTime) -> bool {
        let nothing_runs = match (self.status, by_time) {
            // Before the disbursement nothing is owed; a write-off ends what is charged.
            (Status::Applied | Status::Approved | Status::Rejected | Status::Withdrawn, _) => true,
            (_, ByTime::Always) => false,
            (Status::WrittenOff, _) | (_, ByTime::Never) => true,
            (_, ByTime::WhenLate) => self.late_from.is_none_or(|late_from| day < late_from),
        };
        // Credit serves what falls due, and what was overpaid serves a charge when its day comes.
        nothing_runs && self.credit.is_zero() && (self.overpaid.is_zero() || self.oldest_due_on.is_none())
    }

    /// Days past due on `day`: calendar days since the oldest due date that is late by then, else 0.
    pub fn days_past_due(&self, day: NaiveDate) -> i64 {
        days_past_due(self.oldest_due_on, self.late_from, day)
    }
}

/// The same of the oldest due date that is not settled, and the first day on which it is late.
pub fn days_past_due(oldest_due_on: Option<NaiveDate>, late_from: Option<NaiveDate>, day: NaiveDate) -> i64 {
    match (oldest_due_on, late_from) {
        (Some(due_on), Some(late_from)) if day >= late_from => (day - due_on).num_days(),
        _ => 0,
    }
}

const fn nothing() -> Amount {
    Amount::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(amount: &Amount) -> bool {
    amount.is_zero()
}
