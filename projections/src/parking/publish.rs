//! Publishes dead letters to a topic of Kafka, for whoever watches over them elsewhere.
//!
//! At least once: a letter is noted as published once all in-sync brokers have it, so a crash in between publishes it
//! again, under the same id. One process publishes at a time; the lock only spares repeats.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use event_store::{Feed, LOG_HEADER, SCHEMA_HEADER};
use kafka::{KafkaSettings, Said, SettingError, TopicError};
use metrics::counter;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::letters::{self, DeadLetter};
use crate::NAMES;
use crate::error::ProjectionError;
use crate::session;

/// The shape of what is published: `schemas/public/DeadLetter.v1.schema.json`.
const SCHEMA: &str = "razao.dead_letter.v1";
/// How often one looks for dead letters, or whether nobody else publishes them any more.
const LOOK: Duration = Duration::from_secs(1);
/// How many are looked for at once.
const AT_ONCE: i64 = 100;
/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .without_max_times();

const LEAD: &str = "select pg_try_advisory_lock(hashtext('razao dead letters'), hashtext($1))";
const DUE: &str = "select id from projections.parked_streams where dead_since is not null \
    and published_at is null and projection = any($1) order by id limit $2";
const NOTE: &str = "update projections.parked_streams set published_at = clock_timestamp() where id = $1";

#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error("Kafka did not take a dead letter: {0}")]
    NotTaken(#[from] KafkaError),
}

impl From<sqlx::Error> for PublishError {
    fn from(error: sqlx::Error) -> Self {
        Self::Projection(error.into())
    }
}

/// A dead letter as others receive it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "DeadLetter")]
struct PublicDeadLetter<'a> {
    /// The same as long as the same event is to blame: by it a reader passes over repeats.
    id: Uuid,
    projection: &'a str,
    stream_type: &'a str,
    stream_id: &'a str,
    position: i64,
    sequence: i64,
    event_type: &'a str,
    cause: &'a str,
    attempts: i32,
    first_failed_at: DateTime<Utc>,
    dead_since: Option<DateTime<Utc>>,
    /// How many events of the stream wait: this one and those behind it.
    waiting: i64,
    /// As the log has it, in the shape of the topic of events; null for one that it does not have any more.
    event: Option<Box<RawValue>>,
}

/// Publishes dead letters until it is stopped.
pub(crate) struct Publisher {
    pub(crate) pool: PgPool,
    /// The log, which has what the events say.
    pub(crate) feed: Feed,
    pub(crate) settings: KafkaSettings,
    pub(crate) stop: CancellationToken,
}

impl Publisher {
    /// Starts over after errors.
    pub(crate) async fn run(self) {
        let mut patience = PATIENCE.build();
        while !self.stop.is_cancelled() {
            let Err(error) = self.lead().await else { return };
            counter!("razao_dead_letters_publish_errors_total").increment(1);
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "dead letters are not published for now; trying again");
            self.pause(patience.next().unwrap_or_default()).await;
        }
    }

    /// Stands by until nobody else publishes, then does so. What is due is looked up: there is seldom any.
    async fn lead(&self) -> Result<(), PublishError> {
        let mut connection = session::open(&self.pool, "projections").await?;
        let topic = self.settings.dead_letter_topic();
        let (mut leads, mut producer) = (false, None::<FutureProducer<Said>>);
        while !self.stop.is_cancelled() {
            if !leads {
                (leads,) = sqlx::query_as(LEAD).bind(&topic).fetch_one(&mut connection).await?;
            }
            if leads {
                let due = sqlx::query_as(DUE).bind(&NAMES[..]).bind(AT_ONCE);
                let due: Vec<(Uuid,)> = due.fetch_all(&mut connection).await?;
                if !due.is_empty() && producer.is_none() {
                    self.settings.ensure_topic(&topic, &[]).await?;
                    let made = self.settings.producer()?.create_with_context(Said);
                    producer = Some(made.map_err(SettingError::from)?);
                }
                for ((id,), producer) in due.iter().zip(std::iter::repeat(&producer).flatten()) {
                    self.publish(&mut connection, producer, *id).await?;
                }
            }
            self.pause(LOOK).await;
        }
        Ok(())
    }

    /// Sends a dead letter, and notes that once it is there.
    async fn publish(
        &self,
        connection: &mut PgConnection,
        producer: &FutureProducer<Said>,
        id: Uuid,
    ) -> Result<(), PublishError> {
        // It may have been redriven just now.
        let Some(letter) = letters::find(connection, id).await? else { return Ok(()) };
        let log = self.feed.log_id().await.map_err(ProjectionError::from)?.to_string();
        let found = self.feed.stored_at(&[letter.position]).await.map_err(ProjectionError::from)?;
        let event = found.first().map(|row| json(row.to_public_json()));
        let value = serde_json::to_vec(&PublicDeadLetter::of(&letter, event)).expect("its keys are texts");
        let (position, attempts) = (letter.position.to_string(), letter.attempts.to_string());
        let headers = [
            (SCHEMA_HEADER, SCHEMA),
            (LOG_HEADER, &log),
            ("projection", &letter.projection),
            ("position", &position),
            ("type", &letter.event_type),
            ("cause", &letter.cause),
            ("attempts", &attempts),
        ];
        let none = OwnedHeaders::new_with_capacity(headers.len());
        let add = |all: OwnedHeaders, (key, value)| all.insert(Header { key, value: Some(value) });
        let headers = headers.into_iter().fold(none, add);
        let topic = self.settings.dead_letter_topic();
        let record = FutureRecord::to(&topic).key(&letter.stream_id).payload(&value).headers(headers);
        let sending = producer.send(record, Timeout::After(Duration::ZERO));
        tokio::select! {
            sent = sending => sent.map(drop).map_err(|(error, _)| error)?,
            // It may arrive all the same, and is sent again.
            () = self.stop.cancelled() => return Ok(()),
        }
        sqlx::query(NOTE).bind(id).execute(connection).await?;
        counter!("razao_dead_letters_published_total", "projection" => letter.projection).increment(1);
        Ok(())
    }

    async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stop.cancelled()).await;
    }
}

impl<'a> PublicDeadLetter<'a> {
    fn of(letter: &'a DeadLetter, event: Option<Box<RawValue>>) -> Self {
        Self {
            id: letter.id,
            projection: &letter.projection,
            stream_type: &letter.stream_type,
            stream_id: &letter.stream_id,
            position: letter.position,
            sequence: letter.sequence,
            event_type: &letter.event_type,
            cause: &letter.cause,
            attempts: letter.attempts,
            first_failed_at: letter.first_failed_at,
            dead_since: letter.dead_since,
            waiting: letter.waiting,
            event,
        }
    }
}

fn json(value: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8(value).expect("a public event is written as text");
    RawValue::from_string(text).expect("the database holds JSON")
}
