//! What a command asks to be appended, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use metrics::counter;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::batch::Place;
use crate::borrower::Borrower;
use crate::idempotency::IdempotencyKey;
use crate::tail::{Batch, Command};

/// A text or id that only one event of the whole log may bear.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    pub kind: &'static str,
    pub value: String,
}

/// One command's events on their way into the log. Without events it is a barrier: it is answered when everything
/// that was queued before it is.
pub(crate) struct AppendRequest {
    pub(crate) stream_type: &'static str,
    pub(crate) stream_id: Uuid,
    /// The id as the log writes it.
    pub(crate) stream_name: String,
    /// The sequence of the stream's last event that these build on.
    pub(crate) expected: i64,
    pub(crate) events: Vec<NewEvent>,
    /// The version of the accounting periods under which the events were decided, unless they do not depend on them.
    pub(crate) decided_under: Option<i64>,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) borrower: Option<Borrower>,
    pub(crate) lineage: Arc<Lineage>,
    pub(crate) answer: oneshot::Sender<Result<Appended, AppendError>>,
}

impl AppendRequest {
    pub(crate) fn event_count(&self) -> i64 {
        i64::try_from(self.events.len()).expect("a command has few events")
    }

    pub(crate) fn is_barrier(&self) -> bool {
        self.events.is_empty()
    }
}

pub(crate) struct NewEvent {
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) payload: String,
    pub(crate) metadata: Arc<str>,
}

/// Where a command's events stand: they are durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Appended {
    pub(crate) first_position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// Why a command's events were not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("the stream moved on")]
    Conflict,
    #[error("the idempotency key is known")]
    Repeated,
    #[error("an accounting period was closed or reopened")]
    PeriodsMoved,
    #[error("a claim is taken")]
    Claimed,
    #[error("the tax id belongs to another borrower")]
    BorrowerKnown,
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    #[error("the database refuses the events: {0}")]
    Rejected(String),
    #[error("another command that it belongs together with was refused")]
    Undone,
}

/// What the decisions on one loaded state have in common: when one append fails, all that built on it are void.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    void: AtomicBool,
    in_flight: AtomicI64,
}

impl Lineage {
    pub(crate) fn is_void(&self) -> bool {
        self.void.load(Ordering::Acquire)
    }

    /// Gives up what builds on it: the log has events that it does not know.
    pub(crate) fn abandon(&self) {
        self.void.store(true, Ordering::Release);
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    pub(crate) fn queued(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }
}

/// Commands that are appended together or not at all.
pub(crate) struct Whole {
    pub(crate) requests: Vec<AppendRequest>,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// What became of commands that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All are in the log.
    Stored,
    /// None is: one of them was refused.
    Refused,
    /// None is: what they were decided on is another by now. Decided again, they may be stored.
    Moved,
    /// Nobody knows: the log cannot be reached.
    Unknown,
}

/// What goes into the log one after another.
#[expect(clippy::large_enum_variant, reason = "nearly all are commands, which a box would make dearer")]
pub(crate) enum Queued {
    Command(AppendRequest),
    Whole(Whole),
}

#[derive(Clone)]
pub(crate) struct AppendQueue(mpsc::UnboundedSender<Queued>);

impl AppendQueue {
    /// Queues a request. When the appender is gone the request's answer channel closes, which its caller sees.
    pub(crate) fn push(&self, request: AppendRequest) {
        let _ = self.0.send(Queued::Command(request));
    }

    /// Queues commands that belong together. When the appender is gone, their answer channels close, as the outcome's.
    pub(crate) fn push_whole(&self, whole: Whole) {
        let _ = self.0.send(Queued::Whole(whole));
    }
}

/// The queue is unbounded, but the log admits a bounded number of commands at a time.
pub(crate) fn queue() -> (AppendQueue, mpsc::UnboundedReceiver<Queued>) {
    let (sender, queue) = mpsc::unbounded_channel();
    (AppendQueue(sender), queue)
}

/// Answers the commands of a batch that is durable at its place, and gives back what it added to the log.
pub(crate) fn succeed(batch: Vec<AppendRequest>, place: &Place) -> Batch {
    let recorded_at = place.recorded_at;
    let mut first_position = place.after + 1;
    let mut commands = Vec::with_capacity(batch.len());
    for request in batch {
        let events = request.event_count();
        request.lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        let _ = request.answer.send(Ok(Appended { first_position, recorded_at }));
        first_position += events;
        if events > 0 {
            commands.push(Command {
                stream_type: request.stream_type,
                stream_name: request.stream_name,
                after: request.expected,
                events: request.events,
                key: request.key,
            });
        }
    }
    counter!("razao_append_batches_total").increment(1);
    counter!("razao_events_appended_total").increment((first_position - place.after - 1).unsigned_abs());
    Batch { after: place.after, recorded_at, commands }
}

/// Answers barriers: all that was queued before them is answered.
pub(crate) fn pass(barriers: Vec<AppendRequest>) {
    for barrier in barriers {
        barrier.lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        let appended = Appended { first_position: 0, recorded_at: DateTime::UNIX_EPOCH };
        let _ = barrier.answer.send(Ok(appended));
    }
}

pub(crate) fn fail(batch: Vec<AppendRequest>, reason: &AppendError) {
    fail_each(batch, |_| reason.clone());
}

/// The same where each has a reason of its own, by its place in the batch.
pub(crate) fn fail_each(batch: Vec<AppendRequest>, reason: impl Fn(usize) -> AppendError) {
    // First all become void, then anyone is told: nobody may decide on a state that never came to be.
    for request in &batch {
        request.lineage.void.store(true, Ordering::Release);
    }
    for (index, request) in batch.into_iter().enumerate() {
        request.lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        let _ = request.answer.send(Err(reason(index)));
    }
}

/// Answers what builds on something that failed meanwhile: its sequences would leave a gap.
pub(crate) fn without_void(batch: Vec<AppendRequest>) -> Vec<AppendRequest> {
    let is_void = |request: &AppendRequest| request.lineage.is_void() && !request.is_barrier();
    if !batch.iter().any(is_void) {
        return batch;
    }
    let (void, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_void);
    fail(void, &AppendError::Conflict);
    batch
}
