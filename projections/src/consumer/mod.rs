//! Feeds read models by Kafka: all those of a process by one consumer, whose group shares the partitions.
//!
//! - [`poller`]: a thread that polls, whatever else waits. [`assignments`]: what it has, taken over in the database.
//!   [`seek`]: from where it reads on. [`gone`]: what retention removed.
//! - [`message`] reads what comes; [`partition`] passes on what a record of completeness proves to be all of it.
//! - [`inbox`]: what waits for the writer of one read model. [`waiting`]: how much that is.
//! - [`writer`]: one for each read model, which comes to it by [`entry`] in its [`group`]. [`writing`] writes what is
//!   proven with how far each partition is. [`missing`]: what did not come is read from the log.
//!
//! Only what is proven is written, so a read model never shows less of the log than it says.

mod assignments;
mod entry;
mod error;
mod gone;
mod group;
mod inbox;
mod message;
mod missing;
mod partition;
mod poller;
mod seek;
mod waiting;
mod writer;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use event_store::Feed;
use kafka::KafkaSettings;
use metrics::counter;
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::assignments::Assignments;
use self::entry::Entry;
use self::error::ConsumerError;
use self::inbox::Inbox;
use self::poller::Poller;
use self::writer::Writer;
use crate::error::ProjectionError;
use crate::read_model::ReadModel;

/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(5))
    .with_jitter()
    .without_max_times();

/// Feeds the read models of this process.
pub(crate) struct Consumer {
    entries: Vec<Entry>,
    group: String,
    pool: PgPool,
    /// The log, from which comes what Kafka does not have.
    feed: Feed,
    settings: KafkaSettings,
    stop: CancellationToken,
}

impl Consumer {
    pub(crate) fn of(
        models: &[&'static ReadModel],
        (pool, feed): (PgPool, Feed),
        settings: KafkaSettings,
        stop: CancellationToken,
    ) -> Self {
        let group = settings.group(&group::purpose(models));
        let entry = |model: &&'static ReadModel| Entry::to(model, pool.clone(), feed.clone(), group.clone());
        Self { entries: models.iter().map(entry).collect(), group, pool, feed, settings, stop }
    }

    /// Consumes until it is stopped. Starts over after errors.
    pub(crate) async fn run(self) {
        let mut patience = PATIENCE.build();
        let mut said = String::new();
        while !self.stop.is_cancelled() {
            let Err(error) = self.consume(&mut patience).await else { return };
            let (group, text) = (&self.group, error.text());
            // What lasts is said once.
            if said == text {
                tracing::debug!(group, error = text, "still not fed by Kafka");
            } else if error.waits_for_others() {
                tracing::warn!(group, error = text, "not fed by Kafka yet; trying again");
            } else {
                tracing::error!(group, error = text, "not fed by Kafka for now; trying again");
            }
            for entry in &self.entries {
                counter!("razao_projection_errors_total", "projection" => entry.model.name).increment(1);
                entry.note(&error, &text).await;
            }
            said = text;
            let _ = tokio::time::timeout(patience.next().unwrap_or_default(), self.stop.cancelled()).await;
        }
    }

    /// Consumes as a member of the group, until it has to begin again or is stopped.
    async fn consume(&self, patience: &mut ExponentialBackoff) -> Result<(), ConsumerError> {
        let log = self.feed.log_id().await.map_err(ProjectionError::from)?;
        let stop = self.stop.child_token();
        // Whichever way this ends, the thread and the writers end too.
        let _end = stop.clone().drop_guard();
        let inboxes: Vec<_> =
            self.entries.iter().map(|entry| (entry.model.name, Arc::<Inbox>::default())).collect();
        let assignments = Arc::new(Assignments::new(
            self.group.clone(),
            inboxes.clone(),
            self.settings.topic(),
            self.pool.clone(),
            Handle::current(),
        ));
        let (road, comes_by) = watch::channel(None);
        let writers = TaskTracker::new();
        for (entry, (_, inbox)) in self.entries.iter().cloned().zip(inboxes) {
            let (assignments, stop) = (Arc::clone(&assignments), stop.clone());
            let (count, road) = (self.settings.partitions, comes_by.clone());
            writers.spawn(Writer { entry, inbox, assignments, count, stop }.run(road));
        }
        writers.close();
        let poller = Poller {
            feed: self.feed.clone(),
            settings: self.settings.clone(),
            log: log.to_string(),
            assignments,
            runtime: Handle::current(),
            road,
            stop: stop.clone(),
        };
        let (result, ended) = oneshot::channel();
        // A thread of the runtime's: one whose metrics and logs bear a lender's name polls under that name too.
        tokio::task::spawn_blocking(move || {
            let _ = result.send(poller.run());
        });
        let gone = || ConsumerError::Refused("the thread that polls is gone".to_owned());
        let (has_come, ended) = ended.await.unwrap_or_else(|_| (false, Err(gone())));
        stop.cancel();
        writers.wait().await;
        if has_come {
            *patience = PATIENCE.build();
        }
        ended
    }
}
