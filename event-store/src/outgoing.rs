//! Events as they are published. Where a reader is behind, pages of them are copied out of the log, which takes half of what
//! a query takes.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt;

use crate::feed::{Feed, StoredEventRow};
use crate::lines::{self, EventText};
use crate::log::LogError;
use crate::upcast::{self, Stored};

/// An event in the shape of [`crate::PublicEvent`], and what is said beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingEvent {
    pub position: i64,
    pub stream_id: String,
    pub event_type: String,
    /// The version of the payload's shape.
    pub version: u32,
    pub recorded_at: DateTime<Utc>,
    pub value: Vec<u8>,
}

impl From<StoredEventRow> for OutgoingEvent {
    fn from(row: StoredEventRow) -> Self {
        Self {
            position: row.position,
            version: row.public_version(),
            value: row.to_public_json(),
            stream_id: row.aggregate_id,
            event_type: row.event_type,
            recorded_at: row.recorded_at,
        }
    }
}

/// What comes before the rows: a signature, and two numbers of four bytes.
const HEADER: usize = 19;
/// Postgres counts microseconds from the year 2000, here in seconds since 1970.
const EPOCH: i64 = 946_684_800;

impl Feed {
    /// Up to `limit` events after `position`, as they are published. What comes before an event that cannot be read is
    /// still good; the error is for who begins at it.
    pub async fn outgoing_after(&self, position: i64, limit: i64) -> Result<Vec<OutgoingEvent>, LogError> {
        // It takes no parameters; these are numbers.
        let copy = format!(
            "copy (select position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, recorded_at from events where position > {position} order by position limit {limit}) \
             to stdout (format binary)"
        );
        let mut rows = self.pool().copy_out_raw(&copy).await?;
        let mut copied = Vec::new();
        while let Some(part) = rows.try_next().await? {
            copied.extend_from_slice(&part);
        }
        read_all(&copied)
    }
}

fn read_all(copied: &[u8]) -> Result<Vec<OutgoingEvent>, LogError> {
    let mut fields = Fields(copied.get(HEADER..).ok_or_else(|| strange("it has no header"))?);
    let mut events = Vec::new();
    // Events that were appended together have the same instant.
    let mut instant = (DateTime::UNIX_EPOCH, String::new());
    // Before each row the number of its fields, and at the end -1.
    while fields.take_i16()? >= 0 {
        let row = Row::read(&mut fields)?;
        if instant.0 != row.recorded_at || instant.1.is_empty() {
            instant = (row.recorded_at, lines::instant(row.recorded_at));
        }
        match row.outgoing(&instant.1) {
            Ok(event) => events.push(event),
            Err(error) if events.is_empty() => return Err(error),
            Err(_) => return Ok(events),
        }
    }
    Ok(events)
}

/// A row where it lies.
struct Row<'c> {
    position: i64,
    stream_type: &'c str,
    stream_id: &'c str,
    sequence: i64,
    event_type: &'c str,
    event_version: &'c str,
    payload: &'c str,
    metadata: &'c str,
    recorded_at: DateTime<Utc>,
}

impl<'c> Row<'c> {
    fn read(fields: &mut Fields<'c>) -> Result<Self, LogError> {
        Ok(Self {
            position: fields.take_bigint()?,
            stream_type: fields.take_text()?,
            stream_id: fields.take_text()?,
            sequence: fields.take_bigint()?,
            event_type: fields.take_text()?,
            event_version: fields.take_text()?,
            payload: fields.take_text()?,
            metadata: fields.take_text()?,
            recorded_at: fields.take_instant()?,
        })
    }

    fn outgoing(&self, recorded_at: &str) -> Result<OutgoingEvent, LogError> {
        let stored = Stored {
            stream_type: self.stream_type,
            stream_id: self.stream_id,
            sequence: self.sequence,
            metadata: self.metadata,
        };
        let (position, event_type) = (self.position, self.event_type.to_owned());
        let payload = upcast::current(&stored, self.event_type, self.event_version, self.payload);
        let payload = match payload {
            Ok(payload) => payload,
            Err(source) => return Err(LogError::Unreadable { position, event_type, source }),
        };
        let version = lines::public_version(self.event_version);
        let text = EventText {
            position,
            stream_type: self.stream_type,
            stream_id: self.stream_id,
            sequence: self.sequence,
            event_type: self.event_type,
            event_version: self.event_version,
            recorded_at,
            metadata: self.metadata,
            payload: &payload,
        };
        let value = text.to_public_json();
        let (stream_id, recorded_at) = (self.stream_id.to_owned(), self.recorded_at);
        Ok(OutgoingEvent { position, stream_id, event_type, version, recorded_at, value })
    }
}

/// What is left of what was copied.
struct Fields<'c>(&'c [u8]);

impl<'c> Fields<'c> {
    fn take(&mut self, length: usize) -> Result<&'c [u8], LogError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| strange("it ends too soon"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], LogError> {
        Ok(self.take(N)?.try_into().expect("so many were taken"))
    }

    fn take_i16(&mut self) -> Result<i16, LogError> {
        Ok(i16::from_be_bytes(self.take_array()?))
    }

    /// A field: before it the number of its bytes, -1 for null, which no column of the log is.
    fn take_field(&mut self) -> Result<&'c [u8], LogError> {
        let length = i32::from_be_bytes(self.take_array()?);
        self.take(usize::try_from(length).map_err(|_| strange("a field is null"))?)
    }

    fn take_bigint(&mut self) -> Result<i64, LogError> {
        let field = self.take_field()?.try_into();
        Ok(i64::from_be_bytes(field.map_err(|_| strange("a number has not eight bytes"))?))
    }

    fn take_text(&mut self) -> Result<&'c str, LogError> {
        std::str::from_utf8(self.take_field()?).map_err(|_| strange("a text is not UTF-8"))
    }

    fn take_instant(&mut self) -> Result<DateTime<Utc>, LogError> {
        let micros = TimeDelta::microseconds(self.take_bigint()?);
        let epoch = DateTime::from_timestamp(EPOCH, 0).expect("the year 2000 is in range");
        epoch.checked_add_signed(micros).ok_or_else(|| strange("an instant is out of range"))
    }
}

/// What was copied is not as Postgres documents it.
fn strange(what: impl fmt::Display) -> LogError {
    LogError::Unavailable(sqlx::Error::Protocol(format!("what was copied out of the log is strange: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_short_is_an_error_and_no_panic() {
        let mut copied = vec![0; HEADER];
        copied.extend(9_i16.to_be_bytes());
        copied.extend(8_i32.to_be_bytes());
        copied.extend(7_i64.to_be_bytes());
        for length in 0..copied.len() {
            assert!(read_all(&copied[..length]).is_err(), "{length}");
        }
        let mut none = vec![0; HEADER];
        none.extend((-1_i16).to_be_bytes());
        assert_eq!(read_all(&none).unwrap(), []);
    }
}
