//! Builds read models anew beside those that serve, then puts them in their place.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use event_store::{Feed, Log, LogError};
use futures::future::try_join_all;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::ProjectionError;
use crate::pages::{self, Page};
use crate::read_model::{self, Changes, ReadModel};
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
    let feed = reader(log);
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

/// A feed that only reads what is there, and waits for no news.
fn reader(log: &Log) -> Feed {
    let stopped = CancellationToken::new();
    stopped.cancel();
    Feed::start(log, stopped)
}

/// A read model that is being built.
struct Building {
    model: &'static ReadModel,
    schema: String,
    connection: PgConnection,
    /// The last event in it.
    position: i64,
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
        transaction.commit().await?;
        Ok(Self { model, schema, connection, position: 0 })
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
            let mut changes = (self.model.begin)();
            while self.position < enough {
                let page = pages.recv().await.ok_or(ProjectionError::LogEndsBefore(goal))?;
                self.position = fold(self.model, &mut *changes, &page, (self.position, goal))?;
            }
            let mut transaction = self.connection.begin().await?;
            changes.write(&mut transaction).await?;
            transaction.commit().await?;
            report(self.position);
        }
        Ok(())
    }

    /// Adds what reading needs, then the last events, and takes the place of the serving one.
    async fn finish(mut self, feed: &Feed, report: Report<'_>) -> Result<i64, ProjectionError> {
        session::run(&mut self.connection, self.model.indexes_sql).await?;
        catch_up(feed, std::slice::from_mut(&mut self), report).await?;
        let Self { model, schema, mut connection, mut position } = self;
        let mut transaction = connection.begin().await?;
        // Whoever follows the log for this read model waits for the checkpoint from here on.
        let goal = furthest(&mut transaction, model.name).await?;
        let mut changes = (model.begin)();
        while position < goal {
            let page = pages::read(feed, position, PAGE).await?;
            let page = page.ok_or(ProjectionError::LogEndsBefore(goal))?;
            position = fold(model, &mut *changes, &page, (position, goal))?;
        }
        changes.write(&mut transaction).await?;
        // What comes by Kafka from before is a repeat then.
        partitions::lift(&mut transaction, model.name, goal).await?;
        // Whoever reads locks the first table first, so waiting for it is waiting for all of them.
        let (serving, gate) = (model.schema, model.tables[0].name);
        let swap = format!(
            "lock table {serving}.{gate} in access exclusive mode; drop schema {serving} cascade; \
             alter schema {schema} rename to {serving};"
        );
        session::run(&mut transaction, &swap).await?;
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

/// Folds what of a page lies after a position and within the goal: the position then.
fn fold(
    model: &ReadModel,
    changes: &mut dyn Changes,
    page: &Page,
    (position, goal): (i64, i64),
) -> Result<i64, ProjectionError> {
    let events = page.after(position);
    let within = events.partition_point(|event| event.position <= goal);
    let (events, unreadable) = model.up_to_unreadable(&events[..within]);
    if let Some(unreadable) = unreadable {
        return Err(ProjectionError::Unreadable(unreadable.to_string()));
    }
    model.fold(changes, events.iter());
    Ok(events.last().map_or(position, |last| last.position))
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
