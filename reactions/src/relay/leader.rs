//! The one relay that sends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff};
use event_store::{
    COMPLETENESS_SCHEMA, Completeness, EVENT_SCHEMA, Feed, LOG_HEADER, Log, OutgoingEvent, SCHEMA_HEADER,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::producer::{Kafka, MOST_IN_FLIGHT, RECORD, opaque};
use super::reader::{self, Page};
use crate::error::RelayError;
use crate::session::{PING, Place, Session};
use crate::telemetry;

/// A range of events is closed after so long where nothing more is on its way, however few they are: readers show an
/// event only once a record has proven it.
const QUIET_RANGE: Duration = Duration::from_millis(5);
/// And where more is on its way all the time, after so long and so much more for each of its events, up to a limit: a range
/// costs its readers much the same however few events it has, so under load it has more of them.
const BUSY_RANGE: Duration = Duration::from_millis(15);
const FOR_EACH_EVENT: Duration = Duration::from_micros(100);
const LONGEST_RANGE: Duration = Duration::from_millis(50);
/// How many pages are read ahead of what is sent.
const READ_AHEAD: usize = 2;
/// How often one looks what time it is.
const TICK: Duration = Duration::from_millis(100);
/// How long what is on its way may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

pub(super) struct Leader<'k> {
    session: Session,
    kafka: &'k Kafka,
    place: Place,
    /// Of the log, as every message names it.
    log_id: String,
    /// As it stands in the database.
    checkpoint: i64,
    completeness_every: i64,
    /// What was read and not given to librdkafka yet, because its queue was full.
    events: VecDeque<OutgoingEvent>,
    records: VecDeque<Completeness>,
    /// The last position that the metrics have.
    recorded: i64,
    pinged: Instant,
}

impl<'k> Leader<'k> {
    pub(super) fn new(
        session: Session,
        kafka: &'k Kafka,
        (place, log_id): (Place, Uuid),
        position: i64,
        completeness_every: i64,
    ) -> Self {
        Self {
            session,
            kafka,
            place,
            log_id: log_id.to_string(),
            checkpoint: position,
            completeness_every,
            events: VecDeque::new(),
            records: VecDeque::new(),
            recorded: position,
            pinged: Instant::now(),
        }
    }

    /// Sends the log until it is stopped, and then what is on its way. `patience` is reset by success.
    pub(super) async fn lead(
        mut self,
        log: &Log,
        stop: &CancellationToken,
        patience: &mut ExponentialBackoff,
    ) -> Result<(), RelayError> {
        // Ends the reader and its feed, whichever way this ends.
        let ended = CancellationToken::new();
        let _end = ended.clone().drop_guard();
        let (sender, mut pages) = mpsc::channel(READ_AHEAD);
        tokio::spawn(reader::read(Feed::start(log, ended), self.checkpoint, sender));
        let mut stopping = None;
        loop {
            let (in_flight, is_open) = {
                let deliveries = self.kafka.outcome().deliveries();
                (deliveries.in_flight(), deliveries.is_open())
            };
            let has_room = self.events.is_empty() && in_flight < MOST_IN_FLIGHT;
            tokio::select! {
                page = pages.recv(), if has_room && stopping.is_none() => self.take(page)?,
                () = self.kafka.outcome().progress.notified() => {}
                () = tokio::time::sleep(if is_open { QUIET_RANGE } else { TICK }) => {}
                () = stop.cancelled(), if stopping.is_none() => {
                    stopping = Some(Instant::now());
                    self.events.clear();
                }
            }
            if self.advance(stopping.is_some()).await? {
                *patience = super::PATIENCE.build();
            }
            self.send()?;
            self.ping().await?;
            let Some(since) = stopping else { continue };
            let is_done = self.kafka.outcome().deliveries().is_done();
            if is_done || since.elapsed() > DRAIN {
                return self.leave(is_done).await;
            }
        }
    }

    fn take(&mut self, page: Option<Page>) -> Result<(), RelayError> {
        // The reader ends only with an error, which it tells first.
        self.events.extend(page.ok_or(RelayError::SessionLost)??);
        Ok(())
    }

    /// Gives librdkafka as much as it takes. It keeps the order and tries for ever.
    fn send(&mut self) -> Result<(), RelayError> {
        while let Some(record) = self.records.front() {
            if !self.send_record(record)? {
                return Ok(());
            }
            self.records.pop_front();
        }
        while let Some(event) = self.events.front() {
            if !self.send_event(event)? {
                return Ok(());
            }
            self.events.pop_front();
        }
        Ok(())
    }

    /// False: there is no room for it now.
    fn send_event(&self, event: &OutgoingEvent) -> Result<bool, RelayError> {
        let (position, version) = (event.position.to_string(), event.version.to_string());
        let headers = self.headers(EVENT_SCHEMA, &position, &event.event_type, &version);
        let record = BaseRecord::with_opaque_to(&self.place.topic, opaque(event.position));
        let record = record.key(&event.stream_id).payload(&event.value).headers(headers);
        // Held, so that it is not acknowledged before it is known to be on its way.
        let mut deliveries = self.kafka.outcome().deliveries();
        let expected = deliveries.send(event.recorded_at);
        if expected != event.position {
            return Err(RelayError::Gap(expected));
        }
        let sent = self.kafka.producer().send(record.timestamp(event.recorded_at.timestamp_millis()));
        let sent = sent.map_err(|(error, _)| error);
        if sent.is_err() {
            deliveries.unsend();
        }
        drop(deliveries);
        self.taken(sent, event.position)
    }

    fn send_record(&self, completeness: &Completeness) -> Result<bool, RelayError> {
        let value = serde_json::to_vec(completeness).expect("its keys are texts");
        let position = completeness.to.to_string();
        let record = BaseRecord::<[u8], _, _>::with_opaque_to(&self.place.topic, RECORD);
        let record = record.partition(completeness.partition).payload(&value);
        let record = record.headers(self.headers(COMPLETENESS_SCHEMA, &position, "Completeness", "1"));
        self.taken(self.kafka.producer().send(record).map_err(|(error, _)| error), completeness.to)
    }

    fn taken(&self, sent: Result<(), KafkaError>, position: i64) -> Result<bool, RelayError> {
        match sent {
            Ok(()) => Ok(true),
            Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => Ok(false),
            Err(error) => {
                let cause = self.kafka.outcome().failure().unwrap_or_else(|| error.to_string());
                Err(RelayError::NotTaken { position, cause })
            }
        }
    }

    /// Notes what was acknowledged. True: the checkpoint moved on.
    async fn advance(&mut self, stopping: bool) -> Result<bool, RelayError> {
        let outcome = self.kafka.outcome();
        if let Some(cause) = outcome.failure() {
            return Err(RelayError::NotDelivered(cause));
        }
        let (acknowledged, in_flight, closed) = {
            let mut deliveries = outcome.deliveries();
            (deliveries.acknowledged(), deliveries.in_flight(), deliveries.closed())
        };
        let (position, recorded_at) = acknowledged;
        if position > self.recorded {
            telemetry::record_progress((self.recorded, position, position + in_flight), recorded_at);
            self.recorded = position;
        }
        let moved = if let Some(to) = closed {
            self.session.advance(&self.place, self.checkpoint, to).await?;
            self.checkpoint = to.0;
            telemetry::record_checkpoint(to.0);
            true
        } else {
            false
        };
        let is_quiet = in_flight == 0 && self.events.is_empty();
        let mut deliveries = self.kafka.outcome().deliveries();
        let longest = match (stopping, is_quiet) {
            (true, _) => Duration::ZERO,
            (false, true) => QUIET_RANGE,
            (false, false) => busy_range(deliveries.open()),
        };
        let records = deliveries.close(self.completeness_every, longest);
        drop(deliveries);
        self.records.extend(records.into_iter().flatten());
        Ok(moved)
    }

    fn headers(&self, schema: &str, position: &str, event_type: &str, version: &str) -> OwnedHeaders {
        let headers = [
            (SCHEMA_HEADER, schema),
            (LOG_HEADER, &self.log_id),
            ("position", position),
            ("type", event_type),
            ("version", version),
        ];
        let none = OwnedHeaders::new_with_capacity(headers.len());
        headers.into_iter().fold(none, |all, (key, value)| all.insert(Header { key, value: Some(value) }))
    }

    async fn ping(&mut self) -> Result<(), RelayError> {
        if self.pinged.elapsed() >= PING {
            let head = self.session.head().await?;
            self.pinged = Instant::now();
            telemetry::record_lag(head - self.recorded.min(head));
        }
        Ok(())
    }

    async fn leave(self, is_done: bool) -> Result<(), RelayError> {
        let position = self.checkpoint;
        if is_done {
            tracing::info!(position, "the relay stops; everything that it sent is acknowledged");
        } else {
            tracing::warn!(position, "the relay stops; what Kafka did not acknowledge in time is sent again");
        }
        self.session.close().await;
        Ok(())
    }
}

/// For how long a range of so many events stays open while more is on its way.
fn busy_range(events: i64) -> Duration {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    FOR_EACH_EVENT.saturating_mul(events).saturating_add(BUSY_RANGE).min(LONGEST_RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_stays_open_for_longer_the_more_comes_and_never_for_long() {
        assert_eq!(busy_range(0), BUSY_RANGE);
        assert_eq!(busy_range(100), Duration::from_millis(25));
        assert_eq!(busy_range(10_000), LONGEST_RANGE);
        assert_eq!(busy_range(i64::MAX), LONGEST_RANGE);
    }
}
