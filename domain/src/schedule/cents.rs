//! The plan of a loan in cents that add up (LENDING.md §4, `places`).

use rust_decimal::Decimal;

use super::draft::Row;
use super::tax::Drawn;
use crate::exact::{OutOfRange, add, sub};

/// interest = r(exact interest), principal = r(exact total) − interest, last principal = what is left, last
/// interest = r(exact total) − it. Rows that are cents already stay as they are.
pub(super) fn fix(drawn: &mut Drawn<'_>) -> Result<(), OutOfRange> {
    let draft = drawn.draft;
    let precision = draft.precision;
    let mut balance = draft.start()?.balance;
    let count = drawn.rows.len();
    for (at, row) in drawn.rows.iter_mut().enumerate() {
        let total = precision.round(add(row.principal, row.interest)?);
        let released = draft.releases.within(at);
        let capitalized = precision.round(row.capitalized);
        let left = add(balance, add(released, capitalized)?)?;
        // No row repays more than is left, and a last row of a few cents bears no negative interest.
        let (principal, interest) = if at + 1 == count {
            (left, sub(total, left)?.max(Decimal::ZERO))
        } else {
            let interest = precision.round(row.interest);
            (sub(total, interest)?.min(left).max(Decimal::ZERO), interest)
        };
        balance = sub(left, principal)?;
        *row = Row { principal, interest, deferred: row.deferred, capitalized, balance };
    }
    Ok(())
}
