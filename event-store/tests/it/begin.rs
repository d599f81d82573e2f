//! Who stops waiting for a transaction leaves none behind.

use event_store::begin;
use futures::poll;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// A reader hangs up: what others do on the same connection is neither lost nor seen as it was before.
#[sqlx::test(migrations = false)]
async fn one_that_nobody_waits_for_any_more_is_rolled_back(
    options: PgPoolOptions,
    database: PgConnectOptions,
) {
    let pool = options.max_connections(1).connect_with(database).await.unwrap();
    sqlx::query("create table notes (note text)").execute(&pool).await.unwrap();
    // Dropped at any step of its way.
    for steps in 0..100 {
        let mut beginning = Box::pin(begin(&pool, "begin isolation level repeatable read"));
        for _ in 0..steps {
            if poll!(&mut beginning).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(beginning);
        sqlx::query("insert into notes values ('kept')").execute(&pool).await.unwrap();
        // An open transaction would end here, and take the note with it.
        sqlx::query("rollback").execute(&pool).await.unwrap();
    }
    let notes: i64 = sqlx::query_scalar("select count(*) from notes").fetch_one(&pool).await.unwrap();
    assert_eq!(notes, 100);
}
