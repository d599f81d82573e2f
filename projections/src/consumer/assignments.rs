//! Which partitions this process has: taken over in the database, for each of its read models, when Kafka assigns them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::{StreamExt, stream};
use kafka::Trouble;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{TopicPartitionList, TopicPartitionListElem};
use sqlx::PgPool;
use tokio::runtime::Handle;

use super::error::ConsumerError;
use super::inbox::Inbox;
use super::seek;
use crate::partitions::{self, Holder, Place};

/// For how many read models partitions are taken over at once: each on a connection of its own.
const AT_ONCE: usize = 4;

/// What Kafka says of the group, and what became of it.
pub(super) struct Assignments {
    pub(super) group: String,
    /// The read models, and what waits for their writers.
    pub(super) inboxes: Vec<(&'static str, Arc<Inbox>)>,
    /// The topic, as the road to the read models is written.
    road: OnceLock<String>,
    topic: String,
    pool: PgPool,
    runtime: Handle,
    generations: AtomicI64,
    /// The partitions that this process has, and since which generation.
    owned: Mutex<BTreeMap<i32, i64>>,
    /// What changed and was not seen yet.
    changes: Mutex<Vec<Change>>,
    /// What is wrong with the connection.
    trouble: Trouble,
}

/// The same as librdkafka calls it.
pub(super) struct Membership(pub(super) Arc<Assignments>);

pub(super) enum Change {
    /// Of each partition where it is read from, in this generation.
    Taken(i64, Vec<Place>),
    Lost(Vec<i32>),
    Failed(ConsumerError),
}

impl Assignments {
    pub(super) fn new(
        group: String,
        inboxes: Vec<(&'static str, Arc<Inbox>)>,
        topic: String,
        pool: PgPool,
        runtime: Handle,
    ) -> Self {
        Self {
            group,
            inboxes,
            road: OnceLock::new(),
            topic,
            pool,
            runtime,
            generations: AtomicI64::new(0),
            owned: Mutex::default(),
            changes: Mutex::default(),
            trouble: Trouble::default(),
        }
    }

    /// The road is known.
    pub(super) fn come_by(&self, road: String) {
        self.road.get_or_init(|| road);
    }

    /// Whether this process has the partition, since the generation.
    pub(super) fn owns(&self, partition: i32, generation: i64) -> bool {
        lock(&self.owned).get(&partition) == Some(&generation)
    }

    /// The partitions that this process has, and since which generation.
    pub(super) fn owned(&self) -> BTreeMap<i32, i64> {
        lock(&self.owned).clone()
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *lock(&self.changes))
    }

    /// What the client said last of what is wrong with the connection.
    pub(super) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Takes partitions over for every read model that writes. One that is not there, or whose partitions somebody
    /// holds for long, is left to its writer.
    fn take(&self, consumer: &BaseConsumer<Membership>, assigned: &TopicPartitionList) {
        let numbers = numbers_of(assigned);
        if numbers.is_empty() {
            return;
        }
        let taken = self.runtime.block_on(async {
            let each = self.inboxes.iter().map(|(name, _)| self.take_over(name, &numbers));
            stream::iter(each).buffered(AT_ONCE).collect::<Vec<_>>().await
        });
        let mut places = Vec::new();
        for ((name, _), taken) in self.inboxes.iter().zip(&taken) {
            match taken {
                Ok(taken) => places.extend(taken.iter().copied()),
                Err(error) => tracing::debug!(projection = name, %error, "partitions are not taken over yet"),
            }
        }
        let places = seek::begin_at(&places);
        if places.is_empty() {
            let failed = taken.into_iter().find_map(Result::err).map(Change::Failed);
            lock(&self.changes).extend(failed);
            return;
        }
        seek::seek(consumer, (&self.topic, assigned), &places);
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        // First, so that what a writer is told of is its own.
        lock(&self.owned).extend(numbers.iter().map(|number| (*number, generation)));
        for ((_, inbox), taken) in self.inboxes.iter().zip(taken) {
            if let Ok(taken) = taken {
                inbox.taken(generation, taken);
            }
        }
        lock(&self.changes).push(Change::Taken(generation, places));
    }

    fn give_up(&self, revoked: &TopicPartitionList) {
        let numbers = numbers_of(revoked);
        lock(&self.owned).retain(|number, _| !numbers.contains(number));
        lock(&self.changes).push(Change::Lost(numbers));
    }

    async fn take_over(&self, name: &str, numbers: &[i32]) -> Result<Vec<Place>, ConsumerError> {
        let road = self.road.get().map_or("", String::as_str);
        let mut connection = self.pool.acquire().await?;
        let holder = Holder { road, group: &self.group };
        let places = partitions::take_over_soon(&mut connection, name, holder, numbers).await?;
        if places.len() == numbers.len() {
            Ok(places)
        } else {
            Err(ConsumerError::OtherRoad(format!("{road} does not have all partitions of {numbers:?}")))
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
            tracing::warn!(group = self.0.group, %code, reason, "trouble with Kafka");
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
                tracing::warn!(group = self.0.group, %error, "a rebalance failed");
            }
        }
    }
}
