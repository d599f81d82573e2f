//! What came on one partition, and what of it is proven: only that is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::{Completeness, Incomplete, ReceivedPartition};

use super::message::Message;
use crate::event::Event;
use crate::partitions::Place;

/// A partition that this process reads.
#[derive(Debug)]
pub(super) struct Partition {
    number: i32,
    /// How many there are.
    count: i32,
    epoch: i64,
    received: ReceivedPartition,
    /// Everything up to here was passed on, or was there.
    position: i64,
    /// The position of the event that came last.
    last: i64,
    /// What no record has spoken of yet. Or why it cannot be used.
    pending: BTreeMap<i64, Result<Arc<Event>, String>>,
    bytes: usize,
    /// Where the next message should be.
    next_offset: Option<i64>,
}

/// Events of a partition up to a position, proven to be all of them.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) partition: i32,
    pub(super) epoch: i64,
    /// The range of the record that ends it, and the offset behind that.
    pub(super) proven: ((i64, i64), i64),
    pub(super) recorded_at: DateTime<Utc>,
    /// Or why they have to be read from the log.
    pub(super) events: Result<Vec<Arc<Event>>, String>,
    pub(super) bytes: usize,
}

impl Stretch {
    pub(super) fn to(&self) -> i64 {
        self.proven.0.1
    }
}

/// What came of a message.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) stretch: Option<Stretch>,
    /// What was wrong with it. Nothing is lost by it.
    pub(super) trouble: Option<String>,
    pub(super) is_repeat: bool,
}

impl Taken {
    fn trouble(trouble: impl Into<String>) -> Self {
        Self { trouble: Some(trouble.into()), ..Self::default() }
    }
}

/// The topic has another number of partitions, so streams may have changed places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OtherCount(pub(super) i32);

impl Partition {
    /// As it was taken over, one of so many.
    pub(super) fn taken(place: &Place, count: i32) -> Self {
        let number = place.partition;
        let (next_offset, received) = match place.reading() {
            Some((offset, proven)) => (Some(offset), ReceivedPartition::behind(number, proven)),
            None => (None, ReceivedPartition::new(number, None)),
        };
        Self {
            number,
            count,
            epoch: place.epoch,
            received,
            position: place.position,
            last: 0,
            pending: BTreeMap::new(),
            bytes: 0,
            next_offset,
        }
    }

    /// Notes where a message is: what is wrong with that.
    pub(super) fn at(&mut self, offset: i64) -> Option<String> {
        let expected = self.next_offset.replace(offset + 1).unwrap_or(offset);
        if offset == expected {
            return None;
        }
        Some(if offset > expected {
            format!("offset {expected} is out of range: what is there begins at {offset}")
        } else {
            format!("offset {expected} is out of range: the topic begins anew at {offset}")
        })
    }

    /// Takes what came at an offset.
    pub(super) fn take(&mut self, offset: i64, message: &Message) -> Result<Taken, OtherCount> {
        match message {
            Message::Event { position, digest, bytes, event } => {
                let goes_back = *position < self.last;
                let is_repeat = !self.received.digested(*position, *digest);
                if *position > self.position {
                    self.pending.insert(*position, event.clone());
                    self.bytes += bytes;
                }
                let from = std::mem::replace(&mut self.last, *position);
                let trouble = match event {
                    Err(why) => Some(format!("event {position} {why}; reading it from the log")),
                    Ok(_) if goes_back => Some(format!(
                        "positions go back from {from} to {position}: passing over what was there before"
                    )),
                    Ok(_) => None,
                };
                Ok(Taken { stretch: None, trouble, is_repeat })
            }
            Message::Record(record) if record.partitions == self.count => Ok(self.record(offset, record)),
            Message::Record(record) => Err(OtherCount(record.partitions)),
            Message::Foreign(why) => Ok(Taken::trouble(format!("offset {offset} is passed over: {why}"))),
        }
    }

    fn record(&mut self, offset: i64, record: &Completeness) -> Taken {
        let before = self.received.proven();
        let proven = match self.received.completeness(record) {
            Err(misplaced @ Incomplete::Misplaced(..)) => return Taken::trouble(misplaced.to_string()),
            Err(incomplete) => {
                self.received.settle(record);
                Err(incomplete.to_string())
            }
            // Of one that begins anywhere, nothing has spoken of what comes before.
            Ok(()) if before.is_none() && record.from > self.position + 1 => {
                let (from, to) = (self.position + 1, record.from - 1);
                Err(Incomplete::Unproven { partition: self.number, from, to }.to_string())
            }
            // A late one.
            Ok(()) if self.received.proven() == before => return Taken::default(),
            Ok(()) => Ok(()),
        };
        let later = self.pending.split_off(&(record.to + 1));
        let pending = std::mem::replace(&mut self.pending, later);
        if record.to <= self.position {
            return Taken::default();
        }
        self.position = record.to;
        let events = proven.and_then(|()| pending.into_values().collect());
        let trouble = events.as_ref().err().cloned();
        let stretch = Stretch {
            partition: self.number,
            epoch: self.epoch,
            proven: ((record.from, record.to), offset + 1),
            recorded_at: record.recorded_at,
            events,
            bytes: std::mem::take(&mut self.bytes),
        };
        Taken { stretch: Some(stretch), trouble, is_repeat: false }
    }
}
