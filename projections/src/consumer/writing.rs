//! Writes what is proven, with how far each partition is, in one transaction.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use super::error::ConsumerError;
use super::inbox::{Arrival, Share};
use super::missing;
use super::writer::Writer;
use crate::apply::apply;
use crate::event::Event;
use crate::partitions::{self, Holder, Place, Step};
use crate::{checkpoint, telemetry};

/// How often it is noted that nothing stands in the way, whoever noted that something does.
const CLEARS: Duration = Duration::from_secs(5);
/// So many times as long as it took to write is rested after it, and no longer than that: a transaction costs much the same
/// however few events it has, so under load one has more of them, and commands have the processor meanwhile.
const RESTS: u32 = 3;
const LONGEST_REST: Duration = Duration::from_millis(120);

pub(super) struct Writing<'w> {
    writer: &'w Writer,
    holder: Holder<'w>,
    pub(super) connection: PgConnection,
    /// Where each partition is, as it was written last, and in which generation it is this process's.
    held: BTreeMap<i32, Held>,
    /// Up to where something came.
    furthest: i64,
    /// When places were moved on last.
    pub(super) moved_on: Instant,
    /// No more is written before.
    pub(super) rests_until: Instant,
    /// When it was noted last that nothing is in the way.
    cleared: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Held {
    generation: i64,
    place: Place,
}

impl<'w> Writing<'w> {
    pub(super) fn on(connection: PgConnection, writer: &'w Writer, road: &'w str) -> Self {
        let holder = Holder { road, group: &writer.entry.group };
        let (held, furthest, now) = (BTreeMap::new(), 0, Instant::now());
        Self { writer, holder, connection, held, furthest, moved_on: now, rests_until: now, cleared: None }
    }

    fn name(&self) -> &'static str {
        self.writer.entry.model.name
    }

    /// Up to where each partition is.
    pub(super) fn reached(&self) -> BTreeMap<i32, i64> {
        self.held.iter().map(|(number, held)| (*number, held.place.position)).collect()
    }

    /// Takes what came, in the order of each partition.
    pub(super) async fn take(&mut self, batch: Vec<Arrival>) -> Result<(), ConsumerError> {
        let mut shares = Vec::with_capacity(batch.len());
        for arrival in batch {
            match arrival {
                Arrival::Taken(generation, places) => self.hold(generation, places),
                Arrival::Trouble { partition, trouble } => {
                    let name = self.name();
                    partitions::note_trouble(&mut self.connection, name, partition, &trouble).await?;
                }
                Arrival::Share(share) => shares.push(share),
            }
        }
        self.write_all(shares).await?;
        self.say_that_nothing_hinders().await
    }

    /// Looks where the partitions are. What Kafka assigned and was not taken over then is so now, and what came of it
    /// meanwhile is read from the log.
    pub(super) async fn look(&mut self) -> Result<(), ConsumerError> {
        self.look_where_they_are().await?;
        self.take_over().await?;
        self.say_that_nothing_hinders().await
    }

    /// A rebuild may have moved partitions on. Whatever else did makes one begin again.
    async fn look_where_they_are(&mut self) -> Result<(), ConsumerError> {
        let (name, numbers) = (self.name(), self.held.keys().copied().collect::<Vec<_>>());
        let found = partitions::load(&mut self.connection, name, &numbers).await?;
        for (number, held) in std::mem::take(&mut self.held) {
            let is_owned = || self.writer.assignments.owns(number, held.generation);
            if !is_owned() {
                continue;
            }
            let Some(now) = found.iter().find(|found| found.partition == number) else {
                return Err(ConsumerError::OtherRoad("the partitions are gone".to_owned()));
            };
            if now.epoch != held.place.epoch {
                // It may have been given up just now.
                if is_owned() {
                    return Err(ConsumerError::Fenced(number));
                }
                continue;
            }
            if now.position < held.place.position {
                let (was, is) = (held.place.position, now.position);
                return Err(ConsumerError::WentBack { partition: number, was, is });
            }
            self.held.insert(number, Held { place: *now, ..held });
        }
        Ok(())
    }

    /// Takes over what this process has and does not hold.
    async fn take_over(&mut self) -> Result<(), ConsumerError> {
        let owned = self.writer.assignments.owned();
        let is_held = |(number, generation): &(&i32, &i64)| self.is_held(**number, **generation);
        let missing: Vec<i32> = owned.iter().filter(|one| !is_held(one)).map(|(number, _)| *number).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let name = self.name();
        let places = partitions::take_over(&mut self.connection, name, self.holder, &missing).await?;
        if places.len() < missing.len() {
            return Err(ConsumerError::OtherRoad(format!("it does not have all partitions of {missing:?}")));
        }
        let mut behind = Vec::new();
        tracing::info!(projection = name, partitions = ?missing, "took over what came to this process before");
        for place in places {
            let generation = owned[&place.partition];
            self.hold(generation, vec![place]);
            behind.extend(self.writer.inbox.last(place.partition, generation));
        }
        self.write_all(behind).await
    }

    fn hold(&mut self, generation: i64, places: Vec<Place>) {
        for place in places {
            // It may have been taken over again since.
            let this = (generation, place.epoch);
            let held = self.held.get(&place.partition).map(|held| (held.generation, held.place.epoch));
            if held.is_none_or(|held| held < this) {
                self.held.insert(place.partition, Held { generation, place });
            }
        }
    }

    fn is_held(&self, partition: i32, generation: i64) -> bool {
        self.held.get(&partition).is_some_and(|held| held.generation == generation)
    }

    /// The place of a partition, as this process has it now.
    fn place(&self, partition: i32, generation: i64) -> Option<Place> {
        let is_ours = self.writer.assignments.owns(partition, generation);
        self.held
            .get(&partition)
            .filter(|held| is_ours && held.generation == generation)
            .map(|held| held.place)
    }

    /// Writes stretches: those that came as they come, and what did not come from the log.
    async fn write_all(&mut self, shares: Vec<Share>) -> Result<(), ConsumerError> {
        if shares.is_empty() {
            return Ok(());
        }
        let (began, before) = (Instant::now(), self.position());
        // Stretches that came by Kafka, and those that have to be read from the log.
        let (mut received, mut lacking) = (Vec::<Share>::new(), Vec::<Share>::new());
        let mut reached = self.reached();
        for share in shares {
            let Some(place) = self.place(share.partition, share.generation) else { continue };
            self.furthest = self.furthest.max(share.to());
            let reached = reached.entry(share.partition).or_insert(place.position);
            if share.to() <= *reached {
                continue;
            }
            let follows = share.events.is_some() && share.after <= *reached;
            *reached = share.to();
            let (same, other) =
                if follows { (&mut received, &mut lacking) } else { (&mut lacking, &mut received) };
            let is_next = other.iter().any(|before| before.partition == share.partition);
            let before = if is_next { std::mem::take(other) } else { Vec::new() };
            same.push(share);
            // In the order of the partition.
            if follows { self.write_missing(&before).await? } else { self.write_received(&before).await? }
        }
        self.write_missing(&lacking).await?;
        self.write_received(&received).await?;
        self.moved_on = Instant::now();
        self.rests_until = self.moved_on + (began.elapsed() * RESTS).min(LONGEST_REST);
        if let (Some((from, _)), Some((to, recorded_at))) = (before, self.position()) {
            telemetry::record_progress(self.name(), (from, to, self.furthest), recorded_at);
        }
        Ok(())
    }

    /// Writes what came, again where something was not where it was left.
    async fn write_received(&mut self, shares: &[Share]) -> Result<(), ConsumerError> {
        loop {
            let mut steps = BTreeMap::<i32, Step>::new();
            let mut events = Vec::<&Event>::new();
            for share in shares {
                let Some(place) = self.place(share.partition, share.generation) else { continue };
                if share.to() <= place.position {
                    continue;
                }
                let step = Step {
                    partition: share.partition,
                    epoch: place.epoch,
                    from: place.position,
                    to: share.to(),
                    recorded_at: share.recorded_at,
                    proven: Some(share.proven),
                };
                steps.insert(share.partition, step);
                let came = share.events.iter().flat_map(|events| &events.events).map(Arc::as_ref);
                let model = self.writer.entry.model;
                events.extend(model.own(came).filter(|event| event.position > place.position));
            }
            events.sort_unstable_by_key(|event| event.position);
            if self.write(&steps.into_values().collect::<Vec<_>>(), &events).await?.is_break() {
                return Ok(());
            }
        }
    }

    /// Reads what did not come from the log, page by page, and writes it.
    async fn write_missing(&mut self, shares: &[Share]) -> Result<(), ConsumerError> {
        let inbox = &self.writer.inbox;
        for page in 0.. {
            let behind: Vec<(&Share, Place)> = shares
                .iter()
                .filter_map(|share| Some((share, self.place(share.partition, share.generation)?)))
                .filter(|(share, place)| place.position < share.to())
                .collect();
            let feed = &self.writer.entry.feed;
            let Some(missing) = missing::page(feed, &behind, self.writer.count).await? else { break };
            if page == 1 {
                // This takes a while: what comes meanwhile is read from the log too, and does not wait.
                inbox.writes(false);
            }
            let count = missing.events.len() as u64;
            counter!("razao_projection_from_log_total", "projection" => self.name()).increment(count);
            let _ = self.write(&missing.steps, &missing.events).await?;
            inbox.is_busy(true);
        }
        inbox.writes(true);
        Ok(())
    }

    /// `Continue`: something was not where it was left; to be tried again.
    async fn write<E>(&mut self, steps: &[Step], events: &[E]) -> Result<ControlFlow<()>, ConsumerError>
    where
        E: Borrow<Event> + Sync,
    {
        if steps.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        let (model, name) = (self.writer.entry.model, self.name());
        if model.concerns(events.iter().map(Borrow::borrow)) {
            let mut transaction = self.connection.begin().await?;
            // First the partitions: whoever else is at them waits, a rebuild that takes the place of the rows too.
            if !partitions::advance(&mut transaction, name, steps).await? {
                transaction.rollback().await?;
                self.look_where_they_are().await?;
                return Ok(ControlFlow::Continue(()));
            }
            let applied = apply(model, &mut transaction, events).await?;
            transaction.commit().await?;
            applied.tell(name);
        } else if !partitions::advance(&mut self.connection, name, steps).await? {
            // Of several places some may have been moved on: nothing goes with them.
            self.look_where_they_are().await?;
            return Ok(ControlFlow::Continue(()));
        }
        for step in steps {
            let held = self.held.get_mut(&step.partition).expect("a step is made from a place");
            (held.place.position, held.place.recorded_at) = (step.to, Some(step.recorded_at));
        }
        Ok(ControlFlow::Break(()))
    }

    /// The least position of the partitions that this process has.
    fn position(&self) -> Option<(i64, DateTime<Utc>)> {
        let owned = self.held.iter().filter_map(|(number, held)| self.place(*number, held.generation));
        let least = owned.min_by_key(|place| place.position)?;
        Some((least.position, least.recorded_at.unwrap_or_default()))
    }

    async fn say_that_nothing_hinders(&mut self) -> Result<(), ConsumerError> {
        let name = self.name();
        let count =
            self.held.iter().filter_map(|(number, held)| self.place(*number, held.generation)).count();
        let partitions = u32::try_from(count).expect("there are few partitions");
        gauge!("razao_projection_partitions", "projection" => name).set(partitions);
        if count > 0 && self.cleared.is_none_or(|cleared| cleared.elapsed() >= CLEARS) {
            checkpoint::note_hindrance(&mut self.connection, name, None).await?;
            self.cleared = Some(Instant::now());
        }
        Ok(())
    }
}
