//! Checks a pack offline: what is wrong, and where.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use super::file::{List, Parts, sha256};
use super::{CHECKPOINT, FIGURES, NOTE, Subject, loan, month};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{self, Verifier};

/// Something that is not as it was signed, or does not follow from the events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub fault: &'static str,
    /// The part of the pack.
    pub part: String,
    /// The line of the part, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Which figure: a field of the loan, or an account, its currency and a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<String>,
    pub detail: String,
}

/// What was checked, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// What the pack is about.
    pub subject: Option<Subject>,
    pub events: u64,
    /// The checkpoint in whose tree the events are.
    pub checkpoint: Option<Checkpoint>,
    /// The events of a loan that could be read, with their positions.
    pub loan: Vec<(i64, domain::loan::LoanEvent)>,
}

impl Finding {
    pub(super) fn new(fault: &'static str, part: &str, detail: impl Into<String>) -> Self {
        let (part, detail) = (part.to_owned(), detail.into());
        Self { fault, part, line: None, position: None, figure: None, detail }
    }

    pub(super) fn at(mut self, line: usize, position: Option<i64>) -> Self {
        self.line = Some(line as u64);
        self.position = position;
        self
    }

    pub(super) fn of(mut self, figure: impl Into<String>) -> Self {
        self.figure = Some(figure.into());
        self
    }
}

/// Checks the parts of a pack by the log's public keys.
pub fn check(parts: &Parts, verifiers: &[Verifier]) -> Report {
    let mut report = Report::default();
    let Some(list) = signed_list(parts, verifiers, &mut report) else { return report };
    report.subject = Some(list.header.subject);
    report.events = list.header.events;
    compare_files(parts, &list, &mut report);
    report.checkpoint = signed_checkpoint(parts, verifiers, &mut report);
    // Amounts that no ledger has can be more than adding them up takes.
    let checked = catch_unwind(AssertUnwindSafe(|| match list.header.subject {
        Subject::Loan(id) => loan::check(id, &list.header, parts, &mut report),
        Subject::Month(_) => month::check(&list.header, parts, &mut report),
    }));
    if checked.is_err() {
        report.findings.push(Finding::new("malformed", FIGURES, "its amounts cannot be added up"));
    }
    report
}

/// A part as text; what is missing was told with the list.
pub(super) fn text<'p>(parts: &'p Parts, name: &str, report: &mut Report) -> Option<&'p str> {
    let text = std::str::from_utf8(parts.get(name)?);
    if text.is_err() {
        report.findings.push(Finding::new("malformed", name, "it is not UTF-8"));
    }
    text.ok()
}

fn signed_list(parts: &Parts, verifiers: &[Verifier], report: &mut Report) -> Option<List> {
    if !parts.contains_key(NOTE) {
        report.findings.push(Finding::new("part_missing", NOTE, "the signed list of the parts is not there"));
    }
    let signed = text(parts, NOTE, report)?;
    let opened = note::open(signed, verifiers);
    if let Err(error) = &opened {
        report.findings.push(Finding::new("signature", NOTE, error.to_string()));
    }
    // What an unsigned list says is still worth comparing.
    let list = opened.ok().or_else(|| signed.rfind("\n\n").map(|at| &signed[..=at])).and_then(List::parse);
    if list.is_none() {
        report.findings.push(Finding::new("malformed", NOTE, "it is no list of a pack's parts"));
    }
    let list = list?;
    if let Some(other) = verifiers.iter().find(|known| known.name() != list.header.origin) {
        let detail = format!("it is of the log {}, not of {}", list.header.origin, other.name());
        report.findings.push(Finding::new("signature", NOTE, detail));
    }
    Some(list)
}

fn compare_files(parts: &Parts, list: &List, report: &mut Report) {
    for (name, hash) in &list.hashes {
        match parts.get(name) {
            None => report.findings.push(Finding::new("part_missing", name, "it is listed and not there")),
            Some(bytes) if sha256(bytes) != *hash => {
                report.findings.push(Finding::new(
                    "part_changed",
                    name,
                    "it is not the part that was listed",
                ));
            }
            Some(_) => {}
        }
    }
    let listed: BTreeSet<&str> = list.hashes.keys().map(String::as_str).chain([NOTE]).collect();
    for name in parts.keys().filter(|name| !listed.contains(name.as_str())) {
        report.findings.push(Finding::new("part_added", name, "it is there and not listed"));
    }
}

fn signed_checkpoint(parts: &Parts, verifiers: &[Verifier], report: &mut Report) -> Option<Checkpoint> {
    let note = text(parts, CHECKPOINT, report)?;
    match Checkpoint::open(note, verifiers) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            let fault =
                if matches!(error, CheckpointError::Malformed(_)) { "malformed" } else { "signature" };
            report.findings.push(Finding::new(fault, CHECKPOINT, error.to_string()));
            None
        }
    }
}
