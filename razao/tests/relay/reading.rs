//! A consumer of all partitions, which checks all that the relay promises.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use event_store::{COMPLETENESS_SCHEMA, Completeness, EVENT_SCHEMA, Incomplete, PublicEvent, Received};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

pub(crate) const PARTITIONS: i32 = 6;
/// How long one waits for what should come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) partition: i32,
    pub(crate) key: Option<String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) value: Vec<u8>,
    pub(crate) timestamp: Option<i64>,
}

/// Everything that came from the beginning of a topic.
pub(crate) struct Reading {
    consumer: BaseConsumer,
    pub(crate) messages: Vec<Message>,
    received: Received,
    /// The last sequence of each stream.
    streams: HashMap<String, i64>,
    pub(crate) events: i64,
    pub(crate) repeats: usize,
    pub(crate) records: Vec<Completeness>,
}

impl Reading {
    pub(crate) fn of(brokers: &str, topic: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("group.id", "unused").set("enable.auto.commit", "false");
        config.set("reconnect.backoff.max.ms", "500").set("topic.metadata.refresh.interval.ms", "500");
        let consumer: BaseConsumer = config.create().unwrap();
        let mut assignment = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&assignment).unwrap();
        Self {
            consumer,
            messages: Vec::new(),
            received: Received::from_the_beginning(PARTITIONS),
            streams: HashMap::new(),
            events: 0,
            repeats: 0,
            records: Vec::new(),
        }
    }

    /// Reads on until the log is proven to be there up to a position; every check on the way holds.
    pub(crate) async fn until_proven(mut self, position: i64) -> Self {
        let reading = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            while self.received.proven_to() < position {
                self.poll(Duration::from_millis(200));
                let proven = self.received.proven_to();
                assert!(began.elapsed() < PATIENCE, "proven up to {proven}, not {position}");
            }
            self
        });
        reading.await.unwrap()
    }

    /// Reads on until an event above a position has come, and says how long that took.
    pub(crate) async fn until_beyond(mut self, position: i64) -> (Self, Duration) {
        let reading = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            while self.events <= position {
                self.poll(Duration::from_millis(20));
                assert!(began.elapsed() < PATIENCE, "no event above {position}");
            }
            (self, began.elapsed())
        });
        reading.await.unwrap()
    }

    /// Looks whether anything more comes for a while: how many messages did.
    pub(crate) async fn more_within(mut self, time: Duration) -> (Self, usize) {
        let reading = tokio::task::spawn_blocking(move || {
            let (began, before) = (Instant::now(), self.messages.len());
            while began.elapsed() < time {
                self.poll(Duration::from_millis(50));
            }
            let more = self.messages.len() - before;
            (self, more)
        });
        reading.await.unwrap()
    }

    fn poll(&mut self, time: Duration) {
        // Errors, such as a broker that is away, pass; what has to come is waited for by others.
        let Some(Ok(message)) = self.consumer.poll(time) else { return };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers = message.headers().expect("every message has headers").iter();
        let message = Message {
            partition: message.partition(),
            key: message.key().map(text),
            headers: headers.map(|header| (header.key.to_owned(), text(header.value.unwrap()))).collect(),
            value: message.payload().unwrap().to_vec(),
            timestamp: message.timestamp().to_millis(),
        };
        self.take(&message);
        self.messages.push(message);
    }

    fn take(&mut self, message: &Message) {
        match take(&mut self.received, message) {
            Ok(Taken::Event(event, true)) => {
                let last = self.streams.entry(event.stream_id.to_string()).or_default();
                assert_eq!(event.sequence, *last + 1, "in the order of its stream: {event:?}");
                *last = event.sequence;
                self.events += 1;
            }
            Ok(Taken::Event(_, false)) => self.repeats += 1,
            Ok(Taken::Record(record)) => self.records.push(record),
            Err(incomplete) => panic!("{incomplete}"),
        }
    }
}

pub(crate) enum Taken<'m> {
    /// And whether it is new.
    Event(PublicEvent<'m>, bool),
    Record(Completeness),
}

/// What a reader makes of a message.
pub(crate) fn take<'m>(received: &mut Received, message: &'m Message) -> Result<Taken<'m>, Incomplete> {
    match message.headers["schema"].as_str() {
        EVENT_SCHEMA => {
            let event: PublicEvent<'_> = serde_json::from_slice(&message.value).unwrap();
            let new = received.event(message.partition, event.position, &message.value);
            Ok(Taken::Event(event, new))
        }
        COMPLETENESS_SCHEMA => {
            let record: Completeness = serde_json::from_slice(&message.value).unwrap();
            received.completeness(message.partition, &record)?;
            Ok(Taken::Record(record))
        }
        other => panic!("a message of the shape {other}"),
    }
}
