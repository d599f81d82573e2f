//! A read model that is being built: from the log, or from the events of one loan, into a schema of its own.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use event_store::{Feed, LogError, StoredEventRow};
use futures::future::try_join_all;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::apply::Folding;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::pages::{self, Page};
use crate::parking::standing::Standing;
use crate::read_model::ReadModel;

/// How many events are read at once.
pub(crate) const PAGE: i64 = 5_000;
/// How many pages are read while others are written.
const PAGES_AHEAD: usize = 12;
/// How many events are folded before they are written: the more, the more often a row is written but once.
const FOLDED: i64 = 60_000;
/// How long a replica of the log may be behind the read models, and how often one looks.
const BEHIND: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Told where the slowest one is, and where it has to get.
pub(crate) type Report<'a> = &'a (dyn Fn(i64, i64) + Sync);

/// Where the events come from.
#[derive(Clone)]
pub(crate) enum Source<'a> {
    Log(Reading<'a>),
    /// All that there are.
    Events(Arc<Page>),
}

/// How the log is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) feed: &'a Feed,
    /// At most so many events a second.
    pub(crate) rate: Option<u64>,
}

pub(crate) struct Building {
    pub(crate) model: &'static ReadModel,
    /// Under which name it is noted what it could not take.
    pub(crate) place: String,
    /// Writes into the schema.
    pub(crate) connection: PgConnection,
    /// The last event in it.
    pub(crate) position: i64,
    /// Positions of discarded events that it could take.
    pub(crate) restored: Vec<i64>,
}

/// Writes each up to about where the serving one is.
pub(crate) async fn catch_up(
    reading: Reading<'_>,
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
        fill(&Source::Log(reading), buildings, &goals, report).await?;
    }
}

/// Writes each up to its goal: what is read and decoded is so once for all of them.
pub(crate) async fn fill(
    source: &Source<'_>,
    buildings: &mut [Building],
    goals: &[i64],
    report: Report<'_>,
) -> Result<(), ProjectionError> {
    let from = buildings.iter().map(|building| building.position).min().unwrap_or(0);
    let to = goals.iter().copied().max().unwrap_or(0);
    let positions: Vec<AtomicI64> = buildings.iter().map(|_| AtomicI64::new(from)).collect();
    let (senders, receivers): (Vec<_>, Vec<_>) = buildings.iter().map(|_| mpsc::channel(PAGES_AHEAD)).unzip();
    let taking = buildings.iter_mut().zip(receivers).zip(goals).enumerate().map(
        |(index, ((building, pages), goal))| {
            let positions = &positions;
            building.take(pages, *goal, move |position| {
                positions[index].store(position, Ordering::Relaxed);
                let slowest = positions.iter().map(|position| position.load(Ordering::Relaxed)).min();
                report(slowest.unwrap_or(position), to);
            })
        },
    );
    let reading = async { Ok(read_ahead(source, (from, to), senders).await?) };
    tokio::try_join!(reading, try_join_all(taking))?;
    Ok(())
}

impl Building {
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
            let mut part = Part::begin(&mut transaction, (self.model, &self.place), self.position).await?;
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
}

/// Some pages that are written together.
pub(crate) struct Part {
    folding: Folding,
    pages: Vec<(Arc<Page>, Range<usize>)>,
    pub(crate) position: i64,
}

impl Part {
    pub(crate) async fn begin(
        connection: &mut PgConnection,
        (model, place): (&'static ReadModel, &str),
        position: i64,
    ) -> Result<Self, sqlx::Error> {
        let standing = Standing::find(connection, (place, model.name), position + 1).await?;
        let folding = Folding::new(model, place.to_owned(), standing);
        Ok(Self { folding, pages: Vec::new(), position })
    }

    /// Folds what of a page lies after the position and within the goal.
    pub(crate) fn fold(&mut self, page: Arc<Page>, goal: i64) {
        let within = page.within(self.position, goal);
        let events = page.events(within.clone());
        self.folding.fold(events.iter());
        self.position = events.last().map_or(self.position, |last| last.position);
        self.pages.push((page, within));
    }

    /// Folds the rest up to the goal.
    pub(crate) async fn fold_up_to(&mut self, goal: i64, feed: &Feed) -> Result<(), ProjectionError> {
        let reading = Reading { feed, rate: None };
        while self.position < goal {
            let page = pages::page(reading.rows_after(self.position).await?).await;
            self.fold(Arc::new(page.ok_or(ProjectionError::LogEndsBefore(goal))?), goal);
        }
        Ok(())
    }

    /// Positions of discarded events that could be taken.
    pub(crate) async fn write(self, connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
        let events = self.pages.iter().flat_map(|(page, within)| page.events(within.clone()));
        Ok(self.folding.write(connection, events).await?.restored)
    }
}

impl Reading<'_> {
    /// The next events, for which a replica of the log may have to be waited for.
    async fn rows_after(&self, position: i64) -> Result<Vec<StoredEventRow>, LogError> {
        let began = Instant::now();
        loop {
            let rows = self.feed.stored_after(position, PAGE).await?;
            if !rows.is_empty() || began.elapsed() > BEHIND {
                return Ok(rows);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until so many events may have been read since it began.
    async fn pace(&self, events: i64, began: Instant) {
        if let Some(rate) = self.rate.filter(|rate| *rate > 0) {
            let due = Duration::from_millis(events.unsigned_abs() * 1_000 / rate);
            tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        }
    }
}

/// Reads and decodes while others write, for those that still listen: a page is read while the one before is decoded.
async fn read_ahead(
    source: &Source<'_>,
    (mut position, goal): (i64, i64),
    readers: Vec<mpsc::Sender<Arc<Page>>>,
) -> Result<(), LogError> {
    let mut readers = Readers(readers);
    let reading = match source {
        Source::Events(all) => {
            readers.send(Arc::clone(all)).await;
            return Ok(());
        }
        Source::Log(reading) => reading,
    };
    let (from, began) = (position, Instant::now());
    let mut decoding: Option<JoinHandle<Option<Page>>> = None;
    while position < goal && !readers.0.is_empty() {
        reading.pace(position - from, began).await;
        let rows = reading.rows_after(position).await?;
        let Some(last) = rows.last() else { break };
        position = last.position;
        let before = decoding.replace(tokio::spawn(pages::page(rows)));
        readers.send_decoded(before).await;
    }
    readers.send_decoded(decoding).await;
    Ok(())
}

/// Those that still listen.
struct Readers(Vec<mpsc::Sender<Arc<Page>>>);

impl Readers {
    async fn send_decoded(&mut self, decoding: Option<JoinHandle<Option<Page>>>) {
        let Some(decoding) = decoding else { return };
        if let Some(page) = decoding.await.expect("decoding an event does not panic") {
            self.send(Arc::new(page)).await;
        }
    }

    async fn send(&mut self, page: Arc<Page>) {
        let mut listening = Vec::with_capacity(self.0.len());
        for reader in self.0.drain(..) {
            if reader.send(Arc::clone(&page)).await.is_ok() {
                listening.push(reader);
            }
        }
        self.0 = listening;
    }
}
