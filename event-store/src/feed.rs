//! The feed: events in the order of their positions, none skipped, none twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::log::{Log, LogError};
use crate::upcast::{self, Stored};

/// How long the feed waits at most for news before it looks by itself: the net under `LISTEN`.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// One event as the log holds it, its payload brought up to the current version of its type.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredEventRow {
    pub position: i64,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub metadata: String,
    pub recorded_at: DateTime<Utc>,
}

/// Events after a position. Clones wake together when something is appended, by whichever process.
#[derive(Clone)]
pub struct Feed {
    pool: PgPool,
    news: watch::Receiver<u64>,
}

const PAGE: &str = "select position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
    payload::text as payload, metadata::text as metadata, recorded_at \
    from events where position > $1 order by position limit $2";

const STREAM: &str = "select position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
    payload::text as payload, metadata::text as metadata, recorded_at \
    from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence limit $4";

impl Feed {
    /// Starts listening for news until `stop`.
    pub fn start(log: &Log, stop: CancellationToken) -> Self {
        let news = log.news.subscribe();
        tokio::spawn(log.news.clone().listen(log.pool.clone(), stop));
        Self { pool: log.pool.clone(), news }
    }

    /// Up to `limit` events after `position`, in order: none is ever missing between two of them.
    pub async fn after(&self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        let rows: Vec<StoredEventRow> =
            sqlx::query_as(PAGE).bind(position).bind(limit).fetch_all(&self.pool).await?;
        rows.into_iter().map(StoredEventRow::brought_up_to_date).collect()
    }

    /// The same, waiting for the first one; empty after a while without any.
    pub async fn next(&mut self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        self.news.mark_unchanged();
        let rows = self.after(position, limit).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        let _ = tokio::time::timeout(LOOK_AGAIN, self.news.changed()).await;
        self.after(position, limit).await
    }
}

impl Log {
    /// Up to `limit` events of one stream after `sequence`.
    pub async fn stream(
        &self,
        stream_type: &str,
        stream_id: &str,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<StoredEventRow>, LogError> {
        let rows = sqlx::query_as(STREAM)
            .bind(stream_type)
            .bind(stream_id)
            .bind(sequence)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }
}

impl StoredEventRow {
    pub(crate) fn brought_up_to_date(mut self) -> Result<Self, LogError> {
        let stored = Stored {
            stream_type: &self.aggregate_type,
            stream_id: &self.aggregate_id,
            sequence: self.sequence,
            metadata: &self.metadata,
        };
        let payload = std::mem::take(&mut self.payload);
        let current = upcast::current(&stored, &self.event_type, &self.event_version, payload);
        self.payload = current
            .map_err(|source| LogError::Unreadable {
                position: self.position,
                event_type: self.event_type.clone(),
                source,
            })?
            .into_owned();
        Ok(self)
    }
}
