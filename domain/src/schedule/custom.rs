//! Installments as listed; missing interest follows from the rate, LENDING.md §5.

use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row};
use crate::amount::Amount;
use crate::exact::{mul, sub};
use crate::terms::DueDates;

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let DueDates::Custom { custom } = &draft.terms.due else { return Ok(Vec::new()) };
    let mut balance = draft.financed()?;
    let listed: Amount = custom.iter().map(|row| row.principal).sum();
    if listed != balance {
        return Err(PlanError::CustomDoesNotAddUp { listed, financed: balance });
    }
    let mut rows = Vec::with_capacity(custom.len());
    for (row, period) in custom.iter().zip(&draft.timeline.periods) {
        let interest = match row.interest {
            Some(interest) => interest.value(),
            None => draft.precision.interest(mul(balance, period.factor)?),
        };
        let principal = row.principal.value();
        balance = sub(balance, principal)?;
        let zero = Decimal::ZERO;
        rows.push(Row { principal, interest, deferred: zero, capitalized: zero, balance });
    }
    Ok(rows)
}
