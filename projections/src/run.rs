//! Feeds the read models, and says how far each is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::{Feed, LogReader};
use kafka::KafkaSettings;
use serde::Serialize;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;

use crate::consumer::Consumer;
use crate::error::ProjectionError;
use crate::follower::Follower;
use crate::pages::Pages;
use crate::parking::letters::{self, Parked};
use crate::parking::publish::Publisher;
use crate::parking::retry::{Retrier, RetryPolicy};
use crate::partitions::{self, PartitionStatus};
use crate::{Chosen, checkpoint, read_model};

/// The most events of one transaction.
const PAGE: i64 = 2_000;

/// How far a read model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectionStatus {
    pub name: &'static str,
    pub position: i64,
    /// When the event at `position` was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// How many events of the log it does not hold yet.
    pub lag: i64,
    /// By which road its events come: `log`, or `kafka` with the cluster's id, the topic, and its number of partitions.
    pub road: String,
    /// Where events come by Kafka: the consumer group of the processes that feed it, or did so last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Why processes of another group that were told to feed it too do not, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it stands still: what comes after `position` cannot be written, or Kafka is not there, which is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// How many streams have an event up to `position` that it cannot take; everything else is in its rows.
    pub parked_streams: i64,
    /// How many events are not in its rows: these, and those behind them in their streams.
    pub parked_events: i64,
    /// How many of the streams are no longer tried again by themselves.
    pub dead_letters: i64,
    /// Since when the oldest of them is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_since: Option<DateTime<Utc>>,
    /// Where events come by Kafka: how far each partition is, of which `position` is the least.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<PartitionStatus>,
}

/// Where the events of read models come from.
pub enum Source {
    /// The log itself.
    Log,
    /// A topic to which a relay sends the log; what it does not have comes from the log.
    Kafka(KafkaSettings),
}

impl ProjectionStatus {
    /// One that holds all there is up to a position.
    pub(crate) fn at(
        name: &'static str,
        position: i64,
        recorded_at: Option<DateTime<Utc>>,
        road: String,
    ) -> Self {
        Self {
            name,
            position,
            recorded_at,
            lag: 0,
            road,
            group: None,
            refused: None,
            stopped_by: None,
            parked_streams: 0,
            parked_events: 0,
            dead_letters: 0,
            parked_since: None,
            partitions: Vec::new(),
        }
    }

    /// The same, with how much of it is parked.
    pub(crate) fn parked(&mut self, parked: Option<Parked>) {
        let Parked { streams, events, dead, oldest, .. } = parked.unwrap_or_default();
        (self.parked_streams, self.parked_events) = (streams, events);
        (self.dead_letters, self.parked_since) = (dead, oldest);
    }
}

/// Feeds read models until `stop`, each by itself: one that fails leaves the others be. What one cannot take is parked,
/// and tried again by `policy`.
pub async fn run(
    pool: PgPool,
    feed: Feed,
    (source, chosen): (Source, Chosen),
    policy: RetryPolicy,
    stop: CancellationToken,
) {
    let retrier = Retrier { pool: pool.clone(), feed: feed.clone(), policy, stop: stop.clone() };
    let feeding = TaskTracker::new();
    feeding.spawn(retrier.run());
    if let Source::Kafka(settings) = &source {
        let (pool, feed, settings) = (pool.clone(), feed.clone(), settings.clone());
        feeding.spawn(Publisher { pool, feed, settings, stop: stop.clone() }.run());
    }
    match source {
        Source::Log => {
            let pages = Arc::new(Pages::new(feed, PAGE));
            for model in chosen.0 {
                let (pool, pages, stop) = (pool.clone(), Arc::clone(&pages), stop.clone());
                feeding.spawn(Follower { model, pool, pages, stop }.run());
            }
        }
        Source::Kafka(settings) => {
            feeding.spawn(Consumer::of(&chosen.0, (pool, feed), settings, stop).run());
        }
    }
    feeding.close();
    feeding.wait().await;
}

/// How far each read model is, and how far behind the log.
pub async fn status(pool: &PgPool, log: &LogReader) -> Result<Vec<ProjectionStatus>, ProjectionError> {
    let mut connection = pool.acquire().await?;
    let mut parked = letters::parked(&mut connection).await?;
    let mut statuses = Vec::with_capacity(read_model::ALL.len());
    for model in read_model::ALL {
        let checkpoint = checkpoint::load(&mut connection, model.name).await?;
        let mut status =
            ProjectionStatus::at(model.name, checkpoint.position, checkpoint.recorded_at, checkpoint.road);
        status.stopped_by = checkpoint.stopped_by;
        status.partitions = partitions::status(&mut connection, model.name).await?;
        if !status.partitions.is_empty() {
            (status.group, status.refused) = (checkpoint.fed_by, checkpoint.refused);
        }
        status.parked(parked.remove(model.name));
        statuses.push(status);
    }
    drop(connection);
    // The head is read last, so no lag is below zero.
    let head = log.head().await?.position;
    for status in &mut statuses {
        status.lag = head - status.position;
    }
    Ok(statuses)
}
