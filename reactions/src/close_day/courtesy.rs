//! Giving way to commands: lower priority is not enough, since the database works for all alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use event_store::{Log, LogError};

/// For so long one works before one looks whether others append.
const STRETCH: Duration = Duration::from_millis(5);
/// So many times as long as one worked one rests while others append.
const REST: u32 = 5;

/// Works without a pause while nobody else appends to the log, else a sixth of the time.
pub(super) struct Courtesy {
    log: Log,
    /// Where the log ended when the work began.
    start: i64,
    /// How many events the close itself appends, counted before it does.
    own: Arc<AtomicI64>,
    /// The most events of others that were seen.
    of_others: i64,
    since: Instant,
}

impl Courtesy {
    pub(super) async fn begin(log: Log, own: Arc<AtomicI64>) -> Result<Self, LogError> {
        let start = log.head().await?.position - own.load(Ordering::Acquire);
        Ok(Self { log, start, own, of_others: 0, since: Instant::now() })
    }

    /// To be called between pieces of work.
    pub(super) async fn rest(&mut self) -> Result<(), LogError> {
        let worked = self.since.elapsed();
        if worked < STRETCH {
            return Ok(());
        }
        let own = self.own.load(Ordering::Acquire);
        let of_others = self.log.head().await?.position - self.start - own;
        if of_others > self.of_others {
            self.of_others = of_others;
            tokio::time::sleep(worked * REST).await;
        }
        self.since = Instant::now();
        Ok(())
    }
}
