//! Keeps the server running: notices its end, starts it again, stops it when told.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::layout::Lock;
use super::postmaster::{Postmaster, Server};
use super::{EmbeddedPostgresError, leftovers};

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// A server that ran this long is not in a loop of crashes.
const STEADY: Duration = Duration::from_secs(60);
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// Owns the server's process, and the lock until that is gone.
pub(super) struct Supervisor {
    server: Server,
    postmaster: Postmaster,
    started: Instant,
    delay: Duration,
    stop: CancellationToken,
    pid: watch::Sender<Option<u32>>,
    _lock: Lock,
}

impl Supervisor {
    pub(super) fn new(
        server: Server,
        postmaster: Postmaster,
        stop: CancellationToken,
        pid: watch::Sender<Option<u32>>,
        lock: Lock,
    ) -> Self {
        let (started, delay) = (Instant::now(), FIRST_DELAY);
        Self { server, postmaster, started, delay, stop, pid, _lock: lock }
    }

    /// Until told to stop, and the server has.
    pub(super) async fn run(mut self) {
        while self.died().await {
            self.pid.send_replace(None);
            self.restart().await;
        }
        self.postmaster.stop(self.server.settings.stop_timeout).await;
        self.pid.send_replace(None);
    }

    /// Waits for the server's end; false if we are to stop it ourselves.
    async fn died(&mut self) -> bool {
        let mut trim = interval(TRIM_EVERY);
        trim.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                ended = self.postmaster.ended() => {
                    let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                    let log = self.server.layout.log.display();
                    error!(pid = self.postmaster.pid(), status, %log, "PostgreSQL died; starting it again");
                    return true;
                }
                _ = trim.tick() => self.server.trim_log(),
            }
        }
    }

    /// Tries until the server is ready or we are told to stop.
    async fn restart(&mut self) {
        if self.started.elapsed() > STEADY {
            self.delay = FIRST_DELAY;
        }
        let stop = self.stop.clone();
        loop {
            let attempt = async {
                sleep(self.delay).await;
                self.delay = (self.delay * 2).min(LONGEST_DELAY);
                self.attempt().await
            };
            let outcome = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                outcome = attempt => outcome,
            };
            match outcome {
                Ok(()) => {
                    self.started = Instant::now();
                    self.pid.send_replace(Some(self.postmaster.pid()));
                    info!(pid = self.postmaster.pid(), "the embedded PostgreSQL accepts connections again");
                    return;
                }
                Err(error) => {
                    let error = anyhow::Error::from(error);
                    error!(error = %format_args!("{error:#}"), "PostgreSQL does not start; trying again");
                    self.postmaster.stop(self.server.settings.stop_timeout).await;
                }
            }
        }
    }

    /// Leaves the new process in `self` from its first moment, so that it is stopped wherever this is
    /// cancelled.
    async fn attempt(&mut self) -> Result<(), EmbeddedPostgresError> {
        leftovers::clear(&self.server.layout, self.server.settings.stop_timeout).await?;
        self.postmaster = self.server.spawn()?;
        self.server.wait_until_ready(&mut self.postmaster).await
    }
}
