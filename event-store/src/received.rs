//! The reader's side of what is published: what is new, what is a repeat, and what is proven to be complete.

use std::collections::BTreeMap;

use crate::published::{Completeness, EventDigest, PartitionSum, digest};

/// What one reader received of one partition.
#[derive(Debug, Clone)]
pub struct ReceivedPartition {
    partition: i32,
    /// The highest position received.
    furthest: i64,
    /// The range of the last record that held. `None` until the first one, for a reader that begins in the middle.
    proven: Option<(i64, i64)>,
    /// Digests by position, from the beginning of that range on: a sender that starts over begins no earlier.
    digests: BTreeMap<i64, EventDigest>,
}

/// What is wrong with what a reader received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    #[error(
        "partition {partition}: of the events from {from} to {to} it received {received}, and {sent} were sent"
    )]
    Missing { partition: i32, from: i64, to: i64, received: i64, sent: i64 },
    #[error("partition {partition}: the events from {from} to {to} are not those that were sent")]
    Changed { partition: i32, from: i64, to: i64 },
    #[error("partition {partition}: nothing speaks of the events from {from} to {to}")]
    Unproven { partition: i32, from: i64, to: i64 },
    #[error("a record of partition {0} came on partition {1}")]
    Misplaced(i32, i32),
    #[error("the records of the events from {from} to {to} speak of {counted} events")]
    Miscounted { from: i64, to: i64, counted: i64 },
}

impl ReceivedPartition {
    /// For a reader who has everything up to the position `proven` and begins after it: 0 for the beginning of the
    /// topic, `None` for anywhere else.
    pub fn new(partition: i32, proven: Option<i64>) -> Self {
        let furthest = proven.unwrap_or(0);
        Self { partition, furthest, proven: proven.map(|to| (to + 1, to)), digests: BTreeMap::new() }
    }

    /// For a reader who begins right behind the record of a range that held, and has all events up to there.
    pub fn behind(partition: i32, (from, to): (i64, i64)) -> Self {
        Self { partition, furthest: to, proven: Some((from, to)), digests: BTreeMap::new() }
    }

    /// Takes an event. False: it is a repeat, to be passed over.
    pub fn event(&mut self, position: i64, value: &[u8]) -> bool {
        self.digested(position, digest(value))
    }

    /// The same for an event whose digest is known.
    pub fn digested(&mut self, position: i64, digest: EventDigest) -> bool {
        // Of a repeat the last one counts: it comes from the sender that will speak of it.
        if self.proven.is_none_or(|(from, _)| position >= from) {
            self.digests.insert(position, digest);
        }
        let new = position > self.furthest;
        self.furthest = self.furthest.max(position);
        new
    }

    /// Checks a record against what was received. From then on, everything up to [`Self::proven_to`] is proven to be
    /// there, as it was sent.
    pub fn completeness(&mut self, record: &Completeness) -> Result<(), Incomplete> {
        let (from, to, partition) = (record.from, record.to, self.partition);
        if record.partition != partition {
            return Err(Incomplete::Misplaced(record.partition, partition));
        }
        if self.proven.is_some_and(|(_, proven)| to <= proven) {
            return Ok(());
        }
        if let Some((first, proven)) = self.proven
            && (from > proven + 1 || from < first)
        {
            return Err(Incomplete::Unproven { partition, from: proven + 1, to: from - 1 });
        }
        let mut sum = PartitionSum::default();
        for digest in self.digests.range(from..=to).map(|(_, digest)| digest) {
            sum.add(digest);
        }
        let (received, hash) = sum.take_sum();
        if received != record.count {
            return Err(Incomplete::Missing { partition, from, to, received, sent: record.count });
        }
        if hash != record.hash {
            return Err(Incomplete::Changed { partition, from, to });
        }
        self.settle(record);
        Ok(())
    }

    /// Goes on from a record that did not hold, for a reader who got elsewhere what this one did not receive.
    pub fn settle(&mut self, record: &Completeness) {
        self.proven = Some((record.from, record.to));
        self.furthest = self.furthest.max(record.to);
        self.digests = self.digests.split_off(&record.from);
    }

    /// The range of the last record that held.
    pub fn proven(&self) -> Option<(i64, i64)> {
        self.proven
    }

    /// Up to where this partition is proven to be complete: every event of the log up to there that belongs to it was
    /// received.
    pub fn proven_to(&self) -> Option<i64> {
        self.proven.map(|(_, to)| to)
    }
}

/// What one reader of all partitions received.
#[derive(Debug, Clone)]
pub struct Received {
    partitions: Vec<ReceivedPartition>,
    /// By range: how many records spoke of it, and of how many events.
    counts: BTreeMap<(i64, i64), (usize, i64)>,
}

impl Received {
    /// For a reader of so many partitions, from the beginning of the topic.
    pub fn from_the_beginning(partitions: i32) -> Self {
        let partitions =
            (0..partitions).map(|partition| ReceivedPartition::new(partition, Some(0))).collect();
        Self { partitions, counts: BTreeMap::new() }
    }

    /// Takes an event that came on a partition. False: it is a repeat, to be passed over.
    pub fn event(&mut self, partition: i32, position: i64, value: &[u8]) -> bool {
        self.on(partition).event(position, value)
    }

    /// Checks a record that came on a partition, and once all partitions have one for a range, their sum.
    pub fn completeness(&mut self, partition: i32, record: &Completeness) -> Result<(), Incomplete> {
        let (from, to) = (record.from, record.to);
        let is_repeat = self.on(partition).proven_to().is_some_and(|proven| to <= proven);
        self.on(partition).completeness(record)?;
        if is_repeat {
            return Ok(());
        }
        let (records, counted) = self.counts.entry((from, to)).or_default();
        *records += 1;
        *counted += record.count;
        let (records, counted) = (*records, *counted);
        if records == self.partitions.len() {
            self.counts.retain(|(_, end), _| *end > to);
            if counted != to - from + 1 {
                return Err(Incomplete::Miscounted { from, to, counted });
            }
        }
        Ok(())
    }

    /// Up to where the log is proven to have been received whole.
    pub fn proven_to(&self) -> i64 {
        self.partitions.iter().filter_map(ReceivedPartition::proven_to).min().unwrap_or(0)
    }

    fn on(&mut self, partition: i32) -> &mut ReceivedPartition {
        let index = usize::try_from(partition).expect("partitions are counted from 0");
        &mut self.partitions[index]
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::published::Range;

    const ON_TWO: i32 = 2;

    fn range(from: i64, to: i64) -> Range {
        Range { from, to, recorded_at: DateTime::UNIX_EPOCH }
    }

    /// Odd positions are on partition 1, even ones on partition 0.
    fn sent(from: i64, to: i64) -> [Completeness; 2] {
        [0, 1].map(|partition| {
            let mut sum = PartitionSum::default();
            for position in (from..=to).filter(|position| position % 2 == i64::from(partition)) {
                sum.add(&digest(&value(position)));
            }
            sum.take(range(from, to), partition, ON_TWO)
        })
    }

    fn value(position: i64) -> Vec<u8> {
        format!("event {position}").into_bytes()
    }

    fn receive(received: &mut Received, positions: impl IntoIterator<Item = i64>) -> Vec<bool> {
        let on = |position| i32::try_from(position % 2).unwrap();
        positions
            .into_iter()
            .map(|position| received.event(on(position), position, &value(position)))
            .collect()
    }

    fn check(received: &mut Received, (from, to): (i64, i64)) -> Result<(), Incomplete> {
        sent(from, to).iter().try_for_each(|record| received.completeness(record.partition, record))
    }

    #[test]
    fn what_was_received_whole_is_proven() {
        let mut received = Received::from_the_beginning(ON_TWO);
        assert!(receive(&mut received, 1..=9).iter().all(|new| *new));
        assert_eq!(check(&mut received, (1, 6)), Ok(()));
        assert_eq!(received.proven_to(), 6);
        assert_eq!(check(&mut received, (7, 9)), Ok(()));
        assert_eq!(received.proven_to(), 9);
    }

    #[test]
    fn a_missing_event_is_noticed() {
        let mut received = Received::from_the_beginning(ON_TWO);
        receive(&mut received, (1..=9).filter(|position| *position != 4));
        let missing = Incomplete::Missing { partition: 0, from: 1, to: 9, received: 3, sent: 4 };
        assert_eq!(check(&mut received, (1, 9)), Err(missing));
        assert_eq!(received.proven_to(), 0);
    }

    #[test]
    fn an_event_that_is_not_the_one_sent_is_noticed() {
        let mut received = Received::from_the_beginning(ON_TWO);
        receive(&mut received, [1, 2, 3]);
        received.event(0, 2, b"another");
        assert_eq!(check(&mut received, (1, 3)), Err(Incomplete::Changed { partition: 0, from: 1, to: 3 }));
    }

    #[test]
    fn a_missing_record_is_noticed() {
        let mut received = Received::from_the_beginning(ON_TWO);
        receive(&mut received, 1..=9);
        check(&mut received, (1, 3)).unwrap();
        assert_eq!(check(&mut received, (7, 9)), Err(Incomplete::Unproven { partition: 0, from: 4, to: 6 }));
    }

    #[test]
    fn repeats_are_passed_over_and_their_records_hold() {
        let mut received = Received::from_the_beginning(ON_TWO);
        receive(&mut received, 1..=4);
        check(&mut received, (1, 4)).unwrap();
        receive(&mut received, [5, 6]);
        // The sender crashed before it noted that the first range was through, and starts over.
        let again = receive(&mut received, 1..=8);
        assert_eq!(again, [false, false, false, false, false, false, true, true]);
        assert_eq!(check(&mut received, (1, 8)), Ok(()));
        assert_eq!(check(&mut received, (1, 4)), Ok(()), "a late record of the first sender");
        assert_eq!(received.proven_to(), 8);
    }

    #[test]
    fn records_that_do_not_add_up_are_noticed() {
        let mut received = Received::from_the_beginning(ON_TWO);
        receive(&mut received, [2]);
        // A sender that never sent event 1 to any partition.
        let mut records = sent(1, 2);
        records[1] = PartitionSum::default().take(range(1, 2), 1, ON_TWO);
        assert_eq!(received.completeness(0, &records[0]), Ok(()));
        let miscounted = Incomplete::Miscounted { from: 1, to: 2, counted: 1 };
        assert_eq!(received.completeness(1, &records[1]), Err(miscounted));
        assert_eq!(received.completeness(1, &records[0]), Err(Incomplete::Misplaced(0, 1)));
    }

    #[test]
    fn a_reader_that_begins_in_the_middle_is_sure_from_the_second_record_on() {
        let mut partition = ReceivedPartition::new(0, None);
        partition.event(4, &value(4));
        // It has not got all that this record speaks of, and so is told.
        assert!(partition.completeness(&sent(1, 4)[0]).is_err());
        assert_eq!(partition.proven_to(), None);
        partition.event(6, &value(6));
        assert_eq!(partition.completeness(&sent(5, 7)[0]), Ok(()));
        assert_eq!(partition.proven_to(), Some(7));
    }

    #[test]
    fn a_reader_that_begins_behind_a_record_proves_what_a_sender_that_starts_over_says() {
        let mut partition = ReceivedPartition::behind(0, (3, 6));
        // The sender crashed before it noted that 3 to 6 was through.
        for position in [4, 6, 8] {
            assert_eq!(partition.event(position, &value(position)), position > 6);
        }
        assert_eq!(partition.completeness(&sent(3, 9)[0]), Ok(()));
        assert_eq!(partition.proven(), Some((3, 9)));
    }

    #[test]
    fn a_reader_that_got_elsewhere_what_is_missing_goes_on() {
        let mut partition = ReceivedPartition::new(0, Some(0));
        partition.event(4, &value(4));
        let record = &sent(1, 4)[0];
        assert!(partition.completeness(record).is_err());
        partition.settle(record);
        partition.event(6, &value(6));
        assert_eq!(partition.completeness(&sent(5, 6)[0]), Ok(()));
    }
}
