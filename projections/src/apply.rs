//! What events change in a read model, whichever feed they came from, and what of them is parked.

use std::borrow::Borrow;
use std::collections::HashSet;

use metrics::counter;
use sqlx::PgConnection;

use crate::event::{Event, Fact};
use crate::parking::aside::{Aside, StreamKey, newly_parked};
use crate::parking::settle::{self, Run, Settled, runs, settle};
use crate::parking::standing::Standing;
use crate::parking::store;
use crate::read_model::{Changes, ReadModel};

/// What came of events.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Of the streams that were parked, the events to blame.
    pub(crate) parked: Vec<Aside>,
    /// How many events were set aside: these, and those behind them.
    pub(crate) aside: usize,
    /// Positions of events that somebody had discarded and that could be taken after all.
    pub(crate) restored: Vec<i64>,
}

/// Writes what `events` change in `model`, and parks the streams of those that it cannot take. Within a transaction
/// in which the checkpoint that they come after was moved on first: whoever else writes the same streams waits for
/// that. After the commit, [`Applied::tell`].
///
/// The events are in the order of their streams. Nothing is known of the feed, its positions or its partitions.
pub(crate) async fn apply<E: Borrow<Event> + Sync>(
    model: &'static ReadModel,
    transaction: &mut PgConnection,
    events: &[E],
) -> Result<Applied, sqlx::Error> {
    let events = || events.iter().map(Borrow::borrow);
    let Some(first) = events().map(|event| event.position).min() else { return Ok(Applied::default()) };
    let mut standing = Standing::find(transaction, (model.name, model.name), first).await?;
    if !standing.parked.is_empty() {
        let met: HashSet<StreamKey> = model.own(events()).map(Event::stream).collect();
        let met: Vec<StreamKey> = met.into_iter().filter(|stream| standing.parked.contains(stream)).collect();
        standing.hold(transaction, model.name, &met).await?;
    }
    let mut folding = Folding::new(model, model.name.to_owned(), standing);
    folding.fold(events());
    let applied = folding.write(transaction, events()).await?;
    store::restore(transaction, model.name, &applied.restored).await?;
    Ok(applied)
}

impl Applied {
    /// Says what was parked, once that is committed.
    pub(crate) fn tell(&self, projection: &'static str) {
        for Aside { stream, position, event_type, cause, .. } in &self.parked {
            let (stream_type, stream_id) = (stream.kind.name(), stream.id.as_str());
            tracing::error!(
                projection,
                stream_type,
                stream_id,
                position,
                event_type,
                cause,
                "an event cannot be taken; its stream is parked"
            );
        }
        if self.aside > 0 {
            let (streams, events) = (self.parked.len() as u64, self.aside as u64);
            counter!("razao_parked_streams_total", "projection" => projection).increment(streams);
            counter!("razao_parked_events_total", "projection" => projection).increment(events);
        }
    }
}

/// Events on their way into a read model: folded as they come, then written.
pub(crate) struct Folding {
    model: &'static ReadModel,
    /// Where what is parked is noted: the read model's name, or that of its building site.
    place: String,
    standing: Standing,
    /// `None` once folding an event failed.
    changes: Option<Box<dyn Changes>>,
    aside: Vec<Aside>,
    /// Streams of which something was set aside in these events.
    stopped: HashSet<StreamKey>,
    /// Positions of discarded events, which cannot be taken.
    left_out: Vec<i64>,
}

impl Folding {
    pub(crate) fn new(model: &'static ReadModel, place: String, standing: Standing) -> Self {
        let changes = Some((model.begin)());
        let (aside, stopped, left_out) = Default::default();
        Self { model, place, standing, changes, aside, stopped, left_out }
    }

    /// Folds what can be read of streams that are not parked, and sets the others aside.
    pub(crate) fn fold<'e>(&mut self, events: impl Iterator<Item = &'e Event>) {
        let model = self.model;
        model.own(events).for_each(|event| self.fold_one(event));
    }

    fn fold_one(&mut self, event: &Event) {
        if !(self.standing.parked.is_empty() && self.stopped.is_empty()) {
            let stream = event.stream();
            if self.standing.parked.contains(&stream) || self.stopped.contains(&stream) {
                self.aside.push(Aside::behind(stream, event));
                return;
            }
        }
        if let Fact::Unreadable(unreadable) = &event.fact {
            if self.standing.discarded.contains(&event.position) {
                self.left_out.push(event.position);
                return;
            }
            let stream = event.stream();
            self.stopped.insert(stream.clone());
            self.aside.push(Aside::to_blame(stream, event, unreadable.to_string()));
            return;
        }
        if let Some(changes) = &mut self.changes
            && settle::fold(&mut **changes, event).is_err()
        {
            self.changes = None;
        }
    }

    /// Writes what was folded. Where that is refused, finds out by whose fault, from the same events once more.
    pub(crate) async fn write<'e>(
        mut self,
        connection: &mut PgConnection,
        events: impl Iterator<Item = &'e Event> + Clone,
    ) -> Result<Applied, sqlx::Error> {
        let written = match self.changes.take() {
            Some(changes) => settle::write(changes, connection).await?.is_ok(),
            None => false,
        };
        if !written {
            let runs = runs(self.taken(events.clone()).into_iter());
            let settled = settle(self.model, connection, &runs, &self.standing.discarded).await?;
            self.note(&runs, settled);
        }
        let restored = if self.standing.discarded.is_empty() { Vec::new() } else { self.restored(events) };
        store::park(connection, &self.place, &self.standing.parked, &self.aside).await?;
        let parked = newly_parked(&self.aside, &self.standing.parked).into_iter().cloned().collect();
        Ok(Applied { parked, aside: self.aside.len(), restored })
    }

    /// What was not set aside or left out.
    fn taken<'e>(&self, events: impl Iterator<Item = &'e Event>) -> Vec<&'e Event> {
        let aside = self.aside.iter().map(|event| event.position);
        let not_taken: HashSet<i64> = aside.chain(self.left_out.iter().copied()).collect();
        self.model.own(events).filter(|event| !not_taken.contains(&event.position)).collect()
    }

    fn note(&mut self, runs: &[Run<'_>], settled: Settled) {
        for stuck in settled.stuck {
            let (at, behind) = runs[stuck.run][stuck.event..].split_first().expect("it is stuck at an event");
            let stream = at.stream();
            self.aside.extend(behind.iter().map(|event| Aside::behind(stream.clone(), event)));
            self.aside.push(Aside::to_blame(stream, at, stuck.cause));
        }
        self.aside.sort_by_key(|event| event.position);
        self.left_out.extend(settled.left_out);
    }

    fn restored<'e>(&self, events: impl Iterator<Item = &'e Event>) -> Vec<i64> {
        let positions = self.taken(events).into_iter().map(|event| event.position);
        positions.filter(|position| self.standing.discarded.contains(position)).collect()
    }
}
