//! Checks the pack of a month: that its events are all of a range of positions, and what they move.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Finding, Report, text};
use super::events::{self, PackedEvent};
use super::file::Parts;
use super::loan::figure;
use super::{EVENTS, FIGURES, Header, LEAVES, RANGE, RangeProof};
use crate::checkpoint::Checkpoint;
use crate::figures::{AccountInMonth, Line, MonthFigures, Movement, accounts};
use crate::hash::{TreeHash, leaf_of_line};
use crate::range::Peaks;

pub(super) fn check(header: &Header, parts: &Parts, report: &mut Report) {
    let events = events::read(header, parts, report);
    let mut next = header.first;
    for PackedEvent { line, row, .. } in &events {
        if row.position != next {
            let detail = format!("position {} comes where {next} is expected", row.position);
            let finding = Finding::new("events_missing", EVENTS, detail);
            report.findings.push(finding.at(*line, Some(row.position)));
        }
        next = row.position.saturating_add(1);
    }
    check_leaves(header, &events, parts, report);
    let lines = events::lines(&events, report);
    let Some(figures) = text(parts, FIGURES, report) else { return };
    match serde_json::from_str::<MonthFigures>(figures) {
        Ok(figures) => compare(&figures, &lines, report),
        Err(error) => report.findings.push(Finding::new("malformed", FIGURES, error.to_string())),
    }
}

fn check_leaves(header: &Header, events: &[PackedEvent<'_>], parts: &Parts, report: &mut Report) {
    let (Some(leaves), Some(range)) = (text(parts, LEAVES, report), text(parts, RANGE, report)) else {
        return;
    };
    let leaves: Vec<Option<TreeHash>> = leaves.lines().map(TreeHash::parse).collect();
    if let Some(checkpoint) = report.checkpoint.clone()
        && !in_tree(header, &leaves, range, &checkpoint)
    {
        let detail =
            format!("they are not those of positions {} to {} in the log", header.first, header.last);
        report.findings.push(Finding::new("leaves_changed", LEAVES, detail));
    }
    for PackedEvent { line, text, row } in events {
        // By its position, so that an event that is missing spoils no other.
        let place = row.position.checked_sub(header.first).and_then(|place| usize::try_from(place).ok());
        let leaf = place.and_then(|place| leaves.get(place).copied().flatten());
        if leaf != Some(leaf_of_line(text.as_bytes())) {
            let finding =
                Finding::new("event_changed", EVENTS, "it is not the event of its position in the log");
            report.findings.push(finding.at(*line, Some(row.position)));
        }
    }
}

fn in_tree(header: &Header, leaves: &[Option<TreeHash>], range: &str, checkpoint: &Checkpoint) -> bool {
    let root = || {
        let range: RangeProof = serde_json::from_str(range).ok()?;
        let first = u64::try_from(header.first).ok()?.checked_sub(1)?;
        let last = u64::try_from(header.last).ok()?;
        let leaves = leaves.iter().copied().collect::<Option<Vec<_>>>()?;
        (last.checked_sub(first)? == leaves.len() as u64).then_some(())?;
        let mut peaks = Peaks::new(first, range.left)?;
        for leaf in leaves {
            peaks.push(leaf);
        }
        peaks.extend(checkpoint.size, &range.right)?;
        Some(peaks.root())
    };
    root() == Some(checkpoint.root)
}

fn compare(figures: &MonthFigures, lines: &[Line], report: &mut Report) {
    let opening: Vec<_> =
        figures.accounts.iter().map(|of| (of.account.clone(), of.currency, of.opening)).collect();
    let by = |all: &[AccountInMonth]| -> BTreeMap<_, AccountInMonth> {
        all.iter().map(|of| ((of.account.clone(), of.currency.code()), of.clone())).collect()
    };
    let (said, found) = (by(&figures.accounts), by(&accounts(&opening, lines)));
    let keys: BTreeSet<_> = said.keys().chain(found.keys()).collect();
    for key in keys {
        let days = |of: &BTreeMap<_, AccountInMonth>| -> BTreeMap<_, Movement> {
            let days = of.get(key).map(|of| of.days.clone()).unwrap_or_default();
            days.into_iter().map(|day| (day.date, day)).collect()
        };
        let (of_said, of_found) = (days(&said), days(&found));
        for date in of_said.keys().chain(of_found.keys()).collect::<BTreeSet<_>>() {
            if of_said.get(date) != of_found.get(date) {
                let finding = Finding::new("balance_differs", FIGURES, "the events move another amount");
                report.findings.push(finding.of(figure(&key.0, key.1, *date)));
            }
        }
        let closing = |of: &BTreeMap<_, AccountInMonth>| of.get(key).map(|of| of.closing);
        if closing(&said) != closing(&found) {
            let finding =
                Finding::new("balance_differs", FIGURES, "it closes with another amount by the events");
            report.findings.push(finding.of(format!("{} {}", key.0, key.1)));
        }
    }
    check_zero(figures, report);
}

/// Debits equal credits over all accounts, before the month and after it.
fn check_zero(figures: &MonthFigures, report: &mut Report) {
    let mut sums = BTreeMap::new();
    for of in &figures.accounts {
        let (opening, closing) =
            sums.entry(of.currency.code()).or_insert((of.currency.zero(), of.currency.zero()));
        *opening = opening.plus(of.opening);
        *closing = closing.plus(of.closing);
    }
    for (currency, (opening, closing)) in sums {
        for (when, sum) in [("opening", opening), ("closing", closing)] {
            if !sum.is_zero() {
                let detail = format!("all accounts together come to {sum}");
                report
                    .findings
                    .push(Finding::new("unbalanced", FIGURES, detail).of(format!("{when} {currency}")));
            }
        }
    }
}
