//! Appending a batch by itself: the head row is locked first, so others wait, and each command that stands in the way is
//! refused until the rest is in the log.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::append::{
    AppendError, AppendRequest, Outcome, Whole, fail, fail_each, pass, succeed, without_void,
};
use crate::batch::{self, Place};
use crate::news::News;
use crate::stands_in_the_way;

/// A transaction that takes longer than this is given up; its outcome is then unknown to the callers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// How often a batch is tried again after the database broke a deadlock with the events of another process.
const DEADLOCKS: usize = 5;

/// What the database says of events that were decided under other accounting periods than there are.
const PERIODS_MOVED: &str = "RZ001";
/// What it says of events that others came before.
pub(crate) const MOVED: &str = "RZ002";
/// What it says when another process has the log for itself, or waits for it.
pub(crate) const TAKEN: &str = "RZ004";
const DEADLOCK: &str = "40P01";
pub(crate) const LOCK_TIMEOUT: &str = "55P03";

/// An empty log ends before all time, which the calendar here does not know.
const END: &str = "select position, greatest(recorded_at, 'epoch') from event_head";
const END_FOR_APPEND: &str = "select head_position, greatest(head_recorded_at, 'epoch') from lock_head()";

pub(crate) struct Settler {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    news: News,
}

impl Settler {
    pub(crate) fn new(options: PgConnectOptions, news: News) -> Self {
        Self { options, connection: None, news }
    }

    /// Answers every command of the batch.
    pub(crate) async fn settle(&mut self, batch: Vec<AppendRequest>) {
        let mut batch = without_void(batch);
        // What stood in the way may be gone by the time it is looked for; but not for ever.
        let mut unexplained = false;
        let mut deadlocks = 0;
        while !batch.iter().all(AppendRequest::is_barrier) {
            let error = match self.attempt(&batch).await {
                Ok(place) => {
                    return self.news.tell(succeed(batch, &place));
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
                Some(refusal) if has_code(refusal, PERIODS_MOVED) => {
                    let under_periods = |request: &AppendRequest| request.decided_under.is_some();
                    let (stale, rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(under_periods);
                    fail(stale, &AppendError::PeriodsMoved);
                    batch = without_void(rest);
                }
                Some(refusal) if has_code(refusal, DEADLOCK) && deadlocks < DEADLOCKS => deadlocks += 1,
                Some(refusal) if is_outage(refusal) => return self.give_up(batch, &error),
                Some(refusal) if batch.len() == 1 => {
                    tracing::error!(error = %refusal, "the database refused a command's events");
                    return fail(batch, &AppendError::Rejected(refusal.message().to_owned()));
                }
                Some(refusal) => {
                    tracing::warn!(error = %refusal, commands = batch.len(), "a batch was refused; trying each alone");
                    for request in batch {
                        Box::pin(self.settle(vec![request])).await;
                    }
                    return;
                }
                None => return self.give_up(batch, &error),
            }
        }
        pass(batch);
    }

    /// Appends commands that belong together, or none of them, and answers them all.
    pub(crate) async fn settle_whole(&mut self, Whole { requests, outcome }: Whole) {
        // Nobody may have gone away meanwhile who is still waiting: the outcome is for whoever does.
        let _ = outcome.send(self.append_whole(requests).await);
    }

    async fn append_whole(&mut self, requests: Vec<AppendRequest>) -> Outcome {
        let mut periods = requests.iter().filter_map(|request| request.decided_under);
        let first = periods.next();
        if requests.iter().any(|request| request.lineage.is_void())
            || periods.any(|other| Some(other) != first)
        {
            fail(requests, &AppendError::PeriodsMoved);
            return Outcome::Moved;
        }
        let mut deadlocks = 0;
        loop {
            let error = match self.attempt(&requests).await {
                Ok(place) => {
                    self.news.tell(succeed(requests, &place));
                    return Outcome::Stored;
                }
                Err(error) => error,
            };
            match error.as_database_error() {
                Some(refusal) if refusal.is_unique_violation() => match self.refusals(&requests).await {
                    Ok(refused) => return undo(requests, &refused),
                    Err(error) => {
                        self.give_up(requests, &error);
                        return Outcome::Unknown;
                    }
                },
                Some(refusal) if has_code(refusal, PERIODS_MOVED) => {
                    fail(requests, &AppendError::PeriodsMoved);
                    return Outcome::Moved;
                }
                Some(refusal) if has_code(refusal, DEADLOCK) && deadlocks < DEADLOCKS => deadlocks += 1,
                Some(refusal) if !is_outage(refusal) => {
                    tracing::error!(error = %refusal, "the database refused commands that belong together");
                    fail(requests, &AppendError::Rejected(refusal.message().to_owned()));
                    return Outcome::Refused;
                }
                _ => {
                    self.give_up(requests, &error);
                    return Outcome::Unknown;
                }
            }
        }
    }

    /// Whether the batch was committed is unknown to everyone now; a repeat under the same key finds out.
    pub(crate) fn give_up(&mut self, batch: Vec<AppendRequest>, error: &sqlx::Error) {
        tracing::error!(%error, commands = batch.len(), "the log cannot be reached");
        self.connection = None;
        fail(batch, &AppendError::Unavailable(error.to_string()));
    }

    /// Where the log ends now.
    pub(crate) async fn end(&mut self) -> Result<(i64, DateTime<Utc>), sqlx::Error> {
        let asking = async { end_of(self.connection().await?, END).await };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    pub(crate) async fn close(self) {
        if let Some(connection) = self.connection {
            let _ = connection.close().await;
        }
    }

    async fn attempt(&mut self, batch: &[AppendRequest]) -> Result<Place, sqlx::Error> {
        let appending = async {
            let mut transaction = self.connection().await?.begin().await?;
            let (after, last) = end_of(&mut transaction, END_FOR_APPEND).await?;
            let place = Place { after, recorded_at: instant_after(last), turn: None, turn_before: None };
            batch::append(&mut transaction, batch, place).await?;
            transaction.commit().await?;
            Ok(place)
        };
        tokio::time::timeout(PATIENCE, appending).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn refusals(&mut self, batch: &[AppendRequest]) -> Result<Vec<(usize, AppendError)>, sqlx::Error> {
        let asking = async { stands_in_the_way::refusals(self.connection().await?, batch).await };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.connection.is_none() {
            self.connection = Some(PgConnection::connect_with(&self.options).await?);
        }
        Ok(self.connection.as_mut().expect("it was made just now"))
    }
}

async fn end_of(
    connection: &mut PgConnection,
    sql: &'static str,
) -> Result<(i64, DateTime<Utc>), sqlx::Error> {
    sqlx::query_as(sql).fetch_one(connection).await
}

/// This instant, to the microsecond that the database keeps, or `last` where a clock says less: instants do not go back.
pub(crate) fn instant_after(last: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::<Utc>::from(SystemTime::now()).trunc_subsecs(6).max(last)
}

pub(crate) fn has_code(refusal: &dyn DatabaseError, wanted: &str) -> bool {
    refusal.code().is_some_and(|code| code == wanted)
}

/// Whether the server, not the statement, is at fault (SQLSTATE classes 08, 53, 57 and 58).
pub(crate) fn is_outage(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| matches!(code.get(..2), Some("08" | "53" | "57" | "58")))
}

/// Answers commands that belong together, some of which stand in the way. A claim that is taken stays so, unless by a
/// repeat; whatever else it is, they are decided again.
fn undo(requests: Vec<AppendRequest>, refused: &[(usize, AppendError)]) -> Outcome {
    let is_repeat = refused.iter().any(|(_, reason)| *reason == AppendError::Repeated);
    let is_final = !is_repeat && refused.iter().any(|(_, reason)| *reason == AppendError::Claimed);
    let others = if is_final { AppendError::Undone } else { AppendError::Conflict };
    fail_each(requests, |index| {
        let reason = refused.iter().find(|(command, _)| *command == index).map(|(_, reason)| reason.clone());
        reason.filter(|reason| !is_final || *reason == AppendError::Claimed).unwrap_or(others.clone())
    });
    if is_final { Outcome::Refused } else { Outcome::Moved }
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
            Some(reason) if !request.is_barrier() => {
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
