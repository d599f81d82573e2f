//! Takes a parked stream up again: its events in order, or what is left of them once the one to blame was discarded.
//!
//! All of it is one transaction, which holds the parked stream from its first statement on. Whoever projects newer events
//! of the stream waits for that, and finds the stream parked or not when it is over. A crash leaves everything as it was.

use std::collections::HashSet;
use std::time::Duration;

use event_store::{Feed, Log};
use sqlx::{Connection, FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::retry::RetryPolicy;
use super::settle::settle;
use super::standing::Standing;
use super::store;
use crate::error::ProjectionError;
use crate::event::Event;
use crate::read_model::{self, ReadModel};
use crate::{pages, session};

/// How many events are read at once.
const PAGE: usize = 5_000;

const HOLD: &str = "select id, projection, stream_type, stream_id, position, attempts \
    from projections.parked_streams where id = $1";
/// By itself only what is still due: another process may have tried it since it was looked up.
const IF_DUE: &str = " and next_attempt_at <= clock_timestamp() for update skip locked";
const WAITING: &str = "select position from projections.parked_events where projection = $1 and stream_type = $2 \
    and stream_id = $3 order by position";

/// On whose behalf, and what for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How<'a> {
    /// A retry, after which the next one is due or the stream is a dead letter.
    ByItself(RetryPolicy),
    Redrive,
    /// Without the event to blame.
    Discard {
        reason: &'a str,
        by: &'a str,
    },
}

/// What came of taking up a parked stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redriven {
    pub projection: &'static str,
    pub stream_type: String,
    pub stream_id: String,
    /// How many of its events were applied.
    pub applied: u64,
    /// Why the stream is still parked, if it is, and the dead letter that it is now.
    pub still_parked: Option<StillParked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillParked {
    pub id: Uuid,
    pub position: i64,
    pub cause: String,
}

#[derive(FromRow)]
struct Parked {
    id: Uuid,
    projection: String,
    stream_type: String,
    stream_id: String,
    position: i64,
    attempts: i32,
}

/// The event that a stream cannot get over.
struct ToBlame {
    position: i64,
    sequence: i64,
    event_type: String,
    cause: String,
}

/// Applies a parked stream's events in order. `None`: there is no such dead letter.
pub async fn redrive(pool: &PgPool, log: &Log, id: Uuid) -> Result<Option<Redriven>, ProjectionError> {
    let mut connection = session::open(pool, "projections").await?;
    redrive_on(&mut connection, &pages::feed_of_what_is_there(log), id, How::Redrive).await
}

/// Does without the event to blame, for a reason that is kept with who gave it, and applies those behind it.
pub async fn discard(
    pool: &PgPool,
    log: &Log,
    id: Uuid,
    reason: &str,
    by: &str,
) -> Result<Option<Redriven>, ProjectionError> {
    let mut connection = session::open(pool, "projections").await?;
    redrive_on(&mut connection, &pages::feed_of_what_is_there(log), id, How::Discard { reason, by }).await
}

pub(crate) async fn redrive_on(
    connection: &mut PgConnection,
    feed: &Feed,
    id: Uuid,
    how: How<'_>,
) -> Result<Option<Redriven>, ProjectionError> {
    let mut transaction = connection.begin().await?;
    let hold = [HOLD, if matches!(how, How::ByItself(_)) { IF_DUE } else { " for update" }].concat();
    let parked: Option<Parked> = sqlx::query_as(&hold).bind(id).fetch_optional(&mut *transaction).await?;
    let found = parked.and_then(|parked| Some((read_model::find(&parked.projection)?, parked)));
    let Some((model, parked)) = found else { return Ok(None) };
    // What somebody was told survives a crash of the database, unlike what is projected again anyway.
    let told = if matches!(how, How::ByItself(_)) { "off" } else { "on" };
    let settings = format!("set local search_path = {}; set local synchronous_commit = {told}", model.schema);
    session::run(&mut transaction, &settings).await?;
    let redriven = take_up(&mut transaction, feed, (model, &parked), how).await?;
    transaction.commit().await?;
    tell(&redriven, how);
    Ok(Some(redriven))
}

async fn take_up(
    connection: &mut PgConnection,
    feed: &Feed,
    (model, parked): (&'static ReadModel, &Parked),
    how: How<'_>,
) -> Result<Redriven, ProjectionError> {
    let waiting: Vec<(i64,)> = sqlx::query_as(WAITING)
        .bind(&parked.projection)
        .bind(&parked.stream_type)
        .bind(&parked.stream_id)
        .fetch_all(&mut *connection)
        .await?;
    let mut waiting: Vec<i64> = waiting.into_iter().map(|(position,)| position).collect();
    if let How::Discard { reason, by } = how {
        sqlx::query(include_str!("discard.sql"))
            .bind(parked.id)
            .bind(reason)
            .bind(by)
            .execute(&mut *connection)
            .await?;
        waiting.retain(|position| *position != parked.position);
    }
    let discarded = Standing::find(connection, (model.name, model.name), parked.position).await?.discarded;
    let (applied, to_blame) = apply_in_order(model, connection, feed, &waiting, &discarded).await?;
    let still_parked = match to_blame {
        None => {
            remove(connection, parked, i64::MAX).await?;
            None
        }
        Some(ToBlame { position, cause, .. }) if position == parked.position => {
            note_failure(connection, parked, &cause, how).await?;
            Some(StillParked { id: parked.id, position, cause })
        }
        Some(another) => Some(blame(connection, parked, another).await?),
    };
    let (stream_type, stream_id) = (parked.stream_type.clone(), parked.stream_id.clone());
    Ok(Redriven { projection: model.name, stream_type, stream_id, applied, still_parked })
}

/// Applies the events at these positions: how many, and the first that cannot be taken.
async fn apply_in_order(
    model: &'static ReadModel,
    connection: &mut PgConnection,
    feed: &Feed,
    waiting: &[i64],
    discarded: &HashSet<i64>,
) -> Result<(u64, Option<ToBlame>), ProjectionError> {
    let (mut applied, mut to_blame, mut restored) = (0, None, Vec::new());
    for positions in waiting.chunks(PAGE) {
        let events = pages::read_at(feed, positions).await?;
        let are_there = events.iter().zip(positions).take_while(|(event, at)| event.position == **at);
        let runs: [Vec<&Event>; 1] = [are_there.map(|(event, _)| event).collect()];
        let mut settled = settle(model, connection, &runs, discarded).await?;
        let stuck = settled.stuck.pop();
        let before = stuck.as_ref().map_or(runs[0].len(), |stuck| stuck.event);
        let is_left_out = |at: &&i64| settled.left_out.contains(at);
        restored.extend(positions[..before].iter().filter(|at| discarded.contains(at) && !is_left_out(at)));
        applied += (before - settled.left_out.len()) as u64;
        let missing = positions.get(before).map(|at| ToBlame::missing(*at));
        to_blame = stuck.map(|stuck| ToBlame::new(runs[0][stuck.event], stuck.cause)).or(missing);
        if to_blame.is_some() {
            break;
        }
    }
    store::restore(connection, model.name, &restored).await?;
    Ok((applied, to_blame))
}

impl ToBlame {
    fn new(event: &Event, cause: String) -> Self {
        let (position, sequence, event_type) = (event.position, event.sequence, event.event_type());
        Self { position, sequence, event_type, cause }
    }

    /// An event that is parked, of a log that was restored to an earlier state since.
    fn missing(position: i64) -> Self {
        let cause = "the log has no such event any more".to_owned();
        Self { position, sequence: 0, event_type: String::new(), cause }
    }
}

/// Forgets what no longer waits: the events before a position, and the stream when nothing is left of it.
async fn remove(connection: &mut PgConnection, parked: &Parked, before: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "delete from projections.parked_events where projection = $1 and stream_type = $2 and stream_id = $3 \
         and position < $4",
    )
    .bind(&parked.projection)
    .bind(&parked.stream_type)
    .bind(&parked.stream_id)
    .bind(before)
    .execute(&mut *connection)
    .await?;
    if before == i64::MAX {
        let delete = sqlx::query("delete from projections.parked_streams where id = $1").bind(parked.id);
        delete.execute(connection).await?;
    }
    Ok(())
}

async fn note_failure(
    connection: &mut PgConnection,
    parked: &Parked,
    cause: &str,
    how: How<'_>,
) -> Result<(), sqlx::Error> {
    let attempts = parked.attempts.saturating_add(1);
    let by_itself = match how {
        How::ByItself(policy) => Some(policy.wait_after(attempts.unsigned_abs())),
        How::Redrive | How::Discard { .. } => None,
    };
    let wait_ms =
        by_itself.flatten().map(|wait: Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    sqlx::query(include_str!("note_failure.sql"))
        .bind(parked.id)
        .bind(attempts)
        .bind(store::shortened(cause))
        .bind(by_itself.is_some())
        .bind(wait_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// The event to blame could be taken or was discarded, and one behind it cannot.
async fn blame(
    connection: &mut PgConnection,
    parked: &Parked,
    another: ToBlame,
) -> Result<StillParked, sqlx::Error> {
    remove(connection, parked, another.position).await?;
    let id = Uuid::now_v7();
    sqlx::query(include_str!("blame_another.sql"))
        .bind(parked.id)
        .bind(id)
        .bind(another.position)
        .bind(another.sequence)
        .bind(&another.event_type)
        .bind(store::shortened(&another.cause))
        .execute(connection)
        .await?;
    Ok(StillParked { id, position: another.position, cause: another.cause })
}

fn tell(redriven: &Redriven, how: How<'_>) {
    let Redriven { projection, stream_type, stream_id, applied, still_parked } = redriven;
    if let How::Discard { reason, by } = how {
        tracing::info!(projection, stream_type, stream_id, reason, by, "an event was discarded");
    }
    match (still_parked, how) {
        (None, _) => tracing::info!(projection, stream_type, stream_id, applied, "a parked stream goes on"),
        (Some(still), How::ByItself(_)) => {
            let (position, cause) = (still.position, still.cause.as_str());
            tracing::warn!(projection, stream_type, stream_id, position, cause, "a stream stays parked");
        }
        (Some(_), _) => {}
    }
}
