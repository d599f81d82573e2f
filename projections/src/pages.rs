//! Pages of the log, read and decoded once for all read models that are about as far.
//!
//! Whoever is first to need a page loads it; the others find it in memory. One that waits at the end of the log
//! waits for all.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::{Feed, Log, LogError, StoredEventRow};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::Event;

/// How many pages are kept for those that come after. They are let go once younger ones push them out.
const KEPT: usize = 10;
/// From so many events on, decoding is moved off the threads that answer requests.
const MANY: usize = 128;
/// How long one rests after a page at the end of the log: at least, for each of its events, and at most.
const LEAST_REST: Duration = Duration::from_millis(4);
const REST: Duration = Duration::from_micros(200);
const LONGEST_REST: Duration = Duration::from_millis(50);

/// Consecutive events.
#[derive(Debug)]
pub(crate) struct Page {
    events: Vec<Event>,
}

/// The pages of one log.
pub(crate) struct Pages {
    limit: i64,
    feed: Feed,
    kept: Mutex<VecDeque<Arc<Page>>>,
    /// The last position that was ever read.
    furthest: AtomicI64,
    /// Held while a page is loaded by one that is behind.
    behind: tokio::sync::Mutex<()>,
    /// Held while one waits for news at the end of the log.
    end: tokio::sync::Mutex<End>,
}

/// The end of the log, where one waits for more.
struct End {
    feed: Feed,
    /// No page is read before.
    rest_until: Instant,
}

impl Page {
    /// The events after a position that the page begins at or before.
    pub(crate) fn after(&self, position: i64) -> &[Event] {
        &self.events[self.events.partition_point(|event| event.position <= position)..]
    }

    /// The place of the events after one position and up to another.
    pub(crate) fn within(&self, after: i64, to: i64) -> Range<usize> {
        let up_to = |position| self.events.partition_point(|event| event.position <= position);
        up_to(after)..up_to(to)
    }

    pub(crate) fn events(&self, within: Range<usize>) -> &[Event] {
        &self.events[within]
    }

    pub(crate) fn last_position(&self) -> i64 {
        self.events.last().map_or(0, |last| last.position)
    }

    /// When the event at `position` was recorded, or the page's last one.
    pub(crate) fn recorded_at(&self, position: i64) -> DateTime<Utc> {
        let at = self.after(position - 1).first().or(self.events.last());
        at.map_or(DateTime::UNIX_EPOCH, |event| event.recorded_at)
    }

    fn continues(&self, position: i64) -> bool {
        self.events.first().is_some_and(|first| first.position <= position + 1)
            && self.events.last().is_some_and(|last| last.position > position)
    }
}

impl Pages {
    /// Pages of up to `limit` events.
    pub(crate) fn new(feed: Feed, limit: i64) -> Self {
        let end = End { feed: feed.clone(), rest_until: Instant::now() };
        Self {
            limit,
            feed,
            kept: Mutex::default(),
            furthest: AtomicI64::new(0),
            behind: tokio::sync::Mutex::default(),
            end: tokio::sync::Mutex::new(end),
        }
    }

    /// Where the pages come from.
    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The page that continues after `position`, waiting for it a while; `None` when nothing came.
    pub(crate) async fn next(&self, position: i64) -> Result<Option<Arc<Page>>, LogError> {
        if let Some(page) = self.find(position) {
            return Ok(Some(page));
        }
        if position < self.furthest() {
            let _alone = self.behind.lock().await;
            return match self.find(position) {
                Some(page) => Ok(Some(page)),
                None => self.load(position).await,
            };
        }
        let mut end = self.end.lock().await;
        if let Some(page) = self.find(position) {
            return Ok(Some(page));
        }
        tokio::time::sleep_until(end.rest_until).await;
        let rows = end.feed.next_stored(position, self.limit).await?;
        let page = self.keep(rows).await;
        end.rest_until = Instant::now() + page.as_ref().map_or(Duration::ZERO, |page| self.rest_after(page));
        if page.is_none() {
            self.lock_kept().clear();
        }
        Ok(page)
    }

    /// The last position that this process read.
    pub(crate) fn furthest(&self) -> i64 {
        self.furthest.load(Ordering::Acquire)
    }

    /// A page costs its readers much the same however few events it has. So one rests after it, that the next page has more
    /// of them and commands have the processor meanwhile; an event that comes after a while is read at once.
    fn rest_after(&self, page: &Page) -> Duration {
        let events = u32::try_from(page.events.len()).expect("a page is bounded");
        if i64::from(events) * 2 > self.limit {
            Duration::ZERO
        } else {
            (REST * events).clamp(LEAST_REST, LONGEST_REST)
        }
    }

    async fn load(&self, position: i64) -> Result<Option<Arc<Page>>, LogError> {
        Ok(self.keep(self.feed.stored_after(position, self.limit).await?).await)
    }

    async fn keep(&self, rows: Vec<StoredEventRow>) -> Option<Arc<Page>> {
        let page = Arc::new(page(rows).await?);
        self.furthest.fetch_max(page.last_position(), Ordering::AcqRel);
        let mut kept = self.lock_kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&page));
        Some(page)
    }

    fn find(&self, position: i64) -> Option<Arc<Page>> {
        self.lock_kept().iter().rev().find(|page| page.continues(position)).cloned()
    }

    fn lock_kept(&self) -> MutexGuard<'_, VecDeque<Arc<Page>>> {
        self.kept.lock().expect("nothing panics while it is held")
    }
}

/// A feed that only reads what is there, and waits for no news.
pub(crate) fn feed_of_what_is_there(log: &Log) -> Feed {
    let stopped = CancellationToken::new();
    stopped.cancel();
    Feed::start(log, stopped)
}

/// All of these events.
pub(crate) async fn page(rows: Vec<StoredEventRow>) -> Option<Page> {
    if rows.is_empty() { None } else { Some(Page { events: decode(rows).await }) }
}

/// The events at these positions, in order, as far as they are there.
pub(crate) async fn read_at(feed: &Feed, positions: &[i64]) -> Result<Vec<Event>, LogError> {
    Ok(decode(feed.stored_at(positions).await?).await)
}

async fn decode(rows: Vec<StoredEventRow>) -> Vec<Event> {
    let decode_all = |rows: Vec<StoredEventRow>| rows.iter().map(Event::decode).collect();
    if rows.len() < MANY {
        return decode_all(rows);
    }
    let decoding = tokio::task::spawn_blocking(move || decode_all(rows));
    decoding.await.expect("decoding an event does not panic")
}
