//! Interest on the financed amount throughout, equal principal, LENDING.md §5.

use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, parts};
use crate::exact::{add, mul, sub};
use crate::terms::Remainder;

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let grace = draft.terms.grace.principal as usize;
    let owed = draft.financed()?;
    let mut each = vec![Decimal::ZERO; draft.count()];
    let amortizing = &mut each[grace..];
    let plain = draft.precision.part(Draft::per_row(owed, amortizing.len())?);
    // The multiple is one of the first installment, whose interest the other rows may not share.
    let interest = draft.precision.interest(mul(owed, draft.timeline.periods[grace].factor)?);
    amortizing.fill(sub(draft.precision.multiple(add(plain, interest)?)?, interest)?);
    parts::spread_remainder(draft, amortizing, owed)?;
    let (rows, part) = (amortizing.len(), amortizing.last().copied().unwrap_or_default());
    // A single row repays all there is, whatever its part would be.
    let is_drawn = rows > 1 || draft.precision.remainder == Remainder::None;
    if is_drawn && part < Decimal::ZERO {
        let installment = draft.precision.round(add(part, interest)?);
        let interest = draft.precision.round(interest);
        return Err(PlanError::NegativeAmortization { row: grace + 1, installment, interest, agreed: false });
    }
    draft.repays_something(part, rows)?;
    parts::rows(draft, &each)
}
