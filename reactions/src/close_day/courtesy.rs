//! Giving way to commands: lower priority is not enough, since the database works for all alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use event_store::{Log, LogError};

/// For so long one works before one looks whether others append.
const STRETCH: Duration = Duration::from_millis(5);
/// So many times as long as one worked one rests while others append.
const REST: u32 = 8;
/// While others append, so much lies between two appends: each holds up all of theirs for a moment.
const SPACING: Duration = Duration::from_millis(150);

/// Whether anybody else appends to the log.
pub(super) struct Others {
    log: Log,
    /// Where the log ended when the work began.
    start: i64,
    /// How many events the close itself appends, counted before it does.
    own: Arc<AtomicI64>,
    /// The most events of others that were seen.
    seen: i64,
}

impl Others {
    pub(super) async fn begin(log: Log, own: Arc<AtomicI64>) -> Result<Self, LogError> {
        let start = log.head().await?.position - own.load(Ordering::Acquire);
        Ok(Self { log, start, own, seen: 0 })
    }

    /// Whether they did since this was last asked.
    async fn appended(&mut self) -> Result<bool, LogError> {
        let own = self.own.load(Ordering::Acquire);
        let of_others = self.log.head().await?.position - self.start - own;
        let more = of_others > self.seen;
        self.seen = self.seen.max(of_others);
        Ok(more)
    }
}

/// Works without a pause while nobody else appends to the log, else a ninth of the time.
pub(super) struct Courtesy {
    others: Others,
    since: Instant,
}

impl Courtesy {
    pub(super) fn begin(others: Others) -> Self {
        Self { others, since: Instant::now() }
    }

    /// To be called between pieces of work.
    pub(super) async fn rest(&mut self) -> Result<(), LogError> {
        let worked = self.since.elapsed();
        if worked < STRETCH {
            return Ok(());
        }
        if self.others.appended().await? {
            tokio::time::sleep(worked * REST).await;
        }
        self.since = Instant::now();
        Ok(())
    }
}

/// Appends at once while nobody else does, else seldom.
pub(super) struct Spacing {
    others: Others,
    last: Option<Instant>,
}

impl Spacing {
    pub(super) fn begin(others: Others) -> Self {
        Self { others, last: None }
    }

    /// Whether one may append without waiting.
    pub(super) async fn is_due(&mut self) -> Result<bool, LogError> {
        let is_long_ago = self.last.is_none_or(|last| last.elapsed() >= SPACING);
        Ok(is_long_ago || !self.others.appended().await?)
    }

    /// To be called before each append.
    pub(super) async fn wait(&mut self) -> Result<(), LogError> {
        let rest = self.last.map_or(Duration::ZERO, |last| SPACING.saturating_sub(last.elapsed()));
        if self.others.appended().await? {
            tokio::time::sleep(rest).await;
        }
        self.last = Some(Instant::now());
        Ok(())
    }
}
