//! What was sent and what was acknowledged: up to where without gaps, and what the records of completeness say of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use event_store::{Completeness, EventDigest, PartitionSum, Range};

/// A range of so many bytes is closed, however few its events are: a reader holds all of one until it is proven.
const MOST_BYTES: usize = 4 << 20;

/// Events on their way, in the order of their positions.
#[derive(Debug)]
pub(crate) struct Deliveries {
    /// Every event up to here was acknowledged.
    acknowledged: i64,
    /// When that event was recorded.
    recorded_at: Option<DateTime<Utc>>,
    /// Those after it.
    under_way: VecDeque<UnderWay>,
    /// The first position that no record has spoken of yet.
    from: i64,
    /// When the first event from there on was acknowledged.
    open_since: Option<Instant>,
    /// Of the events from there to `acknowledged`, by partition.
    sums: Vec<PartitionSum>,
    /// How many bytes they have.
    bytes: usize,
    closing: Option<Closing>,
}

#[derive(Debug)]
struct UnderWay {
    recorded_at: DateTime<Utc>,
    delivered: Option<Delivered>,
}

#[derive(Debug, Clone, Copy)]
struct Delivered {
    partition: usize,
    digest: EventDigest,
    bytes: usize,
}

/// A range whose records are on their way.
#[derive(Debug)]
struct Closing {
    to: i64,
    recorded_at: Option<DateTime<Utc>>,
    records_under_way: usize,
}

/// An event was acknowledged on a partition that should not be there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoSuchPartition;

impl Deliveries {
    /// Everything up to `position` was sent before.
    pub(crate) fn after(position: i64, partitions: i32) -> Self {
        let sums = (0..partitions).map(|_| PartitionSum::default()).collect();
        Self {
            acknowledged: position,
            recorded_at: None,
            under_way: VecDeque::new(),
            from: position + 1,
            open_since: None,
            sums,
            bytes: 0,
            closing: None,
        }
    }

    /// The next event is being sent: its position.
    pub(crate) fn send(&mut self, recorded_at: DateTime<Utc>) -> i64 {
        self.under_way.push_back(UnderWay { recorded_at, delivered: None });
        self.acknowledged + self.in_flight()
    }

    /// The last of them was not taken, and is not being sent.
    pub(crate) fn unsend(&mut self) {
        self.under_way.pop_back();
    }

    /// An event of so many bytes was acknowledged.
    pub(crate) fn delivered(
        &mut self,
        position: i64,
        partition: i32,
        (digest, bytes): (EventDigest, usize),
    ) -> Result<(), NoSuchPartition> {
        let partition = usize::try_from(partition).ok().filter(|partition| *partition < self.sums.len());
        let partition = partition.ok_or(NoSuchPartition)?;
        let index = usize::try_from(position - self.acknowledged - 1).expect("an event is acknowledged once");
        self.under_way[index].delivered = Some(Delivered { partition, digest, bytes });
        while let Some(UnderWay { recorded_at, delivered: Some(delivered) }) = self.under_way.front() {
            self.sums[delivered.partition].add(&delivered.digest);
            self.bytes += delivered.bytes;
            self.recorded_at = Some(*recorded_at);
            self.acknowledged += 1;
            self.open_since.get_or_insert_with(Instant::now);
            self.under_way.pop_front();
        }
        Ok(())
    }

    /// Records on everything that was acknowledged since the last ones, one for each partition, if that is at least
    /// `events`, or [`MOST_BYTES`], or waits for `time`. None while others are on their way: so at most one range is
    /// ever in doubt.
    pub(crate) fn close(&mut self, events: i64, time: Duration) -> Option<Vec<Completeness>> {
        let waits = self.open_since?.elapsed();
        let is_enough = self.open() >= events || self.bytes >= MOST_BYTES;
        if self.closing.is_some() || !(is_enough || waits >= time) {
            return None;
        }
        let recorded_at = self.recorded_at.expect("a range that is open has events");
        let range = Range { from: self.from, to: self.acknowledged, recorded_at };
        let partitions = i32::try_from(self.sums.len()).expect("there are few partitions");
        let records = (0..partitions).zip(&mut self.sums);
        let records: Vec<_> =
            records.map(|(partition, sum)| sum.take(range, partition, partitions)).collect();
        self.closing = Some(Closing {
            to: self.acknowledged,
            recorded_at: self.recorded_at,
            records_under_way: records.len(),
        });
        self.from = self.acknowledged + 1;
        self.open_since = None;
        self.bytes = 0;
        Some(records)
    }

    /// One of those records was acknowledged.
    pub(crate) fn record_delivered(&mut self) {
        let closing = self.closing.as_mut().expect("records are sent when a range is closed");
        closing.records_under_way -= 1;
    }

    /// Up to where everything is sent, records and all, once all records of a range were acknowledged; and when the
    /// event there was recorded. Said once.
    pub(crate) fn closed(&mut self) -> Option<(i64, Option<DateTime<Utc>>)> {
        let closing = self.closing.take_if(|closing| closing.records_under_way == 0)?;
        Some((closing.to, closing.recorded_at))
    }

    /// Whether something was acknowledged that no record has spoken of yet.
    pub(crate) fn is_open(&self) -> bool {
        self.open_since.is_some()
    }

    /// How many events were acknowledged that no record has spoken of yet.
    pub(crate) fn open(&self) -> i64 {
        self.acknowledged - self.from + 1
    }

    /// How many events are on their way.
    pub(crate) fn in_flight(&self) -> i64 {
        i64::try_from(self.under_way.len()).expect("a queue that fits into memory")
    }

    pub(crate) fn acknowledged(&self) -> (i64, Option<DateTime<Utc>>) {
        (self.acknowledged, self.recorded_at)
    }

    /// Whether everything that was sent is through and noted.
    pub(crate) fn is_done(&self) -> bool {
        self.under_way.is_empty() && self.open_since.is_none() && self.closing.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    const NOW: Duration = Duration::ZERO;
    const LATER: Duration = Duration::from_secs(3600);

    #[test]
    fn acknowledgements_count_without_gaps_only() {
        let mut deliveries = Deliveries::after(10, 2);
        assert_eq!([1, 2, 3].map(|second| deliveries.send(at(second))), [11, 12, 13]);
        deliveries.delivered(12, 1, ([12; 32], 9)).unwrap();
        deliveries.delivered(13, 0, ([13; 32], 9)).unwrap();
        assert_eq!(deliveries.acknowledged(), (10, None), "11 may be lost");
        assert_eq!(deliveries.close(1, NOW), None);
        deliveries.delivered(11, 0, ([11; 32], 9)).unwrap();
        assert_eq!(deliveries.acknowledged(), (13, Some(at(3))));
        assert_eq!(deliveries.send(at(4)), 14);
        assert_eq!(deliveries.in_flight(), 1);
    }

    #[test]
    fn records_add_up_to_the_range_and_speak_of_what_is_on_their_partition() {
        let mut deliveries = Deliveries::after(10, 2);
        for second in 1..=3 {
            let position = deliveries.send(at(second));
            let partition = i32::try_from(position % 2).unwrap();
            deliveries.delivered(position, partition, ([u8::try_from(position).unwrap(); 32], 9)).unwrap();
        }
        assert_eq!(deliveries.close(4, LATER), None, "neither enough nor late enough");
        let records = deliveries.close(3, LATER).unwrap();
        assert_eq!(records.iter().map(|record| record.count).collect::<Vec<_>>(), [1, 2]);
        let mut expected = PartitionSum::default();
        for position in [11, 13] {
            expected.add(&[position; 32]);
        }
        let range = Range { from: 11, to: 13, recorded_at: at(3) };
        assert_eq!(records[1], expected.take(range, 1, 2));
    }

    #[test]
    fn a_range_is_through_once_all_its_records_are() {
        let mut deliveries = Deliveries::after(0, 2);
        deliveries.send(at(1));
        deliveries.delivered(1, 0, ([1; 32], 9)).unwrap();
        assert_eq!(deliveries.close(100, NOW).unwrap().len(), 2);
        deliveries.send(at(2));
        deliveries.delivered(2, 0, ([2; 32], 9)).unwrap();
        assert_eq!(deliveries.close(1, NOW), None, "one range at a time");
        deliveries.record_delivered();
        assert_eq!(deliveries.closed(), None);
        deliveries.record_delivered();
        assert_eq!(deliveries.closed(), Some((1, Some(at(1)))));
        assert_eq!(deliveries.closed(), None);
        assert!(!deliveries.is_done(), "nothing has spoken of event 2");
        let records = deliveries.close(1, NOW).unwrap();
        assert_eq!((records[0].from, records[0].to), (2, 2));
    }

    #[test]
    fn a_partition_that_should_not_be_there_is_noticed() {
        let mut deliveries = Deliveries::after(0, 2);
        deliveries.send(at(1));
        assert_eq!(deliveries.delivered(1, 2, ([1; 32], 9)), Err(NoSuchPartition));
        assert_eq!(deliveries.acknowledged(), (0, None));
    }
}
