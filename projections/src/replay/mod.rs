//! Time travel: read models as the log makes them up to an earlier moment, in a schema of their own beside those that
//! serve.

mod compare;
mod error;
mod make;
mod until;

use chrono::{DateTime, Utc};
use event_store::begin;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

pub use compare::{Compared, ComparedTable, RowDiffers, Side, compare};
pub use error::ReplayError;
pub use make::{WantedReplay, replay};
pub use until::Until;

use crate::parking::{letters, store};
use crate::run::ProjectionStatus;
use crate::{NAMES, read_model, session};

/// Creates the table of replays.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

const COLUMNS: &str = "select name, position, recorded_at, loan, began_at, finished_at, \
    (select coalesce(sum(pg_total_relation_size(t.oid)), 0)::bigint from pg_class t \
      join pg_namespace n on n.oid = t.relnamespace \
      where n.nspname = 'replay_' || r.name and t.relkind = 'r') as bytes from projections.replays r";
const SHAPE_OF: &str = "select shape = md5($2) from projections.replays where name = $1";

/// The read models as they were when the log ended at a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct Replay {
    pub name: String,
    /// The last event of the log that it goes up to.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    /// The one loan whose events it holds; none: all events.
    pub loan: Option<Uuid>,
    pub began_at: DateTime<Utc>,
    /// None while it is made, and where that was broken off.
    pub finished_at: Option<DateTime<Utc>>,
    /// How much room its tables take.
    pub bytes: i64,
}

/// Every replay, in the order of their names.
pub async fn replays(pool: &PgPool) -> Result<Vec<Replay>, ReplayError> {
    Ok(sqlx::query_as(&format!("{COLUMNS} order by name")).fetch_all(pool).await?)
}

/// The replay of a name, as far as this version of the program can read it.
pub async fn find_replay(pool: &PgPool, name: &str) -> Result<Replay, ReplayError> {
    let mut connection = pool.acquire().await?;
    let found: Option<Replay> = sqlx::query_as(&format!("{COLUMNS} where name = $1"))
        .bind(name)
        .fetch_optional(&mut *connection)
        .await?;
    let found = found.ok_or_else(|| ReplayError::Unknown(name.to_owned()))?;
    if found.finished_at.is_none() {
        return Err(ReplayError::Unfinished(name.to_owned()));
    }
    let (is_ours,): (bool,) =
        sqlx::query_as(SHAPE_OF).bind(name).bind(shape()).fetch_one(&mut *connection).await?;
    if is_ours { Ok(found) } else { Err(ReplayError::OfAnotherVersion(name.to_owned())) }
}

/// Drops the replay of a name, also one that was broken off.
pub async fn drop_replay(pool: &PgPool, name: &str) -> Result<(), ReplayError> {
    let mut transaction = begin(pool, "begin").await?;
    let known: Option<(String,)> = sqlx::query_as("select name from projections.replays where name = $1")
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?;
    let (known,) = known.ok_or_else(|| ReplayError::Unknown(name.to_owned()))?;
    if !lock(&mut transaction, &known).await? {
        return Err(ReplayError::UnderWay(known));
    }
    forget(&mut transaction, &known).await?;
    transaction.commit().await?;
    Ok(())
}

impl Replay {
    /// Where all of its tables are.
    pub fn schema(&self) -> String {
        schema_of(&self.name)
    }

    /// Under which name it is noted what one of its read models could not take.
    pub(crate) fn noted_as(&self, model: &str) -> String {
        noted_as(&self.name, model)
    }

    /// How far each of its read models is: all the way.
    pub(crate) async fn status(&self, pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
        let mut parked = letters::parked(&mut *pool.acquire().await?).await?;
        let road = format!("replay {}", self.name);
        let mut statuses =
            NAMES.map(|name| ProjectionStatus::at(name, self.position, Some(self.recorded_at), road.clone()));
        for status in &mut statuses {
            status.parked(parked.remove(&self.noted_as(status.name)));
        }
        Ok(statuses.into())
    }
}

fn schema_of(name: &str) -> String {
    format!("replay_{name}")
}

fn noted_as(name: &str, model: &str) -> String {
    format!("{model}@{name}")
}

/// What the tables of all read models look like, as this version of the program makes them.
fn shape() -> String {
    read_model::ALL.iter().flat_map(|model| [model.tables_sql, model.indexes_sql]).collect()
}

/// Keeps others from making or dropping the replay until the transaction ends.
async fn lock(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let lock = "select pg_try_advisory_xact_lock(hashtext('razao replay'), hashtext($1))";
    let (alone,): (bool,) = sqlx::query_as(lock).bind(name).fetch_one(connection).await?;
    Ok(alone)
}

/// Removes all that there is of a replay. The name is one that was noted, or checked.
async fn forget(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    session::run(connection, &format!("drop schema if exists {} cascade", schema_of(name))).await?;
    for model in NAMES {
        store::forget(connection, &noted_as(name, model)).await?;
    }
    sqlx::query("delete from projections.replays where name = $1").bind(name).execute(connection).await?;
    Ok(())
}
