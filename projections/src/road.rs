//! By which road events come to a read model, and how it changes from one to another without losing or doubling any.
//!
//! By the log, one checkpoint says how far a read model is. By Kafka, each partition has its own, so that several
//! processes can share them.

use std::fmt;

use event_store::Feed;
use kafka::partition_of;
use sqlx::{Connection, PgConnection};

use crate::apply::apply;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::event::Event;
use crate::partitions::{self, Place};
use crate::read_model::ReadModel;

/// How many events are read at once.
const PAGE: i64 = 5_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Road {
    Log,
    Kafka { cluster: String, topic: String, partitions: i32 },
}

/// As it stands in the database.
impl fmt::Display for Road {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Kafka { cluster, topic, partitions } => {
                write!(f, "kafka {cluster} {topic} {partitions}")
            }
        }
    }
}

/// Takes this road from now on. Whoever still comes by another one writes nothing more.
///
/// The partitions of a topic that was left are brought to where the one is that was furthest, from the log.
pub(crate) async fn enter(
    model: &'static ReadModel,
    connection: &mut PgConnection,
    feed: &Feed,
    road: &Road,
) -> Result<(), ProjectionError> {
    let head = feed.head().await?.position;
    checkpoint::serve_from(connection, model.name, head).await?;
    let mut transaction = connection.begin().await?;
    let checkpoint = checkpoint::lock(&mut transaction, model.name).await?;
    if checkpoint.road == road.to_string() {
        return Ok(());
    }
    let (from, to) = (&checkpoint.road, road.to_string());
    tracing::info!(projection = model.name, from, to, position = checkpoint.position, "changing roads");
    let places = partitions::lock(&mut transaction, model.name).await?;
    if let Some(furthest) = places.iter().max_by_key(|place| place.position) {
        level(model, &mut transaction, feed, &places, furthest.position).await?;
    }
    partitions::leave(&mut transaction, model.name, &to).await?;
    if let Road::Kafka { partitions: count, .. } = road {
        partitions::begin(&mut transaction, model.name, *count).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Applies what some partitions do not have yet, up to the goal.
async fn level(
    model: &'static ReadModel,
    connection: &mut PgConnection,
    feed: &Feed,
    places: &[Place],
    goal: i64,
) -> Result<(), ProjectionError> {
    let count = i32::try_from(places.len()).expect("there are few partitions");
    let mut position = places.iter().map(|place| place.position).min().unwrap_or(goal);
    while position < goal {
        let rows = feed.stored_after(position, PAGE.min(goal - position)).await?;
        position = rows.last().ok_or(ProjectionError::LogEndsBefore(goal))?.position;
        let missing = rows.iter().filter(|row| {
            let partition = partition_of(row.aggregate_id.as_bytes(), count);
            places.iter().any(|place| place.partition == partition && place.position < row.position)
        });
        let events: Vec<Event> = missing.map(Event::decode).collect();
        apply(model, connection, &events).await?.tell(model.name);
    }
    Ok(())
}
