//! Folding a stream's events into its state, from the last snapshot where there is one.

use chrono::{DateTime, Utc};
use domain::decider::{Decider, StoredEvent};
use domain::loan::{Loan, LoanEvent};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use crate::log::{Log, LogError};
use crate::reader::LogReader;
use crate::upcast::{self, Stored, asks_for_metadata};

/// A state and the sequence of the last event in it (0: there is none).
pub(crate) struct Folded<D> {
    pub(crate) state: D,
    pub(crate) version: i64,
}

/// An event of one stream, read as what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent<E> {
    pub position: i64,
    pub sequence: i64,
    pub recorded_at: DateTime<Utc>,
    pub event: E,
}

/// An event of one stream as the log holds it.
#[derive(Debug)]
pub(crate) struct StoredRow {
    position: i64,
    sequence: i64,
    recorded_at: DateTime<Utc>,
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
}

/// From so many events on, reading them is moved off the threads that answer requests.
const MANY: usize = 128;

const SNAPSHOT: &str = "select last_sequence, payload from snapshots \
    where aggregate_type = $1 and aggregate_id = $2 and snapshot_version = $3";

const EVENTS: &str = "select position, sequence, recorded_at, event_type, event_version, payload::text as payload, \
    metadata::text as metadata from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 \
    and position <= $4 order by sequence";

const EVENTS_UP_TO: &str = "select position, sequence, recorded_at, event_type, event_version, \
    payload::text as payload, metadata::text as metadata from events \
    where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence limit $4";

/// Each stream up to a position of its own. The metadata is read where an upcaster may ask for it.
const SHORT_STREAMS: &str = "select e.*, wanted.place from unnest($2::text[], $3::bigint[]) \
    with ordinality as wanted (id, up_to, place) cross join lateral (select position, sequence, recorded_at, event_type, \
        event_version, payload::text as payload, case when $4 then metadata::text else '{}' end as metadata from events \
        where aggregate_type = $1 and aggregate_id = wanted.id and position <= wanted.up_to order by sequence) e \
    order by wanted.place, e.sequence";

/// A stream, and up to which position it is wanted.
pub(crate) type Wanted = (Uuid, i64);

struct RowOfMany {
    row: StoredRow,
    place: i64,
}

/// By the places of the columns: finding each by its name takes longer than reading it.
impl FromRow<'_, PgRow> for StoredRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get(0)?,
            sequence: row.try_get(1)?,
            recorded_at: row.try_get(2)?,
            event_type: row.try_get(3)?,
            event_version: row.try_get(4)?,
            payload: row.try_get(5)?,
            metadata: row.try_get(6)?,
        })
    }
}

impl FromRow<'_, PgRow> for RowOfMany {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { row: StoredRow::from_row(row)?, place: row.try_get(7)? })
    }
}

impl Log {
    pub(crate) async fn load<D: Decider>(&self, id: Uuid) -> Result<Folded<D>, LogError> {
        let stream_id = id.to_string();
        let snapshot: Option<(i64, String)> = sqlx::query_as(SNAPSHOT)
            .bind(D::TYPE)
            .bind(&stream_id)
            .bind(i32::try_from(D::SNAPSHOT_VERSION).expect("a small number"))
            .fetch_optional(&self.pool)
            .await?;
        // A snapshot that cannot be read is no loss: everything is in the events.
        let start = snapshot.and_then(|(version, payload)| {
            let state = serde_json::from_str(&payload).ok()?;
            Some(Folded { state, version })
        });
        let mut folded = start.unwrap_or(Folded { state: D::default(), version: 0 });
        for stored in self.rows_of::<D>(&stream_id, folded.version, i64::MAX).await? {
            let stored = stored.read::<D>(&stream_id)?;
            folded.state.apply(&stored.event);
            folded.version = stored.sequence;
        }
        Ok(folded)
    }

    /// The state with the history of the whole stream.
    pub(crate) async fn load_whole<D: Decider>(&self, id: Uuid) -> Result<(Folded<D>, D::History), LogError> {
        let mut folded = Folded { state: D::default(), version: 0 };
        let mut history = D::History::default();
        for stored in self.stream_up_to::<D>(id, i64::MAX).await? {
            folded.state.apply(&stored.event);
            D::record(&mut history, &stored.event);
            folded.version = stored.sequence;
        }
        Ok((folded, history))
    }
}

impl LogReader {
    /// The events of a stream up to a position of the log, in order, brought up to the current version of their types.
    pub async fn stream_up_to<D: Decider>(
        &self,
        id: Uuid,
        position: i64,
    ) -> Result<Vec<StreamEvent<D::Event>>, LogError> {
        let stream_id = id.to_string();
        let rows = self.rows_of::<D>(&stream_id, 0, position).await?;
        let are_many = rows.len() >= MANY;
        let read_all = move || rows.into_iter().map(|row| row.read::<D>(&stream_id)).collect();
        if !are_many {
            return read_all();
        }
        tokio::task::spawn_blocking(read_all).await.expect("reading an event does not panic")
    }

    /// The same of a loan that is known to have few events: with other loans that are asked for meanwhile.
    pub async fn short_loan_up_to(
        &self,
        id: Uuid,
        position: i64,
    ) -> Result<Vec<StreamEvent<LoanEvent>>, LogError> {
        let ask_all = |wanted| rows_of_loans(self.asking.clone(), wanted);
        let Some(rows) = self.short_loans.ask((id, position), ask_all).await else {
            return self.stream_up_to::<Loan>(id, position).await;
        };
        let stream_id = id.to_string();
        rows?.into_iter().map(|row| row.read::<Loan>(&stream_id)).collect()
    }

    /// Up to `limit` events of a stream after `sequence`, brought up to the current version of their types.
    pub async fn events_after<D: Decider>(
        &self,
        id: Uuid,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<StreamEvent<D::Event>>, LogError> {
        let stream_id = id.to_string();
        let events = sqlx::query_as(EVENTS_UP_TO).bind(D::TYPE).bind(&stream_id).bind(sequence).bind(limit);
        let rows: Vec<StoredRow> = events.fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| row.read::<D>(&stream_id)).collect()
    }

    async fn rows_of<D: Decider>(
        &self,
        stream_id: &str,
        after: i64,
        position: i64,
    ) -> Result<Vec<StoredRow>, LogError> {
        let events = sqlx::query_as(EVENTS).bind(D::TYPE).bind(stream_id).bind(after).bind(position);
        Ok(events.fetch_all(&self.pool).await?)
    }
}

/// Those of each loan, in their order.
async fn rows_of_loans(pool: PgPool, wanted: Vec<Wanted>) -> Result<Vec<Vec<StoredRow>>, sqlx::Error> {
    let (ids, positions): (Vec<String>, Vec<i64>) =
        wanted.iter().map(|(id, position)| (id.to_string(), *position)).unzip();
    let query = sqlx::query_as(SHORT_STREAMS).bind(Loan::TYPE).bind(ids).bind(positions);
    let rows: Vec<RowOfMany> = query.bind(asks_for_metadata()).fetch_all(&pool).await?;
    let mut each: Vec<Vec<StoredRow>> = wanted.iter().map(|_| Vec::new()).collect();
    for RowOfMany { row, place } in rows {
        let place = usize::try_from(place - 1).expect("ordinality counts from 1");
        each[place].push(row);
    }
    Ok(each)
}

impl StoredRow {
    fn read<D: Decider>(self, stream_id: &str) -> Result<StreamEvent<D::Event>, LogError> {
        let Self { position, sequence, recorded_at, event_type, event_version, payload, metadata } = self;
        let stored = Stored { stream_type: D::TYPE, stream_id, sequence, metadata: &metadata };
        let payload = upcast::understood(&stored, &event_type, &event_version, payload);
        let read = payload.and_then(|payload| D::Event::read(&event_type, &payload));
        let event = read.map_err(|source| LogError::Unreadable { position, event_type, source })?;
        Ok(StreamEvent { position, sequence, recorded_at, event })
    }
}
