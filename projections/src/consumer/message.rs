//! What came by Kafka: events, records of completeness, and what is none of ours.

use std::sync::Arc;

use event_store::{
    COMPLETENESS_SCHEMA, Completeness, EVENT_SCHEMA, EventDigest, LOG_HEADER, PublicEvent, SCHEMA_HEADER,
    digest,
};
use rdkafka::message::Headers;

use crate::event::Event;

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

/// What a message is, where those of the log `ours` are wanted.
pub(super) fn read(message: &impl rdkafka::Message, ours: &str) -> Message {
    // Those from before logs had ids bear none.
    match header(message, LOG_HEADER) {
        Some(log) if log != ours => Message::OtherLog(log.to_owned()),
        _ => of_our_log(message),
    }
}

fn of_our_log(message: &impl rdkafka::Message) -> Message {
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
