//! The thread that polls Kafka, whatever the database does meanwhile: so that the group does not take the process for
//! dead.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_store::{Feed, Head};
use kafka::{Found, KafkaSettings, SettingError, TopicError};
use metrics::{counter, gauge};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::assignments::{Assignments, Change, Membership};
use super::error::ConsumerError;
use super::message::Messages;
use super::partition::{OtherCount, Partition, Stretch};
use crate::partitions::Place;
use crate::read_model::ReadModel;
use crate::road::{self, Road};
use crate::{checkpoint, session};

/// How long brokers may take to say what there is of the partitions.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one waits for a message before one looks at anything else.
const POLL: Duration = Duration::from_millis(100);
const POLL_PAUSED: Duration = Duration::from_millis(10);
/// How long nothing must have come before one looks whether messages are gone, and how often after that: what retention
/// removed shows by itself only when something comes.
const QUIET: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// So many bytes of events may wait for the database; then partitions are paused until half of it is written.
const MOST_WAITING: usize = 8 << 20;
/// What an event takes besides its bytes.
pub(super) const EACH: usize = 256;

/// What the writer is told, in order.
pub(super) enum Arrival {
    Taken(Vec<Place>),
    Stretch(Stretch),
    Trouble { partition: i32, trouble: String },
}

pub(super) struct Poller {
    pub(super) model: &'static ReadModel,
    pub(super) pool: PgPool,
    pub(super) feed: Feed,
    pub(super) settings: KafkaSettings,
    pub(super) messages: Arc<Messages>,
    pub(super) assignments: Arc<Assignments>,
    pub(super) runtime: Handle,
    pub(super) arrivals: UnboundedSender<Arrival>,
    /// Bytes that wait for the database.
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) stop: CancellationToken,
    /// Whether this process has taken the road already: it does so once.
    pub(super) has_entered: bool,
}

impl Poller {
    /// Polls until it is stopped; then leaves the group.
    pub(super) fn run(self) -> Result<(), ConsumerError> {
        let group = self.settings.group(self.model.name);
        let config = self.settings.consumer(&group)?;
        let consumer: BaseConsumer<Membership> = config
            .create_with_context(Membership(Arc::clone(&self.assignments)))
            .map_err(SettingError::from)?;
        self.enter(&self.find_road(&consumer)?)?;
        consumer.subscribe(&[&self.settings.topic()]).map_err(|error| refused(&error))?;
        let looks_at = Instant::now() + QUIET;
        let mut polling = Polling { poller: self, partitions: BTreeMap::new(), is_paused: false, looks_at };
        while !polling.poller.stop.is_cancelled() {
            let polled = consumer.poll(if polling.is_paused { POLL_PAUSED } else { POLL });
            polling.look_at_changes()?;
            match polled {
                Some(Ok(message)) => polling.take(&message)?,
                Some(Err(error)) => polling.look_at(&error)?,
                None => polling.look_for_what_is_gone(&consumer),
            }
            polling.hold_back(&consumer);
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

    /// Takes the road, the first time; after that, whoever took another one is left to it.
    fn enter(&self, road: &Road) -> Result<(), ConsumerError> {
        self.runtime.block_on(async {
            let mut connection = session::open(&self.pool, self.model.schema).await?;
            if !self.has_entered {
                return Ok(road::enter(self.model, &mut connection, &self.feed, road).await?);
            }
            let found = checkpoint::load(&mut connection, self.model.name).await?.road;
            if found == road.to_string() { Ok(()) } else { Err(ConsumerError::OtherRoad(found)) }
        })?;
        self.assignments.enter(road.to_string());
        Ok(())
    }
}

struct Polling {
    poller: Poller,
    partitions: BTreeMap<i32, Partition>,
    is_paused: bool,
    /// When to look whether messages are gone.
    looks_at: Instant,
}

impl Polling {
    fn look_at_changes(&mut self) -> Result<(), ConsumerError> {
        let name = self.poller.model.name;
        for change in self.poller.assignments.changes() {
            match change {
                Change::Taken(places) => {
                    let numbers: Vec<_> = places.iter().map(|place| place.partition).collect();
                    tracing::info!(projection = name, partitions = ?numbers, "reading partitions");
                    let count = self.poller.settings.partitions;
                    let taken = places.iter().map(|place| (place.partition, Partition::taken(place, count)));
                    self.partitions.extend(taken);
                    // Those that are new are not.
                    self.is_paused = false;
                    self.looks_at = Instant::now() + QUIET;
                    self.tell(Arrival::Taken(places));
                }
                Change::Lost(numbers) => {
                    tracing::info!(projection = name, partitions = ?numbers, "giving partitions up");
                    self.partitions.retain(|number, _| !numbers.contains(number));
                }
                Change::Failed(error) => return Err(error),
            }
            let count = u32::try_from(self.partitions.len()).expect("there are few partitions");
            gauge!("razao_projection_partitions", "projection" => name).set(count);
        }
        Ok(())
    }

    fn take(&mut self, message: &impl rdkafka::Message) -> Result<(), ConsumerError> {
        let (number, offset) = (message.partition(), message.offset());
        self.looks_at = Instant::now() + QUIET;
        // What was fetched before it was given up.
        let Some(partition) = self.partitions.get_mut(&number) else { return Ok(()) };
        let out_of_range = partition.at(offset);
        let read = self.poller.messages.read(message);
        let taken = partition.take(offset, &read);
        let taken = taken.map_err(|OtherCount(found)| TopicError::Partitions {
            topic: message.topic().to_owned(),
            found,
            configured: self.poller.settings.partitions,
        })?;
        if taken.is_repeat {
            counter!("razao_projection_repeats_total", "projection" => self.poller.model.name).increment(1);
        }
        for trouble in out_of_range.into_iter().chain(taken.trouble) {
            self.note(number, trouble);
        }
        if let Some(stretch) = taken.stretch {
            self.pass_on(stretch);
        }
        Ok(())
    }

    fn pass_on(&self, stretch: Stretch) {
        self.poller.waiting.fetch_add(weight(&stretch), Ordering::AcqRel);
        self.tell(Arrival::Stretch(stretch));
    }

    /// Where nothing comes, messages may be gone that did not come: retention removed them, or somebody deleted them.
    /// With nothing behind them their events have to be read from the log.
    fn look_for_what_is_gone(&mut self, consumer: &BaseConsumer<Membership>) {
        if self.is_paused || Instant::now() < self.looks_at {
            return;
        }
        self.looks_at = Instant::now() + LOOK_AGAIN;
        let name = self.poller.model.name;
        let there = self
            .offsets(consumer, Offset::Beginning)
            .and_then(|lows| Ok((lows, self.offsets(consumer, Offset::End)?)));
        let (lows, highs) = match there {
            Ok(there) => there,
            Err(error) => return tracing::debug!(projection = name, %error, "what is there is not known"),
        };
        let there = |number: &i32| Some((*lows.get(number)?, *highs.get(number)?));
        let lacking = self.partitions.iter().filter_map(|(number, partition)| {
            let there = there(number)?;
            partition.lacks(there).then_some((*number, there.0))
        });
        let gone: Vec<(i32, i64)> = lacking.collect();
        if gone.is_empty() {
            return;
        }
        match self.poller.runtime.block_on(self.poller.feed.head()) {
            Ok(head) => gone.into_iter().for_each(|(number, low)| self.go_on_at(number, low, head)),
            Err(error) => tracing::debug!(projection = name, %error, "the end of the log is not known"),
        }
    }

    /// Where each partition begins, or ends: what Kafka calls its earliest and latest time.
    fn offsets(
        &self,
        consumer: &BaseConsumer<Membership>,
        time: Offset,
    ) -> Result<BTreeMap<i32, i64>, KafkaError> {
        let topic = self.poller.settings.topic();
        let mut asked = TopicPartitionList::new();
        for number in self.partitions.keys() {
            asked.add_partition_offset(&topic, *number, time)?;
        }
        // One request for all: on this connection it waits behind one that waits for messages.
        let found = consumer.offsets_for_times(asked, PATIENCE)?;
        let found = found.elements().into_iter().filter_map(|one| match one.offset() {
            Offset::Offset(offset) if one.error().is_ok() => Some((one.partition(), offset)),
            _ => None,
        });
        Ok(found.collect())
    }

    fn go_on_at(&mut self, number: i32, low: i64, head: Head) {
        let gone = self.partitions.get_mut(&number).and_then(|partition| partition.go_on_at(low, head));
        if let Some((stretch, trouble)) = gone {
            self.note(number, trouble);
            self.pass_on(stretch);
        }
    }

    fn note(&self, partition: i32, trouble: String) {
        let name = self.poller.model.name;
        counter!("razao_projection_troubles_total", "projection" => name).increment(1);
        tracing::warn!(projection = name, partition, trouble, "what came by Kafka is not as it should be");
        self.tell(Arrival::Trouble { partition, trouble });
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
                tracing::debug!(projection = self.poller.model.name, %error, "Kafka has trouble");
                Ok(())
            }
        }
    }

    /// Where too much waits for the database, no more is fetched; but one polls on.
    fn hold_back(&mut self, consumer: &BaseConsumer<Membership>) {
        let waiting = self.poller.waiting.load(Ordering::Acquire);
        let pauses = if self.is_paused { waiting > MOST_WAITING / 2 } else { waiting > MOST_WAITING };
        if pauses == self.is_paused {
            return;
        }
        let changed = consumer
            .assignment()
            .and_then(|assigned| if pauses { consumer.pause(&assigned) } else { consumer.resume(&assigned) });
        match changed {
            Ok(()) => self.is_paused = pauses,
            Err(error) => tracing::debug!(projection = self.poller.model.name, %error, "not paused"),
        }
    }

    fn tell(&self, arrival: Arrival) {
        // Nobody listens any more once it ends.
        let _ = self.poller.arrivals.send(arrival);
    }
}

/// As it counts while it waits.
pub(super) fn weight(stretch: &Stretch) -> usize {
    stretch.bytes + EACH * stretch.events.as_ref().map_or(1, |events| events.len() + 1)
}

fn refused(error: &KafkaError) -> ConsumerError {
    ConsumerError::Refused(error.to_string())
}
