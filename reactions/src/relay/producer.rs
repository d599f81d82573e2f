//! The connection to Kafka: the producer, what becomes of what it sends, and the topic.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_store::digest;
use kafka::{KafkaSettings, MOST_BYTES, SettingError, Trouble};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;

use super::deliveries::Deliveries;
use crate::error::RelayError;

/// How long one tries to reach Kafka before it is said that it cannot be reached.
const PATIENCE: Duration = Duration::from_secs(5);
const ONE_TRY: Duration = Duration::from_millis(500);

/// What is sent: an event by its position, or a record of completeness.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sent {
    Event(i64),
    Record,
}

/// What becomes of what was sent, as librdkafka's threads say it.
pub(crate) struct Outcome {
    deliveries: Mutex<Deliveries>,
    /// The first thing that was not delivered, and why. Nothing counts after that.
    failure: Mutex<Option<String>>,
    /// What is wrong with the connection.
    trouble: Trouble,
    /// Something was acknowledged, or failed.
    pub(crate) progress: Notify,
}

pub(crate) struct Kafka {
    producer: ThreadedProducer<Outcome>,
    pub(crate) cluster: String,
    /// How many partitions the topic has, if there is one.
    pub(crate) partitions: Option<usize>,
}

impl Outcome {
    pub(crate) fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        lock(&self.deliveries)
    }

    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    fn fail(&self, cause: impl FnOnce() -> String) {
        lock(&self.failure).get_or_insert_with(cause);
        self.progress.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Outcome {
    /// What matters of this comes as an error too.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let (code, is_news) = self.trouble.note(&error, reason);
        if is_news {
            tracing::warn!(%code, reason, "trouble with Kafka");
        }
        if code == RDKafkaErrorCode::Fatal {
            self.fail(|| reason.to_owned());
        }
    }
}

impl ProducerContext for Outcome {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<Sent>) {
        match (result, *sent) {
            (Err((error, _)), Sent::Event(position)) => self.fail(|| format!("event {position}: {error}")),
            (Err((error, _)), Sent::Record) => self.fail(|| format!("a record of completeness: {error}")),
            // What comes after something that failed may have overtaken it.
            (Ok(_), _) if lock(&self.failure).is_some() => {}
            (Ok(message), Sent::Event(position)) => {
                let value = message.payload().unwrap_or_default();
                let partition = message.partition();
                let sent = (digest(value), value.len());
                if self.deliveries().delivered(position, partition, sent).is_err() {
                    self.fail(|| {
                        format!("event {position} went to partition {partition}, which is one too many")
                    });
                }
            }
            (Ok(_), Sent::Record) => self.deliveries().record_delivered(),
        }
        self.progress.notify_one();
    }
}

impl Kafka {
    /// Connects, and looks how many partitions the topic has.
    pub(crate) async fn connect(settings: &KafkaSettings) -> Result<Self, RelayError> {
        let settings = settings.clone();
        let connecting = tokio::task::spawn_blocking(move || Self::connect_blocking(&settings));
        connecting.await.expect("connecting does not panic")
    }

    fn connect_blocking(settings: &KafkaSettings) -> Result<Self, RelayError> {
        let outcome = Outcome {
            deliveries: Mutex::new(Deliveries::after(0, 0)),
            failure: Mutex::default(),
            trouble: Trouble::default(),
            progress: Notify::new(),
        };
        let producer: ThreadedProducer<Outcome> =
            settings.producer()?.create_with_context(outcome).map_err(SettingError::from)?;
        let began = Instant::now();
        loop {
            // Of all topics: asking for one by name may create it.
            let error = match producer.client().fetch_metadata(None, ONE_TRY) {
                Ok(metadata) => {
                    let topic = metadata.topics().iter().find(|topic| topic.name() == settings.topic());
                    let partitions = topic.map(|topic| topic.partitions().len());
                    match producer.client().fetch_cluster_id(ONE_TRY) {
                        Some(cluster) => return Ok(Self { producer, cluster, partitions }),
                        None => "it does not say which cluster it is".to_owned(),
                    }
                }
                Err(error) => error.to_string(),
            };
            let brokers = settings.brokers.clone();
            match producer.context().trouble.last() {
                Some((
                    RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed,
                    cause,
                )) => return Err(RelayError::Refused { brokers, cause }),
                trouble if began.elapsed() > PATIENCE => {
                    let cause = trouble.map_or(error, |(_, reason)| reason);
                    return Err(RelayError::Unreachable { brokers, cause });
                }
                _ => {}
            }
        }
    }

    /// From here on, events after `position` are sent.
    pub(crate) fn begin_after(&self, position: i64, partitions: i32) {
        *self.outcome().deliveries() = Deliveries::after(position, partitions);
    }

    pub(crate) fn producer(&self) -> &ThreadedProducer<Outcome> {
        &self.producer
    }

    pub(crate) fn outcome(&self) -> &Arc<Outcome> {
        self.producer.context()
    }

    /// Ends the connection. What is still on its way may arrive or not.
    pub(crate) async fn close(self) {
        // Waits for what librdkafka gives up.
        let closing = tokio::task::spawn_blocking(move || drop(self));
        closing.await.expect("closing does not panic");
    }
}

/// Creates the topic, unless somebody just did.
pub(crate) async fn create_topic(settings: &KafkaSettings) -> Result<(), RelayError> {
    let topic = settings.topic();
    let failed = |cause: String| RelayError::Topic { topic: topic.clone(), cause };
    let admin: AdminClient<DefaultClientContext> =
        settings.producer()?.create().map_err(SettingError::from)?;
    // -1: as many copies as the brokers make of a topic.
    let new = NewTopic::new(&topic, settings.partitions, TopicReplication::Fixed(-1));
    let new = new.set("max.message.bytes", MOST_BYTES);
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    let results = admin.create_topics(&[new], &options).await.map_err(|error| failed(error.to_string()))?;
    match results.into_iter().next() {
        Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
        Some(Err((_, code))) => Err(failed(code.to_string())),
        None => Err(failed("Kafka did not answer".to_owned())),
    }
}
