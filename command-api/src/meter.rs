//! What is counted and timed of a command, with the labels resolved once.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    /// Answered from an earlier command with the same key.
    Replayed,
    /// It waits to be executed.
    Queued,
    /// It waits for a second person.
    Proposed,
    /// 4xx: it was the client's.
    Refused,
    /// 5xx: it was ours.
    Failed,
}

/// The meters of one kind of command. They are looked up when the first one ends, so after the binary has installed
/// its recorder.
pub(crate) struct Meter(OnceLock<Handles>);

struct Handles {
    outcomes: [Counter; 6],
    seconds: Histogram,
}

impl Outcome {
    const ALL: [Self; 6] =
        [Self::Accepted, Self::Replayed, Self::Queued, Self::Proposed, Self::Refused, Self::Failed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replayed => "replayed",
            Self::Queued => "queued",
            Self::Proposed => "proposed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Meter {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn record(&self, command: &'static str, outcome: Outcome, took: Duration) {
        let handles = self.0.get_or_init(|| Handles {
            outcomes: Outcome::ALL.map(
                |outcome| counter!("razao_commands_total", "command" => command, "outcome" => outcome.name()),
            ),
            seconds: histogram!("razao_command_seconds", "command" => command),
        });
        handles.outcomes[outcome as usize].increment(1);
        handles.seconds.record(took.as_secs_f64());
    }
}
