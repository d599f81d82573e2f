//! Interest on the financed amount throughout, equal principal, LENDING.md §5.

use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, parts};
use crate::exact::{add, mul, sub};

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let grace = draft.terms.grace.principal as usize;
    let owed = draft.financed()?;
    let mut each = vec![Decimal::ZERO; draft.count()];
    let amortizing = &mut each[grace..];
    let plain = draft.precision.part(Draft::per_row(owed, amortizing.len())?);
    // The multiple is one of the first installment, whose interest the other rows may not share.
    let interest = draft.precision.interest(mul(owed, draft.timeline.periods[grace].factor)?);
    let installment = draft.precision.multiple(add(plain, interest)?)?;
    if installment < interest {
        let [installment, interest] = [installment, interest].map(|figure| draft.precision.round(figure));
        return Err(PlanError::NegativeAmortization { row: grace + 1, installment, interest, agreed: false });
    }
    let part = sub(installment, interest)?;
    draft.repays_something(part, amortizing.len())?;
    amortizing.fill(part);
    parts::spread_remainder(draft, amortizing, owed)?;
    parts::rows(draft, &each)
}
