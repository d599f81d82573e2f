//! The log as others receive it: each event as one JSON value, and records by which a reader proves that none is
//! missing.
//!
//! The order within a partition is that of positions, but a sender that starts over repeats what it is not sure of. So
//! a reader takes an event whose position is above all that it has seen on the partition, and passes over the others.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::copied::EventRow;
use crate::feed::StoredEventRow;
use crate::lines;

/// The header of every message that names the shape of its value.
pub const SCHEMA_HEADER: &str = "schema";
/// The header of every message that names the log it is of: [`crate::LogReader::id`].
pub const LOG_HEADER: &str = "log";
/// The shape of [`PublicEvent`]: `schemas/public/Event.v1.schema.json`.
pub const EVENT_SCHEMA: &str = "razao.event.v1";
/// The shape of [`Completeness`]: `schemas/public/Completeness.v1.schema.json`.
pub const COMPLETENESS_SCHEMA: &str = "razao.completeness.v1";

/// An event as others receive it: what `GET /v1/events` shows, but for the idempotency key of its command.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct PublicEvent<'a> {
    /// Its place in the whole log: 1, 2, 3, … without gaps.
    pub position: i64,
    #[serde(borrow)]
    pub stream_type: Cow<'a, str>,
    #[serde(borrow)]
    pub stream_id: Cow<'a, str>,
    /// Its place in its stream: 1, 2, 3, … without gaps.
    pub sequence: i64,
    #[serde(borrow, rename = "type")]
    pub event_type: Cow<'a, str>,
    /// The version of the payload's shape.
    pub version: u32,
    pub recorded_at: DateTime<Utc>,
    /// Who did it, by which command, and why.
    #[serde(borrow)]
    pub metadata: &'a RawValue,
    /// As `schemas/events/<type>.v<version>.schema.json` describes it.
    #[serde(borrow)]
    pub payload: &'a RawValue,
}

impl PublicEvent<'_> {
    /// As the log holds it, for a reader that makes of it what it makes of the log.
    pub fn into_row(self) -> StoredEventRow {
        StoredEventRow {
            position: self.position,
            aggregate_type: self.stream_type.into_owned(),
            aggregate_id: self.stream_id.into_owned(),
            sequence: self.sequence,
            event_type: self.event_type.into_owned(),
            event_version: self.version.to_string(),
            payload: self.payload.get().to_owned(),
            metadata: self.metadata.get().to_owned(),
            recorded_at: self.recorded_at,
        }
    }
}

impl StoredEventRow {
    /// As others receive it: a [`PublicEvent`], written without reading again what the database holds as JSON.
    pub fn to_public_json(&self) -> Vec<u8> {
        lines::public_json(&self.row(), &lines::instant(self.recorded_at))
    }

    fn row(&self) -> EventRow<'_> {
        EventRow {
            position: self.position,
            stream_type: &self.aggregate_type,
            stream_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            event_version: &self.event_version,
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: self.recorded_at,
            command: None,
        }
    }

    /// The version of the payload's shape.
    pub fn public_version(&self) -> u32 {
        lines::public_version(&self.event_version)
    }
}

/// The SHA-256 of an event's value.
pub type EventDigest = [u8; 32];

/// The digest of an event's value, as it was sent.
pub fn digest(value: &[u8]) -> EventDigest {
    Sha256::digest(value).into()
}

/// Says of one partition that every event of it from one position to another has come before this record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct Completeness {
    /// The first position that it speaks of, whichever partition that event is on.
    pub from: i64,
    pub to: i64,
    /// When the event at `to` was recorded, so that a reader can say how old what it has is.
    pub recorded_at: DateTime<Utc>,
    pub partition: i32,
    /// How many partitions there are. Each has such a record, and their counts add up to `to` − `from` + 1.
    pub partitions: i32,
    /// How many of the events are on this partition.
    pub count: i64,
    /// SHA-256, in hexadecimal, of the SHA-256 digests of their values, one after the other by position.
    pub hash: String,
}

/// Positions that records of completeness speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub to: i64,
    /// When the event at `to` was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Sums up the events of one partition, in the order of their positions.
#[derive(Debug, Clone, Default)]
pub struct PartitionSum {
    count: i64,
    hasher: Sha256,
}

impl PartitionSum {
    pub fn add(&mut self, digest: &EventDigest) {
        self.count += 1;
        self.hasher.update(digest);
    }

    /// What was added since the last time, as of the positions of a range.
    pub fn take(&mut self, range: Range, partition: i32, partitions: i32) -> Completeness {
        let (count, hash) = self.take_sum();
        let Range { from, to, recorded_at } = range;
        Completeness { from, to, recorded_at, partition, partitions, count, hash }
    }

    /// How many were added since the last time, and their hash.
    pub(crate) fn take_sum(&mut self) -> (i64, String) {
        let Self { count, hasher } = std::mem::take(self);
        (count, format!("{:x}", hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> Range {
        Range { from, to, recorded_at: DateTime::UNIX_EPOCH }
    }

    fn row() -> StoredEventRow {
        StoredEventRow {
            position: 7,
            aggregate_type: "Entry".to_owned(),
            aggregate_id: "00000000-0000-0000-0000-000000000001".to_owned(),
            sequence: 1,
            event_type: "EntryPosted".to_owned(),
            event_version: "1".to_owned(),
            payload: r#"{"type":"EntryPosted","on":"2026-03-02"}"#.to_owned(),
            metadata: r#"{"actor":"ana"}"#.to_owned(),
            recorded_at: DateTime::from_timestamp(1_772_450_000, 0).unwrap(),
        }
    }

    #[test]
    fn an_event_keeps_the_stored_text_of_its_payload() {
        let value = row().to_public_json();
        let text = std::str::from_utf8(&value).unwrap();
        assert!(text.ends_with(r#""payload":{"type":"EntryPosted","on":"2026-03-02"}}"#), "{text}");
        let read: PublicEvent<'_> = serde_json::from_slice(&value).unwrap();
        assert_eq!((read.position, read.sequence, read.version), (7, 1, 1));
        assert_eq!(serde_json::to_vec(&read).unwrap(), value);
        assert_eq!(read.into_row(), row());
    }

    /// What a schema names, which is also all that it takes.
    fn names_in(schema: &str) -> Vec<String> {
        let path = [env!("CARGO_MANIFEST_DIR"), "/../schemas/public/", schema].concat();
        let schema: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        let mut required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap();
        required.sort();
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.keys().eq(&required), "all that it names is required");
        required
    }

    fn names_of(value: &[u8]) -> Vec<String> {
        let value: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(value).unwrap();
        value.keys().cloned().collect()
    }

    #[test]
    fn the_public_schemas_name_what_is_published() {
        let event = row().to_public_json();
        assert_eq!(names_of(&event), names_in("Event.v1.schema.json"));
        let record = serde_json::to_vec(&PartitionSum::default().take(range(1, 2), 0, 6)).unwrap();
        assert_eq!(names_of(&record), names_in("Completeness.v1.schema.json"));
    }
}
