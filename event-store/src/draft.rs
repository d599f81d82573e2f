//! What may share a transaction: nothing that stands in its own way.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use domain::decider::Decider;
use domain::period::Periods;
use uuid::Uuid;

use crate::append::{AppendRequest, Claim};
use crate::borrower::Borrower;
use crate::idempotency::IdempotencyKey;

type Stream = (&'static str, Uuid);
/// A client and its idempotency key.
type Key = (Arc<str>, Arc<str>);

/// A batch that is being put together, as far as it decides on what else can join it.
#[derive(Default)]
pub(crate) struct Draft {
    commands: usize,
    keys: HashSet<Key>,
    claims: HashSet<Claim>,
    tax_ids: HashSet<String>,
    borrowers: HashSet<Uuid>,
    put_off: HashSet<Stream>,
    ends: HashMap<Stream, i64>,
    barrier_waits: bool,
    /// The accounting periods under which those in the batch were decided.
    decided_under: Option<i64>,
    /// Whether a period is closed or reopened by the batch: nothing decided before that may come after it.
    moves_periods: bool,
}

impl Draft {
    /// How many commands are in it.
    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    /// Whether the request joins the batch, while others are under way; if not, neither does what builds on it.
    pub(crate) fn takes(&mut self, request: &AppendRequest, under_way: &VecDeque<Self>) -> bool {
        let stream = (request.stream_type, request.stream_id);
        let is_barrier = request.is_barrier();
        // Two states of one stream may be in use, when the cache let go of the first: one of them loses the race.
        let end = self
            .ends
            .get(&stream)
            .or_else(|| under_way.iter().rev().find_map(|draft| draft.ends.get(&stream)));
        let continues = is_barrier || end.is_none_or(|end| *end == request.expected);
        let key = request.key.as_ref().map(name);
        let name_is_taken = self.has_a_name_of(request, key.as_ref())
            || under_way.iter().any(|draft| draft.has_a_name_of(request, key.as_ref()));
        let joins = continues
            && !self.put_off.contains(&stream)
            && self.under_same_periods(request)
            && !(is_barrier && self.barrier_waits)
            && !name_is_taken;
        if joins {
            self.join(stream, request, key);
        } else {
            self.put_off.insert(stream);
            self.barrier_waits = true;
        }
        joins
    }

    /// Whether it has something that only one command may have.
    fn has_a_name_of(&self, request: &AppendRequest, key: Option<&Key>) -> bool {
        let has_borrower = |borrower: &Borrower| {
            self.tax_ids.contains(&borrower.tax_id) || self.borrowers.contains(&borrower.id.uuid())
        };
        key.is_some_and(|key| self.keys.contains(key))
            || request.claims.iter().any(|claim| self.claims.contains(claim))
            || request.borrower.as_ref().is_some_and(has_borrower)
    }

    fn under_same_periods(&self, request: &AppendRequest) -> bool {
        let same = match (self.decided_under, request.decided_under) {
            (Some(batch), Some(request)) => batch == request,
            _ => true,
        };
        same && !(self.moves_periods && request.decided_under.is_some())
    }

    fn join(&mut self, stream: Stream, request: &AppendRequest, key: Option<Key>) {
        self.commands += 1;
        if request.is_barrier() {
            return;
        }
        self.keys.extend(key);
        self.claims.extend(request.claims.iter().cloned());
        if let Some(borrower) = &request.borrower {
            self.tax_ids.insert(borrower.tax_id.clone());
            self.borrowers.insert(borrower.id.uuid());
        }
        self.ends.insert(stream, request.expected + request.event_count());
        self.decided_under = self.decided_under.or(request.decided_under);
        self.moves_periods |= request.stream_type == Periods::TYPE;
    }
}

fn name(key: &IdempotencyKey) -> Key {
    (Arc::clone(&key.client), Arc::clone(&key.key))
}
