//! Interest each time, principal with the last row (sistema americano), LENDING.md §5.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row, Share};

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let mut rows = Vec::with_capacity(draft.count());
    draft.walk(draft.start()?, 0..draft.count(), NaiveDate::MAX, &mut rows, |turn| {
        let principal = if turn.is_last { turn.balance } else { Decimal::ZERO };
        Ok(Share { principal, interest: turn.interest })
    })?;
    Ok(rows)
}
