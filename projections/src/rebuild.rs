//! Builds read models anew beside those that serve, then puts them in their place.

use std::sync::Mutex;

use event_store::{Feed, Log};
use futures::future::try_join_all;
use sqlx::{Connection, PgConnection, PgPool};

use crate::building::{Building, Part, Reading, Report, catch_up};
use crate::error::ProjectionError;
use crate::pages;
use crate::parking::store;
use crate::read_model::{self, ReadModel};
use crate::{checkpoint, migrate, partitions, session};

/// Builds the read model `name` anew from the whole log, while the old one serves, and swaps the two. Tells
/// `progress` where it is and where the serving one is; answers how many events it went through.
///
/// The new one ends at exactly the position of the old one, so whoever follows the log goes on from there. What a
/// rebuild that was broken off left behind is dropped by the next one.
pub async fn rebuild(
    pool: &PgPool,
    log: &Log,
    name: &str,
    progress: impl FnMut(i64, i64) + Send,
) -> Result<i64, ProjectionError> {
    let model = read_model::find(name).ok_or_else(|| ProjectionError::Unknown(name.to_owned()))?;
    rebuild_together(pool, log, &[model], progress).await
}

/// The same for every read model at once: the log is read and decoded only once for all of them.
pub async fn rebuild_all(
    pool: &PgPool,
    log: &Log,
    progress: impl FnMut(i64, i64) + Send,
) -> Result<i64, ProjectionError> {
    rebuild_together(pool, log, &read_model::ALL, progress).await
}

async fn rebuild_together(
    pool: &PgPool,
    log: &Log,
    models: &[&'static ReadModel],
    progress: impl FnMut(i64, i64) + Send,
) -> Result<i64, ProjectionError> {
    let progress = Mutex::new(progress);
    let report = |position, goal| {
        let mut progress = progress.lock().expect("a progress bar does not panic");
        progress(position, goal);
    };
    let feed = pages::feed_of_what_is_there(log);
    let mut buildings = Vec::with_capacity(models.len());
    for model in models {
        buildings.push(begin(pool, model).await?);
    }
    catch_up(Reading { feed: &feed, rate: None }, &mut buildings, &report).await?;
    let finished = buildings.into_iter().map(|building| finish(building, &feed, &report));
    let position = try_join_all(finished).await?.into_iter().max().unwrap_or(0);
    report(position, position);
    Ok(position)
}

async fn begin(pool: &PgPool, model: &'static ReadModel) -> Result<Building, ProjectionError> {
    let schema = schema_of(model);
    let mut connection = session::open(pool, &schema).await?;
    let (alone,): (bool,) =
        sqlx::query_as("select pg_try_advisory_lock(hashtext('razao rebuild'), hashtext($1))")
            .bind(model.name)
            .fetch_one(&mut connection)
            .await?;
    if !alone {
        return Err(ProjectionError::RebuildUnderWay(model.name));
    }
    let place = building_site(model);
    let mut transaction = connection.begin().await?;
    migrate::create(model, &schema, &mut transaction).await?;
    store::forget(&mut transaction, &place).await?;
    transaction.commit().await?;
    Ok(Building { model, place, connection, position: 0, restored: Vec::new() })
}

/// Adds what reading needs, then the last events, and takes the place of the serving one.
async fn finish(mut building: Building, feed: &Feed, report: Report<'_>) -> Result<i64, ProjectionError> {
    session::run(&mut building.connection, building.model.indexes_sql).await?;
    catch_up(Reading { feed, rate: None }, std::slice::from_mut(&mut building), report).await?;
    let Building { model, place, mut connection, position, mut restored } = building;
    let mut transaction = connection.begin().await?;
    // Whoever follows the log for this read model waits for the checkpoint from here on.
    let goal = furthest(&mut transaction, model.name).await?;
    let mut part = Part::begin(&mut transaction, (model, &place), position).await?;
    part.fold_up_to(goal, feed).await?;
    let position = part.position;
    restored.extend(part.write(&mut transaction).await?);
    // What is parked now is what the new one could not take. Whoever redrives a stream holds it before the tables.
    store::replace(&mut transaction, model.name, &place).await?;
    store::restore(&mut transaction, model.name, &restored).await?;
    // What comes by Kafka from before is a repeat then.
    partitions::lift(&mut transaction, model.name, goal).await?;
    // Whoever reads locks the first table first, so waiting for it is waiting for all of them.
    let (serving, schema, gate) = (model.schema, schema_of(model), model.tables[0].name);
    let swap = format!(
        "lock table {serving}.{gate} in access exclusive mode; drop schema {serving} cascade; \
         alter schema {schema} rename to {serving};"
    );
    session::run(&mut transaction, &swap).await?;
    // The views went with the tables that they were of.
    session::run(&mut transaction, model.views_sql).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(position)
}

/// The last position of which the serving one may have something, held until the transaction ends: nobody writes into
/// it meanwhile.
async fn furthest(connection: &mut PgConnection, name: &str) -> Result<i64, ProjectionError> {
    let checkpoint = checkpoint::lock(connection, name).await?.position;
    let partitions = partitions::lock(connection, name).await?;
    Ok(partitions.iter().map(|place| place.position).fold(checkpoint, i64::max))
}

/// Under which name it is noted what a read model that is being built could not take.
fn building_site(model: &ReadModel) -> String {
    format!("{}_rebuild", model.name)
}

/// Where it is built.
fn schema_of(model: &ReadModel) -> String {
    format!("{}_rebuild", model.schema)
}
