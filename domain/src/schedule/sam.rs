//! The mean of price and sac (sistema de amortização misto), LENDING.md §5.

use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, parts, price, sac};
use crate::exact::{add, div};

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let mut exact = *draft;
    exact.precision = draft.precision.exact();
    let (french, constant) = (price::rows(&exact)?, sac::rows(&exact)?);
    let mut each = Vec::with_capacity(french.len());
    for (french, constant) in french.iter().zip(&constant) {
        let mean = div(add(french.principal, constant.principal)?, Decimal::TWO)?;
        each.push(draft.precision.installment(mean)?);
    }
    draft.repays_something(each.iter().copied().max().unwrap_or_default(), each.len())?;
    parts::spread_remainder(draft, &mut each, draft.financed()?)?;
    parts::rows(draft, &each)
}
