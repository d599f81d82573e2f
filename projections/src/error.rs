//! What can go wrong with read models, other than a request.

use event_store::LogError;

#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error("the database of the read models cannot be used")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("there is no projection `{0}`")]
    Unknown(String),
    #[error("another rebuild of `{0}` is under way")]
    RebuildUnderWay(&'static str),
    #[error("the tables of the read models are not there yet: run `razao migrate`")]
    NotMigrated,
    #[error("the log ends before event {0}, which the read model holds")]
    LogEndsBefore(i64),
}
