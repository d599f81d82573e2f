//! What a command's caller is told once its events are durable.

use chrono::{DateTime, Utc};

/// An accepted command: what it appended, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub stream_id: String,
    /// The stream's version after the command: the sequence of its last event.
    pub version: i64,
    /// The position of the command's last event.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub events: Vec<RecordedEvent>,
    /// Whether this is the answer of an earlier command with the same idempotency key.
    pub replayed: bool,
}

/// One stored event of a receipt, its payload as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    pub sequence: i64,
    pub event_type: String,
    pub payload: String,
}
