//! Builds a read model anew beside the one that serves, then puts it in its place.

use event_store::{Feed, Log, LogError};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::ProjectionError;
use crate::pages::{self, Page};
use crate::read_model::{self, Changes, ReadModel};
use crate::{checkpoint, migrate, session};

/// How many events are read at once.
const PAGE: i64 = 5_000;
/// How many pages are read while others are written.
const PAGES_AHEAD: usize = 4;
/// How many events are folded before they are written: the more, the more often a row is written but once.
const FOLDED: i64 = 60_000;

/// Builds the read model `name` anew from the whole log, while the old one serves, and swaps the two. Tells
/// `progress` where it is and where the serving one is; answers how many events it went through.
///
/// The new one ends at exactly the position of the old one, so whoever follows the log goes on from there. What a
/// rebuild that was broken off left behind is dropped by the next one.
pub async fn rebuild(
    pool: &PgPool,
    log: &Log,
    name: &str,
    mut progress: impl FnMut(i64, i64) + Send,
) -> Result<i64, ProjectionError> {
    let model = read_model::find(name).ok_or_else(|| ProjectionError::Unknown(name.to_owned()))?;
    let schema = format!("{}_rebuild", model.schema);
    let mut connection = session::open(pool, &schema).await?;
    let (alone,): (bool,) =
        sqlx::query_as("select pg_try_advisory_lock(hashtext('razao rebuild'), hashtext($1))")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
    if !alone {
        return Err(ProjectionError::RebuildUnderWay(model.name));
    }
    let mut transaction = connection.begin().await?;
    migrate::create(model, &schema, &mut transaction).await?;
    transaction.commit().await?;

    let mut building = Building { model, feed: reader(log), position: 0 };
    building.catch_up(&mut connection, &mut progress).await?;
    session::run(&mut connection, model.indexes_sql).await?;
    building.catch_up(&mut connection, &mut progress).await?;
    building.swap(&mut connection, &schema).await?;
    connection.close().await?;
    progress(building.position, building.position);
    Ok(building.position)
}

/// A feed that only reads what is there, and waits for no news.
fn reader(log: &Log) -> Feed {
    let stopped = CancellationToken::new();
    stopped.cancel();
    Feed::start(log, stopped)
}

struct Building {
    model: &'static ReadModel,
    feed: Feed,
    /// The last event in it.
    position: i64,
}

impl Building {
    /// Writes up to about where the serving one is.
    async fn catch_up(
        &mut self,
        connection: &mut PgConnection,
        progress: &mut (impl FnMut(i64, i64) + Send),
    ) -> Result<(), ProjectionError> {
        loop {
            let goal = checkpoint::load(&mut *connection, self.model.name).await?.position;
            if goal - self.position < PAGE {
                return Ok(());
            }
            let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
            let mut reading = JoinSet::new();
            reading.spawn(read_ahead(self.feed.clone(), self.position, goal, sender));
            while self.position < goal {
                let mut changes = (self.model.begin)();
                self.fold_many(&mut *changes, &mut pages, goal).await?;
                let mut transaction = connection.begin().await?;
                changes.write(&mut transaction).await?;
                transaction.commit().await?;
                progress(self.position, goal);
            }
        }
    }

    /// Adds the last events and takes the place of the serving one, in one transaction.
    async fn swap(&mut self, connection: &mut PgConnection, schema: &str) -> Result<(), ProjectionError> {
        let mut transaction = connection.begin().await?;
        let goal = checkpoint::lock(&mut transaction, self.model.name).await?.position;
        let mut changes = (self.model.begin)();
        let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
        let mut reading = JoinSet::new();
        reading.spawn(read_ahead(self.feed.clone(), self.position, goal, sender));
        while self.position < goal {
            self.fold_many(&mut *changes, &mut pages, goal).await?;
        }
        changes.write(&mut transaction).await?;
        // Whoever reads locks the first table first, so waiting for it is waiting for all of them.
        let (serving, gate) = (self.model.schema, self.model.tables[0].name);
        let swap = format!(
            "lock table {serving}.{gate} in access exclusive mode; drop schema {serving} cascade; \
             alter schema {schema} rename to {serving};"
        );
        session::run(&mut transaction, &swap).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Folds pages until there is enough to write, or the goal is reached.
    async fn fold_many(
        &mut self,
        changes: &mut dyn Changes,
        pages: &mut mpsc::Receiver<Result<Page, LogError>>,
        goal: i64,
    ) -> Result<(), ProjectionError> {
        let enough = goal.min(self.position + FOLDED);
        while self.position < enough {
            let page = pages.recv().await.ok_or(ProjectionError::LogEndsBefore(goal))??;
            let events = page.after(self.position);
            let within = events.partition_point(|event| event.position <= goal);
            let (last, unreadable) = self.model.fold(changes, &events[..within]);
            if let Some(unreadable) = unreadable {
                return Err(ProjectionError::Unreadable(unreadable.to_string()));
            }
            self.position = last.map_or(self.position, |last| last.position);
        }
        Ok(())
    }
}

/// Reads and decodes while others write.
async fn read_ahead(feed: Feed, mut position: i64, goal: i64, pages: mpsc::Sender<Result<Page, LogError>>) {
    while position < goal {
        let read = pages::read(&feed, position, PAGE).await;
        let Some(page) = read.transpose() else { return };
        position = page.as_ref().map_or(goal, Page::last_position);
        if pages.send(page).await.is_err() {
            return;
        }
    }
}
