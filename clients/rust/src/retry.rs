//! When the same request is sent again, and how long that goes on.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::error::Error;

/// How long the client goes on trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is sent again at most.
    pub retries: usize,
    /// The first pause; each is twice the one before, less or more by chance.
    pub first_pause: Duration,
    /// The longest pause. Where the server says how long to wait, that counts, up to this.
    pub longest_pause: Duration,
}

impl Default for Patience {
    /// Eight times, in about half a minute.
    fn default() -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(100), Duration::from_secs(8));
        Self { retries: 8, first_pause, longest_pause }
    }
}

/// What sending a request twice does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same as sending it once.
    Harmless,
    /// Who knows: only what was surely not done is sent again.
    IfNotDone,
}

impl Patience {
    /// Never sends anything again.
    pub const NONE: Self = Self { retries: 0, first_pause: Duration::ZERO, longest_pause: Duration::ZERO };

    pub(crate) fn pauses(self) -> ExponentialBackoff {
        let pauses = ExponentialBuilder::default().with_jitter().with_max_times(self.retries);
        pauses.with_min_delay(self.first_pause).with_max_delay(self.longest_pause).build()
    }

    /// How long the server wants to be left alone, if it says.
    pub(crate) fn adjusted(self, error: &Error, pause: Option<Duration>) -> Option<Duration> {
        let pause = pause?;
        let wanted = error.problem().and_then(|problem| problem.retry_after).unwrap_or_default();
        Some(pause.max(wanted.min(self.longest_pause)))
    }
}

/// Whether the same request may well be answered when it is sent again.
pub(crate) fn is_passing(error: &Error, again: Again) -> bool {
    match error {
        Error::Unreachable { source, .. } => again == Again::Harmless || source.is_connect(),
        // Refused before anything was done.
        Error::Refused { problem, .. } => match (problem.status, problem.code.as_str()) {
            (408 | 429, _) | (503, "overloaded" | "identity_unavailable" | "not_yet_visible") => true,
            // A lost race, or a fault after which nobody knows.
            (409, "conflict") | (500 | 502 | 503 | 504, _) => again == Again::Harmless,
            _ => false,
        },
        // A proxy that does not reach the server.
        Error::Strange { status: 502..=504, .. } => again == Again::Harmless,
        _ => false,
    }
}
