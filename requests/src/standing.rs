//! How much waits, and for how long.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use crate::requests::Requests;

/// What waits to be executed, or is being executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub queued: u64,
    /// How long the oldest of them has waited.
    pub oldest: Duration,
}

const STANDING: &str = "select count(*), min(accepted_at) from requests.requests where status = 'queued'";

impl Requests {
    /// What waits now, as far as it is noted.
    pub async fn standing(&self) -> Result<Standing, sqlx::Error> {
        let (queued, oldest): (i64, Option<DateTime<Utc>>) =
            sqlx::query_as(STANDING).fetch_one(&self.pool).await?;
        let waited = oldest.and_then(|oldest| SystemTime::now().duration_since(oldest.into()).ok());
        Ok(Standing { queued: queued.unsigned_abs(), oldest: waited.unwrap_or_default() })
    }
}
