//! Pages of events, copied out of the log: that takes half of what a query takes, of Postgres and of who reads.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolCopyExt;

use crate::feed::StoredEventRow;
use crate::log::LogError;

/// From so many events on a page is copied. A copy is planned anew each time, which a query is not.
pub(crate) const WORTH_COPYING: i64 = 100;

/// What comes before the rows: a signature, and two numbers of four bytes.
const HEADER: usize = 19;
/// Postgres counts microseconds from the year 2000, here in seconds since 1970.
const EPOCH: i64 = 946_684_800;

/// Which columns are copied.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Columns {
    /// What readers of events need.
    Event,
    /// All: by which command an event came, too.
    All,
}

/// Consecutive events, as Postgres wrote them.
#[derive(Debug, Default)]
pub(crate) struct Copied(Vec<u8>);

/// An event where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventRow<'c> {
    pub(crate) position: i64,
    pub(crate) stream_type: &'c str,
    pub(crate) stream_id: &'c str,
    pub(crate) sequence: i64,
    pub(crate) event_type: &'c str,
    pub(crate) event_version: &'c str,
    pub(crate) payload: &'c str,
    pub(crate) metadata: &'c str,
    pub(crate) recorded_at: DateTime<Utc>,
    /// None where these columns were not copied.
    pub(crate) command: Option<CommandColumns<'c>>,
}

/// By which command an event came: of a command's first event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CommandColumns<'c> {
    pub(crate) client: Option<&'c str>,
    pub(crate) key: Option<&'c str>,
    pub(crate) request_hash: Option<&'c [u8]>,
    pub(crate) events: Option<i32>,
}

impl Columns {
    /// JSON comes as its text, without a cast that the server would pay for.
    pub(crate) const fn names(self) -> &'static str {
        match self {
            Self::Event => {
                "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
                 recorded_at"
            }
            Self::All => {
                "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
                 recorded_at, client, idempotency_key, request_hash, command_events"
            }
        }
    }
}

impl Copied {
    /// Up to `limit` events after `position`.
    pub(crate) async fn after(
        pool: &PgPool,
        columns: Columns,
        position: i64,
        limit: i64,
    ) -> Result<Self, LogError> {
        // It takes no parameters; these are numbers.
        let copy = format!(
            "copy (select {} from events where position > {position} order by position limit {limit}) \
             to stdout (format binary)",
            columns.names()
        );
        // A copy has to be read to its end, even where nobody waits for it any more: its connection would be left in the
        // middle of it.
        let copying = tokio::spawn(read_to_the_end(pool.clone(), copy));
        Ok(Self(copying.await.expect("reading bytes does not panic")?))
    }

    /// The events in their order.
    pub(crate) fn rows(&self) -> Rows<'_> {
        // What has no header ends too soon.
        Rows { fields: Fields(self.0.get(HEADER..).unwrap_or_default()), is_over: false }
    }
}

async fn read_to_the_end(pool: PgPool, copy: String) -> Result<Vec<u8>, sqlx::Error> {
    let mut rows = pool.copy_out_raw(&copy).await?;
    let mut copied = Vec::new();
    while let Some(part) = rows.try_next().await? {
        copied.extend_from_slice(&part);
    }
    Ok(copied)
}

/// Reads one event after another; ends after what cannot be read.
pub(crate) struct Rows<'c> {
    fields: Fields<'c>,
    is_over: bool,
}

impl<'c> Iterator for Rows<'c> {
    type Item = Result<EventRow<'c>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = EventRow::read(&mut self.fields);
        self.is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

impl<'c> EventRow<'c> {
    fn read(fields: &mut Fields<'c>) -> Result<Option<Self>, LogError> {
        // Before each row the number of its fields, and at the end -1.
        let count = fields.take_i16()?;
        if count < 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            position: fields.take_bigint()?,
            stream_type: fields.take_text()?,
            stream_id: fields.take_text()?,
            sequence: fields.take_bigint()?,
            event_type: fields.take_text()?,
            event_version: fields.take_text()?,
            payload: fields.take_text()?,
            metadata: fields.take_text()?,
            recorded_at: fields.take_instant()?,
            command: if count > 9 { Some(CommandColumns::read(fields)?) } else { None },
        }))
    }

    pub(crate) fn to_stored(self) -> StoredEventRow {
        StoredEventRow {
            position: self.position,
            aggregate_type: self.stream_type.to_owned(),
            aggregate_id: self.stream_id.to_owned(),
            sequence: self.sequence,
            event_type: self.event_type.to_owned(),
            event_version: self.event_version.to_owned(),
            payload: self.payload.to_owned(),
            metadata: self.metadata.to_owned(),
            recorded_at: self.recorded_at,
        }
    }
}

impl<'c> CommandColumns<'c> {
    fn read(fields: &mut Fields<'c>) -> Result<Self, LogError> {
        let (client, key) = (fields.take_optional()?, fields.take_optional()?);
        let (request_hash, events) = (fields.take_optional()?, fields.take_optional()?);
        Ok(Self {
            client: client.map(text).transpose()?,
            key: key.map(text).transpose()?,
            request_hash,
            events: events.map(|field| Ok::<_, LogError>(i32::from_be_bytes(array(field)?))).transpose()?,
        })
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

    fn take_i16(&mut self) -> Result<i16, LogError> {
        Ok(i16::from_be_bytes(array(self.take(2)?)?))
    }

    /// A field: before it the number of its bytes, -1 for null.
    fn take_optional(&mut self) -> Result<Option<&'c [u8]>, LogError> {
        let length = i32::from_be_bytes(array(self.take(4)?)?);
        usize::try_from(length).ok().map(|length| self.take(length)).transpose()
    }

    fn take_field(&mut self) -> Result<&'c [u8], LogError> {
        self.take_optional()?.ok_or_else(|| strange("a field is null"))
    }

    fn take_bigint(&mut self) -> Result<i64, LogError> {
        Ok(i64::from_be_bytes(array(self.take_field()?)?))
    }

    fn take_text(&mut self) -> Result<&'c str, LogError> {
        text(self.take_field()?)
    }

    fn take_instant(&mut self) -> Result<DateTime<Utc>, LogError> {
        let micros = TimeDelta::microseconds(self.take_bigint()?);
        let epoch = DateTime::from_timestamp(EPOCH, 0).expect("the year 2000 is in range");
        epoch.checked_add_signed(micros).ok_or_else(|| strange("an instant is out of range"))
    }
}

fn array<const N: usize>(field: &[u8]) -> Result<[u8; N], LogError> {
    field.try_into().map_err(|_| strange(format_args!("a number has not {N} bytes")))
}

fn text(field: &[u8]) -> Result<&str, LogError> {
    std::str::from_utf8(field).map_err(|_| strange("a text is not UTF-8"))
}

/// What was copied is not as Postgres documents it.
fn strange(what: impl fmt::Display) -> LogError {
    sqlx::Error::Protocol(format!("what was copied out of the log is strange: {what}")).into()
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
            let cut = Copied(copied[..length].to_vec());
            let read: Vec<_> = cut.rows().collect();
            assert!(matches!(&read[..], [Err(_)]), "{length}");
        }
        let mut none = vec![0; HEADER];
        none.extend((-1_i16).to_be_bytes());
        assert_eq!(Copied(none).rows().count(), 0);
    }
}
