use expect_test::expect;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Server, application};

const ENTRY: &str = r#"{"on": "2026-01-02", "description": "capital", "lines": [
    {"account": "assets:cash", "debit": "1.00"}, {"account": "equity:capital", "credit": "1.00"}]}"#;

#[sqlx::test(migrations = false)]
async fn while_the_database_is_down_nothing_is_promised(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    server.post("/v1/entries", ENTRY).await;
    // As good as down: nobody may log in any more, and all connections are cut.
    let elsewhere = PgPool::connect_with(options.clone().database("template1")).await.unwrap();
    let database = options.get_database().unwrap();
    let allow = async |allowed: bool| {
        let sql = format!("alter database \"{database}\" with allow_connections {allowed}");
        sqlx::query(&sql).execute(&elsewhere).await.unwrap();
    };
    allow(false).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
    sqlx::query(cut).bind(database).execute(&elsewhere).await.unwrap();
    let refused = server.post_as("k", "/v1/entries", ENTRY).await;
    expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 1

        {
          "code": "unavailable",
          "detail": "the log cannot be reached",
          "status": 503,
          "title": "Not available now",
          "type": "urn:razao:problem:unavailable"
        }
    "#]]
    .assert_eq(&refused.shown());
    assert_eq!(server.post("/v1/loans", &application("1")).await.problem(), "503 unavailable");
    allow(true).await;
    elsewhere.close().await;
    assert_eq!(server.stored().await, (1, 1, 0, 0));
    // The client sends it again, as the problem says, until it is taken.
    let mut again = server.post_as("k", "/v1/entries", ENTRY).await;
    for _ in 0..10 {
        if again.status == 503 {
            again = server.post_as("k", "/v1/entries", ENTRY).await;
        }
    }
    assert_eq!(again.status, 201);
    assert!(!again.headers.contains_key("idempotency-replayed"));
    server.stop().await;
}
