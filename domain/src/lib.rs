//! The rules of lending and of the ledger: events, decisions, schedules, journal lines.
//!
//! Nothing here reads a clock, a database or an environment, draws a random number or uses a float: time, ids and
//! calendars come in with the command.
//!
//! # Words
//! - *terms*: what was agreed; *plan* or *schedule*: the installments that follow from terms and disbursements.
//! - *installment* (parcela): one row of a plan: principal, interest, fees and tax, due on one day.
//! - *component*: what an amount owed is made of: `late_fee`, `late_interest`, `penalty`, `fee`, `interest`, `principal`.
//! - *allocation*: how a payment was spread over installments and their components.
//! - *value date* (`on`): the day on which a fact counts; *booking date*: the accounting day it was booked on.
//! - *entry* (lançamento): a plain balanced posting; *journal line*: one debit or credit of one account.

pub mod amount;
pub mod component;
pub mod decider;
pub mod entry;
pub mod id;
pub mod journal;
pub mod loan;
pub mod schedule;
pub mod terms;

pub use amount::{Amount, AmountError, Currency, Money};

/// Every type of event that can be stored, with its current version.
pub fn event_types() -> Vec<(&'static str, u32)> {
    [loan::LoanEvent::TYPES, entry::EntryEvent::TYPES].concat()
}
