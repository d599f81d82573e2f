//! Running commands: optimistic concurrency, idempotency, claims, snapshots, poison.

use std::sync::Arc;

use domain::id::BorrowerId;
use event_store::{Borrower, Claim, CommandContext, ExecuteError, Log, Streams};
use futures::future::join_all;
use sqlx::PgPool;

use crate::counter::{AboveLimit, Count, Counter, keyed, without_key};
use crate::{CACHE_BYTES, counters_on, id, log_on};

async fn count(pool: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("a count")
}

#[sqlx::test(migrations = false)]
async fn commands_on_one_stream_in_parallel_all_count(pool: PgPool) {
    let counters = Arc::new(counters_on(&pool).await);
    let commands = (0..200).map(|_| {
        let counters = Arc::clone(&counters);
        tokio::spawn(async move { counters.execute(id(1), &Count::By(1), &without_key()).await })
    });
    let mut versions: Vec<i64> =
        join_all(commands).await.into_iter().map(|r| r.unwrap().unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=200).collect::<Vec<_>>());
    assert_eq!(count(&pool, "select max(position) from events").await, 200);
}

#[sqlx::test(migrations = false)]
async fn a_cache_without_room_costs_time_only(pool: PgPool) {
    // Nothing stays in memory, so that several states of one stream are decided on at the same time.
    let counters = Arc::new(Streams::<Counter>::new(log_on(&pool).await, 0));
    let commands = (0..120).map(|number| {
        let counters = Arc::clone(&counters);
        let key = number.to_string();
        tokio::spawn(async move {
            loop {
                match counters.execute(id(number % 4), &Count::By(1), &keyed(&key, 1)).await {
                    Err(ExecuteError::LostRace) => {}
                    outcome => return outcome.unwrap(),
                }
            }
        })
    });
    join_all(commands).await;
    assert_eq!(count(&pool, "select count(*) from events").await, 120);
    assert_eq!(count(&pool, "select max(sequence) from events").await, 30);
}

#[sqlx::test(migrations = false)]
async fn two_servers_on_one_stream_lose_nothing(pool: PgPool) {
    let (one, other) = (Arc::new(counters_on(&pool).await), Arc::new(counters_on(&pool).await));
    let commands = (0..60).map(|number| {
        let counters = Arc::clone(if number % 2 == 0 { &one } else { &other });
        tokio::spawn(async move {
            loop {
                match counters.execute(id(1), &Count::By(1), &keyed(&number.to_string(), 1)).await {
                    Err(ExecuteError::LostRace) => {}
                    outcome => return outcome.unwrap(),
                }
            }
        })
    });
    join_all(commands).await;
    assert_eq!(count(&pool, "select count(*) from events").await, 60);
    assert_eq!(count(&pool, "select max(sequence) from events").await, 60);
}

#[sqlx::test(migrations = false)]
async fn a_repeated_key_is_answered_from_the_first_events(pool: PgPool) {
    let counters = counters_on(&pool).await;
    let first = counters.execute(id(1), &Count::By(5), &keyed("a", 1)).await.unwrap();
    counters.execute(id(1), &Count::By(7), &keyed("b", 2)).await.unwrap();
    let again = counters.execute(id(1), &Count::By(5), &keyed("a", 1)).await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.version, again.position, &again.events), (1, first.position, &first.events));
    assert_eq!(count(&pool, "select count(*) from events").await, 2);
}

#[sqlx::test(migrations = false)]
async fn a_repeat_is_answered_as_one_even_where_it_would_be_refused_now(pool: PgPool) {
    let counters = counters_on(&pool).await;
    let command = Count::UpTo { by: 5, limit: 5 };
    counters.execute(id(1), &command, &keyed("a", 1)).await.unwrap();
    assert!(counters.execute(id(1), &command, &keyed("a", 1)).await.unwrap().replayed);
}

#[sqlx::test(migrations = false)]
async fn repeats_of_one_key_in_parallel_append_once(pool: PgPool) {
    let counters = Arc::new(counters_on(&pool).await);
    let repeats = (0..40).map(|_| {
        let counters = Arc::clone(&counters);
        tokio::spawn(async move { counters.execute(id(1), &Count::By(1), &keyed("a", 1)).await })
    });
    let receipts: Vec<_> = join_all(repeats).await.into_iter().map(|r| r.unwrap().unwrap()).collect();
    assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
    assert!(receipts.iter().all(|receipt| receipt.version == 1 && receipt.position == 1));
    assert_eq!(count(&pool, "select count(*) from events").await, 1);
}

#[sqlx::test(migrations = false)]
async fn a_key_with_another_request_is_refused(pool: PgPool) {
    let counters = counters_on(&pool).await;
    counters.execute(id(1), &Count::By(1), &keyed("a", 1)).await.unwrap();
    let refused = counters.execute(id(2), &Count::By(2), &keyed("a", 2)).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::KeyReused), "{refused}");
}

#[sqlx::test(migrations = false)]
async fn a_refusal_stores_nothing(pool: PgPool) {
    let counters = counters_on(&pool).await;
    let refused =
        counters.execute(id(1), &Count::UpTo { by: 2, limit: 1 }, &keyed("a", 1)).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Refused(AboveLimit { sum: 2 })), "{refused}");
    assert_eq!(count(&pool, "select count(idempotency_key) from events").await, 0);
    assert_eq!(count(&pool, "select position from event_head").await, 0);
}

#[sqlx::test(migrations = false)]
async fn the_version_asked_for_must_be_the_streams(pool: PgPool) {
    let counters = counters_on(&pool).await;
    counters.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    let at = |version| CommandContext { expected_version: Some(version), ..without_key() };
    let refused = counters.execute(id(1), &Count::By(1), &at(0)).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::VersionMismatch { expected: 0, actual: 1 }), "{refused}");
    counters.execute(id(1), &Count::By(1), &at(1)).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_claim_is_granted_once_in_the_whole_log(pool: PgPool) {
    let counters = Arc::new(counters_on(&pool).await);
    let claiming = |number: u128| {
        let counters = Arc::clone(&counters);
        let claims = vec![Claim { kind: "receipt", value: "E1".to_owned() }];
        let context = CommandContext { claims, ..keyed(&number.to_string(), 1) };
        tokio::spawn(async move { counters.execute(id(number), &Count::By(1), &context).await })
    };
    let outcomes = join_all((1..=10).map(claiming)).await;
    let granted = outcomes.into_iter().flat_map(Result::unwrap).count();
    assert_eq!(granted, 1);
    assert_eq!(count(&pool, "select count(*) from events").await, 1);
}

#[sqlx::test(migrations = false)]
async fn a_tax_id_keeps_its_borrower(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::<Counter>::new(log.clone(), CACHE_BYTES);
    let borrowing = |borrower: u128, name: &str| {
        let (tax_id, name) = ("12345678000195".to_owned(), name.to_owned());
        let borrower = Some(Borrower { id: BorrowerId::new(id(borrower)), tax_id, name });
        CommandContext { borrower, ..without_key() }
    };
    counters.execute(id(1), &Count::By(1), &borrowing(7, "Cantina")).await.unwrap();
    let refused = counters.execute(id(2), &Count::By(1), &borrowing(8, "Cantina")).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::BorrowerKnown), "{refused}");
    counters.execute(id(2), &Count::By(1), &borrowing(7, "Cantina da Praça")).await.unwrap();
    assert_eq!(log.find_borrower("12345678000195").await.unwrap(), Some(BorrowerId::new(id(7))));
    assert_eq!(log.borrowers(&[id(7)]).await.unwrap()[&id(7)].name, "Cantina da Praça");
}

#[sqlx::test(migrations = false)]
async fn a_long_stream_loads_from_a_snapshot(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::<Counter>::new(log.clone(), CACHE_BYTES);
    for _ in 0..250 {
        counters.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    }
    let written = "select coalesce(max(last_sequence), 0) from snapshots";
    while count(&pool, written).await < 200 {
        tokio::task::yield_now().await;
    }
    // The snapshot says something else than the events, so that its use can be told.
    sqlx::query("update snapshots set payload = '1000'").execute(&pool).await.unwrap();
    let fresh = Streams::<Counter>::new(log, CACHE_BYTES);
    let refused = fresh.execute(id(1), &Count::UpTo { by: 1, limit: 0 }, &without_key()).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Refused(AboveLimit { sum: 1051 })), "{refused}");
}

#[sqlx::test(migrations = false)]
async fn a_snapshot_of_another_shape_is_not_read(pool: PgPool) {
    let counters = counters_on(&pool).await;
    counters.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    let insert = "insert into snapshots values ('Counter', $1, 1, 99, '1000')";
    sqlx::query(insert).bind(id(1).to_string()).execute(&pool).await.unwrap();
    let fresh = counters_on(&pool).await;
    assert_eq!(
        fresh.execute(id(1), &Count::UpTo { by: 1, limit: 2 }, &without_key()).await.unwrap().version,
        2
    );
}

#[sqlx::test(migrations = false)]
async fn a_command_that_needs_the_history_gets_all_of_it(pool: PgPool) {
    let counters = Arc::new(counters_on(&pool).await);
    let mixed = (0..50).map(|number| {
        let counters = Arc::clone(&counters);
        let command = if number % 25 == 24 { Count::AllAgain } else { Count::By(1) };
        tokio::spawn(async move { counters.execute(id(1), &command, &without_key()).await })
    });
    for outcome in join_all(mixed).await {
        outcome.unwrap().unwrap();
    }
    let gaps = "select max(sequence) - count(*) from events";
    assert_eq!(count(&pool, gaps).await, 0);
}

#[sqlx::test(migrations = false)]
async fn an_outage_is_told_and_survived(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::<Counter>::new(log, CACHE_BYTES);
    counters.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity \
                 where pid <> pg_backend_pid() and datname = current_database()",
    )
    .execute(&pool)
    .await
    .unwrap();
    // The first command may meet the broken connection; nothing is doubled by trying again under its key.
    let mut outcome = counters.execute(id(1), &Count::By(1), &keyed("a", 1)).await;
    while matches!(outcome, Err(ExecuteError::Unavailable(_) | ExecuteError::Log(_))) {
        outcome = counters.execute(id(1), &Count::By(1), &keyed("a", 1)).await;
    }
    assert_eq!(outcome.unwrap().version, 2);
}

#[sqlx::test(migrations = false)]
async fn what_is_queued_is_durable_before_the_log_closes(pool: PgPool) {
    let log: Log = log_on(&pool).await;
    let counters = Arc::new(Streams::<Counter>::new(log.clone(), CACHE_BYTES));
    let commands: Vec<_> = (0..50)
        .map(|number| {
            let counters = Arc::clone(&counters);
            tokio::spawn(async move { counters.execute(id(number), &Count::By(1), &without_key()).await })
        })
        .collect();
    log.close().await;
    let accepted =
        join_all(commands).await.into_iter().filter(|outcome| matches!(outcome, Ok(Ok(_)))).count();
    assert_eq!(count(&pool, "select count(*) from events").await, i64::try_from(accepted).unwrap());
}

#[sqlx::test(migrations = false)]
async fn a_refusal_rests_on_what_other_processes_recorded(pool: PgPool) {
    let (one, other) = (counters_on(&pool).await, counters_on(&pool).await);
    one.execute(id(1), &Count::By(5), &without_key()).await.unwrap();
    other.execute(id(1), &Count::By(-4), &without_key()).await.unwrap();
    // As far as the first server knows, the sum is 5.
    let counted = one.execute(id(1), &Count::UpTo { by: 4, limit: 5 }, &without_key()).await.unwrap();
    assert_eq!(counted.version, 3);
    let refused = other.execute(id(1), &Count::UpTo { by: 1, limit: 5 }, &without_key()).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(AboveLimit { sum: 6 }))), "{refused:?}");
    let expecting = CommandContext { expected_version: Some(3), ..without_key() };
    one.execute(id(1), &Count::By(0), &expecting).await.unwrap();
    let expecting = CommandContext { expected_version: Some(4), ..without_key() };
    other.execute(id(1), &Count::By(0), &expecting).await.unwrap();
}
