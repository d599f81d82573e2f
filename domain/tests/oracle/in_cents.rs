//! The rows of a loan in cents that add up, whatever was left exact inside (LENDING.md §4).

use crate::fractions::{Fraction, zero};
use crate::plan::{Draft, Row};

/// The rows of a loan, in cents that add up (LENDING.md §4).
pub(crate) fn in_cents(draft: &Draft<'_>, rows: &[Row]) -> Vec<Row> {
    let rounding = &draft.line.terms.rounding;
    let mut balance = draft.first_balance();
    let mut fixed = Vec::new();
    for (k, row) in rows.iter().enumerate() {
        let (total, capitalized) =
            (rounding.round(&(&row.principal + &row.interest)), rounding.round(&row.capitalized));
        let released: Fraction = match draft.line.terms.method.as_str() {
            "bullet" => zero(),
            _ => draft.within(draft.releases, k).iter().map(|(_, x)| x).sum(),
        };
        let inside: Fraction = match draft.line.periods.get(k) {
            Some(period) if draft.line.terms.method != "bullet" => {
                draft.within(draft.releases, k).iter().filter(|(on, _)| *on < period.to).map(|(_, x)| x).sum()
            }
            _ => zero(),
        };
        let (principal, interest) = if k + 1 == rows.len() {
            let left = &balance + &inside + &capitalized;
            // Cut amounts may leave less interest than none; the last row then takes what is left as it is.
            (left.clone(), (total - left).max(zero()))
        } else {
            let interest = rounding.round(&row.interest);
            // No row repays more than is left.
            let left = &balance + &inside + &capitalized;
            ((total - &interest).min(left).max(zero()), interest)
        };
        let begins_with = balance.clone();
        balance += released + &capitalized - &principal;
        assert!(k + 1 < rows.len() || balance.is_zero(), "what is left is paid with the last row");
        fixed.push(Row {
            principal,
            interest,
            capitalized,
            earned: rounding.round(&row.earned),
            begins_with,
            balance: balance.clone(),
            level: row.level.clone(),
        });
    }
    fixed
}
