//! What every read works with, and by which of two databases a request is answered.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use event_store::{BookingDay, Log, LogReader, ReaderLimits};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use super::cache::AnswerCache;
use super::loan_rows::LoanRows;
use super::looks::Looks;
use super::replica::Replica;
use crate::hexadecimal::hexadecimal;
use crate::place::Place;
use crate::replay::Replay;

/// No statement of a read runs longer.
pub(crate) const LONGEST_STATEMENT: Duration = Duration::from_secs(10);

/// How many bytes of the hash of a log's id mark what is of it.
const MARK: usize = 4;

/// How a log is read by queries.
pub(crate) const LIMITS: ReaderLimits =
    ReaderLimits { connections: 16, patience: Duration::from_secs(5), statement: LONGEST_STATEMENT };

/// What every read works with. Clones share it.
#[derive(Clone)]
pub struct QueryState(Arc<Sources>);

/// Where reads find what they answer.
#[derive(Clone)]
pub struct Sources {
    pub(crate) pool: PgPool,
    pub(crate) loan_rows: LoanRows,
    /// The log as reads see it.
    pub(crate) log: LogReader,
    /// The log itself, for what is done to dead letters.
    pub(crate) whole_log: Log,
    pub(crate) booking_day: BookingDay,
    pub(crate) place: Place,
    /// Whether all of this is a copy, which may be behind.
    pub(crate) is_copy: bool,
    pub(crate) cache: Option<AnswerCache>,
    pub(crate) replica: Option<Replica>,
    /// What tells the tags and cursors of one lender from those of others that the process serves.
    pub(crate) mark: Arc<str>,
    pub(crate) looks: Looks,
}

impl Deref for QueryState {
    type Target = Sources;

    fn deref(&self) -> &Sources {
        &self.0
    }
}

/// What a handler works with: the primary's, or the replica's where the request was sent there.
pub(crate) struct State<S>(pub(crate) S);

/// Marks a request that the replica is to answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByReplica;

impl QueryState {
    /// Reads what serves.
    pub fn new(read_pool: PgPool, log: Log, booking_day: BookingDay) -> Self {
        Self(Arc::new(Sources {
            loan_rows: LoanRows::new(&read_pool.connect_options()),
            pool: read_pool,
            log: log.reader(LIMITS),
            whole_log: log,
            booking_day,
            place: Place::Serving,
            is_copy: false,
            cache: None,
            replica: None,
            mark: "".into(),
            looks: Looks::default(),
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Sources)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Marks tags and cursors as those of one of several lenders, whose logs have these ids.
    #[must_use]
    pub fn of_one_log(self, log: Uuid) -> Self {
        let digest = Sha256::digest(log);
        self.with(|sources| sources.mark = format!("-{}", hexadecimal(&digest[..MARK])).into())
    }

    /// Reads a replay instead: as if the log ended there.
    #[must_use]
    pub fn of_replay(self, replay: Replay) -> Self {
        self.with(|sources| sources.place = Place::Replay(replay))
    }

    /// Keeps answers for whoever asks the same.
    #[must_use]
    pub fn with_cache(self, cache: AnswerCache) -> Self {
        self.with(|sources| sources.cache = Some(cache))
    }

    /// Lets a replica answer what it can.
    #[must_use]
    pub fn with_replica(self, replica: Replica) -> Self {
        self.with(|sources| sources.replica = Some(replica))
    }

    /// By whom a request is answered.
    pub(crate) fn of(&self, extensions: &Extensions) -> Self {
        let by_replica = extensions.get::<ByReplica>();
        let Some(replica) = by_replica.and(self.replica.as_ref()) else { return self.clone() };
        self.clone().with(|sources| {
            sources.pool = replica.pool.clone();
            sources.loan_rows = replica.loan_rows.clone();
            sources.is_copy = true;
            if let Some(log) = &replica.log {
                sources.log = log.clone();
            }
        })
    }
}

impl FromRequestParts<QueryState> for State<QueryState> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &QueryState) -> Result<Self, Infallible> {
        Ok(Self(state.of(&parts.extensions)))
    }
}
