//! What closing a day books of a loan's interest (ADR 0008).
//!
//! The books carry interest as income when it is received. Closing a day adds the interest that is accrued and not
//! received by then: the receivable is brought to what it is that day, against income. So what was received since
//! lowers the receivable, and no income counts twice.

use chrono::NaiveDate;

use super::{CREDIT_LOSSES, INTEREST_INCOME, INTEREST_RECEIVABLE, JournalLine, Posting, Side};
use crate::component::Components;
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
