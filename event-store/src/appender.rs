//! The one task that appends: all commands that wait go into one transaction, each with its own success or refusal.
//!
//! Two transactions are under way at a time, where there is enough for two: the later one inserts its events while the
//! earlier one commits, and commits after it or not at all. Where that fails, batches are settled one by one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use metrics::histogram;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::append::{AppendRequest, Queued, Whole, pass, succeed, without_void};
use crate::batch::{self, Place};
use crate::draft::Draft;
use crate::news::News;
use crate::settle::{LOCK_TIMEOUT, MOVED, PATIENCE, Settler, TAKEN, has_code, instant_after, is_outage};

/// The most commands of one transaction. More gains nothing and only lengthens the wait.
const LARGEST_BATCH: usize = 512;
/// The most events of one transaction, unless a single command has more.
const MOST_EVENTS: usize = 4096;
/// How many transactions are under way at most: every other turn is a lane's (append.sql).
const LANES: usize = 2;
/// Fewer commands than this are not shared between two transactions.
const SMALLEST_SHARE: usize = 8;
/// The longest wait for the turn. A transaction of another process may wait for ours meanwhile.
const LONGEST_WAIT: &str = "200ms";
/// So many batches that come through are worth one that gives way to what another process appended.
const WORTH_GIVING_WAY: u32 = 16;
/// How long batches are settled one by one where they give way more often, at first and at most: it doubles each time.
const ALONE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(64));

pub(crate) struct Appender {
    options: PgConnectOptions,
    queue: mpsc::UnboundedReceiver<Queued>,
    /// In the order in which they came.
    waiting: Vec<AppendRequest>,
    /// Commands that belong together: they wait until all that came before them has landed, and nothing overtakes them.
    whole: Option<Whole>,
    /// How many commands the last batch had that came back.
    answered: usize,
    /// The connections on which nothing is under way: they take turns.
    lanes: VecDeque<Lane>,
    under_way: FuturesOrdered<BoxFuture<'static, Landed>>,
    /// What is in the batches under way, which come back in this order.
    drafts: VecDeque<Draft>,
    /// Where the next batch begins, unless that is to be asked.
    end: Option<(i64, DateTime<Utc>)>,
    /// The last turn that was given to a batch.
    turn: i64,
    settler: Settler,
    /// How many batches came through since one gave way.
    came_through: u32,
    /// Batches are settled one by one until then, and so long was that at the last time.
    alone: Option<(Instant, Duration)>,
    news: News,
}

/// A connection on which batches go one after another; none before the first, and after an outage.
#[derive(Default)]
struct Lane {
    connection: Option<PgConnection>,
    /// Whether its session has the lock of its next turn: not before the first batch, and after a refusal.
    has_turn: bool,
}

/// A batch with what came of it, and the lane it was on: none, if there was nothing to store.
struct Landed {
    batch: Vec<AppendRequest>,
    place: Place,
    outcome: Result<(), sqlx::Error>,
    lane: Option<Lane>,
}

impl Appender {
    pub(crate) fn new(options: PgConnectOptions, queue: mpsc::UnboundedReceiver<Queued>, news: News) -> Self {
        // Those of other processes begin elsewhere, so that nobody waits for the turn of a stranger.
        let turn = i64::from(Uuid::new_v4().as_fields().0) << 31;
        Self {
            settler: Settler::new(options.clone(), news.clone()),
            options: options.options([("lock_timeout", LONGEST_WAIT)]),
            queue,
            waiting: Vec::new(),
            whole: None,
            answered: 0,
            lanes: (0..LANES).map(|_| Lane::default()).collect(),
            under_way: FuturesOrdered::new(),
            drafts: VecDeque::new(),
            end: None,
            turn,
            came_through: WORTH_GIVING_WAY,
            alone: None,
            news,
        }
    }

    /// Appends until stopped and drained.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut is_open = true;
        while is_open || !self.waiting.is_empty() || !self.under_way.is_empty() {
            tokio::select! {
                biased;
                Some(landed) = self.under_way.next() => self.land(landed).await,
                queued = self.queue.recv(), if is_open && self.whole.is_none() && !self.lanes.is_empty() => {
                    match queued {
                        Some(queued) => self.take(queued),
                        None => is_open = false,
                    }
                }
                () = stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                else => {}
            }
            self.let_others_queue().await;
            while self.depart().await {}
            self.settle_whole().await;
        }
        self.settler.close().await;
        for connection in self.lanes.into_iter().filter_map(|lane| lane.connection) {
            let _ = connection.close().await;
        }
    }

    /// Whoever was answered by the last batch is about to ask again: a moment's patience makes one transaction of
    /// what would be two.
    async fn let_others_queue(&mut self) {
        let answered = std::mem::take(&mut self.answered);
        loop {
            let queued = self.queue.len();
            tokio::task::yield_now().await;
            if self.queue.len() == queued || self.queue.len() >= answered.max(1) {
                return;
            }
        }
    }

    fn take(&mut self, queued: Queued) {
        match queued {
            Queued::Command(request) => self.waiting.push(request),
            Queued::Whole(whole) => self.whole = Some(whole),
        }
    }

    /// Appends commands that belong together, by themselves, once nothing is before them.
    async fn settle_whole(&mut self) {
        if !self.waiting.is_empty() || !self.under_way.is_empty() {
            return;
        }
        let Some(whole) = self.whole.take() else { return };
        self.end = None;
        self.answered = whole.requests.len();
        self.settler.settle_whole(whole).await;
    }

    /// Sends a batch of what waits on its way; false when nothing more can go now.
    async fn depart(&mut self) -> bool {
        while self.waiting.len() < LARGEST_BATCH && self.whole.is_none() {
            let Ok(queued) = self.queue.try_recv() else { break };
            self.take(queued);
        }
        self.waiting = without_void(std::mem::take(&mut self.waiting));
        if self.waiting.is_empty() || self.lanes.is_empty() {
            return false;
        }
        let alone = self.alone.is_some_and(|(until, _)| Instant::now() < until);
        if alone && !self.under_way.is_empty() {
            return false;
        }
        let (batch, draft) = self.next_batch(alone);
        if batch.is_empty() {
            return false;
        }
        if alone {
            self.end = None;
            self.settler.settle(batch).await;
            return true;
        }
        self.send(batch, draft).await;
        true
    }

    /// What can go in one transaction: half of all that is asked, so that the next one can overlap with it. What repeats
    /// a key, a claim or a tax id of a batch under way or of this one is put off, as is what was decided under other
    /// accounting periods, and all that builds on it.
    fn next_batch(&mut self, alone: bool) -> (Vec<AppendRequest>, Draft) {
        let under_way: usize = self.drafts.iter().map(Draft::commands).sum();
        let share = (self.waiting.len() + under_way).div_ceil(LANES).max(SMALLEST_SHARE);
        let most = if alone { LARGEST_BATCH } else { share.min(LARGEST_BATCH) };
        let (mut draft, mut events) = (Draft::default(), 0);
        let mut batch = Vec::with_capacity(most.min(self.waiting.len()));
        let mut left = Vec::new();
        for request in std::mem::take(&mut self.waiting) {
            if batch.len() < most && events < MOST_EVENTS && draft.takes(&request, &self.drafts) {
                events += request.events.len();
                batch.push(request);
            } else {
                left.push(request);
            }
        }
        self.waiting = left;
        (batch, draft)
    }

    async fn send(&mut self, batch: Vec<AppendRequest>, draft: Draft) {
        let turn_before = self.end.map(|_| self.turn);
        let end = match self.end {
            Some(end) => Ok(end),
            None => self.settler.end().await,
        };
        let (after, last) = match end {
            Ok(end) => end,
            Err(error) => return self.settler.give_up(batch, &error),
        };
        let turn = self.turn + 1;
        let place = Place { after, recorded_at: instant_after(last), turn: Some(turn), turn_before };
        self.drafts.push_back(draft);
        if batch.iter().all(AppendRequest::is_barrier) {
            // Nothing to store; it only waits for what is under way.
            let landed = Landed { batch, place, outcome: Ok(()), lane: None };
            return self.under_way.push_back(std::future::ready(landed).boxed());
        }
        self.turn = turn;
        let events: i64 = batch.iter().map(AppendRequest::event_count).sum();
        self.end = Some((after + events, place.recorded_at));
        let lane = self.lanes.pop_front().expect("nothing departs without one");
        self.under_way.push_back(append(self.options.clone(), lane, batch, place).boxed());
    }

    async fn land(&mut self, landed: Landed) {
        let Some(failed) = self.answer(landed) else { return };
        // Whatever comes after it fails too, unless it is in the log although nobody knows. Barriers wait.
        let mut all = vec![failed];
        while let Some(landed) = self.under_way.next().await {
            if landed.lane.is_none() {
                self.drafts.pop_front();
                all.push((landed.batch, None));
            } else {
                all.extend(self.answer(landed));
            }
        }
        self.end = None;
        for (batch, error) in all {
            match error {
                Some(error) => self.settle(batch, &error).await,
                None => pass(batch),
            }
        }
    }

    /// Answers a batch that is in the log; gives back one that is not, with the reason.
    fn answer(&mut self, landed: Landed) -> Option<(Vec<AppendRequest>, Option<sqlx::Error>)> {
        let Landed { batch, place, outcome, lane } = landed;
        self.drafts.pop_front();
        let is_stored = lane.is_some();
        self.lanes.extend(lane);
        match outcome {
            Ok(()) if is_stored => {
                self.answered = batch.len();
                self.came_through = self.came_through.saturating_add(1);
                self.news.tell(succeed(batch, &place));
            }
            Ok(()) => pass(batch),
            Err(error) => return Some((batch, Some(error))),
        }
        None
    }

    async fn settle(&mut self, batch: Vec<AppendRequest>, error: &sqlx::Error) {
        let Some(refusal) = error.as_database_error().filter(|refusal| !is_outage(*refusal)) else {
            return self.settler.give_up(batch, error);
        };
        if has_code(refusal, MOVED) || has_code(refusal, TAKEN) {
            self.go_alone(2);
        } else if has_code(refusal, LOCK_TIMEOUT) {
            self.go_alone(1);
        }
        self.settler.settle(batch).await;
    }

    /// Another process appends: where it does so often, it is quicker to take turns with it than to give way each time.
    /// The next time lasts `longer` than this one, if it comes soon.
    fn go_alone(&mut self, longer: u32) {
        if std::mem::take(&mut self.came_through) >= WORTH_GIVING_WAY {
            return;
        }
        let (now, (first, most)) = (Instant::now(), ALONE);
        let soon = self.alone.filter(|(until, length)| now < *until + *length);
        let length = soon.map_or(first, |(_, length)| (length * longer).min(most));
        self.alone = Some((now + length, length));
    }
}

/// Appends a batch on a lane, which is connected first where it is not.
async fn append(options: PgConnectOptions, lane: Lane, batch: Vec<AppendRequest>, place: Place) -> Landed {
    let started = Instant::now();
    let appending = async {
        let mut connection = match ready(&options, lane, place.turn).await {
            Ok(connection) => connection,
            Err(error) => return (Err(error), Lane::default()),
        };
        let outcome = batch::append(&mut connection, &batch, place).await;
        let lane = match &outcome {
            Ok(()) => Lane { connection: Some(connection), has_turn: true },
            Err(error) if is_refusal(error) => {
                Lane { connection: without_turns(connection).await, has_turn: false }
            }
            Err(_) => Lane::default(),
        };
        (outcome, lane)
    };
    let given_up = (Err(sqlx::Error::PoolTimedOut), Lane::default());
    let (outcome, lane) = tokio::time::timeout(PATIENCE, appending).await.unwrap_or(given_up);
    histogram!("razao_append_seconds").record(started.elapsed().as_secs_f64());
    Landed { batch, place, outcome, lane: Some(lane) }
}

/// The lane's connection, which holds its turn from now on.
async fn ready(
    options: &PgConnectOptions,
    lane: Lane,
    turn: Option<i64>,
) -> Result<PgConnection, sqlx::Error> {
    let mut connection = match lane {
        Lane { connection: Some(connection), has_turn: true } => return Ok(connection),
        Lane { connection: Some(connection), has_turn: false } => connection,
        Lane { connection: None, .. } => PgConnection::connect_with(options).await?,
    };
    sqlx::query("select pg_advisory_lock($1)").bind(turn).execute(&mut connection).await?;
    Ok(connection)
}

/// The connection after a refusal, when nobody knows which turns its session has, unless it fails.
async fn without_turns(mut connection: PgConnection) -> Option<PgConnection> {
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut connection).await.ok()?;
    Some(connection)
}

/// Whether the database refused the batch, and is well.
fn is_refusal(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|refusal| !is_outage(refusal))
}
