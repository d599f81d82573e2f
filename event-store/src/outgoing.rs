//! Events as they are published.

use chrono::{DateTime, Utc};

use crate::copied::{Columns, Copied, EventRow};
use crate::feed::{Feed, StoredEventRow};
use crate::lines;
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

impl Feed {
    /// Up to `limit` events after `position`, as they are published. What comes before an event that cannot be read is
    /// still good; the error is for who begins at it.
    pub async fn outgoing_after(&self, position: i64, limit: i64) -> Result<Vec<OutgoingEvent>, LogError> {
        outgoing(&Copied::after(self.pool(), Columns::Event, position, limit).await?)
    }
}

fn outgoing(copied: &Copied) -> Result<Vec<OutgoingEvent>, LogError> {
    let mut events = Vec::new();
    let mut instants = lines::Instants::default();
    for row in copied.rows() {
        let row = row?;
        match OutgoingEvent::of(&row, instants.text(row.recorded_at)) {
            Ok(event) => events.push(event),
            Err(error) if events.is_empty() => return Err(error),
            Err(_) => return Ok(events),
        }
    }
    Ok(events)
}

impl OutgoingEvent {
    fn of(row: &EventRow<'_>, recorded_at: &str) -> Result<Self, LogError> {
        let stored = Stored {
            stream_type: row.stream_type,
            stream_id: row.stream_id,
            sequence: row.sequence,
            metadata: row.metadata,
        };
        let (position, event_type) = (row.position, row.event_type.to_owned());
        let payload = upcast::current(&stored, row.event_type, row.event_version, row.payload);
        let payload = match payload {
            Ok(payload) => payload,
            Err(source) => return Err(LogError::Unreadable { position, event_type, source }),
        };
        let version = lines::public_version(row.event_version);
        let value = lines::public_json(&EventRow { payload: &payload, ..*row }, recorded_at);
        let (stream_id, recorded_at) = (row.stream_id.to_owned(), row.recorded_at);
        Ok(Self { position, stream_id, event_type, version, recorded_at, value })
    }
}
