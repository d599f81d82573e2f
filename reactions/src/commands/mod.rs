//! The workers that execute commands which wait in a queue, each once by its idempotency key.
//!
//! A worker takes a batch, executes the commands of one stream one after another and different streams at the same time,
//! notes what became of them and takes the next batch. Whatever kills it, the batch goes to another worker: what was
//! accepted is then answered from the log, the rest is executed for the first time.

mod execute;
mod keep;

use std::pin::pin;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use kafka::KafkaSettings;
use requests::{Delivery, Finished, KafkaQueue, QueueError, Requests, TableQueue};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use execute::Execute;
use execute::{Batch, execute_all};

/// How many commands a worker takes at once.
const BATCH: usize = 128;
/// How many workers of the table a process has. In Kafka it is one member of the group, which reads ahead.
const WORKERS: usize = 4;
/// How many commands the member of the group takes at once.
const KAFKA_BATCH: usize = 512;
/// How long a batch may be executed; what is not finished by then goes back. Well below the time after which others take
/// a silent worker's batch.
const LEASE: Duration = Duration::from_secs(30);
/// How long one waits before what was given back is taken again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(PAUSE)
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .without_max_times();

/// What the workers of a process work by.
#[derive(Clone)]
pub struct CommandWorkers {
    pub requests: Requests,
    /// Where commands wait, if not only in the table.
    pub kafka: Option<KafkaSettings>,
    /// How a command is executed.
    pub execute: Execute,
    /// For how long finished requests are kept.
    pub retention: Duration,
}

impl CommandWorkers {
    /// Works until stopped; then finishes the batches that were taken. Starts over after errors.
    pub async fn run(self, stop: CancellationToken) {
        // The table is worked off in any case: commands may have been left there from before there was a Kafka.
        let table = (0..WORKERS).map(|_| self.work_off_table(&stop));
        let kafka = self.kafka.as_ref().map(|settings| self.work_off_topic(settings, &stop));
        let kafka = futures::future::OptionFuture::from(kafka);
        futures::join!(futures::future::join_all(table), kafka, keep::keep(&self, &stop));
    }

    async fn work_off_table(&self, stop: &CancellationToken) {
        let queue = TableQueue::of(&self.requests);
        let mut patience = PATIENCE.build();
        while !stop.is_cancelled() {
            match self.table_batch(&queue, stop).await {
                Ok(()) => patience = PATIENCE.build(),
                Err(error) => wait_after(&error, &mut patience, stop).await,
            }
        }
    }

    async fn table_batch(&self, queue: &TableQueue, stop: &CancellationToken) -> Result<(), QueueError> {
        let taken = tokio::select! {
            taken = queue.take(BATCH) => taken,
            () = stop.cancelled() => return Ok(()),
        };
        let mut taken = taken?;
        let deliveries = std::mem::take(&mut taken.deliveries);
        let (finished, all) = self.execute(deliveries, stop).await;
        taken.finish(&finished).await?;
        // What was given back would be taken again at once.
        if all { Ok(()) } else { wait(PAUSE, stop).await }
    }

    async fn work_off_topic(&self, settings: &KafkaSettings, stop: &CancellationToken) {
        let (member, mut patience) = (Uuid::now_v7(), PATIENCE.build());
        while !stop.is_cancelled() {
            let queue = tokio::select! {
                joined = KafkaQueue::join(&self.requests, settings, member) => joined,
                () = stop.cancelled() => return,
            };
            let worked = match queue {
                Ok(queue) => {
                    let worked = self.topic_batches(&queue, &mut patience, stop).await;
                    queue.leave().await;
                    worked
                }
                Err(error) => Err(error),
            };
            if let Err(error) = worked {
                wait_after(&error, &mut patience, stop).await;
            }
        }
    }

    /// One batch after another, until something is left undone: whoever joins anew begins with that.
    async fn topic_batches(
        &self,
        queue: &KafkaQueue,
        patience: &mut ExponentialBackoff,
        stop: &CancellationToken,
    ) -> Result<(), QueueError> {
        tracing::info!("executing commands from Kafka");
        let mut trimmed = SystemTime::now();
        while !stop.is_cancelled() {
            // Kept while nothing comes: what it has read must not be dropped.
            let mut taking = pin!(queue.take(KAFKA_BATCH));
            let mut taken = loop {
                tokio::select! {
                    taken = &mut taking => break taken?,
                    () = tokio::time::sleep(keep::TRIM) => keep::trim(queue, &mut trimmed).await,
                    () = stop.cancelled() => return Ok(()),
                }
            };
            let deliveries = std::mem::take(&mut taken.deliveries);
            let (finished, all) = if taken.is_suspect {
                self.one_by_one(queue, deliveries, stop).await?
            } else {
                self.execute(deliveries, stop).await
            };
            if !all {
                queue.note(&finished).await?;
                return wait(PAUSE, stop).await;
            }
            queue.finish(taken, &finished).await?;
            *patience = PATIENCE.build();
            keep::trim(queue, &mut trimmed).await;
        }
        Ok(())
    }

    /// Executes commands of which one may end this worker: what became of each is noted before the next one is begun.
    async fn one_by_one(
        &self,
        queue: &KafkaQueue,
        deliveries: Vec<Delivery>,
        stop: &CancellationToken,
    ) -> Result<(Vec<Finished>, bool), QueueError> {
        for delivery in deliveries {
            queue.narrow(delivery.id).await?;
            let (finished, all) = self.execute(vec![delivery], stop).await;
            queue.note(&finished).await?;
            if !all {
                return Ok((Vec::new(), false));
            }
        }
        Ok((Vec::new(), true))
    }

    /// What became of the commands, and whether that is all of them.
    async fn execute(&self, deliveries: Vec<Delivery>, stop: &CancellationToken) -> (Vec<Finished>, bool) {
        let batch = Batch { until: tokio::time::Instant::now() + LEASE, stop };
        execute_all(&self.execute, deliveries, &batch).await
    }
}

async fn wait(time: Duration, stop: &CancellationToken) -> Result<(), QueueError> {
    let _ = tokio::time::timeout(time, stop.cancelled()).await;
    Ok(())
}

async fn wait_after(error: &QueueError, patience: &mut ExponentialBackoff, stop: &CancellationToken) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "queued commands cannot be executed; trying again");
    let _ = tokio::time::timeout(patience.next().unwrap_or_default(), stop.cancelled()).await;
}
