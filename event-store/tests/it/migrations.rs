//! What a migration does to a log that has events.

use sqlx::{Executor, PgPool};

const BEFORE_KEYS_MOVED: [&str; 5] = [
    include_str!("../../migrations/0001_log.sql"),
    include_str!("../../migrations/0002_append.sql"),
    include_str!("../../migrations/0003_grants.sql"),
    include_str!("../../migrations/0004_periods.sql"),
    include_str!("../../migrations/0005_stream_first.sql"),
];
const KEYS_MOVE: &str = include_str!("../../migrations/0006_keys_with_events.sql");

const TWO_COMMANDS: &str = "select append_events(null, \
    array['Counter', 'Counter', 'Counter'], array['a', 'a', 'b'], array[1, 2, 1]::bigint[], \
    array['Counted', 'Counted', 'Counted'], array['1', '1', '1'], array['{}', '{}', '{}'], array['{}', '{}', '{}'], \
    array['bench'], array['first'], array['\\x07'::bytea], array[1], array[2], '{}', '{}', '{}', '{}', '{}')";

#[sqlx::test(migrations = false)]
async fn keys_from_before_stand_with_the_first_event_of_their_command(pool: PgPool) {
    for migration in BEFORE_KEYS_MOVED {
        pool.execute(sqlx::raw_sql(migration)).await.unwrap();
    }
    pool.execute(TWO_COMMANDS).await.unwrap();
    pool.execute(sqlx::raw_sql(KEYS_MOVE)).await.unwrap();

    let keys: Vec<Option<String>> = sqlx::query_scalar(
        "select concat_ws(' ', client, idempotency_key, request_hash, command_events) from events order by position",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(keys, ["bench first \\x07 2", "", ""].map(|text| Some(text.to_owned())));
    let refused = pool.execute("update events set client = 'another'").await.unwrap_err();
    assert!(refused.to_string().contains("the log only grows"), "{refused}");
}
