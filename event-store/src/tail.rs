//! The youngest events that this process appended: whoever follows the log here takes them from memory, and need not read
//! them out of Postgres again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};

use crate::append::NewEvent;
use crate::copied::{CommandColumns, EventRow};
use crate::idempotency::IdempotencyKey;

/// As many bytes are kept: those of a tenth of a second under load, or more.
const KEPT: usize = 4 << 20;
/// What an event takes besides its texts, about.
const EACH: usize = 300;

/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Each continues the one before.
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
    /// How many bytes may still be kept until somebody asks: nothing is kept for nobody.
    wanted: usize,
}

/// What one transaction added to the log.
pub(crate) struct Batch {
    /// The position of the last event before it.
    pub(crate) after: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) commands: Vec<Command>,
}

/// What a command added.
pub(crate) struct Command {
    pub(crate) stream_type: &'static str,
    pub(crate) stream_name: String,
    /// The sequence of the stream's last event before these.
    pub(crate) after: i64,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) key: Option<IdempotencyKey>,
}

/// Consecutive events of the tail.
pub(crate) struct Youngest {
    batches: Vec<Arc<Batch>>,
    after: i64,
    limit: usize,
}

impl Tail {
    /// To be called after each commit, in the order of positions.
    pub(crate) fn keep(&self, batch: Batch) {
        let bytes = batch.bytes();
        // Dropped after the lock.
        let mut _forgotten = VecDeque::new();
        let mut kept = self.lock();
        if kept.wanted < bytes || kept.batches.back().is_some_and(|last| last.last_position() != batch.after)
        {
            _forgotten = kept.forget();
        }
        if kept.wanted < bytes {
            return;
        }
        kept.wanted -= bytes;
        kept.bytes += bytes;
        kept.batches.push_back(Arc::new(batch));
        while kept.bytes > KEPT {
            let oldest = kept.batches.pop_front().expect("what takes room is there");
            kept.bytes -= oldest.bytes();
        }
    }

    /// Up to `limit` events after `position`: none where it does not begin there, or has no more. The log may have.
    pub(crate) fn after(&self, position: i64, limit: i64) -> Option<Youngest> {
        let limit = usize::try_from(limit).ok()?;
        let mut kept = self.lock();
        kept.wanted = 2 * KEPT;
        let (first, last) = (kept.batches.front()?, kept.batches.back()?);
        if position < first.after || position >= last.last_position() {
            return None;
        }
        let begin = kept.batches.partition_point(|batch| batch.last_position() <= position);
        let end = position.saturating_add_unsigned(limit as u64);
        let wanted = kept.batches.range(begin..).take_while(|batch| batch.after < end);
        Some(Youngest { batches: wanted.cloned().collect(), after: position, limit })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while it is held")
    }
}

impl Kept {
    fn forget(&mut self) -> VecDeque<Arc<Batch>> {
        self.bytes = 0;
        std::mem::take(&mut self.batches)
    }
}

impl Batch {
    fn last_position(&self) -> i64 {
        let events: usize = self.commands.iter().map(|command| command.events.len()).sum();
        self.after.saturating_add_unsigned(events as u64)
    }

    fn bytes(&self) -> usize {
        let events = self.commands.iter().flat_map(|command| &command.events);
        events.map(|event| EACH + event.payload.len() + event.metadata.len()).sum()
    }

    fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        let rows = self.commands.iter().flat_map(Command::rows);
        (self.after + 1..).zip(rows).map(|(position, row)| EventRow {
            position,
            recorded_at: self.recorded_at,
            ..row
        })
    }
}

impl Command {
    /// Its events; where they stand the batch knows.
    fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        (self.after + 1..).zip(&self.events).map(|(sequence, event)| EventRow {
            position: 0,
            stream_type: self.stream_type,
            stream_id: &self.stream_name,
            sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            payload: &event.payload,
            metadata: &event.metadata,
            recorded_at: DateTime::UNIX_EPOCH,
            command: Some(self.columns(sequence)),
        })
    }

    fn columns(&self, sequence: i64) -> CommandColumns<'_> {
        let key = self.key.as_ref().filter(|_| sequence == self.after + 1);
        CommandColumns {
            client: key.map(|key| &*key.client),
            key: key.map(|key| &*key.key),
            request_hash: key.map(|key| key.request_hash.as_slice()),
            events: key.map(|_| i32::try_from(self.events.len()).expect("a command has few events")),
        }
    }
}

impl Youngest {
    pub(crate) fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        let rows = self.batches.iter().flat_map(|batch| batch.rows());
        rows.skip_while(|row| row.position <= self.after).take(self.limit)
    }
}
