//! Accrual as the difference of rounded totals (LENDING.md §14).

use chrono::NaiveDate;

use crate::calendar::later;
use crate::fractions::{Fraction, zero};
use crate::history::Fact;
use crate::loan::Loan;
use crate::rest::Rest;
use crate::row::Row;
use crate::terms::Terms;

/// The day, what accrues on it, and the total with it.
pub(crate) type Accrued = (NaiveDate, Fraction, Fraction);

/// What accrues on each day up to `last`, the loan replayed for each of them.
pub(crate) fn accruals(terms: &Terms, facts: &[Fact], last: NaiveDate) -> Vec<Accrued> {
    let mut day = facts[0].on;
    let (mut booked, mut stopped, mut accrued) = (zero(), false, Vec::new());
    while day < last {
        day = later(day, 1);
        let rest = terms.basis.ends_with("_rest").then(|| Rest::replay(terms, facts, day));
        let total = rest.as_ref().map(|rest| &rest.earned + &rest.accrued);
        let loan = rest.map_or_else(|| Loan::replay_in_range(terms, facts, day, last), |rest| rest.loan);
        if loan.write_off.is_some() {
            break;
        }
        let past_due = loan.days_past_due(day);
        stopped = past_due > terms.stop_after_days || (stopped && past_due > 0);
        let total = total.unwrap_or_else(|| of_plan(&loan, day));
        if !stopped && total != booked {
            accrued.push((day, &total - &booked, total.clone()));
            booked = total;
        }
    }
    accrued
}

/// Interest of past rows, and of the current period to the day.
fn of_plan(loan: &Loan, day: NaiveDate) -> Fraction {
    let past = loan.rows.iter().filter(|row| row.to <= day);
    past.map(Row::earned).sum::<Fraction>() + loan.accrued_not_due(day)
}
