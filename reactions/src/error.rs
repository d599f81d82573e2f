//! What can go wrong with the relay.

use event_store::LogError;
use kafka::SettingError;

#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("topic {topic} has {found} partitions, and {configured} are configured")]
    Partitions { topic: String, found: usize, configured: i32 },
    #[error("Kafka at {brokers} refuses the login: {cause}")]
    Refused { brokers: String, cause: String },
    #[error("Kafka at {brokers} cannot be reached: {cause}")]
    Unreachable { brokers: String, cause: String },
    #[error("topic {topic} cannot be created: {cause}")]
    Topic { topic: String, cause: String },
    #[error("Kafka did not take event {position}: {cause}")]
    NotTaken { position: i64, cause: String },
    #[error("Kafka did not take all events: {0}")]
    NotDelivered(String),
    #[error("the log ends at event {head}, but Kafka was sent events up to {sent}: was the log restored?")]
    LogEndsBefore { head: i64, sent: i64 },
    /// Positions have no gaps, so something was removed.
    #[error("the log has no event {0}")]
    Gap(i64),
    #[error("another relay has moved the checkpoint on from {0}")]
    Deposed(i64),
    #[error("the session with the log's database was lost")]
    SessionLost,
    #[error("the database of the log cannot be used")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl RelayError {
    /// Whether only other settings can help, as opposed to time.
    pub fn is_of_settings(&self) -> bool {
        matches!(self, Self::Setting(_) | Self::Partitions { .. } | Self::Refused { .. })
    }
}
