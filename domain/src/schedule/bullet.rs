//! One installment on the last due date, interest compounded from period to period, LENDING.md §5.

use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row};
use crate::exact::mul;

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let principal = draft.financed()?;
    let factor = draft.timeline.periods[0].factor;
    let interest = draft.precision.interest(mul(principal, factor)?);
    let zero = Decimal::ZERO;
    Ok(vec![Row { principal, interest, deferred: zero, capitalized: zero, balance: zero }])
}
