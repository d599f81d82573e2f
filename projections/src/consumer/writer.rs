//! Writes what is proven, with how far each partition is, in one transaction.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use event_store::Feed;
use metrics::counter;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Consumer;
use super::assignments::Assignments;
use super::error::ConsumerError;
use super::partition::Stretch;
use super::poller::{Arrival, weight};
use crate::apply::{Applied, apply};
use crate::error::ProjectionError;
use crate::event::Event;
use crate::partitions::{self, Place, Step};
use crate::read_model::ReadModel;
use crate::{checkpoint, session, telemetry};

/// So many events are written at once.
const ENOUGH: usize = 5_000;
/// So long one waits for the other partitions to come as far as the first one.
const LINGER: Duration = Duration::from_millis(10);
/// How often one that has nothing to write looks whether the partitions are where it left them.
const LOOK: Duration = Duration::from_secs(1);
/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .without_max_times();

pub(super) struct Writer {
    model: &'static ReadModel,
    pool: PgPool,
    feed: Feed,
    assignments: Arc<Assignments>,
    waiting: Arc<AtomicUsize>,
    stop: CancellationToken,
    connection: PgConnection,
    /// Where each partition is, as it was written last.
    places: BTreeMap<i32, Place>,
    /// Up to where something came.
    furthest: i64,
    /// Whether it is noted that something is in the way.
    is_hindered: bool,
}

impl Writer {
    pub(super) async fn open(
        consumer: &Consumer,
        assignments: Arc<Assignments>,
        waiting: Arc<AtomicUsize>,
        stop: CancellationToken,
    ) -> Result<Self, ConsumerError> {
        let (model, pool, feed) = (consumer.model, consumer.pool.clone(), consumer.feed.clone());
        let connection = session::open(&pool, model.schema).await?;
        let (places, furthest) = (BTreeMap::new(), 0);
        let is_hindered = true; // by whatever was noted before
        Ok(Self { model, pool, feed, assignments, waiting, stop, connection, places, furthest, is_hindered })
    }

    /// Writes what comes until it is stopped, or nothing comes any more.
    pub(super) async fn run(
        &mut self,
        mut arrivals: UnboundedReceiver<Arrival>,
    ) -> Result<(), ConsumerError> {
        while !self.stop.is_cancelled() {
            let first = tokio::select! {
                first = timeout(LOOK, arrivals.recv()) => first,
                () = self.stop.cancelled() => return Ok(()),
            };
            match first {
                Ok(Some(first)) => {
                    let batch = self.gather(first, &mut arrivals).await;
                    self.take(batch).await?;
                }
                Ok(None) => return Ok(()),
                Err(_) => self.look().await?,
            }
        }
        Ok(())
    }

    /// What comes together with the first one: until there is enough, or all partitions are as far as each other.
    async fn gather(&self, first: Arrival, arrivals: &mut UnboundedReceiver<Arrival>) -> Vec<Arrival> {
        let until = Instant::now() + LINGER;
        let mut reached: BTreeMap<i32, i64> =
            self.places.iter().map(|(number, place)| (*number, place.position)).collect();
        let (mut batch, mut events) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(arrival) = next {
            match &arrival {
                Arrival::Taken(places) => {
                    reached.extend(places.iter().map(|place| (place.partition, place.position)));
                }
                Arrival::Stretch(stretch) => {
                    reached.insert(stretch.partition, stretch.to());
                    events += stretch.events.as_ref().map_or(0, Vec::len);
                }
                Arrival::Trouble { .. } => {}
            }
            batch.push(arrival);
            let mut positions = self.assignments.owned().into_iter().map(|number| reached.get(&number));
            let one = positions.next().flatten();
            if events >= ENOUGH || (one.is_some() && positions.all(|other| other == one)) {
                break;
            }
            next = timeout_at(until, arrivals.recv()).await.unwrap_or(None);
        }
        batch
    }

    async fn take(&mut self, batch: Vec<Arrival>) -> Result<(), ConsumerError> {
        // Stretches that came by Kafka, and those that have to be read from the log.
        let (mut received, mut missing) = (Vec::<Stretch>::new(), Vec::<Stretch>::new());
        for arrival in batch {
            match arrival {
                Arrival::Taken(places) => {
                    self.places.extend(places.into_iter().map(|place| (place.partition, place)));
                    self.say_that_nothing_hinders().await?;
                }
                Arrival::Trouble { partition, trouble } => {
                    let name = self.model.name;
                    partitions::note_trouble(&mut self.connection, name, partition, &trouble).await?;
                }
                Arrival::Stretch(stretch) => {
                    self.furthest = self.furthest.max(stretch.to());
                    let (same, other) = match &stretch.events {
                        Ok(_) => (&mut received, &mut missing),
                        Err(_) => (&mut missing, &mut received),
                    };
                    if other.iter().any(|before| before.partition == stretch.partition) {
                        let before = std::mem::take(other);
                        same.push(stretch);
                        // In the order of the partition.
                        self.write_all(before).await?;
                    } else {
                        same.push(stretch);
                    }
                }
            }
        }
        self.write_all(missing).await?;
        self.write_all(received).await
    }

    /// Writes stretches of which all came by Kafka, or none did.
    async fn write_all(&mut self, stretches: Vec<Stretch>) -> Result<(), ConsumerError> {
        if stretches.is_empty() {
            return Ok(());
        }
        let weight: usize = stretches.iter().map(weight).sum();
        let before = self.position();
        let mut patience = PATIENCE.build();
        while let Err(error) = self.try_write_all(&stretches).await {
            let ConsumerError::Projection(error) = error else { return Err(error) };
            self.say_what_hinders(&error).await;
            let _ = timeout(patience.next().unwrap_or_default(), self.stop.cancelled()).await;
            if self.stop.is_cancelled() {
                return Ok(());
            }
            if let Ok(connection) = session::open(&self.pool, self.model.schema).await {
                self.connection = connection;
            }
        }
        self.waiting.fetch_sub(weight, Ordering::AcqRel);
        self.say_that_nothing_hinders().await?;
        if let (Some((from, _)), Some((to, recorded_at))) = (before, self.position()) {
            telemetry::record_progress(self.model.name, (from, to, self.furthest), recorded_at);
        }
        Ok(())
    }

    async fn try_write_all(&mut self, stretches: &[Stretch]) -> Result<(), ConsumerError> {
        match stretches[0].events {
            Ok(_) => while self.write_received(stretches).await?.is_continue() {},
            Err(_) => while self.write_missing(stretches).await?.is_continue() {},
        }
        Ok(())
    }

    /// Writes what came. `Continue`: something was not where it was left; to be tried again.
    async fn write_received(&mut self, stretches: &[Stretch]) -> Result<ControlFlow<()>, ConsumerError> {
        let mut steps = BTreeMap::<i32, Step>::new();
        let mut events = Vec::<Arc<Event>>::new();
        for stretch in stretches.iter().filter(|stretch| self.is_ours(stretch)) {
            let place = &self.places[&stretch.partition];
            if stretch.to() <= place.position {
                continue;
            }
            let step = Step {
                partition: stretch.partition,
                epoch: stretch.epoch,
                from: place.position,
                to: stretch.to(),
                recorded_at: stretch.recorded_at,
                proven: Some(stretch.proven),
            };
            steps.insert(stretch.partition, step);
            let came = stretch.events.iter().flatten();
            events.extend(came.filter(|event| event.position > place.position).cloned());
        }
        events.sort_unstable_by_key(|event| event.position);
        self.write(&steps.into_values().collect::<Vec<_>>(), &events).await
    }

    /// Reads a page of what did not come from the log, and writes it. `Continue`: there is more, or something was not
    /// where it was left.
    async fn write_missing(&mut self, stretches: &[Stretch]) -> Result<ControlFlow<()>, ConsumerError> {
        let ours = stretches.iter().filter(|stretch| self.is_ours(stretch));
        let behind: Vec<(&Stretch, Place)> = ours
            .map(|stretch| (stretch, self.places[&stretch.partition]))
            .filter(|(stretch, place)| place.position < stretch.to())
            .collect();
        let Some(page) = super::missing::page(&self.feed, &behind, self.count()).await? else {
            return Ok(ControlFlow::Break(()));
        };
        let name = self.model.name;
        counter!("razao_projection_from_log_total", "projection" => name).increment(page.events.len() as u64);
        let _ = self.write(&page.steps, &page.events).await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn write<E>(&mut self, steps: &[Step], events: &[E]) -> Result<ControlFlow<()>, ConsumerError>
    where
        E: Borrow<Event> + Sync,
    {
        if steps.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        let mut transaction = self.connection.begin().await?;
        // First the partitions: whoever else is at them waits, a rebuild that takes the place of the rows too.
        if !partitions::advance(&mut transaction, self.model.name, steps).await? {
            transaction.rollback().await?;
            self.look().await?;
            return Ok(ControlFlow::Continue(()));
        }
        let applied = if self.model.concerns(events.iter().map(Borrow::borrow)) {
            apply(self.model, &mut transaction, events).await?
        } else {
            Applied::default()
        };
        transaction.commit().await?;
        applied.tell(self.model.name);
        for step in steps {
            let place = self.places.get_mut(&step.partition).expect("a step is made from a place");
            (place.position, place.recorded_at) = (step.to, Some(step.recorded_at));
        }
        Ok(ControlFlow::Break(()))
    }

    /// Looks where the partitions are. A rebuild may have moved them on. Whatever else did makes one begin again.
    async fn look(&mut self) -> Result<(), ConsumerError> {
        let numbers: Vec<i32> = self.places.keys().copied().collect();
        let found = partitions::load(&mut self.connection, self.model.name, &numbers).await?;
        for (number, place) in std::mem::take(&mut self.places) {
            if !self.assignments.owns(number, place.epoch) {
                continue;
            }
            let Some(now) = found.iter().find(|found| found.partition == number) else {
                return Err(ConsumerError::OtherRoad("the partitions are gone".to_owned()));
            };
            if now.epoch != place.epoch {
                // It may have been given up just now.
                if self.assignments.owns(number, place.epoch) {
                    return Err(ConsumerError::Fenced(number));
                }
                continue;
            }
            if now.position < place.position {
                let (was, is) = (place.position, now.position);
                return Err(ConsumerError::WentBack { partition: number, was, is });
            }
            self.places.insert(number, *now);
        }
        Ok(())
    }

    /// Whether the stretch is of a partition as this process has it now.
    fn is_ours(&self, stretch: &Stretch) -> bool {
        self.places.get(&stretch.partition).is_some_and(|place| place.epoch == stretch.epoch)
            && self.assignments.owns(stretch.partition, stretch.epoch)
    }

    /// The least position of the partitions that this process has.
    fn position(&self) -> Option<(i64, chrono::DateTime<chrono::Utc>)> {
        let owned = self.places.values().filter(|place| self.assignments.owns(place.partition, place.epoch));
        let least = owned.min_by_key(|place| place.position)?;
        Some((least.position, least.recorded_at.unwrap_or_default()))
    }

    fn count(&self) -> i32 {
        self.assignments.count
    }

    async fn say_that_nothing_hinders(&mut self) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.is_hindered) {
            checkpoint::note_hindrance(&mut self.connection, self.model.name, None).await?;
        }
        Ok(())
    }

    /// Notes why the read model stands still. The database that refused the rows may refuse this too.
    async fn say_what_hinders(&mut self, error: &ProjectionError) {
        let name = self.model.name;
        counter!("razao_projection_errors_total", "projection" => name).increment(1);
        let cause = std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
        tracing::error!(projection = name, %error, cause, "projecting failed; trying again");
        self.is_hindered = true;
        let Ok(mut connection) = self.pool.acquire().await else { return };
        let _ = checkpoint::note_hindrance(&mut connection, name, Some(&cause)).await;
    }
}
