//! Equal principal (sistema de amortização constante), LENDING.md §5, §6.

use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, parts};
use crate::exact::add;

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    parts::rows(draft, &principal_parts(draft)?)
}

/// The principal of each row; each disbursement changes those from its period on.
pub(super) fn principal_parts(draft: &Draft<'_>) -> Result<Vec<Decimal>, PlanError> {
    let count = draft.count();
    let mut each = vec![Decimal::ZERO; count];
    let (mut standing, mut reached) = (draft.start()?, 0);
    for (first, day) in draft.turns() {
        standing = draft.walk_on(standing, reached..first, day, |turn| parts::repay(draft, &each, turn))?;
        reached = first;
        let released = draft.releases.inside(first, day).map(|(_, amount)| amount);
        let owed = released.into_iter().try_fold(standing.balance, add)?;
        let part = draft.precision.installment(Draft::per_row(owed, count - first)?)?;
        each[first..].fill(part);
        parts::spread_remainder(draft, &mut each[first..], owed)?;
        draft.repays_something(each[count - 1], count - first)?;
    }
    Ok(each)
}
