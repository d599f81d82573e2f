//! The feed: events in the order of their positions, none skipped, none twice.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::copied::{Columns, Copied, EventRow, WORTH_COPYING};
use crate::log::{self, Head, Log, LogError};
use crate::reader::LogReader;
use crate::tail::Tail;
use crate::upcast::{self, Stored};

/// How long the feed waits at most for news before it looks by itself: the net under `LISTEN`.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// One event as the log holds it. The feed brings its payload up to the current version of its type, unless it is asked
/// for events as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// By the places of the columns: finding each by its name takes longer than reading it.
impl FromRow<'_, PgRow> for StoredEventRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get(0)?,
            aggregate_type: row.try_get(1)?,
            aggregate_id: row.try_get(2)?,
            sequence: row.try_get(3)?,
            event_type: row.try_get(4)?,
            event_version: row.try_get(5)?,
            payload: row.try_get(6)?,
            metadata: row.try_get(7)?,
            recorded_at: row.try_get(8)?,
        })
    }
}

/// Events after a position. Clones wake together when something is appended, by whichever process.
#[derive(Clone)]
pub struct Feed {
    pub(crate) pool: PgPool,
    pub(crate) tail: Tail,
    news: watch::Receiver<u64>,
}

const PAGE: &str = "select position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
    payload::text as payload, metadata::text as metadata, recorded_at \
    from events where position > $1 order by position limit $2";

const AT: &str = "select position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
    payload::text as payload, metadata::text as metadata, recorded_at \
    from events where position = any($1) order by position";

const STREAM: &str = "select position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
    payload::text as payload, metadata::text as metadata, recorded_at \
    from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence limit $4";

impl Feed {
    /// Starts listening for news until `stop`.
    pub fn start(log: &Log, stop: CancellationToken) -> Self {
        let news = log.news.subscribe();
        tokio::spawn(log.news.clone().listen(log.pool.clone(), stop));
        Self { pool: log.pool.clone(), tail: log.news.tail(), news }
    }

    /// Where the log ends now.
    pub async fn head(&self) -> Result<Head, LogError> {
        log::head(&self.pool).await
    }

    /// Up to `limit` events after `position`, in order: none is ever missing between two of them.
    pub async fn after(&self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        brought_up_to_date(self.stored_after(position, limit).await?)
    }

    /// The same as they are stored, so that one that cannot be brought up to date spoils no other.
    pub async fn stored_after(&self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        if limit < WORTH_COPYING {
            return self.stored_page(position, limit).await;
        }
        let copied = Copied::after(&self.pool, Columns::Event, position, limit).await?;
        copied.rows().map(|row| Ok(row?.to_stored())).collect()
    }

    async fn stored_page(&self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        Ok(sqlx::query_as(PAGE).bind(position).bind(limit).fetch_all(&self.pool).await?)
    }

    /// The events at these positions in order, as they are stored.
    pub async fn stored_at(&self, positions: &[i64]) -> Result<Vec<StoredEventRow>, LogError> {
        stored_at(&self.pool, positions).await
    }

    /// The same, waiting for the first one; empty after a while without any.
    pub async fn next(&mut self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        brought_up_to_date(self.next_stored(position, limit).await?)
    }

    /// The same as they are stored.
    pub async fn next_stored(&mut self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        self.heard();
        let rows = self.youngest(position, limit).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        self.wait_for_news().await;
        self.youngest(position, limit).await
    }

    /// A page at the end of the log, which is small, whatever its limit.
    async fn youngest(&self, position: i64, limit: i64) -> Result<Vec<StoredEventRow>, LogError> {
        match self.tail.after(position, limit) {
            Some(kept) => Ok(kept.rows().map(EventRow::to_stored).collect()),
            None => self.stored_page(position, limit).await,
        }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What tells this log from those of other lenders.
    pub async fn log_id(&self) -> Result<Uuid, LogError> {
        log::id(&self.pool).await
    }

    /// What was news until now is none any more.
    pub(crate) fn heard(&mut self) {
        self.news.mark_unchanged();
    }

    /// Waits until something is appended, or for a while.
    pub(crate) async fn wait_for_news(&mut self) {
        let _ = tokio::time::timeout(LOOK_AGAIN, self.news.changed()).await;
    }
}

impl LogReader {
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
    /// The payload as the current version of its type writes it. Fails for one that a later version wrote.
    pub fn current_payload(&self) -> Result<Cow<'_, str>, serde_json::Error> {
        upcast::understood(&self.stored(), &self.event_type, &self.event_version, self.payload.as_str())
    }

    const fn stored(&self) -> Stored<'_> {
        Stored {
            stream_type: self.aggregate_type.as_str(),
            stream_id: self.aggregate_id.as_str(),
            sequence: self.sequence,
            metadata: self.metadata.as_str(),
        }
    }
}

pub(crate) async fn stored_at(pool: &PgPool, positions: &[i64]) -> Result<Vec<StoredEventRow>, LogError> {
    Ok(sqlx::query_as(AT).bind(positions).fetch_all(pool).await?)
}

fn brought_up_to_date(mut rows: Vec<StoredEventRow>) -> Result<Vec<StoredEventRow>, LogError> {
    for row in &mut rows {
        let (event_type, version) = (&row.event_type, &row.event_version);
        let current = match upcast::current(&row.stored(), event_type, version, row.payload.as_str()) {
            Ok(Cow::Borrowed(_)) => continue,
            Ok(Cow::Owned(current)) => current,
            Err(source) => {
                let event_type = row.event_type.clone();
                return Err(LogError::Unreadable { position: row.position, event_type, source });
            }
        };
        row.payload = current;
    }
    Ok(rows)
}
