//! How fast one may read beside production.

use std::time::{Duration, Instant};

/// So many events a second at most.
pub struct Pace {
    a_second: Option<u64>,
    began: Instant,
}

impl Pace {
    /// No bound where none is given.
    pub fn new(a_second: Option<u64>) -> Self {
        Self { a_second: a_second.filter(|bound| *bound > 0), began: Instant::now() }
    }

    /// Waits until so many events may have been read.
    pub async fn keep(&mut self, events: u64) {
        let Some(a_second) = self.a_second else { return };
        let due = Duration::from_millis(events.saturating_mul(1_000) / a_second);
        tokio::time::sleep(due.saturating_sub(self.began.elapsed())).await;
    }
}
