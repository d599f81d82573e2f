//! Reads by a streaming replica: as exact as by the primary, and by the primary where the replica cannot.

use std::time::{Duration, Instant};

use event_store::{BookingDay, Log};
use projections::{QueryState, Replica};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::asking::{Client, TODAY};
use crate::book::{Book, day, varied};
use crate::log_on;
use crate::projecting::{Running, caught_up, start};
use crate::standby::Standby;

const MAX_LAG: Duration = Duration::from_secs(3);

/// A lender whose reads go to a replica.
struct Lender {
    pool: PgPool,
    log: Log,
    running: Running,
    standby: Standby,
    replica: Replica,
    client: Client,
    looking: (JoinHandle<()>, CancellationToken),
}

impl Lender {
    async fn of(pool: PgPool, mut book: Book) -> Self {
        let log = log_on(&pool).await;
        let running = start(&pool, &log);
        book.append(&pool).await;
        caught_up(&pool, &log).await;
        let standby = Standby::of(&pool).await;
        let replica = Replica::new(standby.options(), true);
        let state = QueryState::new(pool.clone(), log.clone(), BookingDay::Fixed(day(TODAY)));
        let client = Client::of(state.with_replica(replica.clone()));
        let stop = CancellationToken::new();
        let looking = tokio::spawn(replica.clone().look_after(pool.clone(), MAX_LAG, stop.clone()));
        let lender = Self { pool, log, running, standby, replica, client, looking: (looking, stop) };
        lender.until_fresh(true).await;
        lender
    }

    async fn until_fresh(&self, wanted: bool) {
        let begin = Instant::now();
        while self.replica.is_fresh() != wanted {
            assert!(begin.elapsed() < Duration::from_secs(60), "the replica is to be fresh: {wanted}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn post(&self, mut book: Book) -> i64 {
        book.append(&self.pool).await;
        caught_up(&self.pool, &self.log).await;
        self.log.head().await.expect("the log answers").position
    }

    /// As of which position a read is answered.
    async fn position(&self, path: &str, headers: &[(&str, &str)]) -> i64 {
        let reply = self.client.ask_with(path, headers).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()["as_of"]["position"].as_i64().expect("a position")
    }

    async fn stop(self) {
        self.looking.1.cancel();
        self.looking.0.await.expect("it ends");
        self.running.stop().await;
    }
}

const READS: [&str; 6] = [
    "/v1/loans/00000000-0000-0000-0000-000000000001",
    "/v1/loans",
    "/v1/portfolio?on=2025-04-15",
    "/v1/trial-balance",
    "/v1/balances/daily?account=assets:cash&from=2025-01-01&to=2025-06-01",
    "/v1/events?limit=5",
];

#[sqlx::test(migrations = false)]
async fn a_replica_answers_and_every_position_holds(pool: PgPool) {
    let mut pieces = varied(60).in_pieces_of(200).into_iter();
    let lender = Lender::of(pool, pieces.next().unwrap()).await;
    let before = lender.log.head().await.unwrap().position;
    lender.standby.run("select pg_wal_replay_pause()").await;
    let paused_at = Instant::now();
    let mut later = pieces.next().unwrap();
    let entry = Uuid::from_u128(77);
    later.post(entry, day("2025-06-01"), "12.00", None);
    let head = lender.post(later).await;
    // Within what it may be behind it is the replica that answers, as of where it is.
    for path in READS {
        assert_eq!(lender.position(path, &[]).await, before, "{path}");
    }
    assert!(paused_at.elapsed() < MAX_LAG, "the machine is too slow for this test");
    // Whoever asks for more gets it, at once, from the primary.
    let asked = head.to_string();
    for path in READS {
        assert_eq!(lender.position(path, &[("Razao-Min-Position", &asked)]).await, head, "{path}");
    }
    let known = lender.client.ask(&format!("/v1/trial-balance?known_at={head}")).await;
    assert_eq!(known.json()["as_of"]["position"], head);
    // The replica cannot know yet what was recorded by an instant that it has not come to.
    let now = "2099-01-01T00:00:00Z";
    assert_eq!(lender.client.ask(&format!("/v1/loans?known_at={now}")).await.status, 400);
    let (recorded_at,): (chrono::DateTime<chrono::Utc>,) =
        sqlx::query_as("select recorded_at from events where position = $1")
            .bind(head)
            .fetch_one(&lender.pool)
            .await
            .unwrap();
    let instant = recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    assert_eq!(lender.position(&format!("/v1/trial-balance?known_at={instant}"), &[]).await, head);
    // What it has not heard of is there.
    assert_eq!(lender.client.ask(&format!("/v1/entries/{entry}")).await.status, 200);
    // Too far behind, it is not asked.
    lender.until_fresh(false).await;
    for path in READS {
        assert_eq!(lender.position(path, &[]).await, head, "{path}");
    }
    lender.standby.run("select pg_wal_replay_resume()").await;
    lender.until_fresh(true).await;
    for path in READS {
        assert_eq!(lender.position(path, &[]).await, head, "{path}");
    }
    lender.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_replica_that_is_killed_hangs_or_is_promoted_costs_nobody_an_answer(pool: PgPool) {
    let mut lender = Lender::of(pool, varied(40)).await;
    let head = lender.log.head().await.unwrap().position;
    let all_answer = async |lender: &Lender| {
        for path in READS {
            let asked = Instant::now();
            assert_eq!(lender.position(path, &[]).await, head, "{path}");
            assert!(asked.elapsed() < Duration::from_secs(5), "{path} took {:?}", asked.elapsed());
        }
    };
    lender.standby.kill();
    all_answer(&lender).await;
    lender.until_fresh(false).await;
    all_answer(&lender).await;
    lender.standby.start().await;
    lender.until_fresh(true).await;
    all_answer(&lender).await;

    lender.standby.signal("STOP");
    // It still counts as fresh: whoever asks it now waits until it is known that it hangs.
    all_answer(&lender).await;
    lender.until_fresh(false).await;
    lender.standby.signal("CONT");
    lender.until_fresh(true).await;
    all_answer(&lender).await;

    lender.standby.run("select pg_promote()").await;
    lender.until_fresh(false).await;
    all_answer(&lender).await;
    lender.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_database_that_is_no_replica_is_not_read(pool: PgPool) {
    let log = log_on(&pool).await;
    let replica = Replica::new(&pool.connect_options(), true);
    let stop = CancellationToken::new();
    let looking = tokio::spawn(replica.clone().look_after(pool.clone(), MAX_LAG, stop.clone()));
    let state = QueryState::new(pool.clone(), log, BookingDay::Fixed(day(TODAY)));
    let client = Client::of(state.with_replica(replica.clone()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!replica.is_fresh());
    assert_eq!(client.ask("/v1/loans").await.status, 200);
    stop.cancel();
    looking.await.unwrap();
}
