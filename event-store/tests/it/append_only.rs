//! The log only grows: by trigger for everyone, by grant for the server's role.

use sqlx::PgPool;

use crate::counter::{Count, without_key};
use crate::{counters_on, id};

const CHANGES: [&str; 3] =
    ["update events set payload = '{}'", "delete from events", "truncate events, claims"];

#[sqlx::test(migrations = false)]
async fn nobody_changes_or_removes_an_event(pool: PgPool) {
    counters_on(&pool).await.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    for change in CHANGES {
        let refused = sqlx::query(change).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("the log only grows"), "{change}: {refused}");
    }
}

#[sqlx::test(migrations = false)]
async fn the_servers_role_may_not_even_try(pool: PgPool) {
    counters_on(&pool).await.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("set role razao_app").execute(&mut *connection).await.unwrap();
    let others = [
        "alter table events disable trigger all",
        "drop table events",
        "delete from claims",
        "update log_secret set secret = secret",
    ];
    for change in CHANGES.into_iter().chain(others) {
        let refused = sqlx::query(change).execute(&mut *connection).await.unwrap_err();
        let refused = refused.to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{change}: {refused}"
        );
    }
}
