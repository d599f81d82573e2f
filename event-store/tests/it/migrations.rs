//! What a migration does to a log that has events.

use event_store::Log;
use sqlx::{Executor, PgPool};

const BEFORE_KEYS_MOVED: [&str; 5] = [
    include_str!("../../migrations/0001_log.sql"),
    include_str!("../../migrations/0002_append.sql"),
    include_str!("../../migrations/0003_grants.sql"),
    include_str!("../../migrations/0004_periods.sql"),
    include_str!("../../migrations/0005_stream_first.sql"),
];
const KEYS_MOVE: &str = include_str!("../../migrations/0006_keys_with_events.sql");

const DERIVED: [&str; 2] = [
    include_str!("../../migrations/0007_derived.sql"),
    include_str!("../../migrations/0008_derived_space.sql"),
];
const BATCHES_OVERLAP: &str = include_str!("../../migrations/0012_turns_and_secret.sql");

const TWO_PERIODS: &str = "select append_events(0, \
    array['Periods', 'Periods'], array_fill('70657269-6f64-8000-8000-000000000001'::text, array[2]), \
    array[1, 2]::bigint[], array['PeriodClosed', 'PeriodClosed'], array['1', '1'], array['{}', '{}']::json[], \
    array['{}', '{}']::json[], array[null, null]::text[], array[null, null]::text[], array[null, null]::bytea[], \
    array[null, null]::int[], '{}', '{}', '{}', '{}', '{}')";

const ONE_WITH_A_KEY: &str = "select append_events(null, array['Counter'], array['a'], array[1]::bigint[], \
    array['Counted'], array['1'], array['{}']::json[], array['{}']::json[], array['bench'], array['first'], \
    array[decode(repeat('07', 32), 'hex')], array[1], '{}', '{}', '{}', '{}', '{}')";

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

#[sqlx::test(migrations = false)]
async fn the_head_knows_the_periods_from_before(pool: PgPool) {
    for migration in BEFORE_KEYS_MOVED.iter().chain([&KEYS_MOVE]).chain(&DERIVED) {
        pool.execute(sqlx::raw_sql(migration)).await.unwrap();
    }
    pool.execute(TWO_PERIODS).await.unwrap();
    pool.execute(sqlx::raw_sql(BATCHES_OVERLAP)).await.unwrap();
    let head: (i64, i64) =
        sqlx::query_as("select position, periods from event_head").fetch_one(&pool).await.unwrap();
    assert_eq!(head, (2, 2));
}

#[sqlx::test(migrations = false)]
async fn hashes_from_before_are_concealed_as_new_ones_are(pool: PgPool) {
    for migration in BEFORE_KEYS_MOVED.iter().chain([&KEYS_MOVE]).chain(&DERIVED) {
        pool.execute(sqlx::raw_sql(migration)).await.unwrap();
    }
    pool.execute(ONE_WITH_A_KEY).await.unwrap();
    pool.execute(sqlx::raw_sql(BATCHES_OVERLAP)).await.unwrap();
    let log = Log::connect(&pool.connect_options()).await.unwrap();
    let stored: Vec<u8> =
        sqlx::query_scalar("select request_hash from events").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, log.conceal([7; 32]));
    assert_ne!(stored, [7; 32]);
}
