//! The servicing engine: what follows from a loan's facts, seen on a day. Pure, and slow only in the facts.

use chrono::NaiveDate;

use super::facts::{Effect, Fact, WriteOff};
use super::settlement::SettlementQuote;
use super::standing::Status;
use crate::Amount;
use crate::component::Components;
use crate::terms::Terms;

/// The version of the calculation: raised when the same facts come to something else. Money events record it.
pub const CALCULATION: u32 = 1;

/// The loan as it follows from its facts, seen on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// In the order of their due dates; row `k` has number `k + 1`.
    pub rows: Vec<Row>,
    /// One for each fact, in the order of the facts; `None` where it is reversed or dated after the day.
    pub effects: Vec<Option<Effect>>,
    pub status: Status,
    /// What is open of all rows, late charges to the day included.
    pub balances: Components,
    pub overpaid: Amount,
    /// Kept for the borrower until the next due date.
    pub credit: Amount,
    pub days_past_due: i64,
    /// The due date of the oldest row that is not settled, and the first day on which it is late.
    pub oldest_due_on: Option<NaiveDate>,
    pub late_from: Option<NaiveDate>,
    pub write_off: Option<WriteOff>,
}

/// One installment, seen on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: u32,
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    pub due: Components,
    /// The tax that `due.fee` holds.
    pub tax: Amount,
    pub paid: Components,
    pub waived: Components,
    pub capitalized: Amount,
    /// Principal after the row, by the plan as it stands.
    pub balance: Amount,
    /// Of `paid`: before `due_on`; once the row was late (without grace days).
    pub paid_in_advance: Amount,
    pub paid_late: Amount,
    pub settled_on: Option<NaiveDate>,
}

/// Interest accrued on a day: the difference of two rounded totals (LENDING.md §14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accrued {
    pub on: NaiveDate,
    pub amount: Amount,
    pub total: Amount,
}

/// The loan as it follows from the facts dated up to `day`; charges stay, since they are part of their rows.
pub fn derive(_terms: &Terms, _facts: &[Fact], _day: NaiveDate) -> Result<Derived, EngineError> {
    unimplemented!("comes with the engine")
}

/// What settles the loan on a day.
pub fn quote(_terms: &Terms, _facts: &[Fact], _on: NaiveDate) -> Result<SettlementQuote, EngineError> {
    unimplemented!("comes with the engine")
}

/// Why no loan follows from facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Plan(#[from] crate::schedule::PlanError),
}
