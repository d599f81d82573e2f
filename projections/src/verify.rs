//! Compares a read model with what the log comes to: built anew in a schema of its own beside the one that serves, which
//! goes on meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::Log;
use sqlx::{Connection, PgConnection, PgPool};

use crate::apply::Folding;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::pages::{self, Page};
use crate::parking::standing::Standing;
use crate::parking::store;
use crate::read_model::{self, ReadModel, Table};
use crate::{migrate, session};

/// How many events are read, and folded before they are written, at once.
const PAGE: i64 = 5_000;
const FOLDED: i64 = 60_000;
/// So many rows that differ are told of each table.
const TOLD: i64 = 100;

/// How long a replica of the log may be behind the read models, and how often one looks.
const BEHIND: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A row that is not what the events come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    pub read_model: &'static str,
    pub table: &'static str,
    /// Its key.
    pub row: String,
    /// `missing`, `not of any event` or `other values`.
    pub cause: &'static str,
}

/// Compares the read model `name` with the log: how many rows it has, and which differ. Tells `progress` where it is and
/// where the read model is.
///
/// What is parked or discarded there is left out here as well. `rate` bounds how many events are read a second.
pub async fn compare_with_log(
    pool: &PgPool,
    log: &Log,
    name: &str,
    rate: Option<u64>,
    progress: impl Fn(i64, i64),
) -> Result<(u64, Vec<RowDifference>), ProjectionError> {
    let model = read_model::find(name).ok_or_else(|| ProjectionError::Unknown(name.to_owned()))?;
    let schema = format!("{}_verify", model.schema);
    let mut connection = session::open(pool, &schema).await?;
    let compared = compare(&mut connection, log, (model, &schema), rate, progress).await;
    let dropped = session::run(&mut connection, &format!("drop schema if exists {schema} cascade")).await;
    let forgotten = store::forget(&mut connection, &place(model)).await;
    connection.close().await?;
    let compared = compared?;
    dropped?;
    forgotten?;
    Ok(compared)
}

async fn compare(
    connection: &mut PgConnection,
    log: &Log,
    (model, schema): (&'static ReadModel, &str),
    rate: Option<u64>,
    progress: impl Fn(i64, i64),
) -> Result<(u64, Vec<RowDifference>), ProjectionError> {
    let feed = pages::feed_of_what_is_there(log);
    let mut transaction = connection.begin().await?;
    migrate::create(model, schema, &mut transaction).await?;
    store::forget(&mut transaction, &place(model)).await?;
    transaction.commit().await?;
    let (mut position, began) = (0_i64, Instant::now());
    loop {
        let goal = checkpoint::load(connection, model.name).await?.position;
        if goal - position < FOLDED {
            break;
        }
        let mut transaction = connection.begin().await?;
        position = fold(&mut transaction, &feed, model, (position, position + FOLDED)).await?;
        transaction.commit().await?;
        progress(position, goal);
        if let Some(rate) = rate.filter(|rate| *rate > 0) {
            let due = Duration::from_millis(position.unsigned_abs() * 1_000 / rate);
            tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        }
    }
    // From here on the read model is seen as it is at one position, however it goes on.
    let mut snapshot = connection.begin_with("begin isolation level repeatable read").await?;
    let goal = checkpoint::load(&mut snapshot, model.name).await?.position;
    fold(&mut snapshot, &feed, model, (position, goal)).await?;
    progress(goal, goal);
    let (mut rows, mut differences) = (0, Vec::new());
    for table in model.tables {
        rows += compare_table(&mut snapshot, (model, schema), table, &mut differences).await?;
    }
    snapshot.rollback().await?;
    Ok((rows, differences))
}

/// Under which name it is noted what cannot be taken.
fn place(model: &ReadModel) -> String {
    format!("{}_verify", model.name)
}

/// Writes what comes after one position up to another.
async fn fold(
    connection: &mut PgConnection,
    feed: &event_store::Feed,
    model: &'static ReadModel,
    (mut position, goal): (i64, i64),
) -> Result<i64, ProjectionError> {
    let place = place(model);
    let standing = Standing::find(connection, (&place, model.name), position + 1).await?;
    let mut folding = Folding::new(model, place, standing);
    let mut folded: Vec<(Arc<Page>, std::ops::Range<usize>)> = Vec::new();
    while position < goal {
        let page = Arc::new(page_of(feed, position, goal).await?);
        let within = page.within(position, goal);
        let events = page.events(within.clone());
        folding.fold(events.iter());
        position = events.last().map_or(goal, |last| last.position);
        folded.push((page, within));
    }
    let events = folded.iter().flat_map(|(page, within)| page.events(within.clone()));
    folding.write(connection, events).await?;
    Ok(position)
}

/// The next events, for which a replica of the log may have to be waited for.
async fn page_of(feed: &event_store::Feed, position: i64, goal: i64) -> Result<Page, ProjectionError> {
    let began = Instant::now();
    loop {
        if let Some(page) = pages::read(feed, position, PAGE.min(goal - position)).await? {
            return Ok(page);
        }
        if began.elapsed() > BEHIND {
            return Err(ProjectionError::LogEndsBefore(goal));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn compare_table(
    connection: &mut PgConnection,
    (model, schema): (&'static ReadModel, &str),
    table: &'static Table,
    differences: &mut Vec<RowDifference>,
) -> Result<u64, ProjectionError> {
    let (serving, name, key) = (model.schema, table.name, table.key);
    let count = format!("select count(*) from {serving}.{name}");
    let (rows,): (i64,) = sqlx::query_as(&count).fetch_one(&mut *connection).await?;
    // What writing rows by their keys does without, comparing all of them needs.
    session::run(
        connection,
        "set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on; \
         set local work_mem = '64MB'",
    )
    .await?;
    let first = key.split(", ").next().unwrap_or(key);
    let select = format!(
        "select row({key})::text as key, s.{first} is null as is_missing, r.{first} is null as is_of_none {} order by 1 limit {TOLD}",
        differing((serving, schema), table)
    );
    let found: Vec<(String, bool, bool)> = sqlx::query_as(&select).fetch_all(connection).await?;
    differences.extend(found.into_iter().map(|(row, is_missing, is_of_none)| RowDifference {
        read_model: model.name,
        table: name,
        row,
        cause: if is_missing {
            "it is missing"
        } else if is_of_none {
            "it is of no event"
        } else {
            "it has other values"
        },
    }));
    Ok(rows.unsigned_abs())
}

/// From where rows of two schemas come that are not the same to the bit: `s` and `r`, with the columns of their key.
///
/// As they are stored, so that every column is compared, whatever its type, and nothing is made a text of what is the same.
pub(crate) fn differing((one, other): (&str, &str), table: &Table) -> String {
    let (name, key) = (table.name, table.key);
    let first = key.split(", ").next().unwrap_or(key);
    format!(
        "from {one}.{name} s full join {other}.{name} r using ({key}) \
         where s.{first} is null or r.{first} is null or s.* operator(pg_catalog.*<>) r.*"
    )
}
