//! Rows in Postgres' binary `COPY` format, encoded as they are folded: the fastest way to append many.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// A message of the protocol may have a gigabyte; smaller ones let the server begin earlier.
const MESSAGE: usize = 256 * 1024;
/// Seconds from 1970 to 2000, from which Postgres counts.
const EPOCH_SECONDS: i64 = 946_684_800;
const EPOCH_DAY: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");

/// The text as Postgres can hold it: JSON may contain the character 0, a `text` may not.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Rows to append to one table. Begin each with [`Self::row`], then add its columns in their order.
pub(crate) struct CopyRows {
    bytes: Vec<u8>,
    columns: i16,
}

impl CopyRows {
    pub(crate) const fn new(columns: i16) -> Self {
        Self { bytes: Vec::new(), columns }
    }

    pub(crate) fn row(&mut self) -> &mut Self {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(SIGNATURE);
        }
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
        self
    }

    pub(crate) fn bigint(&mut self, value: impl Into<Option<i64>>) -> &mut Self {
        self.column(value.into().map(i64::to_be_bytes))
    }

    pub(crate) fn bigints<const N: usize>(&mut self, values: [i64; N]) -> &mut Self {
        values.into_iter().fold(self, Self::bigint)
    }

    pub(crate) fn int(&mut self, value: impl Into<Option<u32>>) -> &mut Self {
        let small = |value: u32| i32::try_from(value).expect("numbers and days are small");
        self.column(value.into().map(|value| small(value).to_be_bytes()))
    }

    pub(crate) fn date(&mut self, value: impl Into<Option<NaiveDate>>) -> &mut Self {
        let days = |day: NaiveDate| {
            i32::try_from((day - EPOCH_DAY).num_days()).expect("chrono's dates are within Postgres'")
        };
        self.column(value.into().map(|day| days(day).to_be_bytes()))
    }

    pub(crate) fn instant(&mut self, value: DateTime<Utc>) -> &mut Self {
        self.column(Some((value.timestamp_micros() - EPOCH_SECONDS * 1_000_000).to_be_bytes()))
    }

    pub(crate) fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.column(Some(value.into_bytes()))
    }

    pub(crate) fn uuid_or_null(&mut self, value: Option<Uuid>) -> &mut Self {
        self.column(value.map(Uuid::into_bytes))
    }

    pub(crate) fn boolean(&mut self, value: bool) -> &mut Self {
        self.column(Some([u8::from(value)]))
    }

    pub(crate) fn text<'a>(&mut self, value: impl Into<Option<&'a str>>) -> &mut Self {
        let value = value.into().map(storable);
        self.column(value.as_deref().map(str::as_bytes))
    }

    /// Appends the rows by `statement`, a `copy … from stdin (format binary)`; nothing where there are none.
    pub(crate) async fn write(
        mut self,
        connection: &mut PgConnection,
        statement: &str,
    ) -> Result<(), sqlx::Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        self.bytes.extend_from_slice(&END);
        let mut copy = connection.copy_in_raw(statement).await?;
        for message in self.bytes.chunks(MESSAGE) {
            copy.send(message).await?;
        }
        copy.finish().await?;
        Ok(())
    }

    fn column<B: AsRef<[u8]>>(&mut self, value: Option<B>) -> &mut Self {
        match value {
            Some(bytes) => {
                let bytes = bytes.as_ref();
                let length = i32::try_from(bytes.len()).expect("a text of an event is below 1 MiB");
                self.bytes.extend_from_slice(&length.to_be_bytes());
                self.bytes.extend_from_slice(bytes);
            }
            None => self.bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        self
    }
}
