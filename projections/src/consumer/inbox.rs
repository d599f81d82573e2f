//! What waits for the writer of one read model: stretches, whose events all writers share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::waiting::Weight;
use crate::event::Event;
use crate::partitions::Place;

/// A writer that is busy with one thing for longer hangs.
const HANGS: Duration = Duration::from_secs(5);

/// Events of a partition up to a position, proven to be all of them after another one, as all writers have them.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub(super) partition: i32,
    /// Since when this process has the partition.
    pub(super) generation: i64,
    pub(super) after: i64,
    /// The range of the record that ends it, and the offset behind that.
    pub(super) proven: ((i64, i64), i64),
    pub(super) recorded_at: DateTime<Utc>,
    /// `None`: they have to be read from the log.
    pub(super) events: Option<Arc<Events>>,
}

#[derive(Debug)]
pub(super) struct Events {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) weight: Weight,
}

impl Share {
    pub(super) fn to(&self) -> i64 {
        self.proven.0.1
    }

    pub(super) fn count(&self) -> usize {
        self.events.as_ref().map_or(0, |events| events.events.len())
    }

    pub(super) fn bytes(&self) -> usize {
        self.events.as_ref().map_or(0, |events| events.weight.bytes())
    }

    fn without_events(&self) -> Self {
        Self { events: None, ..self.clone() }
    }
}

/// What the writer is told.
pub(super) enum Arrival {
    /// Partitions were taken over for it, in a generation.
    Taken(i64, Vec<Place>),
    Trouble {
        partition: i32,
        trouble: String,
    },
    Share(Share),
}

#[derive(Default)]
pub(super) struct Inbox {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Default)]
struct Queue {
    taken: VecDeque<(i64, Vec<Place>)>,
    /// Of each partition the last one counts.
    troubles: BTreeMap<i32, String>,
    shares: VecDeque<Share>,
    /// Of each partition the last stretch that came, without its events.
    last: BTreeMap<i32, Share>,
    /// Whether it tried to take the road.
    has_tried: bool,
    /// Whether it writes what comes as it comes.
    writes: bool,
    /// Since when it is busy with the same.
    busy_since: Option<Instant>,
}

impl Inbox {
    /// Partitions were taken over for it.
    pub(super) fn taken(&self, generation: i64, places: Vec<Place>) {
        self.lock().taken.push_back((generation, places));
        self.news.notify_one();
    }

    pub(super) fn trouble(&self, partition: i32, trouble: String) {
        self.lock().troubles.insert(partition, trouble);
        self.news.notify_one();
    }

    /// Hands a stretch over. One who does not write now gets it without events where `others_write`: they would wait.
    pub(super) fn hand_over(&self, share: &Share, others_write: bool) {
        let mut queue = self.lock();
        queue.last.insert(share.partition, share.without_events());
        let share = if others_write && !queue.writes { share.without_events() } else { share.clone() };
        queue.push(share);
        drop(queue);
        self.news.notify_one();
    }

    /// What comes next, in no order but that partitions are taken before anything of them comes.
    pub(super) async fn next(&self) -> Arrival {
        loop {
            if let Some(arrival) = self.try_next() {
                return arrival;
            }
            self.news.notified().await;
        }
    }

    pub(super) fn try_next(&self) -> Option<Arrival> {
        let mut queue = self.lock();
        if let Some((generation, places)) = queue.taken.pop_front() {
            return Some(Arrival::Taken(generation, places));
        }
        if let Some((partition, trouble)) = queue.troubles.pop_first() {
            return Some(Arrival::Trouble { partition, trouble });
        }
        queue.shares.pop_front().map(Arrival::Share)
    }

    /// Up to where the partition came in this generation, to be read from the log.
    pub(super) fn last(&self, partition: i32, generation: i64) -> Option<Share> {
        self.lock().last.get(&partition).filter(|share| share.generation == generation).cloned()
    }

    /// It tried to take the road, and writes from now on or does not.
    pub(super) fn writes(&self, writes: bool) {
        let mut queue = self.lock();
        (queue.has_tried, queue.writes) = (true, writes);
    }

    pub(super) fn has_tried(&self) -> bool {
        self.lock().has_tried
    }

    /// It begins with something, or has nothing to do.
    pub(super) fn is_busy(&self, busy: bool) {
        self.lock().busy_since = busy.then(Instant::now);
    }

    /// Whether it takes what comes: it is there, reads nothing from the log, and does not hang.
    pub(super) fn is_taking(&self) -> bool {
        let queue = self.lock();
        queue.writes && !queue.hangs()
    }

    /// Whether it is there and hangs, with the events that it has in its hands.
    pub(super) fn hangs(&self) -> bool {
        let queue = self.lock();
        queue.writes && queue.hangs()
    }

    /// Lets the events go of what waits: they are to be read from the log later. How many they were.
    pub(super) fn let_go(&self) -> usize {
        let mut queue = self.lock();
        let shares = std::mem::take(&mut queue.shares);
        let count = shares.iter().map(Share::count).sum();
        for share in &shares {
            queue.push(share.without_events());
        }
        count
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn hangs(&self) -> bool {
        self.busy_since.is_some_and(|since| since.elapsed() >= HANGS)
    }

    /// Two without events that follow one another in their partition are one.
    fn push(&mut self, share: Share) {
        let before = self.shares.iter_mut().rev().find(|before| before.partition == share.partition);
        match before {
            Some(before)
                if before.events.is_none()
                    && share.events.is_none()
                    && before.generation == share.generation =>
            {
                *before = Share { after: before.after, ..share };
            }
            _ => self.shares.push_back(share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::waiting::Waiting;

    fn share(partition: i32, (after, to): (i64, i64), waiting: &Arc<Waiting>) -> Share {
        let events = Events { events: Vec::new(), weight: waiting.add(100) };
        Share {
            partition,
            generation: 1,
            after,
            proven: ((after + 1, to), to * 10),
            recorded_at: DateTime::UNIX_EPOCH,
            events: Some(Arc::new(events)),
        }
    }

    /// The partition, from where to where, and whether the events are there.
    fn shares(inbox: &Inbox) -> Vec<(i32, i64, i64, bool)> {
        let next = std::iter::from_fn(|| match inbox.try_next()? {
            Arrival::Share(share) => Some((share.partition, share.after, share.to(), share.events.is_some())),
            Arrival::Taken(..) | Arrival::Trouble { .. } => panic!("only stretches were handed over"),
        });
        next.collect()
    }

    #[test]
    fn one_who_writes_gets_what_comes_as_it_comes() {
        let (inbox, waiting) = (Inbox::default(), Arc::new(Waiting::default()));
        inbox.writes(true);
        for (partition, range) in [(0, (0, 3)), (1, (0, 3)), (0, (3, 5))] {
            inbox.hand_over(&share(partition, range, &waiting), true);
        }
        assert_eq!(waiting.bytes(), 300);
        assert_eq!(shares(&inbox), [(0, 0, 3, true), (1, 0, 3, true), (0, 3, 5, true)]);
        assert_eq!(waiting.bytes(), 0);
    }

    #[test]
    fn one_who_is_away_is_told_up_to_where_to_read_the_log_and_holds_nothing() {
        let (inbox, waiting) = (Inbox::default(), Arc::new(Waiting::default()));
        for (to, partition) in (1..=1_000).zip([1, 0].into_iter().cycle()) {
            inbox.hand_over(&share(partition, (to - 1, to), &waiting), true);
        }
        assert_eq!(waiting.bytes(), 0);
        assert_eq!(inbox.last(1, 1).unwrap().to(), 999);
        assert!(inbox.last(1, 2).is_none(), "another generation begins elsewhere");
        assert_eq!(shares(&inbox), [(1, 0, 999, false), (0, 1, 1_000, false)]);
    }

    #[test]
    fn where_nobody_writes_events_wait_for_whoever_is_back_first() {
        let (inbox, waiting) = (Inbox::default(), Arc::new(Waiting::default()));
        inbox.hand_over(&share(0, (0, 3), &waiting), false);
        assert_eq!(waiting.bytes(), 100);
        assert_eq!(shares(&inbox), [(0, 0, 3, true)]);
    }

    #[test]
    fn one_that_holds_the_others_up_lets_go_what_waits() {
        let (inbox, waiting) = (Inbox::default(), Arc::new(Waiting::default()));
        inbox.writes(true);
        inbox.is_busy(true);
        for to in 1..=3 {
            inbox.hand_over(&share(0, (to - 1, to), &waiting), true);
        }
        assert!(inbox.is_taking(), "it may still come to it");
        inbox.let_go();
        assert_eq!(waiting.bytes(), 0);
        inbox.hand_over(&share(0, (3, 4), &waiting), true);
        assert_eq!(shares(&inbox), [(0, 0, 3, false), (0, 3, 4, true)]);
    }
}
