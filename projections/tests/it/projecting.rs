//! What is projected is the same however it is projected.

use std::time::Duration;

use event_store::{Feed, Log};
use projections::{Chosen, ReadModelDigest, RetryPolicy, Source};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::asking::Client;
use crate::book::varied;
use crate::log_on;

/// The projections at work.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub(crate) fn start(pool: &PgPool, log: &Log) -> Running {
    start_with(pool, log, RetryPolicy::default())
}

pub(crate) fn start_with(pool: &PgPool, log: &Log, policy: RetryPolicy) -> Running {
    let stop = CancellationToken::new();
    let feed = Feed::start(log, stop.clone());
    let from = (Source::Log, Chosen::default());
    let task = tokio::spawn(projections::run(pool.clone(), feed, from, policy, stop.clone()));
    Running { stop, task }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the projections stop");
    }
}

/// Waits until every read model is as far as the log.
pub(crate) async fn caught_up(pool: &PgPool, log: &Log) {
    until(pool, log, |status| status.iter().all(|projection| projection.lag == 0)).await;
}

pub(crate) async fn until(
    pool: &PgPool,
    log: &Log,
    reached: impl Fn(&[projections::ProjectionStatus]) -> bool,
) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let status = projections::status(pool, log).await.expect("the read database answers");
        if reached(&status) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "still behind: {status:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn digests(pool: &PgPool) -> Vec<ReadModelDigest> {
    let mut digests = Vec::new();
    for name in projections::NAMES {
        digests.push(projections::digest(pool, name).await.expect("the read model is read"));
    }
    digests
}

pub(crate) async fn rebuild_each(pool: &PgPool, log: &Log) {
    for name in projections::NAMES {
        projections::rebuild(pool, log, name, |_, _| {}).await.expect("the rebuild succeeds");
    }
}

/// Every read model, as it is, equals what comes of projecting the whole log at once.
pub(crate) async fn equals_its_rebuild(pool: &PgPool, log: &Log) {
    caught_up(pool, log).await;
    let live = digests(pool).await;
    assert!(live.iter().all(|model| model.tables.iter().all(|table| table.rows > 0)), "{live:?}");
    rebuild_each(pool, log).await;
    assert_eq!(digests(pool).await, live);
    projections::rebuild_all(pool, log, |_, _| {}).await.expect("the rebuild succeeds");
    assert_eq!(digests(pool).await, live);
}

/// Projects a book in pages of at most so many events.
async fn in_pages_of(pool: &PgPool, events: usize, loans: u128) {
    let log = log_on(pool).await;
    let running = start(pool, &log);
    for mut piece in varied(loans).in_pieces_of(events) {
        piece.append(pool).await;
        caught_up(pool, &log).await;
    }
    equals_its_rebuild(pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn pages_of_one_event_give_the_same_bytes(pool: PgPool) {
    in_pages_of(&pool, 1, 14).await;
}

#[sqlx::test(migrations = false)]
async fn pages_of_seven_events_give_the_same_bytes(pool: PgPool) {
    in_pages_of(&pool, 7, 60).await;
}

#[sqlx::test(migrations = false)]
async fn pages_of_a_thousand_events_give_the_same_bytes(pool: PgPool) {
    in_pages_of(&pool, 1000, 400).await;
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_goes_unnoticed_while_events_keep_arriving(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(300).append(&pool).await;
    caught_up(&pool, &log).await;
    let client = Client::new(&pool, &log);
    let arriving = async {
        for mut piece in varied(600).after(300).in_pieces_of(40) {
            piece.append(&pool).await;
            tokio::task::yield_now().await;
        }
    };
    let rebuilding = async {
        rebuild_each(&pool, &log).await;
        projections::rebuild_all(&pool, &log, |_, _| {}).await.expect("the rebuild succeeds");
    };
    let reading = async {
        for _ in 0..100 {
            let answer = client.ask("/v1/trial-balance").await;
            assert_eq!(answer.json()["totals"][0]["balance"], "0.00", "{}", answer.text);
        }
    };
    tokio::join!(arriving, rebuilding, reading);
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn of_two_instances_one_steps_down_and_nothing_counts_twice(pool: PgPool) {
    let log = log_on(&pool).await;
    let (one, other) = (start(&pool, &log), start(&pool, &log));
    for mut piece in varied(200).in_pieces_of(20) {
        piece.append(&pool).await;
    }
    equals_its_rebuild(&pool, &log).await;
    // The one that is left takes over.
    one.stop().await;
    varied(220).after(200).append(&pool).await;
    equals_its_rebuild(&pool, &log).await;
    other.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_broken_off_rebuild_left_behind_is_in_nobodys_way(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    sqlx::raw_sql("create schema read_loans_rebuild; create table read_loans_rebuild.loans (id int)")
        .execute(&pool)
        .await
        .unwrap();
    varied(20).append(&pool).await;
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_read_model_whose_tables_changed_is_projected_anew(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(20).append(&pool).await;
    caught_up(&pool, &log).await;
    let before = digests(&pool).await;
    running.stop().await;
    sqlx::raw_sql(
        "update projections.projection_checkpoints set shape = 'another' where name = 'journal'; \
         alter table read_journal.journal_lines drop column account cascade;",
    )
    .execute(&pool)
    .await
    .unwrap();
    projections::migrate(&pool).await.unwrap();
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    assert_eq!(digests(&pool).await, before);
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn rows_that_no_event_is_to_blame_for_hold_up_their_read_model_and_say_why(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let mut book = varied(3);
    sqlx::query("alter table read_journal.journal_lines rename side to edge").execute(&pool).await.unwrap();
    book.append(&pool).await;
    until(&pool, &log, |status| {
        status.iter().all(|projection| projection.lag == 0 || projection.stopped_by.is_some())
    })
    .await;
    for projection in projections::status(&pool, &log).await.unwrap() {
        assert_eq!(projection.parked_streams, 0);
        match projection.stopped_by {
            Some(cause) => assert!(projection.name == "journal" && cause.contains("side"), "{cause}"),
            None => assert_ne!(projection.name, "journal"),
        }
    }
    sqlx::query("alter table read_journal.journal_lines rename edge to side").execute(&pool).await.unwrap();
    until(&pool, &log, |status| {
        status.iter().all(|projection| projection.lag == 0 && projection.stopped_by.is_none())
    })
    .await;
    running.stop().await;
}
