//! What may share a transaction: nothing that stands in its own way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::decider::Decider;
use domain::period::Periods;
use uuid::Uuid;

use crate::append::{AppendRequest, Claim};

type Stream = (&'static str, Uuid);

/// A batch that is being put together, as far as it decides on what else can join it.
#[derive(Default)]
pub(crate) struct Draft {
    keys: HashSet<(Arc<str>, Arc<str>)>,
    claims: HashSet<Claim>,
    tax_ids: HashSet<String>,
    put_off: HashSet<Stream>,
    ends: HashMap<Stream, i64>,
    barrier_waits: bool,
    /// The accounting periods under which those in the batch were decided.
    decided_under: Option<i64>,
    /// Whether a period is closed or reopened by the batch: nothing decided before that may come after it.
    moves_periods: bool,
}

impl Draft {
    /// Whether the request joins the batch; if not, neither does what builds on it.
    pub(crate) fn takes(&mut self, request: &AppendRequest) -> bool {
        let stream = (request.stream_type, request.stream_id);
        let is_barrier = request.events.is_empty();
        let key_is_new = match &request.key {
            Some(key) => self.keys.insert((Arc::clone(&key.client), Arc::clone(&key.key))),
            None => true,
        };
        let tax_id_is_new =
            request.borrower.as_ref().is_none_or(|borrower| self.tax_ids.insert(borrower.tax_id.clone()));
        let claims_are_new = request.claims.iter().all(|claim| self.claims.insert(claim.clone()));
        let builds_on_put_off = self.put_off.contains(&stream);
        // Two states of one stream may be in use, when the cache let go of the first: one of them loses the race.
        let continues = is_barrier || self.ends.get(&stream).is_none_or(|end| *end == request.expected);
        let joins = key_is_new
            && tax_id_is_new
            && claims_are_new
            && !builds_on_put_off
            && continues
            && self.under_same_periods(request)
            && !(is_barrier && self.barrier_waits);
        if joins {
            self.join(stream, request);
        } else {
            self.put_off.insert(stream);
            self.barrier_waits = true;
        }
        joins
    }

    fn under_same_periods(&self, request: &AppendRequest) -> bool {
        let same = match (self.decided_under, request.decided_under) {
            (Some(batch), Some(request)) => batch == request,
            _ => true,
        };
        same && !(self.moves_periods && request.decided_under.is_some())
    }

    fn join(&mut self, stream: Stream, request: &AppendRequest) {
        if request.events.is_empty() {
            return;
        }
        self.ends.insert(stream, request.expected + request.event_count());
        self.decided_under = self.decided_under.or(request.decided_under);
        self.moves_periods |= request.stream_type == Periods::TYPE;
    }
}
