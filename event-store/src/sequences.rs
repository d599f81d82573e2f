//! Whether every stream has each of its events.

use futures::TryStreamExt;

use crate::log::{Log, LogError};

const GAPS: &str = "select aggregate_type, aggregate_id, count(*), min(sequence), max(sequence) from events \
    group by aggregate_id, aggregate_type having min(sequence) <> 1 or max(sequence) <> count(*)";

/// A stream whose sequences do not go from 1 to the number of its events.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SequenceGap {
    #[sqlx(rename = "aggregate_type")]
    pub stream_type: String,
    #[sqlx(rename = "aggregate_id")]
    pub stream_id: String,
    #[sqlx(rename = "count")]
    pub events: i64,
    #[sqlx(rename = "min")]
    pub first: i64,
    #[sqlx(rename = "max")]
    pub last: i64,
}

impl Log {
    /// Tells every stream that lacks an event.
    pub async fn sequence_gaps(&self, mut found: impl FnMut(SequenceGap)) -> Result<(), LogError> {
        let mut gaps = sqlx::query_as(GAPS).fetch(&self.pool);
        while let Some(gap) = gaps.try_next().await? {
            found(gap);
        }
        Ok(())
    }
}
