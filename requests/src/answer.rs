//! What a command was answered, and what that means for its request.

use serde::{Deserialize, Serialize};

/// What the caller would have been given at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// In the order in which they were set, their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits, or is being executed.
    Queued,
    /// The command was accepted: its events are in the log.
    Done,
    /// The command was refused, and stored nothing.
    Refused,
    /// A fault kept the command from being executed, again and again.
    Failed,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    Failed,
}

impl Status {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Done, Self::Refused, Self::Failed].into_iter().find(|one| one.name() == text)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Refused => Self::Refused,
            Outcome::Failed => Self::Failed,
        }
    }
}
