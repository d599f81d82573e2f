//! What can go wrong with the relay.

use event_store::LogError;
use kafka::{SettingError, TopicError};

#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Topic(#[from] TopicError),
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
        match self {
            Self::Setting(_) => true,
            Self::Topic(error) => error.is_of_settings(),
            _ => false,
        }
    }
}
