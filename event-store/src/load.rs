//! Folding a stream's events into its state, from the last snapshot where there is one.

use domain::decider::{Decider, StoredEvent};
use uuid::Uuid;

use crate::log::{Log, LogError};
use crate::upcast::{self, Stored};

/// A state and the sequence of the last event in it (0: there is none).
pub(crate) struct Folded<D> {
    pub(crate) state: D,
    pub(crate) version: i64,
}

const SNAPSHOT: &str = "select last_sequence, payload from snapshots \
    where aggregate_type = $1 and aggregate_id = $2 and snapshot_version = $3";

const EVENTS: &str = "select position, sequence, event_type, event_version, payload::text, metadata::text \
    from events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence";

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
        for (sequence, event) in self.events_after::<D>(&stream_id, folded.version).await? {
            folded.state.apply(&event);
            folded.version = sequence;
        }
        Ok(folded)
    }

    /// The state with the history of the whole stream.
    pub(crate) async fn load_whole<D: Decider>(&self, id: Uuid) -> Result<(Folded<D>, D::History), LogError> {
        let mut folded = Folded { state: D::default(), version: 0 };
        let mut history = D::History::default();
        for (sequence, event) in self.events_after::<D>(&id.to_string(), 0).await? {
            folded.state.apply(&event);
            D::record(&mut history, &event);
            folded.version = sequence;
        }
        Ok((folded, history))
    }

    async fn events_after<D: Decider>(
        &self,
        stream_id: &str,
        version: i64,
    ) -> Result<Vec<(i64, D::Event)>, LogError> {
        let rows: Vec<(i64, i64, String, String, String, String)> =
            sqlx::query_as(EVENTS).bind(D::TYPE).bind(stream_id).bind(version).fetch_all(&self.pool).await?;
        let mut events = Vec::with_capacity(rows.len());
        for (position, sequence, event_type, event_version, payload, metadata) in rows {
            let stored = Stored { stream_type: D::TYPE, stream_id, sequence, metadata: &metadata };
            let payload = upcast::current(&stored, &event_type, &event_version, payload);
            let read = payload.and_then(|payload| D::Event::read(&event_type, &payload));
            let event = read.map_err(|source| LogError::Unreadable { position, event_type, source })?;
            events.push((sequence, event));
        }
        Ok(events)
    }
}
