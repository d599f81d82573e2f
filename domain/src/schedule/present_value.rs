//! What open installments are worth on a day, for an early settlement (LENDING.md §12).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Timeline;
use crate::exact::{OutOfRange, add, div, mul};

/// What is open of an installment that is not yet due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRow {
    /// Its period in the timeline, from zero on.
    pub index: usize,
    /// Open principal and interest.
    pub amount: Decimal,
}

/// The sum of the open amounts, each discounted to `day`, unrounded: the first over what is left of its
/// period, each one after it by the factor of its own period more.
///
/// Rows come in order. Where the first lies past the current period, those before it having been paid in
/// advance, nothing of it has accrued and it is discounted over the whole of its period.
pub fn present_value(
    timeline: &Timeline<'_>,
    open: &[OpenRow],
    day: NaiveDate,
) -> Result<Decimal, OutOfRange> {
    let Some(first) = open.first() else { return Ok(Decimal::ZERO) };
    let current = timeline.periods.get(first.index).ok_or(OutOfRange)?;
    let to_its_end = timeline.factor_in(first.index, day.max(current.from), current.to)?;
    let mut weight = div(Decimal::ONE, add(Decimal::ONE, to_its_end)?)?;
    let (mut value, mut reached) = (Decimal::ZERO, first.index);
    for row in open {
        while reached < row.index {
            reached += 1;
            let factor = timeline.periods.get(reached).ok_or(OutOfRange)?.factor;
            weight = div(weight, add(Decimal::ONE, factor)?)?;
        }
        value = add(value, mul(row.amount, weight)?)?;
    }
    Ok(value)
}
