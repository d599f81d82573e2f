//! The servicing engine: what follows from a loan's facts, seen on a day. Pure, and slow only in the facts.
//!
//! State is that of all facts by value date, then by order of recording (LENDING.md §9). The [`Engine`] takes one fact
//! after another in that order; a view of a day adds what follows from time alone: late charges to that day, credit
//! applied on due dates, interest on what is overdue.

mod accrual;
mod allocation;
mod anticipation;
mod charges;
mod contract;
mod credit;
mod disburse;
mod error;
mod excess;
mod fold;
mod further;
mod late;
mod overpaid;
mod payment;
mod pencil;
mod re_age;
mod redraw;
mod replace;
mod rest;
mod rest_payment;
mod rest_view;
mod row;
mod running;
mod running_payment;
mod running_view;
mod settle;
mod tax;
mod till;
mod view;
mod write_off;

use chrono::NaiveDate;

pub use accrual::{accruals, total_accrued};
pub(crate) use accrual::{accrued_by, accrued_each_day};
pub use error::EngineError;
pub use fold::Engine;

use super::event::InstallmentState;
use super::facts::{CreditApplied, Effect, Fact, WriteOff};
use super::settlement::SettlementQuote;
use super::standing::Status;
use crate::Amount;
use crate::component::Components;
use crate::terms::Terms;

/// The version of the calculation: raised when the same facts come to something else, from the first release on
/// (docs/adr/0022). Money events record it.
pub const CALCULATION: u32 = 1;

/// What the engine makes of something, or why it refuses.
type Outcome<T> = Result<T, EngineError>;

/// The loan as it follows from its facts, seen on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// In the order of their due dates; row `k` has number `k + 1`.
    pub rows: Vec<Row>,
    /// One for each fact, in the order of the facts; `None` where it is reversed or dated after the day. Installments
    /// are named by their numbers in `rows`.
    pub effects: Vec<Option<Effect>>,
    pub status: Status,
    /// What is open of all rows, late charges to the day included.
    pub balances: Components,
    pub overpaid: Amount,
    /// Kept for the borrower until the next due date.
    pub credit: Amount,
    /// Credit that was applied by time alone since the last fact.
    pub applied: Vec<CreditApplied>,
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

impl Row {
    /// What events record of it.
    pub fn state(&self) -> InstallmentState {
        InstallmentState {
            from: self.from,
            due_on: self.due_on,
            due: self.due,
            tax: self.tax,
            paid: self.paid,
            waived: self.waived,
        }
    }
}

/// Interest accrued on a day: the difference of two rounded totals (LENDING.md §14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accrued {
    pub on: NaiveDate,
    pub amount: Amount,
    pub total: Amount,
}

/// The loan as it follows from `facts`, in the order of recording, seen on `day` (`effective_on`): facts dated after it
/// are left out, but charges are kept.
pub fn derive(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Outcome<Derived> {
    Engine::after(terms, facts, day)?.seen_on(day)
}

/// What settles the loan on a day (LENDING.md §12), from the facts dated up to it.
pub fn quote(terms: &Terms, facts: &[Fact], on: NaiveDate) -> Outcome<SettlementQuote> {
    Engine::after_forgetful(terms, facts, on)?.into_quote(on)
}
