//! The log in one database and the read models in another: the same answers, and nothing of one in the other.

use std::time::{Duration, Instant};

use event_store::{BookingDay, Log};
use projections::{QueryState, Replica};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::asking::{Client, TODAY};
use crate::book::{day, varied};
use crate::projecting::{caught_up, equals_its_rebuild, start};
use crate::standby::Standby;

const LOAN: &str = "/v1/loans/00000000-0000-0000-0000-000000000001";

/// A database beside that of the test. The server that the tests run on is thrown away with it.
async fn another(pool: &PgPool) -> PgPool {
    let options = (*pool.connect_options()).clone();
    let name = format!("read_models_{}", uuid::Uuid::new_v4().simple());
    sqlx::raw_sql(&format!("create database \"{name}\"")).execute(pool).await.expect("it is new");
    let options = options.database(&name);
    PgPoolOptions::new().max_connections(20).connect_with(options).await.expect("it is there")
}

async fn log_alone_on(pool: &PgPool) -> Log {
    let options = (*pool.connect_options()).clone();
    Log::migrate(&options).await.expect("the log's schema is created");
    Log::connect(&options).await.expect("the log is reached")
}

fn paths() -> Vec<String> {
    let of_a_loan = ["", "/schedule", "/statement", "/explain?position=1", "/history"];
    let of_a_loan = of_a_loan.iter().map(|end| format!("{LOAN}{end}"));
    let others = [
        "/v1/loans?limit=1000",
        "/v1/loans?effective_on=2025-03-02&known_at=150",
        "/v1/portfolio?on=2025-04-15",
        "/v1/trial-balance?known_at=150",
        "/v1/accounts/assets:cash/lines",
        "/v1/balances/daily?account=assets:cash&from=2025-01-01&to=2025-06-01",
        "/v1/balances/daily/assets:cash/2025-02-03/explain",
        "/v1/balances/daily?borrower=00000000-0000-0001-0000-000000000002&to=2025-04-24",
        "/v1/entries",
        "/v1/events?limit=3",
        "/v1/products",
        "/v1/periods",
    ];
    of_a_loan.chain(others.map(str::to_owned)).collect()
}

#[sqlx::test(migrations = false)]
async fn read_models_in_another_database_answer_the_same(pool: PgPool) {
    let read_pool = another(&pool).await;
    let log = log_alone_on(&pool).await;
    projections::migrate(&read_pool).await.expect("the read models' tables are created");
    let running = start(&read_pool, &log);
    for mut piece in varied(60).in_pieces_of(150) {
        piece.append(&pool).await;
    }
    // Rebuilds read the log of the one and write into the other.
    equals_its_rebuild(&read_pool, &log).await;
    let schemas =
        "select count(*) from pg_namespace where nspname like 'read\\_%' or nspname = 'projections'";
    let (in_log,): (i64,) = sqlx::query_as(schemas).fetch_one(&pool).await.unwrap();
    let (has_log,): (bool,) =
        sqlx::query_as("select to_regclass('events') is not null").fetch_one(&read_pool).await.unwrap();
    assert_eq!((in_log, has_log), (0, false));
    let apart = Client::new(&read_pool, &log);
    projections::migrate(&pool).await.unwrap();
    let running_together = start(&pool, &log);
    caught_up(&pool, &log).await;
    let together = Client::new(&pool, &log);
    for path in paths() {
        let (apart, together) = (apart.ask(&path).await, together.ask(&path).await);
        assert_eq!((apart.status.as_u16(), &apart.text), (200, &together.text), "{path}");
    }
    let head = log.head().await.unwrap().position.to_string();
    let asked = [("Razao-Min-Position", head.as_str())];
    assert_eq!(apart.ask_with("/v1/trial-balance", &asked).await.headers["razao-position"], head.as_str());
    running.stop().await;
    running_together.stop().await;
    read_pool.close().await;
}

#[sqlx::test(migrations = false)]
async fn a_replica_of_read_models_alone_leaves_the_log_to_its_own_database(pool: PgPool) {
    let read_pool = another(&pool).await;
    let log = log_alone_on(&pool).await;
    projections::migrate(&read_pool).await.expect("the read models' tables are created");
    let running = start(&read_pool, &log);
    let mut pieces = varied(60).in_pieces_of(200).into_iter();
    pieces.next().unwrap().append(&pool).await;
    caught_up(&read_pool, &log).await;
    let before = log.head().await.unwrap().position;
    let standby = Standby::of(&read_pool).await;
    let replica = Replica::new(standby.options(), false);
    let stop = CancellationToken::new();
    let max_lag = Duration::from_secs(20);
    let looking = tokio::spawn(replica.clone().look_after(read_pool.clone(), max_lag, stop.clone()));
    let state = QueryState::new(read_pool.clone(), log.clone(), BookingDay::Fixed(day(TODAY)));
    let client = Client::of(state.with_replica(replica.clone()));
    let begin = Instant::now();
    while !replica.is_fresh() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the replica is to be fresh");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    standby.run("select pg_wal_replay_pause()").await;
    pieces.next().unwrap().append(&pool).await;
    caught_up(&read_pool, &log).await;
    let head = log.head().await.unwrap().position;
    let position = async |path: &str| client.ask(path).await.json()["as_of"]["position"].as_i64();
    assert_eq!(position("/v1/trial-balance").await, Some(before));
    assert_eq!(position(LOAN).await, Some(head), "one loan is read from the log");
    assert_eq!(position(&format!("/v1/trial-balance?known_at={head}")).await, Some(head));
    assert_eq!(position(&format!("/v1/loans?known_at={before}")).await, Some(before));
    stop.cancel();
    looking.await.unwrap();
    running.stop().await;
    read_pool.close().await;
}
