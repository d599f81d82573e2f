//! How far each read model is: committed together with its rows, so that each event counts exactly once.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgExecutor};

use crate::error::ProjectionError;

/// Creates the table of checkpoints.
pub(crate) const SCHEMA: &str = include_str!("checkpoint.sql");

const ADVANCE: &str = "update projections.projection_checkpoints \
    set position = $3, recorded_at = $4, stopped_by = null \
    where name = $1 and position = $2 and road = 'log'";
/// Where events come by Kafka, every partition is at least as far as the one that is least far.
const FIND: &str = "select c.name, greatest(c.position, p.position) as position, \
    case when p.position > c.position then p.recorded_at else c.recorded_at end as recorded_at, \
    coalesce(p.revision, 0)::bigint as revision, c.road, c.stopped_by, c.serves_from, c.fed_by, \
    case when c.refused_at > clock_timestamp() - interval '30 seconds' then c.refused end as refused \
    from projections.projection_checkpoints c left join lateral \
    (select min(position) as position, (array_agg(recorded_at order by position))[1] as recorded_at, \
    sum(position) as revision from projections.projection_partitions p where p.name = c.name) p on true \
    where c.name = $1";
const LOCK: &str = "select 1 from projections.projection_checkpoints where name = $1 for update";
const SERVE_FROM: &str = "update projections.projection_checkpoints set serves_from = $2 \
    where name = $1 and position = 0 and serves_from < $2 and not exists \
    (select from projections.projection_partitions p where p.name = $1 and p.position > 0)";
const STOP: &str =
    "update projections.projection_checkpoints set stopped_by = $3 where name = $1 and position = $2";
const HINDER: &str = "update projections.projection_checkpoints set stopped_by = $2 \
    where name = $1 and stopped_by is distinct from $2";
const FEED_BY: &str = "update projections.projection_checkpoints set fed_by = $2, refused = null, refused_at = null \
    where name = $1";
const REFUSE: &str = "update projections.projection_checkpoints set refused = $2, refused_at = clock_timestamp() \
    where name = $1";

/// The last event that a read model holds.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct Checkpoint {
    pub(crate) name: String,
    /// 0 before the first.
    pub(crate) position: i64,
    /// When that event was recorded.
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// Another one for each change where events come by Kafka: some of what comes after `position` may be there.
    pub(crate) revision: i64,
    /// By which road events come.
    pub(crate) road: String,
    /// Why no event after it can be read or projected.
    pub(crate) stopped_by: Option<String>,
    /// Before this position it is only half built.
    pub(crate) serves_from: i64,
    /// The consumer group that feeds it, where events come by Kafka.
    pub(crate) fed_by: Option<String>,
    /// Why processes of another group do not, as long as they try.
    pub(crate) refused: Option<String>,
}

/// The checkpoint of a read model.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    name: &str,
) -> Result<Option<Checkpoint>, sqlx::Error> {
    sqlx::query_as(FIND).bind(name).fetch_optional(executor).await
}

/// The checkpoint of a read model that has to be there.
pub(crate) async fn load(connection: &mut PgConnection, name: &str) -> Result<Checkpoint, ProjectionError> {
    find(connection, name).await?.ok_or(ProjectionError::NotMigrated)
}

/// The same, held until the transaction ends: nobody writes into the read model meanwhile.
pub(crate) async fn lock(connection: &mut PgConnection, name: &str) -> Result<Checkpoint, ProjectionError> {
    sqlx::query(LOCK).bind(name).execute(&mut *connection).await?;
    load(connection, name).await
}

/// Moves the checkpoint on, and holds it until the transaction ends. False: another instance was faster.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    name: &str,
    from: i64,
    to: (i64, DateTime<Utc>),
) -> Result<bool, sqlx::Error> {
    let advanced =
        sqlx::query(ADVANCE).bind(name).bind(from).bind(to.0).bind(to.1).execute(connection).await?;
    Ok(advanced.rows_affected() == 1)
}

/// One of which nothing is projected yet answers once it holds what is in the log by now.
pub(crate) async fn serve_from(
    connection: &mut PgConnection,
    name: &str,
    head: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(SERVE_FROM).bind(name).bind(head).execute(connection).await?;
    Ok(())
}

/// Notes why a read model stands still, for everyone who asks.
pub(crate) async fn note_stop(
    connection: &mut PgConnection,
    name: &str,
    position: i64,
    cause: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(STOP).bind(name).bind(position).bind(cause).execute(connection).await?;
    Ok(())
}

/// Notes what a read model that is fed by Kafka waits for; `None`: for nothing any more.
pub(crate) async fn note_hindrance(
    connection: &mut PgConnection,
    name: &str,
    cause: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(HINDER).bind(name).bind(cause).execute(connection).await?;
    Ok(())
}

/// Notes which group feeds a read model from now on.
pub(crate) async fn feed_by(
    connection: &mut PgConnection,
    name: &str,
    group: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(FEED_BY).bind(name).bind(group).execute(connection).await?;
    Ok(())
}

/// Notes why a process of another group does not feed it. It does so as long as it tries.
pub(crate) async fn note_refusal(
    connection: &mut PgConnection,
    name: &str,
    cause: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(REFUSE).bind(name).bind(cause).execute(connection).await?;
    Ok(())
}
