//! The events of a pack, read line by line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use event_store::{PublicEvent, StoredEventRow};

use super::check::{Finding, Report, text};
use super::file::Parts;
use super::{EVENTS, Header};
use crate::books;
use crate::figures::{self, Line};

/// An event of the pack.
pub(super) struct PackedEvent<'p> {
    /// The number of its line, from 1.
    pub(super) line: usize,
    pub(super) text: &'p str,
    pub(super) row: StoredEventRow,
}

/// Every event that can be read. The others are told.
pub(super) fn read<'p>(header: &Header, parts: &'p Parts, report: &mut Report) -> Vec<PackedEvent<'p>> {
    let Some(all) = text(parts, EVENTS, report) else { return Vec::new() };
    let (mut events, mut lines) = (Vec::new(), 0);
    for (line, text) in (1..).zip(all.lines()) {
        lines += 1;
        match serde_json::from_str::<PublicEvent<'_>>(text) {
            Ok(event) => events.push(PackedEvent { line, text, row: event.into_row() }),
            Err(error) => {
                let finding = Finding::new("event_unreadable", EVENTS, error.to_string());
                report.findings.push(finding.at(line, None));
            }
        }
    }
    if lines != header.events {
        let detail = format!("there are {lines} lines, and {} events are listed", header.events);
        report.findings.push(Finding::new("events_missing", EVENTS, detail));
    }
    events
}

/// What the events book. What does not balance or cannot be read as what it is is told.
pub(super) fn lines(events: &[PackedEvent<'_>], report: &mut Report) -> Vec<Line> {
    let mut lines = Vec::new();
    for event in events {
        let position = event.row.position;
        // Events that no rule decided can be more than the rules expect.
        let booked = catch_unwind(AssertUnwindSafe(|| {
            books::postings(&event.row).map(|postings| (postings.iter().all(books::balances), postings))
        }));
        let booked = booked.unwrap_or_else(|_| Err(serde::de::Error::custom("no rule can have decided it")));
        match booked {
            Ok((balances, postings)) => {
                if !balances {
                    let finding = Finding::new("unbalanced", EVENTS, "what it books does not sum to zero");
                    report.findings.push(finding.at(event.line, Some(position)));
                }
                lines.extend(figures::lines(position, &postings));
            }
            Err(error) => {
                let finding = Finding::new("event_unreadable", EVENTS, error.to_string());
                report.findings.push(finding.at(event.line, Some(position)));
            }
        }
    }
    lines
}
