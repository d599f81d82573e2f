//! What methods with a fixed part of principal share: sac, sam, flat (LENDING.md §4, §5).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row, Share, Turn};
use crate::exact::{OutOfRange, add, mul, sub};
use crate::terms::Remainder;

/// Moves what rounding left of `owed` to where the remainder belongs, if it changes more than the last row.
pub(super) fn spread_remainder(
    draft: &Draft<'_>,
    parts: &mut [Decimal],
    owed: Decimal,
) -> Result<(), OutOfRange> {
    let sum = parts.iter().try_fold(Decimal::ZERO, |sum, part| add(sum, *part))?;
    let gap = sub(owed, sum)?;
    match draft.precision.remainder {
        Remainder::First => {
            if let Some(first) = parts.first_mut() {
                *first = add(*first, gap)?.max(Decimal::ZERO);
            }
        }
        Remainder::Respread => {
            let change = draft.precision.round(Draft::per_row(gap, parts.len().max(1))?);
            let left = sub(gap, mul(change, Decimal::from(parts.len() as u64))?)?;
            if gap.abs() > draft.precision.cents(parts.len() / 2)? && left.abs() < gap.abs() {
                for part in parts {
                    *part = add(*part, change)?;
                }
            }
        }
        Remainder::Last | Remainder::LastKeepsInstallment | Remainder::None => {}
    }
    Ok(())
}

/// The rows that repay `parts`.
pub(super) fn rows(draft: &Draft<'_>, parts: &[Decimal]) -> Result<Vec<Row>, PlanError> {
    let mut rows = Vec::with_capacity(parts.len());
    draft.walk(draft.start()?, 0..draft.count(), NaiveDate::MAX, &mut rows, |turn| {
        repay(draft, parts, turn)
    })?;
    Ok(rows)
}

pub(super) fn repay(draft: &Draft<'_>, parts: &[Decimal], turn: Turn) -> Result<Share, PlanError> {
    let Turn { row, is_last, interest, balance } = turn;
    let remainder = draft.precision.remainder;
    if !is_last || remainder == Remainder::None {
        let part = if remainder == Remainder::None { parts[row] } else { parts[row].min(balance) };
        return Ok(Share { principal: part, interest });
    }
    // The last row would have had its part and its interest: that total it keeps.
    let interest = match remainder {
        Remainder::LastKeepsInstallment => sub(add(parts[row], interest)?, balance)?.max(Decimal::ZERO),
        _ => interest,
    };
    Ok(Share { principal: balance, interest })
}
