//! How far each partition is, where events come by Kafka: committed together with the rows, as a checkpoint is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Connection, FromRow, PgConnection};
use utoipa::ToSchema;

/// A partition of a read model, as it stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Place {
    pub(crate) partition: i32,
    pub(crate) epoch: i64,
    pub(crate) position: i64,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    proven_from: Option<i64>,
    proven_to: Option<i64>,
    next_offset: Option<i64>,
}

impl Place {
    #[cfg(test)]
    pub(crate) fn at(partition: i32, position: i64, reading: Option<(i64, (i64, i64))>) -> Self {
        let (next_offset, proven) = reading.unzip();
        let (proven_from, proven_to) = proven.unzip();
        Self { partition, epoch: 1, position, recorded_at: None, proven_from, proven_to, next_offset }
    }

    /// From where to read on, and what is proven there. None: not known, to be found by time.
    pub(crate) fn reading(&self) -> Option<(i64, (i64, i64))> {
        Some((self.next_offset?, (self.proven_from?, self.proven_to?)))
    }
}

/// How far a partition came, from where it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) partition: i32,
    pub(crate) epoch: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    /// Where a record of completeness ended it: the record's range, and the offset behind it.
    pub(crate) proven: Option<((i64, i64), i64)>,
}

/// How far one partition is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub struct PartitionStatus {
    pub partition: i32,
    /// Every event of the partition up to here is in the rows.
    pub position: i64,
    /// The offset behind the last record of completeness that was taken.
    pub next_offset: Option<i64>,
    /// The last thing that was wrong with what came. Nothing of it is missing in the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "partition, epoch, position, recorded_at, proven_from, proven_to, next_offset";

const BEGIN: &str = "insert into projections.projection_partitions \
    (name, partition, position, recorded_at, proven_from, proven_to, next_offset) \
    select name, partition, position, recorded_at, case position when 0 then 1 end, \
    case position when 0 then 0 end, case position when 0 then 0 end \
    from projections.projection_checkpoints, generate_series(0, $2 - 1) as partition where name = $1";

const LEAVE: &str = "with left_behind as \
    (delete from projections.projection_partitions where name = $1 returning position, recorded_at), \
    furthest as (select position, recorded_at from left_behind order by position desc limit 1) \
    update projections.projection_checkpoints c set road = $2, stopped_by = null, \
    position = greatest(c.position, (select position from furthest)), \
    recorded_at = coalesce((select f.recorded_at from furthest f where f.position > c.position), c.recorded_at) \
    where name = $1";

const ADVANCE: &str = "update projections.projection_partitions p set position = n.destination, \
    recorded_at = n.recorded_at, proven_from = coalesce(n.proven_from, p.proven_from), \
    proven_to = coalesce(n.proven_to, p.proven_to), next_offset = coalesce(n.next_offset, p.next_offset) \
    from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::bigint[], \
    $8::bigint[], $9::bigint[]) as n (partition, epoch, origin, destination, recorded_at, proven_from, \
    proven_to, next_offset) \
    where p.name = $1 and p.partition = n.partition and p.epoch = n.epoch and p.position = n.origin";

const TROUBLE: &str = "update projections.projection_partitions set trouble = $3, trouble_at = clock_timestamp() \
    where name = $1 and partition = $2";

const STATUS: &str = "select partition, position, next_offset, trouble, trouble_at \
    from projections.projection_partitions where name = $1 order by partition";

/// After a rebuild: everything up to a position is in the rows, of all partitions.
const LIFT: &str = "with furthest as (select recorded_at from projections.projection_partitions \
    where name = $1 order by position desc limit 1) update projections.projection_partitions \
    set position = $2, recorded_at = (select recorded_at from furthest) where name = $1 and position < $2";

/// The partitions of a read model, held until the transaction ends: nobody writes into it meanwhile.
pub(crate) async fn lock(connection: &mut PgConnection, name: &str) -> Result<Vec<Place>, sqlx::Error> {
    let query = format!(
        "select {COLUMNS} from projections.projection_partitions where name = $1 order by partition for update"
    );
    sqlx::query_as(&query).bind(name).fetch_all(connection).await
}

/// The partitions as they are.
pub(crate) async fn load(
    connection: &mut PgConnection,
    name: &str,
    partitions: &[i32],
) -> Result<Vec<Place>, sqlx::Error> {
    let query = format!(
        "select {COLUMNS} from projections.projection_partitions where name = $1 and partition = any($2)"
    );
    sqlx::query_as(&query).bind(name).bind(partitions).fetch_all(connection).await
}

/// By which road events come to whoever takes partitions over, and in which consumer group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) road: &'a str,
    pub(crate) group: &'a str,
}

/// Takes partitions over: whoever had them writes nothing more. Fewer than were asked for: another road was taken, or
/// another group feeds the read model.
pub(crate) async fn take_over(
    connection: &mut PgConnection,
    name: &str,
    holder: Holder<'_>,
    partitions: &[i32],
) -> Result<Vec<Place>, sqlx::Error> {
    let query = format!(
        "update projections.projection_partitions p set epoch = epoch + 1 \
         from projections.projection_checkpoints c \
         where p.name = $1 and p.partition = any($2) and c.name = p.name and c.road = $3 and c.fed_by = $4 \
         returning {}",
        COLUMNS.split(", ").map(|column| format!("p.{column}")).collect::<Vec<_>>().join(", ")
    );
    let query = sqlx::query_as(&query).bind(name).bind(partitions).bind(holder.road).bind(holder.group);
    query.fetch_all(connection).await
}

/// The same, unless somebody holds them for longer than a moment.
pub(crate) async fn take_over_soon(
    connection: &mut PgConnection,
    name: &str,
    holder: Holder<'_>,
    partitions: &[i32],
) -> Result<Vec<Place>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("set local lock_timeout = '1s'").execute(&mut *transaction).await?;
    let places = take_over(&mut transaction, name, holder, partitions).await?;
    transaction.commit().await?;
    Ok(places)
}

/// Notes how far the read model is for the one checkpoint that there is on another road, and forgets the partitions.
pub(crate) async fn leave(connection: &mut PgConnection, name: &str, road: &str) -> Result<(), sqlx::Error> {
    sqlx::query(LEAVE).bind(name).bind(road).execute(connection).await?;
    Ok(())
}

/// Begins so many partitions where the read model is.
pub(crate) async fn begin(connection: &mut PgConnection, name: &str, count: i32) -> Result<(), sqlx::Error> {
    sqlx::query(BEGIN).bind(name).bind(count).execute(connection).await?;
    Ok(())
}

/// Moves partitions on, and holds them until the transaction ends. False: not all of them are where they were.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    name: &str,
    steps: &[Step],
) -> Result<bool, sqlx::Error> {
    let advanced = sqlx::query(ADVANCE)
        .bind(name)
        .bind(each(steps, |step| step.partition))
        .bind(each(steps, |step| step.epoch))
        .bind(each(steps, |step| step.from))
        .bind(each(steps, |step| step.to))
        .bind(each(steps, |step| step.recorded_at))
        .bind(each(steps, |step| step.proven.map(|((from, _), _)| from)))
        .bind(each(steps, |step| step.proven.map(|((_, to), _)| to)))
        .bind(each(steps, |step| step.proven.map(|(_, offset)| offset)))
        .execute(connection)
        .await?;
    Ok(advanced.rows_affected() == steps.len() as u64)
}

/// Lifts all partitions to the position of the one that is furthest.
pub(crate) async fn lift(connection: &mut PgConnection, name: &str, to: i64) -> Result<(), sqlx::Error> {
    sqlx::query(LIFT).bind(name).bind(to).execute(connection).await?;
    Ok(())
}

/// Notes what was wrong with what came, for everyone who asks.
pub(crate) async fn note_trouble(
    connection: &mut PgConnection,
    name: &str,
    partition: i32,
    trouble: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(TROUBLE).bind(name).bind(partition).bind(trouble).execute(connection).await?;
    Ok(())
}

pub(crate) async fn status(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Vec<PartitionStatus>, sqlx::Error> {
    sqlx::query_as(STATUS).bind(name).fetch_all(connection).await
}

fn each<T>(steps: &[Step], column: impl Fn(&Step) -> T) -> Vec<T> {
    steps.iter().map(column).collect()
}
