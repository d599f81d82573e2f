//! The mean of price and sac (sistema de amortização misto), LENDING.md §5.

use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, parts, price, sac};
use crate::exact::{add, div};
use crate::terms::Remainder;

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let mut exact = *draft;
    exact.precision = draft.precision.exact();
    let (french, constant) = (price::rows(&exact)?, sac::rows(&exact)?);
    let mut each = Vec::with_capacity(french.len());
    for (french, constant) in french.iter().zip(&constant) {
        let mean = div(add(french.principal, constant.principal)?, Decimal::TWO)?;
        each.push(draft.precision.installment(mean)?);
    }
    parts::spread_remainder(draft, &mut each, draft.financed()?)?;
    // What the first row takes of the remainder says nothing of the others.
    let others = if draft.precision.remainder == Remainder::First { &each[1..] } else { &each[..] };
    draft.repays_something(others.iter().copied().max().unwrap_or_default(), each.len())?;
    parts::rows(draft, &each)
}
