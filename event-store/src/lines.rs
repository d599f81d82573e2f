//! Events as lines: what `GET /v1/events` gives as NDJSON, and what the tree over the log is of (ADR 0017).
//!
//! A line has every column of its event, and the JSON texts as they are stored. It must never change for an event that
//! is there.

use std::io::Write as _;
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::copied::{Columns, CommandColumns, Copied, EventRow, WORTH_COPYING};
use crate::feed::Feed;
use crate::log::LogError;
use crate::reader::LogReader;
use crate::tail::Youngest;

/// Consecutive lines, or those of them that were wanted.
#[derive(Debug, Default)]
pub struct Lines {
    /// Each with its line feed.
    text: Vec<u8>,
    places: Vec<(i64, Range<usize>)>,
    /// The last event that was looked at, wanted or not; `None`: there was none.
    looked_to: Option<i64>,
}

/// What tells whether a line is wanted.
#[derive(Debug, Clone, Copy)]
pub struct LineHead<'a> {
    pub stream_id: &'a str,
    pub event_type: &'a str,
}

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// The version of the payload's shape.
pub(crate) fn public_version(event_version: &str) -> u32 {
    event_version.parse().unwrap_or(1)
}

/// Writes the event as a JSON object that is not closed yet; `recorded_at` is its instant as JSON text.
fn write_open(value: &mut Vec<u8>, event: &EventRow<'_>, recorded_at: &str) {
    fn put(value: &mut Vec<u8>, name: &str, text: &str) {
        value.extend_from_slice(name.as_bytes());
        write_json(value, text);
    }
    value.reserve(event.payload.len() + event.metadata.len() + 320);
    let written = write!(value, r#"{{"position":{}"#, event.position);
    put(value, r#","stream_type":"#, event.stream_type);
    put(value, r#","stream_id":"#, event.stream_id);
    let written = written.and_then(|()| write!(value, r#","sequence":{}"#, event.sequence));
    put(value, r#","type":"#, event.event_type);
    let version = public_version(event.event_version);
    let written = written.and_then(|()| write!(value, r#","version":{version}"#));
    written.expect("memory takes everything");
    for part in [r#","recorded_at":"#, recorded_at, r#","metadata":"#, event.metadata] {
        value.extend_from_slice(part.as_bytes());
    }
    value.extend_from_slice(br#","payload":"#);
    value.extend_from_slice(event.payload.as_bytes());
}

/// The event as others receive it: a [`crate::PublicEvent`].
pub(crate) fn public_json(event: &EventRow<'_>, recorded_at: &str) -> Vec<u8> {
    let mut value = Vec::new();
    write_open(&mut value, event, recorded_at);
    value.push(b'}');
    value
}

/// An instant as JSON text.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    serde_json::to_string(&at).expect("an instant is a text")
}

fn write_json(value: &mut Vec<u8>, of: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(value, of).expect("texts and numbers");
}

impl Lines {
    /// Each line without its line feed, with its position.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (i64, &[u8])> {
        self.places.iter().map(|(position, place)| (*position, &self.text[place.clone()]))
    }

    /// All lines, each with its line feed.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The position of the last event that was looked at; `None` where there was none.
    pub const fn looked_to(&self) -> Option<i64> {
        self.looked_to
    }

    /// Forgets all lines after the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.places.truncate(count);
        self.text.truncate(self.places.last().map_or(0, |(_, place)| place.end + 1));
    }

    fn of<'r>(
        rows: impl Iterator<Item = Result<EventRow<'r>, LogError>>,
        wanted: impl Fn(LineHead<'_>) -> bool,
    ) -> Result<Self, LogError> {
        let (mut lines, mut writer) = (Self::default(), LineWriter::default());
        for row in rows {
            let row = row?;
            lines.looked_to = Some(row.position);
            if wanted(LineHead { stream_id: row.stream_id, event_type: row.event_type }) {
                let start = lines.text.len();
                writer.write(&mut lines.text, &row);
                lines.places.push((row.position, start..lines.text.len()));
                lines.text.push(b'\n');
            }
        }
        Ok(lines)
    }
}

/// Instants as JSON text, one after another: events of one commit have the same.
#[derive(Default)]
pub(crate) struct Instants {
    last: DateTime<Utc>,
    text: String,
}

impl Instants {
    pub(crate) fn text(&mut self, at: DateTime<Utc>) -> &str {
        if self.last != at || self.text.is_empty() {
            (self.last, self.text) = (at, instant(at));
        }
        &self.text
    }
}

/// Writes events as lines, one after another.
#[derive(Default)]
struct LineWriter(Instants);

impl LineWriter {
    /// Adds an event's line to a text, without its line feed.
    fn write(&mut self, text: &mut Vec<u8>, row: &EventRow<'_>) {
        let start = text.len();
        write_open(text, row, self.0.text(row.recorded_at));
        if row.event_version != "1" && public_version(row.event_version).to_string() != row.event_version {
            text.extend_from_slice(br#","stored_version":"#);
            write_json(text, row.event_version);
        }
        if let Some(command) = &row.command {
            write_idempotency(text, command);
        }
        text.push(b'}');
        let line = &mut text[start..];
        // Within a JSON text these can only stand between two tokens.
        if line.contains(&b'\n') || line.contains(&b'\r') {
            line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        }
    }
}

fn write_idempotency(text: &mut Vec<u8>, command: &CommandColumns<'_>) {
    let CommandColumns { client, key, request_hash, events } = command;
    if client.is_none() && key.is_none() && request_hash.is_none() && events.is_none() {
        return;
    }
    text.extend_from_slice(br#","idempotency":{"client":"#);
    write_json(text, client);
    text.extend_from_slice(br#","key":"#);
    write_json(text, key);
    text.extend_from_slice(br#","request_hash":"#);
    match request_hash {
        Some(hash) => {
            text.push(b'"');
            let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            text.extend(digits.map(|digit| HEXADECIMAL[usize::from(digit)]));
            text.push(b'"');
        }
        None => text.extend_from_slice(b"null"),
    }
    text.extend_from_slice(br#","events":"#);
    write_json(text, events);
    text.push(b'}');
}

/// Events as Postgres wrote them, or as they were sent there, which become lines where there is time for it.
pub struct StoredLines(Source);

enum Source {
    Log(Copied),
    Tail(Youngest),
}

impl StoredLines {
    async fn after(pool: &PgPool, position: i64, limit: i64) -> Result<Self, LogError> {
        Ok(Self(Source::Log(Copied::after(pool, Columns::All, position, limit).await?)))
    }

    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Source::Log(copied) => copied.rows().next().is_none(),
            Source::Tail(kept) => kept.rows().next().is_none(),
        }
    }

    /// Each with its position, as a line without its line feed, until one is refused.
    pub fn for_each<E: From<LogError>>(
        &self,
        visit: impl FnMut(i64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.0 {
            Source::Log(copied) => visit_each(copied.rows(), visit),
            Source::Tail(kept) => visit_each(kept.rows().map(Ok), visit),
        }
    }

    fn wanted(&self, wanted: impl Fn(LineHead<'_>) -> bool) -> Result<Lines, LogError> {
        match &self.0 {
            Source::Log(copied) => Lines::of(copied.rows(), wanted),
            Source::Tail(kept) => Lines::of(kept.rows().map(Ok), wanted),
        }
    }
}

/// All lines in the room of one.
fn visit_each<'r, E: From<LogError>>(
    rows: impl Iterator<Item = Result<EventRow<'r>, LogError>>,
    mut visit: impl FnMut(i64, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let (mut writer, mut line) = (LineWriter::default(), Vec::new());
    for row in rows {
        let row = row?;
        line.clear();
        writer.write(&mut line, &row);
        visit(row.position, &line)?;
    }
    Ok(())
}

/// The columns of a row in the order of `Columns::All`.
fn columns(row: &PgRow) -> Result<EventRow<'_>, LogError> {
    Ok(EventRow {
        position: row.try_get(0)?,
        stream_type: row.try_get(1)?,
        stream_id: row.try_get(2)?,
        sequence: row.try_get(3)?,
        event_type: row.try_get(4)?,
        event_version: row.try_get(5)?,
        payload: json_text(row, 6)?,
        metadata: json_text(row, 7)?,
        recorded_at: row.try_get(8)?,
        command: Some(CommandColumns {
            client: row.try_get(9)?,
            key: row.try_get(10)?,
            request_hash: row.try_get(11)?,
            events: row.try_get(12)?,
        }),
    })
}

/// A column of JSON as it is stored.
fn json_text(row: &PgRow, column: usize) -> Result<&str, sqlx::Error> {
    row.try_get_raw(column)?.as_str().map_err(sqlx::Error::Decode)
}

impl Feed {
    /// Up to `limit` events after `position`, waiting for the first one; none after a while without any.
    pub async fn next_lines(&mut self, position: i64, limit: i64) -> Result<StoredLines, LogError> {
        self.heard();
        let lines = self.youngest_lines(position, limit).await?;
        if !lines.is_empty() {
            return Ok(lines);
        }
        self.wait_for_news().await;
        self.youngest_lines(position, limit).await
    }

    async fn youngest_lines(&self, position: i64, limit: i64) -> Result<StoredLines, LogError> {
        match self.tail.after(position, limit) {
            Some(kept) => Ok(StoredLines(Source::Tail(kept))),
            None => StoredLines::after(&self.pool, position, limit).await,
        }
    }
}

impl LogReader {
    /// The wanted lines among those of up to `limit` events after `position`.
    pub async fn lines_after(
        &self,
        position: i64,
        limit: i64,
        wanted: impl Fn(LineHead<'_>) -> bool,
    ) -> Result<Lines, LogError> {
        if limit >= WORTH_COPYING {
            return self.stored_lines_after(position, limit).await?.wanted(wanted);
        }
        let query = format!(
            "select {} from events where position > $1 order by position limit $2",
            Columns::All.names()
        );
        let rows = sqlx::query(&query).bind(position).bind(limit).fetch_all(&self.pool).await?;
        Lines::of(rows.iter().map(columns), wanted)
    }

    /// Up to `limit` events after `position`.
    pub async fn stored_lines_after(&self, position: i64, limit: i64) -> Result<StoredLines, LogError> {
        StoredLines::after(&self.pool, position, limit).await
    }

    /// The lines of up to `limit` events of one stream after `sequence`.
    pub async fn lines_of_stream(
        &self,
        (stream_type, stream_id): (&str, &str),
        sequence: i64,
        limit: i64,
    ) -> Result<Lines, LogError> {
        let query = format!(
            "select {} from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 \
             order by sequence limit $4",
            Columns::All.names()
        );
        let query = sqlx::query(&query).bind(stream_type).bind(stream_id).bind(sequence).bind(limit);
        let rows = query.fetch_all(&self.pool).await?;
        Lines::of(rows.iter().map(columns), |_| true)
    }
}
