//! Which terms loans are not served with yet. A schedule may be calculated with all of them.

use domain::calendar::{Calendar, DueDateShift};
use domain::day_count::DayCount;
use domain::terms::{DueDates, Every, Excess, Grace, InterestBasis, Method, Terms};

/// The fields of `terms` with an option that loans do not have yet, as pointers from the terms, and what they have.
pub(crate) fn unsupported(terms: &Terms) -> Vec<(&'static str, &'static str)> {
    let months = matches!(terms.due, DueDates::Regular { every: Every::Months(_), .. });
    let due = match terms.due {
        DueDates::Custom { .. } => "/custom",
        DueDates::Listed { .. } => "/due_dates",
        DueDates::Regular { .. } => "/every",
    };
    let method = matches!(terms.method, Method::Price | Method::Sac | Method::Flat);
    let day_count = matches!(terms.day_count, DayCount::Thirty360 | DayCount::Actual365);
    let Grace { principal, interest, .. } = terms.grace;
    let calendar = matches!(terms.calendar, Calendar::Named(_));
    let rows = [
        (method, "/method", "price, sac and flat"),
        (months, due, "due dates a number of months apart"),
        (day_count, "/day_count", "30/360 and act/365"),
        (principal == 0 && interest == 0, "/grace", "no grace"),
        (calendar, "/calendar", "br-bank, weekends and none"),
        (terms.due_date_shift == DueDateShift::None, "/due_date_shift", "none"),
        (terms.charges.is_empty(), "/charges", "no charges in the terms"),
        (terms.tax.is_none(), "/tax", "no tax"),
        (terms.late.is_none(), "/late", "no late charges"),
        (terms.interest_basis == InterestBasis::Plan, "/interest_basis", "plan"),
        (terms.excess == Excess::Next, "/excess", "next"),
    ];
    rows.into_iter().filter(|(served, ..)| !served).map(|(_, pointer, served)| (pointer, served)).collect()
}
