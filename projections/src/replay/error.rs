//! Why there is no replay, or nothing to compare.

use chrono::{DateTime, SecondsFormat, Utc};
use event_store::LogError;
use uuid::Uuid;

use super::until::Until;
use crate::error::ProjectionError;

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the name `{0}` is not of up to 50 small letters, digits and _, or it is `live`")]
    Name(String),
    #[error("there is a replay `{0}` already: choose another name, or `razao replay drop {0}`")]
    Taken(String),
    #[error("there is no replay `{0}`: see `razao replay list`")]
    Unknown(String),
    #[error("the replay `{0}` is being made, or that was broken off: then make it anew, or drop it")]
    Unfinished(String),
    #[error("the replay `{0}` is being made or dropped")]
    UnderWay(String),
    #[error("the replay `{0}` was made by another version of this program: drop it, and make it anew")]
    OfAnotherVersion(String),
    #[error("nothing was recorded by {until}: {begin}")]
    BeforeTheLog { until: Until, begin: Begin },
    #[error("{until} is in the future: the log ends at position {head}")]
    InTheFuture { until: Until, head: i64 },
    #[error("there is no loan {0}")]
    NoLoan(Uuid),
    #[error("the loan {loan} was unknown at position {position}: its first event is {first}")]
    NoLoanYet { loan: Uuid, position: i64, first: i64 },
    #[error("`{a}` is of {of_a}, `{b}` is of {of_b}: they have to differ in time alone")]
    OfOtherEvents { a: String, of_a: String, b: String, of_b: String },
    #[error(transparent)]
    Projection(#[from] ProjectionError),
}

/// Where the log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    Nowhere,
    At(DateTime<Utc>),
}

impl std::fmt::Display for Begin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nowhere => f.write_str("the log is empty"),
            Self::At(instant) => {
                write!(f, "the log begins at {}", instant.to_rfc3339_opts(SecondsFormat::Micros, true))
            }
        }
    }
}

impl ReplayError {
    /// Whether something else has to be asked for, as opposed to a database that fails.
    pub fn is_of_what_was_asked(&self) -> bool {
        !matches!(self, Self::Projection(_))
    }
}

/// A database that has no table of replays was not migrated by this version of the program.
impl From<sqlx::Error> for ReplayError {
    fn from(error: sqlx::Error) -> Self {
        let missing = |code| matches!(code, "42P01" | "3F000");
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code {
            Some(code) if missing(&*code) => Self::Projection(ProjectionError::NotMigrated),
            _ => Self::Projection(error.into()),
        }
    }
}

impl From<LogError> for ReplayError {
    fn from(error: LogError) -> Self {
        Self::Projection(error.into())
    }
}
