//! IOF by its table of decrees, row by row (LENDING.md §7).

use chrono::NaiveDate;

use crate::calendar::{date, days_between};
use crate::fractions::{Fraction, read, rounded, whole, zero};
use crate::plan::{Draft, Row};

/// From, daily of natural, legal, small, additional of legal and simples, of the others, withdrawn from and to.
type Line = (&'static str, [&'static str; 5], Option<(&'static str, &'static str)>);

const TABLE: [Line; 7] = [
    ("2015-01-22", ["0.000082", "0.000041", "0.0000137", "0.0038", "0.0038"], None),
    ("2020-04-03", ["0", "0", "0", "0", "0"], Some(("2020-11-27", "2020-12-14"))),
    ("2021-01-01", ["0.000082", "0.000041", "0.0000137", "0.0038", "0.0038"], None),
    ("2021-09-20", ["0.0001118", "0.0000559", "0.0000137", "0.0038", "0.0038"], None),
    ("2022-01-01", ["0.000082", "0.000041", "0.0000137", "0.0038", "0.0038"], None),
    (
        "2025-05-23",
        ["0.000082", "0.000082", "0.0000274", "0.0095", "0.0038"],
        Some(("2025-06-27", "2025-07-16")),
    ),
    (
        "2025-06-11",
        ["0.000082", "0.000082", "0.0000274", "0.0038", "0.0038"],
        Some(("2025-06-27", "2025-07-16")),
    ),
];

/// The tax of each row and r of their sum.
pub(crate) struct Taxed {
    pub(crate) by_row: Vec<Fraction>,
    pub(crate) total: Fraction,
}

/// Daily and additional rate for what was released on a day.
fn rates(draft: &Draft<'_>, asked: &Fraction, on: NaiveDate) -> Option<(Fraction, Fraction)> {
    let iof = draft.line.terms.iof.as_ref().expect("terms with IOF");
    if let Some(own) = &iof.rates {
        return Some(own.clone());
    }
    let small = ["simples", "mei"].contains(&iof.person.as_str()) && *asked <= whole(30_000);
    let column = match iof.person.as_str() {
        "natural" => 0,
        _ if small => 2,
        _ => 1,
    };
    let in_force = |line: &&Line| {
        date(line.0) <= on && !line.2.is_some_and(|(from, to)| date(from) <= on && on <= date(to))
    };
    let line = TABLE.iter().rfind(in_force)?;
    let lower = iof.person == "natural" || (iof.person == "mei" && small);
    Some((read(line.1[column]), read(line.1[if lower { 4 } else { 3 }])))
}

/// The tax of the rows of a plan; principal repays the oldest release first.
pub(crate) fn tax(draft: &Draft<'_>, rows: &[Row], asked: &Fraction) -> Option<Taxed> {
    let terms = &draft.line.terms;
    let iof = terms.iof.as_ref().expect("terms with IOF");
    let rounds = |place: &str| iof.round.iter().any(|named| named == place);
    let round = |x: Fraction, place: &str| {
        if rounds(place) { rounded(&x, terms.rounding.decimals, iof.mode) } else { x }
    };
    let mut lots = draft.releases.to_vec();
    lots[0].1 += &draft.extra;
    let mut by_row = Vec::new();
    for (k, row) in rows.iter().enumerate() {
        let due_on = match terms.method.as_str() {
            "bullet" => draft.line.periods.last().expect("a period").due_on,
            _ => draft.line.periods[k].due_on,
        };
        let (mut left, mut daily, mut additional) = (row.principal.clone(), zero(), zero());
        for (on, open) in &mut lots {
            let repaid = left.clone().min(open.clone());
            left -= &repaid;
            *open -= &repaid;
            let (by_day, once) = rates(draft, asked, *on)?;
            daily += &repaid * by_day * whole(days_between(*on, due_on).min(iof.cap_days));
            additional += &repaid * once;
        }
        by_row.push(round(round(daily, "daily") + round(additional, "additional"), "row"));
    }
    let total = rounded(&by_row.iter().sum(), terms.rounding.decimals, iof.mode);
    Some(Taxed { by_row, total })
}
