//! Which partitions this process has: taken over in the database when Kafka assigns them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka::Trouble;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use sqlx::PgPool;
use tokio::runtime::Handle;

use super::error::ConsumerError;
use crate::partitions::{self, Place};

/// How much earlier than the event that a read model holds one begins to read, where no offset is known.
const EARLIER_MS: i64 = 10_000;
/// How long brokers may take to say where a moment is.
const PATIENCE: Duration = Duration::from_secs(5);

/// What Kafka says of the group, and what became of it.
pub(super) struct Assignments {
    pub(super) name: &'static str,
    /// The topic, as the road to this read model is written.
    road: Mutex<String>,
    topic: String,
    /// How many partitions it has.
    pub(super) count: i32,
    pool: PgPool,
    runtime: Handle,
    /// The epoch of each partition that this process has.
    owned: Mutex<BTreeMap<i32, i64>>,
    /// What changed and was not seen yet.
    changes: Mutex<Vec<Change>>,
    /// What is wrong with the connection.
    trouble: Trouble,
    has_entered: AtomicBool,
}

/// The same as librdkafka calls it.
pub(super) struct Membership(pub(super) Arc<Assignments>);

pub(super) enum Change {
    Taken(Vec<Place>),
    Lost(Vec<i32>),
    Failed(ConsumerError),
}

impl Assignments {
    pub(super) fn new(
        name: &'static str,
        (topic, count): (String, i32),
        pool: PgPool,
        runtime: Handle,
    ) -> Self {
        Self {
            name,
            road: Mutex::default(),
            topic,
            count,
            pool,
            runtime,
            owned: Mutex::default(),
            changes: Mutex::default(),
            trouble: Trouble::default(),
            has_entered: AtomicBool::new(false),
        }
    }

    /// The road was taken.
    pub(super) fn enter(&self, road: String) {
        *lock(&self.road) = road;
        self.has_entered.store(true, Ordering::Release);
    }

    pub(super) fn has_entered(&self) -> bool {
        self.has_entered.load(Ordering::Acquire)
    }

    /// Whether this process has the partition, since the epoch.
    pub(super) fn owns(&self, partition: i32, epoch: i64) -> bool {
        lock(&self.owned).get(&partition) == Some(&epoch)
    }

    pub(super) fn owned(&self) -> Vec<i32> {
        lock(&self.owned).keys().copied().collect()
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *lock(&self.changes))
    }

    /// What the client said last of what is wrong with the connection.
    pub(super) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    fn take(&self, consumer: &BaseConsumer<Membership>, assigned: &TopicPartitionList) {
        let numbers = numbers_of(assigned);
        if numbers.is_empty() {
            return;
        }
        let change = self.runtime.block_on(self.take_over(&numbers)).map_or_else(Change::Failed, |places| {
            self.seek(consumer, assigned, &places);
            lock(&self.owned).extend(places.iter().map(|place| (place.partition, place.epoch)));
            Change::Taken(places)
        });
        lock(&self.changes).push(change);
    }

    fn give_up(&self, revoked: &TopicPartitionList) {
        let numbers = numbers_of(revoked);
        lock(&self.owned).retain(|number, _| !numbers.contains(number));
        lock(&self.changes).push(Change::Lost(numbers));
    }

    async fn take_over(&self, numbers: &[i32]) -> Result<Vec<Place>, ConsumerError> {
        let road = lock(&self.road).clone();
        let mut connection = self.pool.acquire().await?;
        let places = partitions::take_over(&mut connection, self.name, &road, numbers).await?;
        if places.len() == numbers.len() {
            Ok(places)
        } else {
            Err(ConsumerError::OtherRoad(format!("{road} does not have all partitions of {numbers:?}")))
        }
    }

    /// Sets from where to read on.
    fn seek(&self, consumer: &BaseConsumer<Membership>, assigned: &TopicPartitionList, places: &[Place]) {
        let mut by_time = TopicPartitionList::new();
        for place in places {
            let offset = match (place.reading(), place.recorded_at) {
                (Some((offset, _)), _) => Offset::Offset(offset),
                (None, None) => Offset::Beginning,
                (None, Some(recorded_at)) => {
                    let moment = Offset::Offset(recorded_at.timestamp_millis() - EARLIER_MS);
                    if let Err(error) = by_time.add_partition_offset(&self.topic, place.partition, moment) {
                        tracing::warn!(projection = self.name, %error, "reading from the beginning");
                    }
                    Offset::Beginning
                }
            };
            self.set_offset(assigned, place.partition, offset);
        }
        if by_time.count() == 0 {
            return;
        }
        match consumer.offsets_for_times(by_time, PATIENCE) {
            Ok(found) => {
                for element in found.elements() {
                    if element.error().is_ok() {
                        self.set_offset(assigned, element.partition(), element.offset());
                    }
                }
            }
            Err(error) => tracing::warn!(projection = self.name, %error, "reading from the beginning"),
        }
    }

    fn set_offset(&self, assigned: &TopicPartitionList, partition: i32, offset: Offset) {
        if let Some(mut element) = assigned.find_partition(&self.topic, partition)
            && let Err(error) = element.set_offset(offset)
        {
            tracing::warn!(projection = self.name, partition, %error, "an offset was not taken");
        }
    }
}

fn numbers_of(partitions: &TopicPartitionList) -> Vec<i32> {
    partitions.elements().iter().map(TopicPartitionListElem::partition).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Membership {
    /// What matters of this comes as an error too.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let (code, is_news) = self.0.trouble.note(&error, reason);
        if is_news {
            tracing::warn!(projection = self.0.name, %code, reason, "trouble with Kafka");
        }
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(assigned) => self.0.take(consumer, assigned),
            Rebalance::Revoke(revoked) => self.0.give_up(revoked),
            // Its cause comes as an error too.
            Rebalance::Error(error) => {
                tracing::warn!(projection = self.0.name, %error, "a rebalance failed");
            }
        }
    }
}
