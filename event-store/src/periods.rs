//! Which accounting periods are closed: known in memory, and checked against the log by each append.
//!
//! Every command is decided under the closing that this process knows. The append is refused where the log has a later
//! one, whoever wrote it; then it is read again, and the command decided anew.

use std::sync::{PoisonError, RwLock};

use chrono::NaiveDate;
use domain::period::{self, Periods};

use crate::log::{Log, LogError};

/// What is closed, as of an event of the periods' stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The sequence of that event, 0 before the first.
    pub(crate) version: i64,
    pub(crate) closed_through: Option<NaiveDate>,
}

/// The closing that this process knows; nothing until it is needed.
#[derive(Default)]
pub(crate) struct KnownClosing(RwLock<Option<Closing>>);

impl KnownClosing {
    pub(crate) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn find(&self) -> Option<Closing> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, closing: Closing) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(closing);
    }
}

impl Log {
    /// The last day that is closed for booking, as far as this process knows: for answers that store nothing.
    pub async fn closed_through(&self) -> Result<Option<NaiveDate>, LogError> {
        Ok(self.closing().await?.closed_through)
    }

    pub(crate) async fn closing(&self) -> Result<Closing, LogError> {
        if let Some(known) = self.closing.find() {
            return Ok(known);
        }
        let folded = self.load::<Periods>(period::STREAM).await?;
        let closing = Closing { version: folded.version, closed_through: folded.state.closed_through() };
        self.closing.learn(closing);
        Ok(closing)
    }
}

#[cfg(test)]
mod tests {
    use domain::decider::Decider;
    use domain::period::{self, Periods};

    #[test]
    fn the_schema_knows_the_stream_of_the_periods() {
        let migration = include_str!("../migrations/0012_turns_and_secret.sql");
        for known in [period::STREAM.to_string().as_str(), <Periods as Decider>::TYPE] {
            assert!(migration.contains(&format!("'{known}'")), "{known}");
        }
    }
}
