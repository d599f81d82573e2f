//! Messages, read once for all read models of the process that are about as far.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use event_store::{
    COMPLETENESS_SCHEMA, Completeness, EVENT_SCHEMA, EventDigest, LOG_HEADER, PublicEvent, SCHEMA_HEADER,
    digest,
};
use rdkafka::message::Headers;
use uuid::Uuid;

use crate::event::Event;

/// How many messages of each partition are kept for those that come after.
const KEPT: usize = 1_500;
/// What the names of all shapes of events begin with, whichever version.
const EVENT_SCHEMAS: &str = "razao.event.";

/// What a message is.
#[derive(Debug)]
pub(super) enum Message {
    Event {
        position: i64,
        digest: EventDigest,
        bytes: usize,
        /// Or why it cannot be read.
        event: Result<Arc<Event>, String>,
    },
    Record(Completeness),
    /// An event or a record of another lender's log.
    OtherLog(String),
    /// Nothing of ours, and why.
    Foreign(String),
}

/// The messages of a topic, as they were read last.
pub(crate) struct Messages {
    partitions: Vec<Mutex<Kept>>,
    /// Of which log they have to be, once that is known.
    log: OnceLock<String>,
}

/// By their offsets, in order.
type Kept = VecDeque<(i64, Arc<Message>)>;

impl Messages {
    pub(crate) fn new(partitions: i32) -> Self {
        Self { partitions: (0..partitions).map(|_| Mutex::default()).collect(), log: OnceLock::new() }
    }

    /// Says of which log they have to be. To be called before any is read.
    pub(super) fn belong_to(&self, log: Uuid) {
        self.log.get_or_init(|| log.to_string());
    }

    /// What a message is. Whoever is first reads it, while the others wait.
    pub(super) fn read(&self, message: &impl rdkafka::Message) -> Arc<Message> {
        let partition = usize::try_from(message.partition()).ok();
        let Some(kept) = partition.and_then(|partition| self.partitions.get(partition)) else {
            return Arc::new(self.read_anew(message));
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = message.offset();
        match kept.binary_search_by_key(&offset, |(offset, _)| *offset) {
            Ok(place) => Arc::clone(&kept[place].1),
            Err(place) => {
                let message = Arc::new(self.read_anew(message));
                // One that is far behind leaves those of the others be.
                if place == kept.len() {
                    if place == KEPT {
                        kept.pop_front();
                    }
                    kept.push_back((offset, Arc::clone(&message)));
                }
                message
            }
        }
    }

    fn read_anew(&self, message: &impl rdkafka::Message) -> Message {
        // Those from before logs had ids bear none.
        match (header(message, LOG_HEADER), self.log.get()) {
            (Some(log), Some(ours)) if log != ours => Message::OtherLog(log.to_owned()),
            _ => read(message),
        }
    }
}

fn read(message: &impl rdkafka::Message) -> Message {
    let value = message.payload().unwrap_or_default();
    match header(message, SCHEMA_HEADER) {
        Some(EVENT_SCHEMA) => event(message, value),
        Some(COMPLETENESS_SCHEMA) => match serde_json::from_slice(value) {
            Ok(record) => Message::Record(record),
            Err(error) => Message::Foreign(format!("a record of completeness cannot be read: {error}")),
        },
        Some(schema) if schema.starts_with(EVENT_SCHEMAS) => {
            unusable(message, value, format!("has a shape that this version does not know, {schema}"))
        }
        Some(schema) => Message::Foreign(format!("its shape {schema} is none of ours")),
        None => Message::Foreign(format!("it has no header `{SCHEMA_HEADER}`")),
    }
}

fn event(message: &impl rdkafka::Message, value: &[u8]) -> Message {
    let read = serde_json::from_slice::<PublicEvent<'_>>(value);
    let row = match read.map(PublicEvent::into_row) {
        Ok(row) => row,
        Err(error) => return unusable(message, value, format!("cannot be read: {error}")),
    };
    let event = Ok(Arc::new(Event::decode(&row)));
    Message::Event { position: row.position, digest: digest(value), bytes: value.len(), event }
}

/// An event that is known by its headers only.
fn unusable(message: &impl rdkafka::Message, value: &[u8], why: String) -> Message {
    match header(message, "position").and_then(|position| position.parse().ok()) {
        Some(position) => {
            Message::Event { position, digest: digest(value), bytes: value.len(), event: Err(why) }
        }
        None => Message::Foreign(format!("an event without the header `position` {why}")),
    }
}

fn header<'m>(message: &'m impl rdkafka::Message, name: &str) -> Option<&'m str> {
    None.or_else(|| {
        let headers = message.headers()?;
        let found = (0..headers.count()).map(|place| headers.get(place)).find(|header| header.key == name)?;
        std::str::from_utf8(found.value?).ok()
    })
}
