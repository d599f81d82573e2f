//! The queue in Kafka: workers are a consumer group on the topic of commands.
//!
//! Offsets are committed after what was executed was noted. So a worker that dies leaves its commands to the next one,
//! which passes over those that were decided; the others are executed once by their keys.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use kafka::{KafkaSettings, Said};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use sqlx::PgPool;
use uuid::Uuid;

use crate::batch::{Delivery, Finished, decided, finish};
use crate::command::{QueuedCommand, RequestId, Undecodable};
use crate::requests::Requests;
use crate::taken::Notes;
use crate::topic::{QueueError, REQUEST_ID, ensure_topic, request_id};

/// How long Kafka may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The topic's queue, for a worker: a member of the group.
pub struct KafkaQueue {
    consumer: Arc<StreamConsumer<Member>>,
    settings: KafkaSettings,
    pool: PgPool,
    notes: Notes,
}

/// Commands that are this worker's until the batch is finished.
pub struct KafkaBatch {
    pub deliveries: Vec<Delivery>,
    /// Whether to execute them one by one, each after [`KafkaQueue::narrow`]: a worker ended amidst one of them.
    pub is_suspect: bool,
    /// By partition, the offset after the last message of the batch.
    ends: BTreeMap<i32, i64>,
}

/// What a member of the group is told.
#[derive(Default)]
struct Member {
    /// Partitions that went to another member since the batch was begun.
    lost: Mutex<BTreeSet<i32>>,
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        Said.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        Said.error(error, reason);
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            for gone in partitions.elements() {
                tracing::info!(
                    partition = gone.partition(),
                    "a partition of commands goes to another worker"
                );
                lost.insert(gone.partition());
            }
        }
    }
}

impl KafkaQueue {
    /// Joins the group as a worker, which is the same when it joins again. The topic is made unless it is there.
    pub async fn join(
        requests: &Requests,
        settings: &KafkaSettings,
        worker: Uuid,
    ) -> Result<Self, QueueError> {
        ensure_topic(settings).await?;
        let topic = settings.command_topic();
        let config = settings.consumer(&settings.group("commands"))?;
        let consumer: StreamConsumer<Member> = config.create_with_context(Member::default())?;
        consumer.subscribe(&[&topic])?;
        let (settings, pool) = (settings.clone(), requests.pool.clone());
        let notes = Notes::of(worker, &pool);
        Ok(Self { consumer: Arc::new(consumer), settings, pool, notes })
    }

    /// Waits for commands and takes at most so many. Whoever drops the future or the batch has to leave the group, so that
    /// what was read of it is read again.
    pub async fn take(&self, most: usize) -> Result<KafkaBatch, QueueError> {
        loop {
            let batch = self.read(most).await?;
            if !batch.ends.is_empty() {
                return Ok(batch);
            }
        }
    }

    async fn read(&self, most: usize) -> Result<KafkaBatch, QueueError> {
        let lost = &self.consumer.context().lost;
        lost.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut messages = vec![self.consumer.recv().await?];
        while messages.len() < most {
            match self.consumer.recv().now_or_never() {
                Some(message) => messages.push(message?),
                None => break,
            }
        }
        // What went to another member is executed there.
        let gone = std::mem::take(&mut *lost.lock().unwrap_or_else(PoisonError::into_inner));
        messages.retain(|message| !gone.contains(&message.partition()));

        let ends = messages.iter().map(|message| (message.partition(), message.offset() + 1)).collect();
        let mut deliveries: Vec<Delivery> = messages.iter().filter_map(delivery).collect();
        let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id).collect();
        let decided = decided(&self.pool, &ids).await?;
        deliveries.retain(|delivery| !decided.contains(&delivery.id));
        let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id).collect();
        let suspects = if ids.is_empty() { HashMap::new() } else { self.notes.begin(&ids).await? };
        for delivery in &mut deliveries {
            delivery.ends = suspects.get(&delivery.id).copied().unwrap_or_default();
        }
        Ok(KafkaBatch { deliveries, is_suspect: !suspects.is_empty(), ends })
    }

    /// Only this command of the batch is being executed.
    pub async fn narrow(&self, id: RequestId) -> Result<(), QueueError> {
        Ok(self.notes.narrow(id).await?)
    }

    /// Notes what became of all commands of a batch, and moves on.
    pub async fn finish(&self, batch: KafkaBatch, finished: &[Finished]) -> Result<(), QueueError> {
        self.note(finished).await?;
        self.notes.end(&self.pool, &[]).await?;
        let mut offsets = TopicPartitionList::new();
        for (partition, end) in batch.ends {
            offsets.add_partition_offset(&self.settings.command_topic(), partition, Offset::Offset(end))?;
        }
        let consumer = Arc::clone(&self.consumer);
        let committing = tokio::task::spawn_blocking(move || consumer.commit(&offsets, CommitMode::Sync));
        match committing.await.expect("committing does not panic") {
            // Others have these partitions by now, and will find that the commands were executed.
            Err(KafkaError::ConsumerCommit(
                RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::RebalanceInProgress,
            )) => Ok(()),
            committed => Ok(committed?),
        }
    }

    /// Notes what became of some commands of a batch that is not finished. Whoever joins the group next reads it again, and
    /// passes over these.
    pub async fn note(&self, finished: &[Finished]) -> Result<(), QueueError> {
        finish(&mut *self.pool.acquire().await?, finished).await?;
        let finished: Vec<_> = finished.iter().map(|one| one.id).collect();
        Ok(self.notes.clear(&finished).await?)
    }

    /// Deletes what was executed from the topic: it may hold names and tax ids.
    pub async fn delete_executed(&self) -> Result<(), QueueError> {
        let consumer = Arc::clone(&self.consumer);
        let committed = tokio::task::spawn_blocking(move || {
            let assigned = consumer.assignment()?;
            consumer.committed_offsets(assigned, PATIENCE)
        });
        let committed = committed.await.expect("asking does not panic")?;
        let mut executed = TopicPartitionList::new();
        for one in committed.elements() {
            if let Offset::Offset(end) = one.offset()
                && end > 0
            {
                executed.add_partition_offset(one.topic(), one.partition(), Offset::Offset(end))?;
            }
        }
        if executed.count() > 0 {
            let admin: AdminClient<Said> = self.settings.producer()?.create_with_context(Said)?;
            let options = AdminOptions::new().request_timeout(Some(PATIENCE));
            admin.delete_records(&executed, &options).await?;
        }
        Ok(())
    }

    /// Leaves the group, so that others get its partitions at once.
    pub async fn leave(self) {
        // What is left undone is suspect only if this cannot be said.
        if let Err(error) = self.notes.end(&self.pool, &[]).await {
            tracing::debug!(%error, "what is left undone seems to have ended its worker");
        }
        // Waits until the group knows.
        let leaving = tokio::task::spawn_blocking(move || drop(self));
        leaving.await.expect("leaving does not panic");
    }
}

/// The command in a message. What bears no request's id is nobody's: it is passed over, with a word in the log.
fn delivery(message: &BorrowedMessage<'_>) -> Option<Delivery> {
    let value = message.payload().unwrap_or_default();
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    let named =
        headers.filter(|header| header.key == REQUEST_ID).find_map(|header| request_id(header.value?));
    let command = QueuedCommand::decode(value);
    let id = command.as_ref().ok().map(|command| command.id).or(named);
    let Some(id) = id else {
        let (partition, offset) = (message.partition(), message.offset());
        tracing::error!(partition, offset, "a message among the commands is none of ours; it is passed over");
        return None;
    };
    let is_other = named.is_some_and(|named| named != id);
    let command = if is_other {
        Err(Undecodable("the message bears the id of another request".to_owned()))
    } else {
        command
    };
    Some(Delivery { id, command, ends: 0 })
}
