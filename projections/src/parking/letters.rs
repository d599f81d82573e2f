//! What is parked, as it is shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::NAMES;
use crate::error::ProjectionError;
use crate::place::Place;

/// Whether a parked stream is still tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeadLetterState {
    /// It is tried again at `next_attempt_at`.
    Retrying,
    /// It waits for somebody to redrive or discard it.
    Dead,
}

/// An event that a read model cannot take, with the stream that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub struct DeadLetter {
    /// Of this event in this read model. Once another event of the stream is to blame, it has another id.
    pub id: Uuid,
    pub projection: String,
    pub stream_type: String,
    pub stream_id: String,
    pub position: i64,
    pub sequence: i64,
    #[serde(rename = "type")]
    pub event_type: String,
    /// Why the last attempt failed.
    pub cause: String,
    pub state: DeadLetterState,
    pub attempts: i32,
    pub first_failed_at: DateTime<Utc>,
    pub last_failed_at: DateTime<Utc>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub dead_since: Option<DateTime<Utc>>,
    /// How many events of the stream wait: this one and those behind it.
    pub waiting: i64,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub struct WaitingEvent {
    pub position: i64,
    pub sequence: i64,
    #[serde(rename = "type")]
    pub event_type: String,
    pub parked_at: DateTime<Utc>,
}

/// An event that somebody decided to do without in a read model. The log still has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub struct DiscardedEvent {
    pub projection: String,
    pub position: i64,
    pub stream_type: String,
    pub stream_id: String,
    pub sequence: i64,
    #[serde(rename = "type")]
    pub event_type: String,
    /// Why it could not be taken.
    pub cause: String,
    /// Why it was discarded, and by whom.
    pub reason: String,
    pub discarded_by: String,
    pub discarded_at: DateTime<Utc>,
    /// When the read model was projected anew and could take it.
    pub restored_at: Option<DateTime<Utc>>,
}

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    pub projection: Option<String>,
    pub state: Option<DeadLetterState>,
}

/// How much of a read model is parked.
#[derive(Debug, Clone, Default, FromRow)]
pub(crate) struct Parked {
    pub(crate) projection: String,
    pub(crate) streams: i64,
    pub(crate) dead: i64,
    pub(crate) events: i64,
    pub(crate) oldest: Option<DateTime<Utc>>,
}

const LETTERS: &str = "select s.id, split_part(s.projection, '@', 1) as projection, s.stream_type, s.stream_id, s.position, s.sequence, s.event_type, \
    s.cause, case when s.dead_since is null then 'retrying' else 'dead' end as state, s.attempts, s.first_failed_at, \
    s.last_failed_at, s.next_attempt_at, s.dead_since, (select count(*) from projections.parked_events e \
    where e.projection = s.projection and e.stream_type = s.stream_type and e.stream_id = s.stream_id) as waiting \
    from projections.parked_streams s where s.projection = any(";

const WAITING: &str = "select e.position, e.sequence, e.event_type, e.parked_at from projections.parked_events e \
    join projections.parked_streams s using (projection, stream_type, stream_id) \
    where s.id = $1 order by e.position limit $2";

const DISCARDED: &str = "select projection, position, stream_type, stream_id, sequence, event_type, cause, reason, \
    discarded_by, discarded_at, restored_at from projections.discarded_events \
    where (position, projection) > ($1, $2) order by position, projection limit $3";

const PARKED: &str = "select s.projection, count(*) as streams, count(s.dead_since) as dead, \
    (select count(*) from projections.parked_events e where e.projection = s.projection) as events, \
    min(s.first_failed_at) as oldest from projections.parked_streams s group by s.projection";

/// How many of the events that wait one dead letter shows.
const SHOWN: i64 = 1_000;

/// Dead letters after an id, in the order of their ids, which is that in which they were parked.
pub async fn dead_letters(
    pool: &PgPool,
    filter: &DeadLetterFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeadLetter>, ProjectionError> {
    Ok(list(pool, &Place::Serving, filter, after, limit).await?)
}

/// A dead letter, and the first events that wait.
pub async fn dead_letter(
    pool: &PgPool,
    id: Uuid,
) -> Result<Option<(DeadLetter, Vec<WaitingEvent>)>, ProjectionError> {
    Ok(found(pool, &Place::Serving, id).await?)
}

/// What was discarded after a position and projection, in the order of the log.
pub async fn discarded_events(
    pool: &PgPool,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<DiscardedEvent>, ProjectionError> {
    Ok(discarded(&mut *pool.acquire().await?, after, limit).await?)
}

/// Dead letters in the order of their ids, which is that in which they were parked.
pub(crate) async fn list(
    pool: &PgPool,
    place: &Place,
    filter: &DeadLetterFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let wanted = |name: &&str| filter.projection.as_ref().is_none_or(|wanted| wanted == name);
    let mut query = QueryBuilder::<Postgres>::new(LETTERS);
    query.push_bind(names(place, wanted)).push(") and s.id > ").push_bind(after.unwrap_or_default());
    match filter.state {
        Some(DeadLetterState::Dead) => drop(query.push(" and s.dead_since is not null")),
        Some(DeadLetterState::Retrying) => drop(query.push(" and s.dead_since is null")),
        None => {}
    }
    query.push(" order by s.id limit ").push_bind(limit);
    query.build_query_as().fetch_all(pool).await
}

/// A dead letter, and the first events that wait.
pub(crate) async fn found(
    pool: &PgPool,
    place: &Place,
    id: Uuid,
) -> Result<Option<(DeadLetter, Vec<WaitingEvent>)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let Some(letter) = find_in(&mut connection, place, id).await? else { return Ok(None) };
    Ok(Some((letter, waiting(&mut connection, id).await?)))
}

pub(crate) async fn find(connection: &mut PgConnection, id: Uuid) -> Result<Option<DeadLetter>, sqlx::Error> {
    find_in(connection, &Place::Serving, id).await
}

async fn find_in(
    connection: &mut PgConnection,
    place: &Place,
    id: Uuid,
) -> Result<Option<DeadLetter>, sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new(LETTERS);
    query.push_bind(names(place, |_| true)).push(") and s.id = ").push_bind(id);
    query.build_query_as().fetch_optional(connection).await
}

/// Under which names it is noted what the wanted read models could not take.
fn names(place: &Place, wanted: impl Fn(&&str) -> bool) -> Vec<String> {
    NAMES.into_iter().filter(wanted).map(|name| place.noted_as(name).into_owned()).collect()
}

/// The first events that wait in a dead letter.
async fn waiting(connection: &mut PgConnection, id: Uuid) -> Result<Vec<WaitingEvent>, sqlx::Error> {
    sqlx::query_as(WAITING).bind(id).bind(SHOWN).fetch_all(connection).await
}

/// What was discarded, in the order of the log.
async fn discarded(
    connection: &mut PgConnection,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<DiscardedEvent>, sqlx::Error> {
    sqlx::query_as(DISCARDED).bind(after.0).bind(after.1).bind(limit).fetch_all(connection).await
}

/// How much is parked, by read model.
pub(crate) async fn parked(connection: &mut PgConnection) -> Result<HashMap<String, Parked>, sqlx::Error> {
    let rows: Vec<Parked> = sqlx::query_as(PARKED).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|parked| (parked.projection.clone(), parked)).collect())
}
