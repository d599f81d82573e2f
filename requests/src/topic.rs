//! The topic in which commands wait, and sending to it.

use std::sync::Arc;
use std::time::Duration;

use kafka::{KafkaSettings, Said, SettingError, TopicError};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use tokio::sync::watch;

use crate::command::{QueuedCommand, RequestId};
use crate::intake::NotAccepted;

/// The header of a message that has the id of its request.
pub(crate) const REQUEST_ID: &str = "request-id";

/// How long one waits before the topic is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The producer of a server gives up after a while, since somebody waits for the answer. What it gave up may have arrived
/// all the same: sent again, it is the same request.
const GIVES_UP: [(&str, &str); 2] = [("message.timeout.ms", "5000"), ("enable.gapless.guarantee", "false")];

/// Why commands cannot be taken out of the queue or their end be noted.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("Kafka cannot be used: {0}")]
    Kafka(#[from] KafkaError),
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error("the database of the requests cannot be used")]
    Database(#[from] sqlx::Error),
}

/// Sends commands to the topic. Clones share the connection.
#[derive(Clone)]
pub(crate) struct CommandTopic {
    name: Arc<str>,
    producer: FutureProducer<Said>,
    /// Whether the topic is there.
    ready: watch::Receiver<bool>,
}

impl CommandTopic {
    /// Connects, and makes the topic unless it is there, as soon as Kafka is.
    pub(crate) fn start(settings: &KafkaSettings) -> Result<Self, SettingError> {
        let mut config = settings.producer()?;
        for (name, value) in GIVES_UP {
            config.set(name, value);
        }
        let producer: FutureProducer<Said> = config.create_with_context(Said)?;
        let (is_ready, ready) = watch::channel(false);
        tokio::spawn(until_there(settings.clone(), is_ready));
        Ok(Self { name: settings.command_topic().into(), producer, ready })
    }

    /// Sends a command. When this returns, all brokers that count have it.
    pub(crate) async fn send(&self, command: &QueuedCommand) -> Result<(), NotAccepted> {
        if !*self.ready.borrow() {
            return Err(NotAccepted::Unavailable("Kafka is not there yet".to_owned()));
        }
        let (key, value, id) = (command.stream.to_string(), command.encode(), command.id.to_string());
        let headers = OwnedHeaders::new().insert(Header { key: REQUEST_ID, value: Some(&id) });
        let record = FutureRecord::to(&self.name).key(&key).payload(&value).headers(headers);
        let sent = self.producer.send(record, Timeout::After(Duration::ZERO)).await;
        sent.map(drop).map_err(|(error, _)| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => NotAccepted::Busy,
            _ => NotAccepted::Unavailable(error.to_string()),
        })
    }
}

/// The id that a message bears, even if nothing else of it can be read.
pub(crate) fn request_id(value: &[u8]) -> Option<RequestId> {
    uuid::Uuid::try_parse_ascii(value).ok().map(RequestId)
}

async fn until_there(settings: KafkaSettings, is_ready: watch::Sender<bool>) {
    let mut said = false;
    loop {
        match ensure_topic(&settings).await {
            Ok(()) => {
                let _ = is_ready.send(true);
                return;
            }
            Err(error) if !said => {
                tracing::warn!(%error, "commands cannot wait in Kafka yet");
                said = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = is_ready.closed() => return,
        }
    }
}

/// Makes the topic unless it is there, and looks whether it has as many partitions as it should.
pub(crate) async fn ensure_topic(settings: &KafkaSettings) -> Result<(), TopicError> {
    // What waits is kept until it was executed, however long that takes.
    settings.ensure_topic(&settings.command_topic(), &[("retention.ms", "-1")]).await
}
