//! Feeds a read model by Kafka: one consumer group each, whose members share the partitions.
//!
//! - [`poller`]: a thread that polls, whatever else waits. [`assignments`]: what it has, taken over in the database.
//! - [`message`] reads what comes; [`partition`] passes on what a record of completeness proves to be all of it.
//! - [`writer`] writes that with how far each partition is. [`missing`]: what did not come is read from the log.
//!
//! Only what is proven is written, so a read model never shows less of the log than it says.

mod assignments;
mod error;
mod message;
mod missing;
mod partition;
mod poller;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use event_store::Feed;
use kafka::KafkaSettings;
use metrics::counter;
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use self::assignments::Assignments;
use self::error::ConsumerError;
pub(crate) use self::message::Messages;
use self::poller::Poller;
use self::writer::Writer;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::read_model::ReadModel;

/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(5))
    .with_jitter()
    .without_max_times();

pub(crate) struct Consumer {
    pub(crate) model: &'static ReadModel,
    pub(crate) pool: PgPool,
    /// The log, from which comes what Kafka does not have.
    pub(crate) feed: Feed,
    pub(crate) settings: KafkaSettings,
    pub(crate) messages: Arc<Messages>,
    pub(crate) stop: CancellationToken,
}

impl Consumer {
    /// Consumes until it is stopped. Starts over after errors.
    pub(crate) async fn run(self) {
        let name = self.model.name;
        let (mut patience, mut has_entered) = (PATIENCE.build(), false);
        let mut said = String::new();
        while !self.stop.is_cancelled() {
            let Err(error) = self.consume(&mut has_entered, &mut patience).await else { return };
            counter!("razao_projection_errors_total", "projection" => name).increment(1);
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            let text = [error.to_string(), cause.unwrap_or_default()].concat();
            // What lasts is said once.
            if said == text {
                tracing::debug!(projection = name, error = text, "still not fed by Kafka");
            } else if error.waits_for_others() {
                tracing::warn!(projection = name, error = text, "not fed by Kafka yet; trying again");
            } else {
                tracing::error!(projection = name, error = text, "not fed by Kafka for now; trying again");
            }
            if let Ok(mut connection) = self.pool.acquire().await
                && !error.is_left_to_others()
            {
                let _ = checkpoint::note_hindrance(&mut connection, name, Some(&text)).await;
            }
            said = text;
            let _ = tokio::time::timeout(patience.next().unwrap_or_default(), self.stop.cancelled()).await;
        }
    }

    /// Consumes as a member of the group, until it has to begin again or is stopped.
    async fn consume(
        &self,
        has_entered: &mut bool,
        patience: &mut ExponentialBackoff,
    ) -> Result<(), ConsumerError> {
        let log = self.feed.log_id().await.map_err(ProjectionError::from)?;
        self.messages.belong_to(log);
        let (topic, count) = (self.settings.topic(), self.settings.partitions);
        let runtime = Handle::current();
        let assignments =
            Arc::new(Assignments::new(self.model.name, (topic, count), self.pool.clone(), runtime.clone()));
        let waiting = Arc::new(AtomicUsize::new(0));
        let stop = self.stop.child_token();
        // Whichever way this ends, the thread ends too.
        let _end = stop.clone().drop_guard();
        let (sender, arrivals) = mpsc::unbounded_channel();
        let poller = Poller {
            model: self.model,
            pool: self.pool.clone(),
            feed: self.feed.clone(),
            settings: self.settings.clone(),
            messages: Arc::clone(&self.messages),
            assignments: Arc::clone(&assignments),
            runtime,
            arrivals: sender,
            waiting: Arc::clone(&waiting),
            stop: stop.clone(),
            has_entered: *has_entered,
        };
        let (result, ended) = oneshot::channel();
        // A thread of the runtime's: one whose metrics and logs bear a lender's name polls under that name too.
        tokio::task::spawn_blocking(move || {
            let _ = result.send(poller.run());
        });
        let writer = Writer::open(self, Arc::clone(&assignments), waiting, stop.clone());
        let written = match writer.await {
            Ok(mut writer) => writer.run(arrivals).await,
            Err(error) => Err(error),
        };
        stop.cancel();
        let gone = || ConsumerError::Refused("the thread that polls is gone".to_owned());
        let ended = ended.await.unwrap_or_else(|_| Err(gone()));
        if assignments.has_entered() {
            (*has_entered, *patience) = (true, PATIENCE.build());
        }
        written.and(ended)
    }
}
