//! The thread that polls Kafka, whatever the databases do meanwhile: so that the group does not take the process for
//! dead.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::{Feed, Head};
use kafka::{Found, KafkaSettings, SettingError, TopicError};
use metrics::counter;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::assignments::{Assignments, Change, Membership};
use super::error::ConsumerError;
use super::gone::gone;
use super::inbox::{Events, Inbox, Share};
use super::message;
use super::partition::{OtherCount, Partition, Stretch};
use super::waiting::Waiting;
use crate::road::Road;

/// How long one waits for a message before one looks at anything else.
const POLL: Duration = Duration::from_millis(100);
const POLL_PAUSED: Duration = Duration::from_millis(10);
/// How long nothing must have come before one looks whether messages are gone, and how often after that: what retention
/// removed shows by itself only when something comes.
const QUIET: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// So many bytes of events may wait for the slowest writer: more than one of its batches.
const MOST_WAITING: usize = 8 << 20;
/// And so many more for each writer that hangs with what it holds, so that the others go on.
const MORE_FOR_ONE_THAT_HANGS: usize = super::writer::MOST_BYTES + (1 << 20);
/// So long one does not poll where too much waits. After that partitions are paused, for which what was fetched is thrown
/// away.
const HOLDS_BACK: Duration = Duration::from_millis(300);
/// How often one looks whether the writers have taken the road, and how long one that tries may keep the others waiting.
const ENTERING: Duration = Duration::from_millis(10);
const LONGEST_ENTERING: Duration = Duration::from_secs(5);
/// What an event takes besides its bytes.
const EACH: usize = 256;

pub(super) struct Poller {
    pub(super) feed: Feed,
    pub(super) settings: KafkaSettings,
    /// The log that messages have to be of.
    pub(super) log: String,
    pub(super) assignments: Arc<Assignments>,
    pub(super) runtime: Handle,
    /// Tells the writers by which road events come.
    pub(super) road: watch::Sender<Option<Road>>,
    pub(super) stop: CancellationToken,
}

impl Poller {
    /// Polls until it is stopped; then leaves the group. Also whether it came to be a member of the group.
    pub(super) fn run(self) -> (bool, Result<(), ConsumerError>) {
        match self.join() {
            Ok(Some(consumer)) => (true, self.poll(&consumer)),
            Ok(None) => (false, Ok(())),
            Err(error) => (false, Err(error)),
        }
    }

    /// Joins the group, once there is somebody to write for. `None`: it is stopped.
    fn join(&self) -> Result<Option<BaseConsumer<Membership>>, ConsumerError> {
        let config = self.settings.consumer(&self.assignments.group)?;
        let consumer: BaseConsumer<Membership> = config
            .create_with_context(Membership(Arc::clone(&self.assignments)))
            .map_err(SettingError::from)?;
        let road = self.find_road(&consumer)?;
        self.assignments.come_by(road.to_string());
        self.road.send_replace(Some(road));
        let since = Instant::now();
        while !self.has_writers(since.elapsed() > LONGEST_ENTERING) {
            if self.stop.is_cancelled() {
                return Ok(None);
            }
            // Serves what tells of trouble.
            let _ = consumer.poll(ENTERING);
        }
        consumer.subscribe(&[&self.settings.topic()]).map_err(|error| refused(&error))?;
        Ok(Some(consumer))
    }

    /// Whether somebody writes. All of them should: who comes late reads from the log what it lacks.
    fn has_writers(&self, is_late: bool) -> bool {
        let mut inboxes = self.inboxes();
        inboxes.clone().any(Inbox::is_taking) && (is_late || inboxes.all(Inbox::has_tried))
    }

    fn inboxes(&self) -> impl Iterator<Item = &Inbox> + Clone {
        self.assignments.inboxes.iter().map(|(_, inbox)| &**inbox)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.assignments.inboxes.iter().map(|(name, _)| *name)
    }

    fn poll(self, consumer: &BaseConsumer<Membership>) -> Result<(), ConsumerError> {
        let looks_at = Instant::now() + QUIET;
        let (partitions, waiting) = Default::default();
        let (is_paused, has_new) = (false, false);
        let mut polling = Polling { poller: self, partitions, waiting, is_paused, has_new, looks_at };
        while !polling.poller.stop.is_cancelled() {
            let polled = consumer.poll(if polling.is_paused { POLL_PAUSED } else { POLL });
            polling.look_at_changes()?;
            match polled {
                Some(Ok(message)) => polling.take(&message)?,
                Some(Err(error)) => polling.look_at(&error)?,
                None => polling.look_for_what_is_gone(consumer),
            }
            polling.hold_back(consumer);
        }
        Ok(())
    }

    /// Waits a while for the brokers to say what the topic is like.
    fn find_road(&self, consumer: &BaseConsumer<Membership>) -> Result<Road, ConsumerError> {
        let topic = self.settings.topic();
        let goes_on = || {
            // Serves what tells of trouble.
            let _ = consumer.poll(Duration::ZERO);
            !self.stop.is_cancelled()
        };
        let trouble = self.assignments.trouble();
        let Found { cluster, has_topic } =
            self.settings.find_topic(&topic, consumer.client(), trouble, goes_on)?;
        if has_topic {
            Ok(Road::Kafka { cluster, topic, partitions: self.settings.partitions })
        } else {
            Err(ConsumerError::NoTopic(topic))
        }
    }
}

struct Polling {
    poller: Poller,
    partitions: BTreeMap<i32, Partition>,
    waiting: Arc<Waiting>,
    is_paused: bool,
    /// Whether there are partitions that came since.
    has_new: bool,
    /// When to look whether messages are gone.
    looks_at: Instant,
}

impl Polling {
    fn look_at_changes(&mut self) -> Result<(), ConsumerError> {
        for change in self.poller.assignments.changes() {
            let group = &self.poller.assignments.group;
            match change {
                Change::Taken(generation, places) => {
                    let numbers: Vec<_> = places.iter().map(|place| place.partition).collect();
                    tracing::info!(group, partitions = ?numbers, "reading partitions");
                    let count = self.poller.settings.partitions;
                    let taken = places.iter();
                    let taken =
                        taken.map(|place| (place.partition, Partition::taken(place, generation, count)));
                    self.partitions.extend(taken);
                    self.has_new = true;
                    self.looks_at = Instant::now() + QUIET;
                }
                Change::Lost(numbers) => {
                    tracing::info!(group, partitions = ?numbers, "giving partitions up");
                    self.partitions.retain(|number, _| !numbers.contains(number));
                }
                Change::Failed(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, message: &impl rdkafka::Message) -> Result<(), ConsumerError> {
        let (number, offset) = (message.partition(), message.offset());
        self.looks_at = Instant::now() + QUIET;
        // What was fetched before it was given up.
        let Some(partition) = self.partitions.get_mut(&number) else { return Ok(()) };
        let out_of_range = partition.at(offset);
        let taken = partition.take(offset, message::read(message, &self.poller.log));
        let taken = taken.map_err(|OtherCount(found)| TopicError::Partitions {
            topic: message.topic().to_owned(),
            found,
            configured: self.poller.settings.partitions,
        })?;
        if taken.is_repeat {
            for name in self.poller.names() {
                counter!("razao_projection_repeats_total", "projection" => name).increment(1);
            }
        }
        for trouble in out_of_range.into_iter().chain(taken.trouble) {
            self.note(number, &trouble);
        }
        if let Some(stretch) = taken.stretch {
            self.pass_on(stretch);
        }
        Ok(())
    }

    /// Hands a stretch to all writers.
    fn pass_on(&self, stretch: Stretch) {
        let bytes = stretch.bytes;
        let events = stretch.events.ok().map(|events| {
            let weight = self.waiting.add(bytes + EACH * (events.len() + 1));
            Arc::new(Events { events, weight })
        });
        let Stretch { partition, generation, after, proven, recorded_at, .. } = stretch;
        let share = Share { partition, generation, after, proven, recorded_at, events };
        let others_write = self.poller.inboxes().any(Inbox::is_taking);
        self.poller.inboxes().for_each(|inbox| inbox.hand_over(&share, others_write));
    }

    /// Where nothing comes, messages may be gone that did not come. With nothing behind them their events have to be read
    /// from the log.
    fn look_for_what_is_gone(&mut self, consumer: &BaseConsumer<Membership>) {
        if self.is_paused || Instant::now() < self.looks_at {
            return;
        }
        self.looks_at = Instant::now() + LOOK_AGAIN;
        let gone = match gone(consumer, &self.poller.settings.topic(), &self.partitions) {
            Ok(gone) if gone.is_empty() => return,
            Ok(gone) => gone,
            Err(error) => return tracing::debug!(%error, "what is there is not known"),
        };
        match self.poller.runtime.block_on(self.poller.feed.head()) {
            Ok(head) => gone.into_iter().for_each(|(number, low)| self.go_on_at(number, low, head)),
            Err(error) => tracing::debug!(%error, "the end of the log is not known"),
        }
    }

    fn go_on_at(&mut self, number: i32, low: i64, head: Head) {
        let gone = self.partitions.get_mut(&number).and_then(|partition| partition.go_on_at(low, head));
        if let Some((stretch, trouble)) = gone {
            self.note(number, &trouble);
            self.pass_on(stretch);
        }
    }

    fn note(&self, partition: i32, trouble: &str) {
        let group = &self.poller.assignments.group;
        tracing::warn!(group, partition, trouble, "what came by Kafka is not as it should be");
        for (name, inbox) in &self.poller.assignments.inboxes {
            counter!("razao_projection_troubles_total", "projection" => *name).increment(1);
            inbox.trouble(partition, trouble.to_owned());
        }
    }

    /// What the client cannot mend by itself ends it.
    fn look_at(&self, error: &KafkaError) -> Result<(), ConsumerError> {
        let code = error.rdkafka_error_code();
        match (error, code) {
            (_, Some(RDKafkaErrorCode::UnknownTopicOrPartition)) => {
                Err(ConsumerError::NoTopic(self.poller.settings.topic()))
            }
            (KafkaError::MessageConsumptionFatal(_), _)
            | (
                _,
                Some(
                    RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::GroupAuthorizationFailed
                    | RDKafkaErrorCode::SaslAuthenticationFailed,
                ),
            ) => Err(refused(error)),
            _ => {
                tracing::debug!(%error, "Kafka has trouble");
                Ok(())
            }
        }
    }

    /// Where too much waits for the databases, no more is taken: first one does not poll for a moment, in which what was
    /// fetched stays where it is; after that partitions are paused, and one polls on.
    fn hold_back(&mut self, consumer: &BaseConsumer<Membership>) {
        if self.waiting.bytes() <= MOST_WAITING && !self.is_paused {
            return;
        }
        let limit = self.let_others_go_on();
        let patience = if self.is_paused { Duration::ZERO } else { HOLDS_BACK };
        let pauses = !self.waiting.falls_to(limit, patience);
        let has_new = std::mem::take(&mut self.has_new);
        if pauses == self.is_paused && !(pauses && has_new) {
            return;
        }
        let changed = consumer
            .assignment()
            .and_then(|assigned| if pauses { consumer.pause(&assigned) } else { consumer.resume(&assigned) });
        match changed {
            Ok(()) => self.is_paused = pauses,
            Err(error) => tracing::debug!(%error, "not paused"),
        }
    }

    /// Those that hang or are away let go what waits for them, where others write: how much may wait now.
    fn let_others_go_on(&self) -> usize {
        let inboxes = &self.poller.assignments.inboxes;
        let (taking, stuck): (Vec<_>, Vec<_>) = inboxes.iter().partition(|(_, inbox)| inbox.is_taking());
        if taking.is_empty() {
            return MOST_WAITING;
        }
        for (projection, inbox) in &stuck {
            let events = inbox.let_go();
            if events > 0 {
                let why = "it holds the others up; it reads from the log what it leaves out";
                tracing::warn!(projection, events, "{why}");
            }
        }
        let hanging = stuck.iter().filter(|(_, inbox)| inbox.hangs()).count();
        MOST_WAITING + hanging * MORE_FOR_ONE_THAT_HANGS
    }
}

fn refused(error: &KafkaError) -> ConsumerError {
    ConsumerError::Refused(error.to_string())
}
