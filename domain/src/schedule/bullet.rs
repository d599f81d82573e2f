//! One installment on the last due date, interest compounded from period to period, LENDING.md §5.

use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row};
use crate::exact::{mul, sub};

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let principal = draft.financed()?;
    let growth = sub(draft.growth_over(0..draft.count())?, Decimal::ONE)?;
    let interest = draft.precision.interest(mul(principal, growth)?);
    let zero = Decimal::ZERO;
    Ok(vec![Row { principal, interest, deferred: zero, capitalized: zero, balance: zero }])
}
