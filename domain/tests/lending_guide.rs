//! `docs/LENDING.md` shows schedule requests and the plans that follow from them. Each is drawn here, and the guide must
//! say just that. `UPDATE_EXPECT=1` writes the figures anew.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fmt::Write as _;

use domain::{Amount, Installment, Plan, ScheduleRequest, draw};
use expect_test::expect_file;

const GUIDE: &str = include_str!("../../docs/LENDING.md");
/// A request, and right behind it the block with its figures.
const REQUEST: &str = "```json schedule\n";
const FIGURES: &str = "```text\n";
const END: &str = "```\n";

#[test]
fn the_guide_shows_the_figures_that_are_drawn() {
    expect_file!["../../docs/LENDING.md"].assert_eq(&with_figures(GUIDE));
}

#[test]
fn the_guide_has_examples_of_every_method() {
    assert!(GUIDE.matches(REQUEST).count() > 20);
    for method in ["price", "sac", "sam", "interest_only", "bullet", "flat", "custom"] {
        let named = format!("\"method\": \"{method}\"");
        assert!(requests(GUIDE).any(|request| request.contains(&named)), "no example of {method}");
    }
}

#[test]
fn every_block_of_json_in_the_guide_is_json() {
    for block in GUIDE.split("```json").skip(1) {
        let text = block.split_once('\n').unwrap().1.split(END).next().unwrap();
        let read: Result<serde_json::Value, _> = serde_json::from_str(text);
        assert!(read.is_ok(), "{}\n{text}", read.unwrap_err());
    }
}

fn requests(guide: &str) -> impl Iterator<Item = &str> {
    guide.split(REQUEST).skip(1).map(|rest| rest.split(END).next().unwrap())
}

/// The guide with the figures of each request behind it.
fn with_figures(guide: &str) -> String {
    let mut parts = guide.split(REQUEST);
    let mut written = parts.next().unwrap().to_owned();
    for part in parts {
        let (request, rest) = part.split_once(END).unwrap();
        let figures = rest.trim_start().strip_prefix(FIGURES);
        let after =
            figures.unwrap_or_else(|| panic!("no figures behind {request}")).split_once(END).unwrap().1;
        write!(written, "{REQUEST}{request}{END}{FIGURES}{}{END}{after}", figures_of(request)).unwrap();
    }
    written
}

fn figures_of(request: &str) -> String {
    let request: ScheduleRequest =
        serde_json::from_str(request).unwrap_or_else(|error| panic!("{error}\n{request}"));
    let (terms, disbursements) = match request.check() {
        Ok(checked) => checked,
        Err(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("refused: {} {}\n{}\n", error.code, error.pointer, error.detail));
            return lines.collect();
        }
    };
    match draw(&terms, &disbursements) {
        Ok(plan) => table(&plan),
        Err(error) => format!("refused: {} {}\n{error}\n", error.code(), error.pointer()),
    }
}

fn table(plan: &Plan) -> String {
    type Figure = fn(&Installment) -> Amount;
    let columns: [(&str, Figure, bool); 7] = [
        ("principal", |row| row.principal, true),
        ("interest", |row| row.interest, true),
        ("fees", |row| row.fees, false),
        ("tax", |row| row.tax, false),
        ("total", |row| row.total, true),
        ("capitalized", |row| row.capitalized.unwrap_or(Amount::ZERO), false),
        ("balance", |row| row.balance, true),
    ];
    // What no row has is not shown.
    let shown: Vec<_> = columns
        .iter()
        .filter(|(_, figure, always)| *always || plan.installments.iter().any(|row| !figure(row).is_zero()))
        .collect();
    let mut text = " #  due_on      days".to_owned();
    for (name, ..) in &shown {
        write!(text, " {name:>11}").unwrap();
    }
    text.push('\n');
    for row in &plan.installments {
        write!(text, "{:>2}  {}  {:>4}", row.number, row.due_on, row.days).unwrap();
        for (_, figure, _) in &shown {
            let figure = figure(row);
            let figure = if figure.is_zero() { "-".to_owned() } else { figure.to_string() };
            write!(text, " {figure:>11}").unwrap();
        }
        text.push('\n');
    }
    let totals = plan.totals;
    write!(text, "financed {}, released {}, repaid {}", totals.financed, totals.released, totals.total)
        .unwrap();
    for (name, amount) in [("withheld", totals.withheld), ("residue", totals.residue)] {
        if !amount.is_zero() {
            write!(text, ", {name} {amount}").unwrap();
        }
    }
    text.push('\n');
    if let Some(tax) = &plan.tax {
        writeln!(text, "IOF {}", tax.total).unwrap();
    }
    if let Some(cost) = plan.effective_cost {
        writeln!(text, "effective_cost {} yearly, {} monthly", cost.yearly, cost.monthly).unwrap();
    }
    text
}
