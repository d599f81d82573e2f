//! What librdkafka has to say goes into the log.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

/// For clients of which nothing else is to be known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said;

impl ClientContext for Said {
    /// What matters of this comes as an error too.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "trouble with Kafka");
    }
}

impl ConsumerContext for Said {}
