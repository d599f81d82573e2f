//! Where the log ended at an earlier moment: what was known then.

use chrono::{DateTime, Utc};

use crate::log::{Head, LogError};
use crate::reader::LogReader;

const AT_POSITION: &str = "select position, recorded_at from events where position = $1";

impl LogReader {
    /// Where the log ended when its last event was that at `position`; `None` where it never got there.
    pub async fn head_at(&self, position: i64) -> Result<Option<Head>, LogError> {
        if position == 0 {
            return Ok(Some(Head { position, recorded_at: None }));
        }
        let found: Option<(i64, DateTime<Utc>)> =
            sqlx::query_as(AT_POSITION).bind(position).fetch_optional(&self.pool).await?;
        Ok(found.map(|(position, recorded_at)| Head { position, recorded_at: Some(recorded_at) }))
    }

    /// Where the log ended at an instant.
    pub async fn head_by(&self, instant: DateTime<Utc>) -> Result<Head, LogError> {
        let found: Option<(i64, DateTime<Utc>)> =
            sqlx::query_as(include_str!("past_head.sql")).bind(instant).fetch_optional(&self.pool).await?;
        let nothing = Head { position: 0, recorded_at: None };
        Ok(found.map_or(nothing, |(position, recorded_at)| Head { position, recorded_at: Some(recorded_at) }))
    }
}
