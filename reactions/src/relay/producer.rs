//! The connection to Kafka: the producer, and what becomes of what it sends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_store::digest;
use kafka::{Found, KafkaSettings, SettingError, Trouble};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;

use super::deliveries::Deliveries;
use crate::error::RelayError;

/// So many events may be on their way to Kafka; then the log is read no further.
pub(crate) const MOST_IN_FLIGHT: i64 = 10_000;
/// So few of them are left when the sender is told that there is room again: waking it for each would cost more than
/// sending.
const ROOM: i64 = MOST_IN_FLIGHT / 2;

/// How librdkafka is told that it sends a record of completeness.
pub(crate) const RECORD: usize = 0;

/// How it is told that it sends an event: by the position, which begins at 1.
pub(crate) fn opaque(position: i64) -> usize {
    usize::try_from(position).expect("a position is above 0")
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
    /// Whether the topic is there.
    pub(crate) has_topic: bool,
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
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: usize) {
        match (result, sent) {
            (Err((error, _)), RECORD) => self.fail(|| format!("a record of completeness: {error}")),
            (Err((error, _)), position) => self.fail(|| format!("event {position}: {error}")),
            // What comes after something that failed may have overtaken it.
            (Ok(_), _) if lock(&self.failure).is_some() => {}
            (Ok(_), RECORD) => {
                self.deliveries().record_delivered();
                self.progress.notify_one();
            }
            (Ok(message), position) => self.event_delivered(message, position),
        }
    }
}

impl Outcome {
    fn event_delivered(&self, message: &BorrowedMessage<'_>, position: usize) {
        let value = message.payload().unwrap_or_default();
        let partition = message.partition();
        let sent = (digest(value), value.len());
        let mut deliveries = self.deliveries();
        let before = deliveries.in_flight();
        let position = i64::try_from(position).expect("it was a position");
        let noted = deliveries.delivered(position, partition, sent);
        let left = deliveries.in_flight();
        drop(deliveries);
        if noted.is_err() {
            self.fail(|| format!("event {position} went to partition {partition}, which is one too many"));
        }
        if left == 0 || (left <= ROOM && before > ROOM) {
            self.progress.notify_one();
        }
    }
}

impl Kafka {
    /// Connects, and looks whether the topic is there and as it should be.
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
        let trouble = &producer.context().trouble;
        let Found { cluster, has_topic } =
            settings.find_topic(&settings.topic(), producer.client(), trouble, || true)?;
        Ok(Self { producer, cluster, has_topic })
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
