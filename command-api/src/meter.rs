//! What is counted and timed of a command, with the labels resolved once.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
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

/// The meters of one lender's commands, by their names. They are looked up when the first one of a kind ends, and so
/// of whoever records what is done for that lender.
#[derive(Default)]
pub(crate) struct Meters(RwLock<HashMap<&'static str, Arc<Handles>>>);

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

impl Meters {
    pub(crate) fn record(&self, command: &'static str, outcome: Outcome, took: Duration) {
        let known = self.0.read().expect("no holder of this lock panics").get(command).cloned();
        let handles = known.unwrap_or_else(|| self.look_up(command));
        handles.outcomes[outcome as usize].increment(1);
        handles.seconds.record(took.as_secs_f64());
    }

    fn look_up(&self, command: &'static str) -> Arc<Handles> {
        let handles = Arc::new(Handles {
            outcomes: Outcome::ALL.map(
                |outcome| counter!("razao_commands_total", "command" => command, "outcome" => outcome.name()),
            ),
            seconds: histogram!("razao_command_seconds", "command" => command),
        });
        let mut all = self.0.write().expect("no holder of this lock panics");
        Arc::clone(all.entry(command).or_insert(handles))
    }
}
