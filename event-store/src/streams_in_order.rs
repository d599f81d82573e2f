//! Every stream of a kind, one after another in the order of their ids, a page in memory at a time.
//!
//! On a connection of its own and in short transactions, so that whoever reads everything holds up nobody.

use domain::decider::{Decider, StoredEvent, WholeStream};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::log::{Log, LogError};
use crate::upcast::{self, Stored, asks_for_metadata};

/// How many events are read at once.
const PAGE: usize = 1024;

const AFTER: &str = "select aggregate_id, sequence, position, event_type, event_version, payload::text, \
    case when $5 then metadata::text else '{}' end from events \
    where aggregate_id > $1 and aggregate_type = $2 and position <= $3 \
    order by aggregate_id, aggregate_type, sequence limit $4";
const REST: &str = "select aggregate_id, sequence, position, event_type, event_version, payload::text, \
    case when $5 then metadata::text else '{}' end from events \
    where aggregate_id = $1 and aggregate_type = $2 and position <= $3 and sequence > $6 \
    order by sequence limit $4";

/// Reads the streams of one kind with their events up to a position of the log.
pub struct StreamsInOrder {
    connection: PgConnection,
    stream_type: &'static str,
    up_to: i64,
    /// The id of the stream that was read last.
    after: String,
    is_done: bool,
}

/// The events of one stream, as the log holds them.
pub struct StoredStream {
    pub id: Uuid,
    rows: Vec<PgRow>,
}

impl StreamsInOrder {
    /// The streams that come after `after`, or all, with their events up to position `up_to`.
    pub async fn open<D: Decider>(log: &Log, after: Option<Uuid>, up_to: i64) -> Result<Self, LogError> {
        let connection = log.session(&[]).await?;
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        Ok(Self { connection, stream_type: D::TYPE, up_to, after, is_done: false })
    }

    /// The next streams, each with all its events; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredStream>>, LogError> {
        if self.is_done {
            return Ok(None);
        }
        let rows = self.page(AFTER, &self.after.clone(), 0).await?;
        let is_whole = rows.len() < PAGE;
        let mut streams = by_stream(rows)?;
        if !is_whole {
            // The last stream may go on beyond the page.
            let cut = streams.pop().expect("a full page has a stream");
            if streams.is_empty() {
                streams.push(self.complete(cut).await?);
            }
        }
        self.is_done = is_whole;
        if let Some(last) = streams.last() {
            self.after = last.id.to_string();
        }
        Ok((!streams.is_empty()).then_some(streams))
    }

    async fn complete(&mut self, mut stream: StoredStream) -> Result<StoredStream, LogError> {
        loop {
            let last: i64 = stream.rows.last().map_or(Ok(0), |row| row.try_get(1))?;
            let more = self.page(REST, &stream.id.to_string(), last).await?;
            let is_whole = more.len() < PAGE;
            stream.rows.extend(more);
            if is_whole {
                return Ok(stream);
            }
        }
    }

    async fn page(&mut self, statement: &str, id: &str, sequence: i64) -> Result<Vec<PgRow>, LogError> {
        let limit = i64::try_from(PAGE).expect("a small number");
        let query = sqlx::query(statement).bind(id).bind(self.stream_type).bind(self.up_to).bind(limit);
        let query = query.bind(asks_for_metadata());
        let query = if statement == REST { query.bind(sequence) } else { query };
        Ok(query.fetch_all(&mut self.connection).await?)
    }
}

pub(crate) fn by_stream(rows: Vec<PgRow>) -> Result<Vec<StoredStream>, LogError> {
    let mut streams: Vec<StoredStream> = Vec::new();
    for row in rows {
        let id: &str = row.try_get(0)?;
        let id = Uuid::parse_str(id).map_err(|error| sqlx::Error::Decode(error.into()))?;
        match streams.last_mut().filter(|stream| stream.id == id) {
            Some(stream) => stream.rows.push(row),
            None => streams.push(StoredStream { id, rows: vec![row] }),
        }
    }
    Ok(streams)
}

impl StoredStream {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The events in order, brought up to the current version of their types.
    pub fn events<D: Decider>(&self) -> impl Iterator<Item = Result<D::Event, LogError>> + '_ {
        let id = self.id.to_string();
        self.rows.iter().map(move |row| read::<D>(&id, row))
    }

    /// The state and the history after all events.
    pub fn fold<D: Decider>(&self) -> Result<WholeStream<D>, LogError> {
        let mut whole = WholeStream { state: D::default(), history: D::History::default() };
        for event in self.events::<D>() {
            let event = event?;
            whole.state.apply(&event);
            D::record(&mut whole.history, &event);
        }
        Ok(whole)
    }

    /// The history after all events.
    pub fn history<D: Decider>(&self) -> Result<D::History, LogError> {
        let mut history = D::History::default();
        for event in self.events::<D>() {
            D::record(&mut history, &event?);
        }
        Ok(history)
    }

    /// Reads the type and the payload of each event in order, as the current version of its type writes it.
    pub fn read_each<D: Decider>(
        &self,
        mut read: impl FnMut(&str, &str) -> Result<(), serde_json::Error>,
    ) -> Result<(), LogError> {
        let id = self.id.to_string();
        self.rows.iter().try_for_each(|row| read_with::<D, ()>(&id, row, &mut read))
    }
}

fn read<D: Decider>(stream_id: &str, row: &PgRow) -> Result<D::Event, LogError> {
    read_with::<D, _>(stream_id, row, D::Event::read)
}

fn read_with<D: Decider, T>(
    stream_id: &str,
    row: &PgRow,
    read: impl FnOnce(&str, &str) -> Result<T, serde_json::Error>,
) -> Result<T, LogError> {
    let (sequence, position) = (row.try_get(1)?, row.try_get(2)?);
    let (event_type, event_version): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
    let (payload, metadata): (&str, &str) = (row.try_get(5)?, row.try_get(6)?);
    let stored = Stored { stream_type: D::TYPE, stream_id, sequence, metadata };
    let payload = upcast::understood(&stored, event_type, event_version, payload);
    let read = payload.and_then(|payload| read(event_type, &payload));
    read.map_err(|source| LogError::Unreadable { position, event_type: event_type.to_owned(), source })
}

impl Log {
    /// The last stream of a kind among those whose ids lie from `first` to `last`, both included.
    pub async fn last_stream<D: Decider>(&self, first: Uuid, last: Uuid) -> Result<Option<Uuid>, LogError> {
        const LAST: &str = "select aggregate_id from events where aggregate_id between $1 and $2 \
            and aggregate_type = $3 order by aggregate_id desc limit 1";
        let query = sqlx::query_as(LAST).bind(first.to_string()).bind(last.to_string()).bind(D::TYPE);
        let found: Option<(String,)> = query.fetch_optional(&self.pool).await?;
        let id = found.map(|(id,)| Uuid::parse_str(&id)).transpose();
        Ok(id.map_err(|error| sqlx::Error::Decode(error.into()))?)
    }
}
