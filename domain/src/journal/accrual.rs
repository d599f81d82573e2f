//! What closing a day books of a loan's interest (ADR 0008).
//!
//! The books carry interest as income when it is received. Closing a day adds the interest that is accrued and not
//! received by then: the receivable is brought to what it is that day, against income. So what was received since
//! lowers the receivable, and no income counts twice.

use chrono::NaiveDate;

use super::{CREDIT_LOSSES, INTEREST_INCOME, INTEREST_RECEIVABLE, JournalLine, Posting, Side};
use crate::component::Components;
use crate::day_close::DayCloseEvent;
use crate::{Amount, Currency};

/// Interest accrued by a day and not received by then; below zero where it was paid in advance. `accrued` is the
/// total of LENDING.md §14, `paid` what was paid of all installments, `earned` what was received of interest that had
/// become principal.
pub fn interest_receivable(accrued: Amount, paid: Components, earned: Amount) -> Amount {
    accrued.minus(paid.interest).minus(earned)
}

/// Brings the receivable to what it is on a day: `change` is what it is more (below zero: less) than was booked by
/// the day closed before. `None` where nothing changed.
pub fn accrual_posting(currency: Currency, on: NaiveDate, change: Amount) -> Option<Posting> {
    posting(currency, on, change, &INTEREST_INCOME)
}

/// The same for the day of a write-off: what was `booked` of the receivable is lost; or was not, where the write-off
/// is undone and `booked` comes back below zero.
pub fn accrual_written_off(currency: Currency, on: NaiveDate, booked: Amount) -> Option<Posting> {
    posting(currency, on, booked.negated(), &CREDIT_LOSSES)
}

/// What an event of a day's close books: of each currency what was earned, and what of it is lost. Its end books
/// nothing more.
pub fn day_close_posting(event: &DayCloseEvent) -> Option<Posting> {
    let DayCloseEvent::AccrualsBooked(booked) = event else { return None };
    let booked_on = booked.booked_on.unwrap_or(booked.on);
    let postings = booked.sums.iter().flat_map(|sum| {
        let earned = accrual_posting(sum.currency, booked_on, sum.earned);
        [earned, accrual_written_off(sum.currency, booked_on, sum.written_off)]
    });
    let lines: Vec<JournalLine> = postings.flatten().flat_map(|posting| posting.lines).collect();
    (!lines.is_empty()).then_some(Posting { booked_on, lines })
}

fn posting(
    currency: Currency,
    booked_on: NaiveDate,
    change: Amount,
    against: &super::Account,
) -> Option<Posting> {
    if change.is_zero() {
        return None;
    }
    let line = |account: &super::Account, side| JournalLine {
        account: account.clone(),
        side,
        amount: change.abs(),
        currency,
    };
    let (of_receivable, of_other) =
        if change.is_negative() { (Side::Credit, Side::Debit) } else { (Side::Debit, Side::Credit) };
    let lines = vec![line(&INTEREST_RECEIVABLE, of_receivable), line(against, of_other)];
    Some(Posting { booked_on, lines })
}
