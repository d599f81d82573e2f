//! The auditor's pack: the events of a loan or of a month with all that it takes to check them offline, in one tar file.
//!
//! `docs/AUDIT.md` describes it for those who write a verifier of their own.

pub mod check;
mod events;
pub mod file;
mod loan;
mod month;
pub mod schemas;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hash::TreeHash;

/// The list of the files, signed.
pub const NOTE: &str = "pack.note";
/// The checkpoint in whose tree the events are.
pub const CHECKPOINT: &str = "checkpoint";
/// The events, a line each.
pub const EVENTS: &str = "events.ndjson";
/// Of a loan: a proof for each line of the events.
pub const PROOFS: &str = "proofs.ndjson";
/// Of a month: the leaf of each line of the events, in base64.
pub const LEAVES: &str = "leaves";
/// Of a month: what the leaves are continued with to the root.
pub const RANGE: &str = "range.json";
/// What the read models say.
pub const FIGURES: &str = "figures.json";
/// The public keys of the log, for information.
pub const KEYS: &str = "keys";

/// What a pack is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Loan(Uuid),
    /// The month in São Paulo in which events were recorded, by its first day.
    Month(NaiveDate),
}

/// What the signed list of a pack says before its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The log.
    pub origin: String,
    pub subject: Subject,
    /// How many events there are; the positions of the first and the last.
    pub events: u64,
    pub first: i64,
    pub last: i64,
}

/// That an event is in the tree of the pack's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventProof {
    pub position: i64,
    pub hashes: Vec<TreeHash>,
}

/// The tree around consecutive leaves: the roots of the fewest subtrees that cover what is left and right of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeProof {
    pub left: Vec<TreeHash>,
    pub right: Vec<TreeHash>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loan(id) => write!(f, "loan {id}"),
            Self::Month(first) => write!(f, "month {}", first.format("%Y-%m")),
        }
    }
}

impl Subject {
    /// Reads `loan ID` or `month YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("loan", id) => Uuid::try_parse(id).ok().map(Self::Loan),
            ("month", month) => parse_month(month).map(Self::Month),
            _ => None,
        }
    }
}

/// The first day of `YYYY-MM`.
pub fn parse_month(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 7 && text.is_ascii();
    format!("{text}-01").parse().ok().filter(|_| plain)
}
