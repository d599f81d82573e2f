//! The append queue: all commands that wait go into one transaction, each with its own success or refusal.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::batch::{self, Committed};
use crate::borrower::Borrower;
use crate::draft::Draft;
use crate::idempotency::IdempotencyKey;
use crate::news::News;

/// The most commands of one transaction. More gains nothing and only lengthens the wait.
const LARGEST_BATCH: usize = 512;
/// The most events of one transaction, unless a single command has more.
const MOST_EVENTS: usize = 4096;
/// A transaction that takes longer than this is given up; its outcome is then unknown to the callers.
const PATIENCE: Duration = Duration::from_secs(15);
/// What the database says of events that were decided under other accounting periods than there are.
const PERIODS_MOVED: &str = "RZ001";

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

#[derive(Clone)]
pub(crate) struct AppendQueue(mpsc::UnboundedSender<AppendRequest>);

impl AppendQueue {
    /// Queues a request. When the appender is gone the request's answer channel closes, which its caller sees.
    pub(crate) fn push(&self, request: AppendRequest) {
        let _ = self.0.send(request);
    }
}

/// The one task that appends.
pub(crate) struct Appender {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    queue: mpsc::UnboundedReceiver<AppendRequest>,
    deferred: Vec<AppendRequest>,
    news: News,
}

/// The queue is unbounded, but the log admits a bounded number of commands at a time.
pub(crate) fn queue(options: PgConnectOptions, news: News) -> (AppendQueue, Appender) {
    let (sender, queue) = mpsc::unbounded_channel();
    (AppendQueue(sender), Appender { options, connection: None, queue, deferred: Vec::new(), news })
}

impl Appender {
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        while let Some(requests) = self.next(&stop).await {
            let batch = self.consistent(requests);
            self.append(batch).await;
        }
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
    }

    /// All that waits, or `None` once stopped and drained.
    async fn next(&mut self, stop: &CancellationToken) -> Option<Vec<AppendRequest>> {
        let mut requests = std::mem::take(&mut self.deferred);
        if requests.is_empty() {
            let first = tokio::select! {
                biased;
                first = self.queue.recv() => first,
                () = stop.cancelled() => {
                    self.queue.close();
                    self.queue.recv().await
                }
            };
            requests.push(first?);
            self.let_others_queue().await;
        }
        let mut events: usize = requests.iter().map(|request| request.events.len()).sum();
        while requests.len() < LARGEST_BATCH && events < MOST_EVENTS {
            let Ok(request) = self.queue.try_recv() else { break };
            events += request.events.len();
            requests.push(request);
        }
        Some(requests)
    }

    /// Whoever was answered by the last batch is about to ask again: a moment's patience makes one transaction of
    /// what would be two.
    async fn let_others_queue(&self) {
        loop {
            let queued = self.queue.len();
            tokio::task::yield_now().await;
            if self.queue.len() == queued || queued >= LARGEST_BATCH {
                return;
            }
        }
    }

    /// Puts off to the next batch what repeats a key, a claim or a tax id of this one, what was decided under other
    /// accounting periods, and all that builds on it.
    fn consistent(&mut self, requests: Vec<AppendRequest>) -> Vec<AppendRequest> {
        let mut draft = Draft::default();
        let mut batch = Vec::with_capacity(requests.len());
        for request in requests {
            if draft.takes(&request) {
                batch.push(request);
            } else {
                self.deferred.push(request);
            }
        }
        batch
    }

    async fn append(&mut self, batch: Vec<AppendRequest>) {
        let mut batch = without_void(batch);
        // What stood in the way may be gone by the time it is looked for; but not for ever.
        let mut unexplained = false;
        while batch.iter().any(|request| !request.events.is_empty()) {
            let started = Instant::now();
            let outcome = self.attempt(&batch).await;
            histogram!("razao_append_seconds").record(started.elapsed().as_secs_f64());
            let error = match outcome {
                Ok(committed) => {
                    self.news.tell();
                    return succeed(batch, &committed);
                }
                Err(error) => error,
            };
            match error.as_database_error() {
                Some(refusal) if refusal.is_unique_violation() => match self.refusals(&batch).await {
                    Ok(refused) if refused.is_empty() && unexplained => return self.give_up(batch, &error),
                    Ok(refused) => {
                        unexplained = refused.is_empty();
                        batch = leave_out(batch, &refused);
                    }
                    Err(error) => return self.give_up(batch, &error),
                },
                Some(refusal) if refusal.code().is_some_and(|code| code == PERIODS_MOVED) => {
                    let under_periods = |request: &AppendRequest| request.decided_under.is_some();
                    let (stale, rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(under_periods);
                    fail(stale, &AppendError::PeriodsMoved);
                    batch = without_void(rest);
                }
                Some(refusal) if is_outage(refusal) => return self.give_up(batch, &error),
                Some(refusal) if batch.len() == 1 => {
                    tracing::error!(error = %refusal, "the database refused a command's events");
                    return fail(batch, &AppendError::Rejected(refusal.message().to_owned()));
                }
                Some(refusal) => {
                    tracing::warn!(error = %refusal, commands = batch.len(), "a batch was refused; trying each alone");
                    for request in batch {
                        Box::pin(self.append(vec![request])).await;
                    }
                    return;
                }
                None => return self.give_up(batch, &error),
            }
        }
        succeed(batch, &Committed { position_before: 0, recorded_at: DateTime::UNIX_EPOCH });
    }

    /// Whether the batch was committed is unknown to everyone now; a repeat under the same key finds out.
    fn give_up(&mut self, batch: Vec<AppendRequest>, error: &sqlx::Error) {
        tracing::error!(%error, commands = batch.len(), "the log cannot be reached");
        self.connection = None;
        fail(batch, &AppendError::Unavailable(error.to_string()));
    }

    async fn attempt(&mut self, batch: &[AppendRequest]) -> Result<Committed, sqlx::Error> {
        let appending = async { batch::append(self.connection().await?, batch).await };
        tokio::time::timeout(PATIENCE, appending).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn refusals(&mut self, batch: &[AppendRequest]) -> Result<Vec<(usize, AppendError)>, sqlx::Error> {
        let asking = async { batch::refusals(self.connection().await?, batch).await };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.connection.is_none() {
            self.connection = Some(PgConnection::connect_with(&self.options).await?);
        }
        Ok(self.connection.as_mut().expect("it was made just now"))
    }
}

/// Whether the server, not the statement, is at fault (SQLSTATE classes 08, 53, 57 and 58).
fn is_outage(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| matches!(code.get(..2), Some("08" | "53" | "57" | "58")))
}

fn succeed(batch: Vec<AppendRequest>, committed: &Committed) {
    let recorded_at = committed.recorded_at;
    let mut first_position = committed.position_before + 1;
    counter!("razao_append_batches_total").increment(1);
    for request in batch {
        let events = request.event_count();
        request.lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        let _ = request.answer.send(Ok(Appended { first_position, recorded_at }));
        first_position += events;
        counter!("razao_events_appended_total").increment(events.unsigned_abs());
    }
}

/// Answers what builds on something that failed meanwhile: its sequences would leave a gap.
fn without_void(batch: Vec<AppendRequest>) -> Vec<AppendRequest> {
    let is_void = |request: &AppendRequest| request.lineage.is_void() && !request.events.is_empty();
    let (void, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_void);
    fail(void, &AppendError::Conflict);
    batch
}

/// Answers those that were refused, and those that build on them; keeps the rest.
fn leave_out(batch: Vec<AppendRequest>, refused: &[(usize, AppendError)]) -> Vec<AppendRequest> {
    let mut void: HashSet<(&'static str, Uuid)> = HashSet::new();
    let mut kept = Vec::with_capacity(batch.len());
    let mut failed = Vec::new();
    for (index, request) in batch.into_iter().enumerate() {
        let stream = (request.stream_type, request.stream_id);
        let reason = refused.iter().find(|(command, _)| *command == index).map(|(_, reason)| reason.clone());
        match reason.or_else(|| void.contains(&stream).then_some(AppendError::Conflict)) {
            Some(reason) if !request.events.is_empty() => {
                void.insert(stream);
                failed.push((request, reason));
            }
            _ => kept.push(request),
        }
    }
    for (request, reason) in failed {
        fail(vec![request], &reason);
    }
    kept
}

fn fail(batch: Vec<AppendRequest>, reason: &AppendError) {
    // First all become void, then anyone is told: nobody may decide on a state that never came to be.
    for request in &batch {
        request.lineage.void.store(true, Ordering::Release);
    }
    for request in batch {
        request.lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        let _ = request.answer.send(Err(reason.clone()));
    }
}
