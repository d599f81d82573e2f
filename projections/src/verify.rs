//! Compares read models with what the log comes to: built anew in schemas of their own beside those that serve, which
//! go on meanwhile.

use event_store::{Feed, Log};
use futures::future::{join_all, try_join_all};
use sqlx::{Connection, PgConnection, PgPool};

use crate::building::{Building, Part, Reading, Report, catch_up};
use crate::error::ProjectionError;
use crate::parking::store;
use crate::read_model::{self, ReadModel, Table};
use crate::{checkpoint, migrate, pages, session};

/// So many rows that differ are told of each table.
const TOLD: i64 = 100;

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

/// What came of comparing read models with the log.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many rows the read models have.
    pub rows: u64,
    /// Those that differ, of each table up to a hundred.
    pub differences: Vec<RowDifference>,
}

/// Compares the read models of these names with the log, which is read and decoded once for all of them. Tells `progress`
/// where the slowest is and where it has to get.
///
/// What is parked or discarded there is left out here as well. `rate` bounds how many events are read a second.
pub async fn compare_with_log(
    pool: &PgPool,
    log: &Log,
    names: &[&str],
    rate: Option<u64>,
    progress: impl Fn(i64, i64) + Sync,
) -> Result<Comparison, ProjectionError> {
    let find =
        |name: &&str| read_model::find(name).ok_or_else(|| ProjectionError::Unknown((*name).to_owned()));
    let models: Vec<&'static ReadModel> = names.iter().map(find).collect::<Result<_, _>>()?;
    let mut buildings = Vec::with_capacity(models.len());
    for model in models {
        let connection = session::open(pool, &schema_of(model)).await?;
        buildings.push(Building {
            model,
            place: place(model),
            connection,
            position: 0,
            restored: Vec::new(),
        });
    }
    let compared = compare(&mut buildings, log, rate, &progress).await;
    // Whatever came of it, nothing stays behind.
    let cleared: Vec<_> = join_all(buildings.into_iter().map(clear)).await;
    let compared = compared?;
    cleared.into_iter().collect::<Result<(), _>>()?;
    Ok(compared)
}

async fn compare(
    buildings: &mut [Building],
    log: &Log,
    rate: Option<u64>,
    report: Report<'_>,
) -> Result<Comparison, ProjectionError> {
    let feed = pages::feed_of_what_is_there(log);
    for Building { model, place, connection, .. } in &mut *buildings {
        let mut transaction = connection.begin().await?;
        migrate::create(model, &schema_of(model), &mut transaction).await?;
        // It is dropped in the end, so nobody needs it after a crash.
        for Table { name, .. } in model.tables {
            let schema = schema_of(model);
            session::run(&mut transaction, &format!("alter table {schema}.{name} set unlogged")).await?;
        }
        store::forget(&mut transaction, place).await?;
        transaction.commit().await?;
    }
    catch_up(Reading { feed: &feed, rate }, buildings, report).await?;
    let mut all = Comparison::default();
    for compared in try_join_all(buildings.iter_mut().map(|building| compare_model(building, &feed))).await? {
        all.rows += compared.rows;
        all.differences.extend(compared.differences);
    }
    Ok(all)
}

/// Writes what is left, and compares all rows. The read model is seen as it is at one position, however it goes on.
async fn compare_model(building: &mut Building, feed: &Feed) -> Result<Comparison, ProjectionError> {
    let Building { model, place, connection, position, .. } = building;
    let mut snapshot = connection.begin_with("begin isolation level repeatable read").await?;
    let goal = checkpoint::load(&mut snapshot, model.name).await?.position;
    let mut part = Part::begin(&mut snapshot, (model, place), *position).await?;
    part.fold_up_to(goal, feed).await?;
    part.write(&mut snapshot).await?;
    let mut compared = Comparison::default();
    for table in model.tables {
        let schema = schema_of(model);
        compared.rows +=
            compare_table(&mut snapshot, (model, &schema), table, &mut compared.differences).await?;
    }
    snapshot.rollback().await?;
    Ok(compared)
}

async fn clear(mut building: Building) -> Result<(), ProjectionError> {
    let schema = schema_of(building.model);
    let drop = format!("drop schema if exists {schema} cascade");
    let dropped = session::run(&mut building.connection, &drop).await;
    let forgotten = store::forget(&mut building.connection, &building.place).await;
    building.connection.close().await?;
    dropped?;
    Ok(forgotten?)
}

/// Where it is built.
fn schema_of(model: &ReadModel) -> String {
    format!("{}_verify", model.schema)
}

/// Under which name it is noted what cannot be taken.
fn place(model: &ReadModel) -> String {
    format!("{}_verify", model.name)
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
