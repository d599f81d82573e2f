//! The writer of one read model: comes to it, and begins again after errors. One that fails leaves the others be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder;
use metrics::{counter, gauge};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::PATIENCE;
use super::assignments::Assignments;
use super::entry::Entry;
use super::error::ConsumerError;
use super::inbox::{Arrival, Inbox};
use super::writing::Writing;
use crate::road::Road;

/// So many events are written at once: the more, the more often a row is written but once, and the more memory it takes.
const ENOUGH: usize = 2_500;
/// And no more bytes than these.
pub(super) const MOST_BYTES: usize = 5 << 20;
/// So long one waits for the other partitions to come as far as the first one.
const LINGER: Duration = Duration::from_millis(10);
/// So often at most the places of a read model are moved on that nothing of what came is about.
const MOVES_ON: Duration = Duration::from_millis(25);
/// How often one looks whether the partitions are where it left them.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    pub(super) entry: Entry,
    pub(super) inbox: Arc<Inbox>,
    pub(super) assignments: Arc<Assignments>,
    /// How many partitions there are.
    pub(super) count: i32,
    pub(super) stop: CancellationToken,
}

impl Writer {
    /// Writes what comes, once the road is known, until it is stopped.
    pub(super) async fn run(self, mut road: watch::Receiver<Option<Road>>) {
        let known = tokio::select! {
            known = road.wait_for(Option::is_some) => known.ok().and_then(|road| road.clone()),
            () = self.stop.cancelled() => None,
        };
        let Some(road) = known else { return };
        let name = self.entry.model.name;
        let (mut patience, mut said) = (PATIENCE.build(), String::new());
        loop {
            let mut has_written = false;
            let written = match self.entry.enter(&road).await {
                Ok(connection) => self.write(connection, &road.to_string(), &mut has_written).await,
                Err(error) => Err(error),
            };
            self.inbox.writes(false);
            gauge!("razao_projection_partitions", "projection" => name).set(0);
            let Err(error) = written else { return };
            if has_written {
                (patience, said) = (PATIENCE.build(), String::new());
            }
            self.say(&error, &mut said).await;
            let _ = timeout(patience.next().unwrap_or_default(), self.stop.cancelled()).await;
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    async fn say(&self, error: &ConsumerError, said: &mut String) {
        let (projection, group, text) = (self.entry.model.name, &self.entry.group, error.text());
        counter!("razao_projection_errors_total", "projection" => projection).increment(1);
        // What lasts is said once.
        if *said == text {
            tracing::debug!(projection, group, error = text, "still not fed from here");
        } else if error.waits_for_others() {
            tracing::warn!(projection, group, error = text, "left to others; trying again");
        } else {
            tracing::error!(projection, group, error = text, "projecting failed; trying again");
        }
        self.entry.note(error, &text).await;
        *said = text;
    }

    /// Writes what comes on one connection. `has_written`: it got anywhere.
    async fn write(
        &self,
        connection: PgConnection,
        road: &str,
        has_written: &mut bool,
    ) -> Result<(), ConsumerError> {
        let mut writing = Writing::on(connection, self, road);
        self.inbox.is_busy(true);
        self.inbox.writes(true);
        let mut looked = Instant::now();
        writing.look().await?;
        while !self.stop.is_cancelled() {
            self.inbox.is_busy(false);
            let first = tokio::select! {
                first = timeout(LOOK, self.inbox.next()) => first.ok(),
                () = self.stop.cancelled() => break,
            };
            if let Some(first) = first {
                let batch = self.gather(first, &writing).await;
                self.inbox.is_busy(true);
                writing.take(batch).await?;
                *has_written = true;
            }
            if looked.elapsed() >= LOOK {
                self.inbox.is_busy(true);
                writing.look().await?;
                looked = Instant::now();
            }
        }
        let _ = writing.connection.close().await;
        Ok(())
    }

    /// What comes together with the first one: until there is enough, or one has rested, all partitions are as far as each
    /// other and nothing else waits.
    async fn gather(&self, first: Arrival, writing: &Writing<'_>) -> Vec<Arrival> {
        let until = Instant::now() + LINGER;
        let moves_on = writing.moved_on + MOVES_ON;
        let mut reached: BTreeMap<i32, i64> = writing.reached();
        let (mut batch, mut events, mut bytes) = (Vec::new(), 0, 0);
        let mut concerns = false;
        let mut next = Some(first);
        while let Some(arrival) = next {
            match &arrival {
                Arrival::Taken(_, places) => {
                    reached.extend(places.iter().map(|place| (place.partition, place.position)));
                }
                Arrival::Share(share) => {
                    reached.insert(share.partition, share.to());
                    let came = share.events.iter().flat_map(|events| &events.events);
                    concerns = concerns || self.entry.model.concerns(came.map(Arc::as_ref));
                    (events, bytes) = (events + share.count(), bytes + share.bytes());
                }
                Arrival::Trouble { .. } => {}
            }
            batch.push(arrival);
            if events >= ENOUGH || bytes >= MOST_BYTES {
                break;
            }
            next = self.inbox.try_next();
            if next.is_none() {
                let mut positions = self.assignments.owned().into_keys().map(|number| reached.get(&number));
                let one = positions.next().flatten();
                let are_level = one.is_some() && positions.all(|other| other == one);
                let rests = Instant::now() < writing.rests_until;
                let until = match (concerns, are_level) {
                    (true, true) if rests => writing.rests_until,
                    (true, true) => break,
                    (true, false) => until.max(writing.rests_until),
                    (false, true) => moves_on,
                    (false, false) => until.max(moves_on),
                };
                next = timeout_at(until, self.inbox.next()).await.ok();
            }
        }
        batch
    }
}
