//! The topic in which commands wait, and sending to it.

use std::sync::Arc;
use std::time::Duration;

use kafka::{KafkaSettings, MOST_BYTES, SettingError};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use tokio::sync::watch;

use crate::command::{QueuedCommand, RequestId};
use crate::intake::NotAccepted;

/// The header of a message that has the id of its request.
pub(crate) const REQUEST_ID: &str = "request-id";

/// How long one waits for Kafka before it is said that it cannot be reached.
const PATIENCE: Duration = Duration::from_secs(5);
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
    #[error("topic {topic} has {found} partitions, and {configured} are configured")]
    Partitions { topic: String, found: usize, configured: i32 },
    #[error("the database of the requests cannot be used")]
    Database(#[from] sqlx::Error),
}

/// What librdkafka says of its connections. What matters of it comes as an error too.
pub(crate) struct Said;

impl ClientContext for Said {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "trouble with Kafka");
    }
}

impl ConsumerContext for Said {}

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
pub(crate) async fn ensure_topic(settings: &KafkaSettings) -> Result<(), QueueError> {
    let topic = settings.command_topic();
    let admin: AdminClient<Said> = settings.producer()?.create_with_context(Said)?;
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    // What waits is kept until it was executed, however long that takes. -1 copies: as many as the brokers make.
    let new = NewTopic::new(&topic, settings.partitions, TopicReplication::Fixed(-1))
        .set("max.message.bytes", MOST_BYTES)
        .set("retention.ms", "-1");
    if let Some(Err((_, code))) = admin.create_topics(&[new], &options).await?.into_iter().next()
        && code != RDKafkaErrorCode::TopicAlreadyExists
    {
        return Err(KafkaError::AdminOp(code).into());
    }
    let asked = topic.clone();
    let found = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&asked), PATIENCE)?;
        Ok::<_, KafkaError>(metadata.topics().iter().map(|topic| topic.partitions().len()).sum::<usize>())
    });
    let found = found.await.expect("looking does not panic")?;
    if i32::try_from(found) != Ok(settings.partitions) {
        return Err(QueueError::Partitions { topic, found, configured: settings.partitions });
    }
    Ok(())
}
