//! What came on one partition, and what of it is proven: only that is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::{Completeness, Head, Incomplete, ReceivedPartition};

use super::message::Message;
use crate::event::Event;
use crate::partitions::Place;

/// A partition that this process reads.
#[derive(Debug)]
pub(super) struct Partition {
    number: i32,
    /// How many there are.
    count: i32,
    /// Since when this process has it.
    generation: i64,
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
    /// Another log, of which something came here last.
    other_log: Option<String>,
}

/// Events of a partition up to a position, proven to be all of them after another one.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) partition: i32,
    pub(super) generation: i64,
    pub(super) after: i64,
    /// The range of the record that ends it, and the offset behind that.
    pub(super) proven: ((i64, i64), i64),
    pub(super) recorded_at: DateTime<Utc>,
    /// Or why they have to be read from the log.
    pub(super) events: Result<Vec<Arc<Event>>, String>,
    pub(super) bytes: usize,
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
    /// From a place on in a generation, one of so many.
    pub(super) fn taken(place: &Place, generation: i64, count: i32) -> Self {
        let number = place.partition;
        let (next_offset, received) = match place.reading() {
            Some((offset, proven)) => (Some(offset), ReceivedPartition::behind(number, proven)),
            None => (None, ReceivedPartition::new(number, None)),
        };
        Self {
            number,
            count,
            generation,
            received,
            position: place.position,
            last: 0,
            pending: BTreeMap::new(),
            bytes: 0,
            next_offset,
            other_log: None,
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

    /// Whether messages of this partition are gone that did not come, where nothing comes of what the topic has from
    /// `low` to `high`.
    pub(super) fn lacks(&self, (low, high): (i64, i64)) -> bool {
        // Of one whose place was looked for by time nobody knows what came before.
        self.next_offset.map_or(low == high && low > 0, |next| next < low)
    }

    /// Goes on behind what is gone: what has to be read from the log up to its head, and why.
    pub(super) fn go_on_at(&mut self, low: i64, head: Head) -> Option<(Stretch, String)> {
        let from = self.next_offset.replace(low);
        let range = (self.position + 1, head.position);
        let recorded_at = head.recorded_at.filter(|_| range.0 <= range.1)?;
        let from = from.map_or("the next offset".to_owned(), |from| format!("offset {from}"));
        let why =
            format!("{from} is out of range: what is there begins at {low}, and nothing has come since");
        self.received = ReceivedPartition::behind(self.number, range);
        let after = std::mem::replace(&mut self.position, range.1);
        self.pending.clear();
        let stretch = Stretch {
            partition: self.number,
            generation: self.generation,
            after,
            proven: (range, low),
            recorded_at,
            events: Err(why.clone()),
            bytes: std::mem::take(&mut self.bytes),
        };
        Some((stretch, why))
    }

    /// Takes what came at an offset.
    pub(super) fn take(&mut self, offset: i64, message: Message) -> Result<Taken, OtherCount> {
        match message {
            Message::Event { position, digest, bytes, event } => {
                let goes_back = position < self.last;
                let is_repeat = !self.received.digested(position, digest);
                let from = std::mem::replace(&mut self.last, position);
                let trouble = match &event {
                    Err(why) => Some(format!("event {position} {why}; reading it from the log")),
                    Ok(_) if goes_back => Some(format!(
                        "positions go back from {from} to {position}: passing over what was there before"
                    )),
                    Ok(_) => None,
                };
                if position > self.position {
                    self.pending.insert(position, event);
                    self.bytes += bytes;
                }
                Ok(Taken { stretch: None, trouble, is_repeat })
            }
            Message::Record(record) if record.partitions == self.count => Ok(self.record(offset, &record)),
            Message::Record(record) => Err(OtherCount(record.partitions)),
            Message::OtherLog(log) if self.other_log.as_ref() == Some(&log) => Ok(Taken::default()),
            Message::OtherLog(log) => {
                self.other_log = Some(log.clone());
                Ok(Taken::trouble(format!(
                    "offset {offset} is passed over, and all that follows of it: it is of another log, {log}"
                )))
            }
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
        let after = std::mem::replace(&mut self.position, record.to);
        let events = proven.and_then(|()| pending.into_values().collect());
        let trouble = events.as_ref().err().cloned();
        let stretch = Stretch {
            partition: self.number,
            generation: self.generation,
            after,
            proven: ((record.from, record.to), offset + 1),
            recorded_at: record.recorded_at,
            events,
            bytes: std::mem::take(&mut self.bytes),
        };
        Taken { stretch: Some(stretch), trouble, is_repeat: false }
    }
}

#[cfg(test)]
mod tests {
    use event_store::{PartitionSum, Range, StoredEventRow, digest};

    use super::*;

    /// One of two partitions, which has the odd positions.
    fn begun_at(position: i64, reading: Option<(i64, (i64, i64))>) -> Partition {
        Partition::taken(&Place::at(1, position, reading), 7, 2)
    }

    fn value(position: i64) -> Vec<u8> {
        position.to_string().into_bytes()
    }

    fn event(position: i64) -> Message {
        let row = StoredEventRow {
            position,
            aggregate_type: "Other".to_owned(),
            aggregate_id: String::new(),
            sequence: 1,
            event_type: String::new(),
            event_version: "1".to_owned(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let event = Ok(Arc::new(Event::decode(&row)));
        Message::Event { position, digest: digest(&value(position)), bytes: 10, event }
    }

    fn record(from: i64, to: i64) -> Message {
        let mut sum = PartitionSum::default();
        for position in (from..=to).filter(|position| position % 2 == 1) {
            sum.add(&digest(&value(position)));
        }
        Message::Record(sum.take(Range { from, to, recorded_at: DateTime::UNIX_EPOCH }, 1, 2))
    }

    fn head(position: i64) -> Head {
        Head { position, recorded_at: Some(DateTime::UNIX_EPOCH) }
    }

    /// Takes messages one after another: the positions of each stretch, or that it has to be read from the log.
    fn stretches(
        partition: &mut Partition,
        messages: impl IntoIterator<Item = Message>,
    ) -> Vec<(i64, Option<Vec<i64>>)> {
        let taken = (0..).zip(messages).map(|(offset, message)| partition.take(offset, message).unwrap());
        let stretches = taken.filter_map(|taken| taken.stretch);
        let positions = |events: Vec<Arc<Event>>| events.iter().map(|event| event.position).collect();
        stretches.map(|stretch| (stretch.proven.0.1, stretch.events.ok().map(positions))).collect()
    }

    #[test]
    fn what_a_record_proves_is_passed_on_and_no_more() {
        let mut partition = begun_at(0, Some((0, (1, 0))));
        let came = [event(1), event(3), event(5), record(1, 1), record(2, 2), record(3, 5)];
        let expected = [(1, Some(vec![1])), (2, Some(vec![])), (5, Some(vec![3, 5]))];
        assert_eq!(stretches(&mut partition, came), expected);
    }

    #[test]
    fn repeats_are_passed_on_once() {
        let mut partition = begun_at(0, Some((0, (1, 0))));
        let came = [event(1), event(1), record(1, 2), event(1), record(1, 2), event(3), record(1, 4)];
        assert_eq!(stretches(&mut partition, came), [(2, Some(vec![1])), (4, Some(vec![3]))]);
    }

    #[test]
    fn what_is_not_proven_is_left_to_the_log() {
        let mut partition = begun_at(0, Some((0, (1, 0))));
        // Event 3 is missing, then a record, then an event that cannot be read.
        let unreadable =
            Message::Event { position: 9, digest: [0; 32], bytes: 1, event: Err("no".to_owned()) };
        let came =
            [event(1), record(1, 4), event(7), record(7, 8), unreadable, record(9, 10), record(11, 12)];
        let expected = [(4, None), (8, None), (10, None), (12, None)];
        let found = stretches(&mut partition, came);
        assert_eq!(found[..3], expected[..3]);
        assert_eq!(found[3], (12, None), "event 11 is missing");
    }

    #[test]
    fn one_that_begins_in_the_middle_takes_the_first_range_from_the_log() {
        let mut partition = begun_at(5, None);
        let came = [event(5), event(7), record(4, 8), event(9), record(9, 10)];
        // Event 5 is there already, and nobody knows whether more came before it.
        assert_eq!(stretches(&mut partition, came), [(8, Some(vec![7])), (10, Some(vec![9]))]);
        let mut partition = begun_at(5, None);
        assert_eq!(stretches(&mut partition, [record(8, 8), event(9), record(9, 9)])[0], (8, None));
    }

    #[test]
    fn after_a_rebuild_what_comes_from_before_is_passed_over() {
        let mut partition = begun_at(6, Some((0, (1, 2))));
        let came = [event(3), record(3, 4), event(5), event(7), record(5, 8)];
        assert_eq!(stretches(&mut partition, came), [(8, Some(vec![7]))]);
    }

    #[test]
    fn an_offset_out_of_range_is_named() {
        let mut partition = begun_at(2, Some((10, (1, 2))));
        assert_eq!(partition.at(10), None);
        let gone = "offset 11 is out of range: what is there begins at 40";
        assert_eq!(partition.at(40).as_deref(), Some(gone));
        let anew = "offset 41 is out of range: the topic begins anew at 0";
        assert_eq!(partition.at(0).as_deref(), Some(anew));
    }

    #[test]
    fn what_is_gone_is_read_up_to_where_the_log_is() {
        let mut partition = begun_at(2, Some((10, (1, 2))));
        assert!(!partition.lacks((0, 40)) && !partition.lacks((10, 10)), "it has nothing to come");
        assert!(partition.lacks((40, 40)));
        let (stretch, why) = partition.go_on_at(40, head(6)).unwrap();
        assert_eq!((stretch.after, stretch.proven, stretch.events.is_err()), (2, ((3, 6), 40), true));
        assert!(why.contains("offset 10 is out of range: what is there begins at 40"), "{why}");
        assert!(!partition.lacks((40, 40)));
        assert!(partition.go_on_at(40, head(6)).is_none(), "there is nothing to read");
        // What a relay sends that starts over, and what comes after it, is proven as ever.
        let came = [event(3), event(5), event(7), record(3, 8), event(9), record(9, 10)];
        assert_eq!(stretches(&mut partition, came), [(8, Some(vec![7])), (10, Some(vec![9]))]);
    }

    #[test]
    fn of_a_place_that_was_looked_for_by_time_an_empty_topic_has_lost_what_it_had() {
        let partition = begun_at(5, None);
        assert!(partition.lacks((40, 40)));
        assert!(!partition.lacks((0, 0)), "there was never anything");
        assert!(!partition.lacks((30, 40)));
    }

    #[test]
    fn what_is_of_another_log_is_passed_over_and_named_once() {
        let mut partition = begun_at(0, Some((0, (1, 0))));
        let other = |log: &str| Message::OtherLog(log.to_owned());
        let troubles =
            [other("a"), other("a"), event(1), other("a"), other("b"), record(1, 1)].map(|message| {
                let taken = partition.take(7, message).unwrap();
                (taken.trouble, taken.stretch.map(|stretch| stretch.events.unwrap().len()))
            });
        let named = troubles.iter().flat_map(|(trouble, _)| trouble).cloned().collect::<Vec<_>>();
        assert_eq!(named.len(), 2, "{named:?}");
        assert!(named[0].contains("another log, a") && named[1].contains("another log, b"), "{named:?}");
        assert_eq!(troubles[5].1, Some(1), "what is ours is proven all the same");
    }

    #[test]
    fn another_number_of_partitions_stops_it() {
        let record =
            PartitionSum::default().take(Range { from: 1, to: 2, recorded_at: DateTime::UNIX_EPOCH }, 1, 8);
        let taken = begun_at(0, Some((0, (1, 0)))).take(0, Message::Record(record));
        assert_eq!(taken.err(), Some(OtherCount(8)));
    }
}
