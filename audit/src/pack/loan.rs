//! Checks the pack of a loan: each event against the tree, the order of its stream, and every figure against the events.

use std::collections::{BTreeMap, BTreeSet};

use domain::Amount;
use domain::decider::StoredEvent;
use domain::loan::LoanEvent;
use uuid::Uuid;

use super::check::{Finding, Report, text};
use super::events::{self, PackedEvent};
use super::file::Parts;
use super::{EVENTS, EventProof, FIGURES, Header, PROOFS};
use crate::figures::{DayBalance, Line, LoanFigures, LoanStanding, day_balances};
use crate::hash::leaf_of_line;
use crate::proof::proves_inclusion;

pub(super) fn check(id: Uuid, header: &Header, parts: &Parts, report: &mut Report) {
    let events = events::read(header, parts, report);
    check_order(id, &events, report);
    check_proofs(&events, parts, report);
    let lines = events::lines(&events, report);
    for event in &events {
        // What cannot be read was told with what it books.
        let read =
            event.row.current_payload().and_then(|payload| LoanEvent::read(&event.row.event_type, &payload));
        report.loan.extend(read.ok().map(|read| (event.row.position, read)));
    }
    let Some(figures) = text(parts, FIGURES, report) else { return };
    match serde_json::from_str::<LoanFigures>(figures) {
        Ok(figures) => compare(&figures, &lines, report),
        Err(error) => report.findings.push(Finding::new("malformed", FIGURES, error.to_string())),
    }
}

fn check_order(id: Uuid, events: &[PackedEvent<'_>], report: &mut Report) {
    let (mut next, mut last) = (1, 0);
    for PackedEvent { line, row, .. } in events {
        let mut tell = |fault, detail| {
            report.findings.push(Finding::new(fault, EVENTS, detail).at(*line, Some(row.position)));
        };
        if row.aggregate_type != "Loan" || Uuid::try_parse(&row.aggregate_id) != Ok(id) {
            tell("event_misplaced", format!("it is of {} {}", row.aggregate_type, row.aggregate_id));
        }
        if row.sequence != next {
            tell("events_missing", format!("sequence {} comes where {next} is expected", row.sequence));
        }
        if row.position <= last {
            tell("event_misplaced", format!("position {} comes after {last}", row.position));
        }
        (next, last) = (row.sequence.saturating_add(1), row.position);
    }
}

fn check_proofs(events: &[PackedEvent<'_>], parts: &Parts, report: &mut Report) {
    let Some(proofs) = text(parts, PROOFS, report) else { return };
    let mut by_position = BTreeMap::new();
    for (line, proof) in (1..).zip(proofs.lines()) {
        match serde_json::from_str::<EventProof>(proof) {
            Ok(proof) => _ = by_position.insert(proof.position, proof),
            Err(error) => {
                report.findings.push(Finding::new("malformed", PROOFS, error.to_string()).at(line, None));
            }
        }
    }
    let Some(tree) = report.checkpoint.as_ref().map(|checkpoint| (checkpoint.size, checkpoint.root)) else {
        return;
    };
    for PackedEvent { line, text, row } in events {
        let Some(proof) = by_position.get(&row.position) else {
            let finding = Finding::new("proof_missing", PROOFS, "there is no proof of the event");
            report.findings.push(finding.at(*line, Some(row.position)));
            continue;
        };
        let index = u64::try_from(row.position).ok().and_then(|position| position.checked_sub(1));
        let leaf = leaf_of_line(text.as_bytes());
        if !index.is_some_and(|index| proves_inclusion((index, leaf), &proof.hashes, tree)) {
            let finding =
                Finding::new("event_changed", EVENTS, "it is not the event of its position in the log");
            report.findings.push(finding.at(*line, Some(row.position)));
        }
    }
}

fn compare(figures: &LoanFigures, lines: &[Line], report: &mut Report) {
    compare_loan(&figures.loan, report);
    let by_position = |lines: &[Line]| {
        let mut by = BTreeMap::<i64, Vec<Line>>::new();
        for line in lines {
            by.entry(line.position).or_default().push(line.clone());
        }
        by
    };
    let (said, booked) = (by_position(&figures.lines), by_position(lines));
    let positions: BTreeSet<i64> = said.keys().chain(booked.keys()).copied().collect();
    for position in positions {
        if said.get(&position) != booked.get(&position) {
            let mut finding = Finding::new("lines_differ", FIGURES, "the event books other lines");
            finding.position = Some(position);
            report.findings.push(finding);
        }
    }
    compare_balances(&figures.balances, &day_balances(lines), report);
}

fn compare_loan(said: &LoanStanding, report: &mut Report) {
    let Some(found) = LoanStanding::after(&report.loan) else {
        report
            .findings
            .push(Finding::new("loan_differs", EVENTS, "they do not begin with an application").of("events"));
        return;
    };
    let json = |standing: &LoanStanding| match serde_json::to_value(standing) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (said, found) = (json(said), json(&found));
    let fields: BTreeSet<&String> = said.keys().chain(found.keys()).collect();
    for field in fields {
        let (said, found) = (said.get(field), found.get(field));
        if !same(said, found) {
            let text = |value: Option<&serde_json::Value>| value.map(ToString::to_string).unwrap_or_default();
            let detail = format!("it says {}, the events {}", text(said), text(found));
            report.findings.push(Finding::new("loan_differs", FIGURES, detail).of(field.as_str()));
        }
    }
}

/// Whether two values say the same: `1.0` and `1.00` do.
fn same(one: Option<&serde_json::Value>, other: Option<&serde_json::Value>) -> bool {
    let amount = |value: Option<&serde_json::Value>| {
        value.and_then(|value| serde_json::from_value::<Amount>(value.clone()).ok())
    };
    one == other || matches!((amount(one), amount(other)), (Some(one), Some(other)) if one == other)
}

fn compare_balances(said: &[DayBalance], found: &[DayBalance], report: &mut Report) {
    let key = |balance: &DayBalance| (balance.account.clone(), balance.currency.code(), balance.date);
    let by = |balances: &[DayBalance]| -> BTreeMap<_, DayBalance> {
        balances.iter().map(|balance| (key(balance), balance.clone())).collect()
    };
    let (by_said, by_found) = (by(said), by(found));
    let keys: BTreeSet<_> = by_said.keys().chain(by_found.keys()).collect();
    for key in keys {
        let closing = |of: &BTreeMap<_, DayBalance>| of.get(key).map(|balance| balance.closing.to_string());
        if by_said.get(key) != by_found.get(key) {
            let none = || "nothing".to_owned();
            let (said, found) =
                (closing(&by_said).unwrap_or_else(none), closing(&by_found).unwrap_or_else(none));
            let detail = format!("it closes with {said}; by the events with {found}");
            let figure = figure(&key.0, key.1, key.2);
            report.findings.push(Finding::new("balance_differs", FIGURES, detail).of(figure));
        }
    }
}

/// An account, its currency and a day, as a finding names them.
pub(super) fn figure(account: &str, currency: &str, date: chrono::NaiveDate) -> String {
    format!("{account} {currency} {date}")
}
