//! Why a read model is not fed by Kafka for now.

use kafka::{SettingError, TopicError};

use crate::error::ProjectionError;

#[derive(Debug, thiserror::Error)]
pub(super) enum ConsumerError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error("topic {0} is not there: the relay makes it")]
    NoTopic(String),
    #[error("Kafka does not let it read: {0}")]
    Refused(String),
    #[error("events come by another road: {0}")]
    OtherRoad(String),
    #[error("another group feeds it, {0}: a read model is fed by the processes of one group")]
    OtherGroup(String),
    #[error("partition {0} was taken over by another process, which Kafka does not know of")]
    Fenced(i32),
    #[error(
        "partition {partition} was at {was} and is at {is}: the database lost what it had not written to disk"
    )]
    WentBack { partition: i32, was: i64, is: i64 },
    #[error(transparent)]
    Projection(#[from] ProjectionError),
}

impl ConsumerError {
    /// Whether others have to come first: Kafka, or the relay.
    pub(super) fn waits_for_others(&self) -> bool {
        let is_kafka_missing = matches!(self, Self::Topic(TopicError::Unreachable { .. }) | Self::NoTopic(_));
        is_kafka_missing || self.is_left_to_others()
    }

    /// Whether others feed the read model, so that nothing stands in its way.
    pub(super) fn is_left_to_others(&self) -> bool {
        matches!(self, Self::OtherRoad(_) | Self::OtherGroup(_))
    }

    /// What it says, with what is behind it.
    pub(super) fn text(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        [self.to_string(), cause.unwrap_or_default()].concat()
    }
}

impl From<sqlx::Error> for ConsumerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Projection(error.into())
    }
}
