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
//! - *period*: a month of the books; once it is closed, nothing more is booked in it.
//! - *closed day*: a day whose accrued interest is booked; *receivable*: interest accrued and not received by then.
//! - *value date* (`on`): the day on which a fact counts; *booking date*: the accounting day it was booked on.
//! - *product*: named terms with limits, in versions; a loan takes one by copy.
//! - *approval limit* (alçada): up to how much a person may decide alone; *proposal*: a command that waits for another
//!   person to accept it.
//! - *entry* (lançamento): a plain balanced posting; *journal line*: one debit or credit of one account.

pub mod amount;
pub mod calendar;
pub mod component;
pub mod currency;
pub mod day_close;
pub mod day_count;
pub mod decider;
pub mod effective_cost;
pub mod entry;
mod exact;
pub mod id;
pub mod iof;
pub mod journal;
pub mod loan;
pub mod period;
pub mod power;
pub mod product;
pub mod proposal;
pub mod rate;
pub mod rounding;
pub mod schedule;
mod spelt;
pub mod staff;
pub mod tax_id;
pub mod terms;
pub mod texts;

pub use amount::{Amount, AmountError, Money};
pub use currency::Currency;
pub use exact::OutOfRange;
pub use schedule::{Installment, Plan, PlanError, draw, draw_for_loan};
pub use terms::{Disbursement, FieldError, ScheduleRequest, Terms, TermsRequest};

/// Every type of event that can be stored, with its current version.
pub fn event_types() -> Vec<(&'static str, u32)> {
    [
        loan::LoanEvent::TYPES,
        entry::EntryEvent::TYPES,
        product::ProductEvent::TYPES,
        period::PeriodEvent::TYPES,
        day_close::DayCloseEvent::TYPES,
        staff::StaffEvent::TYPES,
        proposal::ProposalEvent::TYPES,
    ]
    .concat()
}
