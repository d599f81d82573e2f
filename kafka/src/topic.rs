//! What there is of a topic, and making one.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::said::Said;
use crate::settings::{KafkaSettings, MOST_BYTES, SettingError};
use crate::trouble::Trouble;

/// How long one tries to reach Kafka before it is said that it cannot be reached.
const PATIENCE: Duration = Duration::from_secs(5);
const ONE_TRY: Duration = Duration::from_millis(500);

/// Why a topic cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("topic {topic} has {found} partitions, and {configured} are configured")]
    Partitions { topic: String, found: i32, configured: i32 },
    #[error("Kafka at {brokers} refuses the login: {cause}")]
    Refused { brokers: String, cause: String },
    #[error("Kafka at {brokers} cannot be reached: {cause}")]
    Unreachable { brokers: String, cause: String },
    #[error("topic {topic} cannot be created: {cause}")]
    NotCreated { topic: String, cause: String },
}

impl TopicError {
    /// Whether only other settings can help, as opposed to time.
    pub fn is_of_settings(&self) -> bool {
        matches!(self, Self::Setting(_) | Self::Partitions { .. } | Self::Refused { .. })
    }
}

/// A cluster that answers, and whether it has a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The cluster's id.
    pub cluster: String,
    /// Whether the topic is there; then it has as many partitions as are configured.
    pub has_topic: bool,
}

impl KafkaSettings {
    /// Waits a while for the brokers to say what a topic is like, and no longer than `goes_on`. What is wrong with the
    /// connection is told to `trouble`, for which `goes_on` may have to serve the client.
    pub fn find_topic<C: ClientContext>(
        &self,
        topic: &str,
        client: &Client<C>,
        trouble: &Trouble,
        goes_on: impl Fn() -> bool,
    ) -> Result<Found, TopicError> {
        let began = Instant::now();
        loop {
            // Of all topics: asking for one by name may create it.
            let cause = match client.fetch_metadata(None, ONE_TRY) {
                Ok(metadata) => {
                    let topics = metadata.topics().iter();
                    let found =
                        topics.filter(|found| found.name() == topic).map(|found| found.partitions().len());
                    let has_topic = self.check_partitions(topic, found.sum())?;
                    match client.fetch_cluster_id(ONE_TRY) {
                        Some(cluster) => return Ok(Found { cluster, has_topic }),
                        None => "it does not say which cluster it is".to_owned(),
                    }
                }
                Err(error) => error.to_string(),
            };
            let is_over = !goes_on() || began.elapsed() > PATIENCE;
            let brokers = self.brokers.clone();
            match trouble.last() {
                Some((
                    RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed,
                    cause,
                )) => return Err(TopicError::Refused { brokers, cause }),
                trouble if is_over => {
                    let cause = trouble.map_or(cause, |(_, reason)| reason);
                    return Err(TopicError::Unreachable { brokers, cause });
                }
                _ => {}
            }
        }
    }

    /// Makes a topic unless it is there, with more settings of its own, and looks whether it has as many partitions as
    /// it should.
    pub async fn ensure_topic(&self, topic: &str, more: &[(&str, &str)]) -> Result<(), TopicError> {
        let failed = |cause: String| TopicError::NotCreated { topic: topic.to_owned(), cause };
        let admin: AdminClient<Said> =
            self.producer()?.create_with_context(Said).map_err(SettingError::from)?;
        let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
        // -1: as many copies as the brokers make of a topic.
        let new = NewTopic::new(topic, self.partitions, TopicReplication::Fixed(-1));
        let new = new.set("max.message.bytes", MOST_BYTES);
        let new = more.iter().fold(new, |new, (name, value)| new.set(name, value));
        let made = admin.create_topics(&[new], &options).await.map_err(|error| failed(error.to_string()))?;
        match made.into_iter().next() {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
            Some(Err((_, code))) => return Err(failed(code.to_string())),
            None => return Err(failed("Kafka did not answer".to_owned())),
        }
        let (settings, topic) = (self.clone(), topic.to_owned());
        let looking = tokio::task::spawn_blocking(move || settings.look_at(&topic, admin.inner()));
        looking.await.expect("looking does not panic")
    }

    /// Looks at a topic that was just made: brokers may take a moment to say so.
    fn look_at<C: ClientContext>(&self, topic: &str, client: &Client<C>) -> Result<(), TopicError> {
        let began = Instant::now();
        loop {
            let found = client.fetch_metadata(Some(topic), PATIENCE).map(|metadata| {
                metadata.topics().iter().map(|found| found.partitions().len()).sum::<usize>()
            });
            if let Ok(found) = found
                && self.check_partitions(topic, found)?
            {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let cause =
                    found.err().as_ref().map_or("it has no partitions".to_owned(), KafkaError::to_string);
                return Err(TopicError::NotCreated { topic: topic.to_owned(), cause });
            }
            std::thread::sleep(ONE_TRY / 10);
        }
    }

    /// Whether a topic is there, whose partitions are then as many as are configured.
    fn check_partitions(&self, topic: &str, found: usize) -> Result<bool, TopicError> {
        let found = i32::try_from(found).unwrap_or(i32::MAX);
        if found == 0 || found == self.partitions {
            return Ok(found != 0);
        }
        Err(TopicError::Partitions { topic: topic.to_owned(), found, configured: self.partitions })
    }
}
