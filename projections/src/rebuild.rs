//! Builds read models anew beside those that serve, then puts them in their place.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use event_store::{Feed, Log, LogError};
use futures::future::try_join_all;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::mpsc;

use crate::apply::Folding;
use crate::error::ProjectionError;
use crate::pages::{self, Page};
use crate::parking::standing::Standing;
use crate::parking::store;
use crate::read_model::{self, ReadModel};
use crate::{checkpoint, migrate, partitions, session};

/// How many events are read at once.
const PAGE: i64 = 5_000;
/// How many pages are read while others are written.
const PAGES_AHEAD: usize = 4;
/// How many events are folded before they are written: the more, the more often a row is written but once.
const FOLDED: i64 = 60_000;

/// Told where the slowest one is, and where it has to get.
type Report<'a> = &'a (dyn Fn(i64, i64) + Sync);

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
        buildings.push(Building::begin(pool, model).await?);
    }
    catch_up(&feed, &mut buildings, &report).await?;
    let finished = buildings.into_iter().map(|building| building.finish(&feed, &report));
    let position = try_join_all(finished).await?.into_iter().max().unwrap_or(0);
    report(position, position);
    Ok(position)
}

/// A read model that is being built.
struct Building {
    model: &'static ReadModel,
    schema: String,
    connection: PgConnection,
    /// The last event in it.
    position: i64,
    /// Positions of discarded events that it could take.
    restored: Vec<i64>,
}

/// Writes each up to about where the serving one is.
async fn catch_up(
    feed: &Feed,
    buildings: &mut [Building],
    report: Report<'_>,
) -> Result<(), ProjectionError> {
    loop {
        let mut goals = Vec::with_capacity(buildings.len());
        for building in &mut *buildings {
            goals.push(checkpoint::load(&mut building.connection, building.model.name).await?.position);
        }
        let behind = buildings.iter().zip(&goals).any(|(building, goal)| goal - building.position >= PAGE);
        if !behind {
            return Ok(());
        }
        let from = buildings.iter().map(|building| building.position).min().unwrap_or(0);
        let to = goals.iter().copied().max().unwrap_or(0);
        let positions: Vec<AtomicI64> = buildings.iter().map(|_| AtomicI64::new(from)).collect();
        let (senders, receivers): (Vec<_>, Vec<_>) =
            buildings.iter().map(|_| mpsc::channel(PAGES_AHEAD)).unzip();
        let taking = buildings.iter_mut().zip(receivers).zip(goals).enumerate().map(
            |(index, ((building, pages), goal))| {
                let positions = &positions;
                building.take(pages, goal, move |position| {
                    positions[index].store(position, Ordering::Relaxed);
                    let slowest = positions.iter().map(|position| position.load(Ordering::Relaxed)).min();
                    report(slowest.unwrap_or(position), to);
                })
            },
        );
        let reading = async { Ok(read_ahead(feed, (from, to), senders).await?) };
        tokio::try_join!(reading, try_join_all(taking))?;
    }
}

impl Building {
    async fn begin(pool: &PgPool, model: &'static ReadModel) -> Result<Self, ProjectionError> {
        let schema = format!("{}_rebuild", model.schema);
        let mut connection = session::open(pool, &schema).await?;
        let (alone,): (bool,) =
            sqlx::query_as("select pg_try_advisory_lock(hashtext('razao rebuild'), hashtext($1))")
                .bind(model.name)
                .fetch_one(&mut connection)
                .await?;
        if !alone {
            return Err(ProjectionError::RebuildUnderWay(model.name));
        }
        let mut transaction = connection.begin().await?;
        migrate::create(model, &schema, &mut transaction).await?;
        store::forget(&mut transaction, &building_site(model)).await?;
        transaction.commit().await?;
        Ok(Self { model, schema, connection, position: 0, restored: Vec::new() })
    }

    /// Writes what comes, up to the goal.
    async fn take(
        &mut self,
        mut pages: mpsc::Receiver<Arc<Page>>,
        goal: i64,
        report: impl Fn(i64),
    ) -> Result<(), ProjectionError> {
        while self.position < goal {
            let enough = goal.min(self.position + FOLDED);
            let mut transaction = self.connection.begin().await?;
            let mut part = Part::begin(&mut transaction, self.model, self.position).await?;
            while part.position < enough {
                part.fold(pages.recv().await.ok_or(ProjectionError::LogEndsBefore(goal))?, goal);
            }
            let position = part.position;
            self.restored.extend(part.write(&mut transaction).await?);
            transaction.commit().await?;
            self.position = position;
            report(position);
        }
        Ok(())
    }

    /// Adds what reading needs, then the last events, and takes the place of the serving one.
    async fn finish(mut self, feed: &Feed, report: Report<'_>) -> Result<i64, ProjectionError> {
        session::run(&mut self.connection, self.model.indexes_sql).await?;
        catch_up(feed, std::slice::from_mut(&mut self), report).await?;
        let Self { model, schema, mut connection, position, mut restored } = self;
        let mut transaction = connection.begin().await?;
        // Whoever follows the log for this read model waits for the checkpoint from here on.
        let goal = furthest(&mut transaction, model.name).await?;
        let mut part = Part::begin(&mut transaction, model, position).await?;
        while part.position < goal {
            let page = pages::read(feed, part.position, PAGE).await?;
            part.fold(page.map(Arc::new).ok_or(ProjectionError::LogEndsBefore(goal))?, goal);
        }
        let position = part.position;
        restored.extend(part.write(&mut transaction).await?);
        // What is parked now is what the new one could not take. Whoever redrives a stream holds it before the tables.
        store::replace(&mut transaction, model.name, &building_site(model)).await?;
        store::restore(&mut transaction, model.name, &restored).await?;
        // What comes by Kafka from before is a repeat then.
        partitions::lift(&mut transaction, model.name, goal).await?;
        // Whoever reads locks the first table first, so waiting for it is waiting for all of them.
        let (serving, gate) = (model.schema, model.tables[0].name);
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

/// Some pages that are written together.
struct Part {
    folding: Folding,
    pages: Vec<(Arc<Page>, Range<usize>)>,
    position: i64,
}

impl Part {
    async fn begin(
        connection: &mut PgConnection,
        model: &'static ReadModel,
        position: i64,
    ) -> Result<Self, sqlx::Error> {
        let place = building_site(model);
        let standing = Standing::find(connection, (&place, model.name), position + 1).await?;
        Ok(Self { folding: Folding::new(model, place, standing), pages: Vec::new(), position })
    }

    /// Folds what of a page lies after the position and within the goal.
    fn fold(&mut self, page: Arc<Page>, goal: i64) {
        let within = page.within(self.position, goal);
        let events = page.events(within.clone());
        self.folding.fold(events.iter());
        self.position = events.last().map_or(self.position, |last| last.position);
        self.pages.push((page, within));
    }

    /// Positions of discarded events that could be taken.
    async fn write(self, connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
        let events = self.pages.iter().flat_map(|(page, within)| page.events(within.clone()));
        Ok(self.folding.write(connection, events).await?.restored)
    }
}

/// Reads and decodes while others write, for those that still listen.
async fn read_ahead(
    feed: &Feed,
    (mut position, goal): (i64, i64),
    mut readers: Vec<mpsc::Sender<Arc<Page>>>,
) -> Result<(), LogError> {
    while position < goal && !readers.is_empty() {
        let Some(page) = pages::read(feed, position, PAGE).await?.map(Arc::new) else { return Ok(()) };
        position = page.last_position();
        let mut listening = Vec::with_capacity(readers.len());
        for reader in readers {
            if reader.send(Arc::clone(&page)).await.is_ok() {
                listening.push(reader);
            }
        }
        readers = listening;
    }
    Ok(())
}
