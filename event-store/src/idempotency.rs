//! Idempotency keys: a repeated command is answered from the events that its first sending appended.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row;

use crate::log::{Log, LogError};
use crate::receipt::{Receipt, RecordedEvent};

/// A client's name for one command, with the hash of what was asked, concealed ([`Log::conceal`]): the key does not
/// expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub client: Arc<str>,
    pub key: Arc<str>,
    pub request_hash: [u8; 32],
}

pub(crate) enum Known {
    No,
    /// The same request was accepted before: its answer.
    Repeat(Receipt),
    /// Another request was accepted under this key.
    OtherRequest,
}

/// There is one event of a key at most. Postgres is told so: on a log that was never analyzed, such as one just restored,
/// it would expect many, and read all of the log for each.
const EVENTS_OF_KEY: &str = "select k.request_hash, e.position, e.aggregate_id, e.sequence, e.event_type, \
    e.payload::text as payload, e.recorded_at \
    from (select request_hash, position, command_events from events \
        where client = $1 and idempotency_key = $2 limit 1) k \
    join events e on e.position >= k.position and e.position < k.position + k.command_events \
    order by e.position";

impl Log {
    /// What is known of a key.
    pub(crate) async fn look_up(&self, key: &IdempotencyKey) -> Result<Known, LogError> {
        let rows =
            sqlx::query(EVENTS_OF_KEY).bind(&*key.client).bind(&*key.key).fetch_all(&self.pool).await?;
        let Some(last) = rows.last() else { return Ok(Known::No) };
        let hash: Vec<u8> = last.try_get("request_hash")?;
        if hash != key.request_hash {
            return Ok(Known::OtherRequest);
        }
        let recorded_at: DateTime<Utc> = last.try_get("recorded_at")?;
        let events = rows.iter().map(|row| {
            Ok(RecordedEvent {
                sequence: row.try_get("sequence")?,
                event_type: row.try_get("event_type")?,
                payload: row.try_get("payload")?,
            })
        });
        Ok(Known::Repeat(Receipt {
            stream_id: last.try_get("aggregate_id")?,
            version: last.try_get("sequence")?,
            position: last.try_get("position")?,
            recorded_at,
            events: events.collect::<Result<_, sqlx::Error>>()?,
            replayed: true,
        }))
    }
}
