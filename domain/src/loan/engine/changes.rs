//! How installments differ between two derivations: what a fact recorded in between changed.

use super::Row;
use crate::loan::facts::{Planned, Replanned};

/// The installments that are not as they were, but for what was paid of them.
pub fn replanned(before: &[Row], after: &[Row]) -> Vec<Replanned> {
    let count = before.len().max(after.len());
    let changed = (0..count).filter_map(|index| {
        let [before, after] = [before, after].map(|rows| rows.get(index).map(planned));
        (before != after).then_some((index, before, after))
    });
    changed
        .map(|(index, before, after)| Replanned {
            installment: u32::try_from(index + 1).unwrap_or(u32::MAX),
            before,
            after,
        })
        .collect()
}

const fn planned(row: &Row) -> Planned {
    Planned { from: row.from, due_on: row.due_on, due: row.due, waived: row.waived }
}
