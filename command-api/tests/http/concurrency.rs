use expect_test::expect;
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Server, application};

#[sqlx::test(migrations = false)]
async fn parallel_repayments_on_one_loan_lose_nothing(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let path = format!("{}/repayments", server.active_loan("1").await);
    let answers =
        join_all((0..64).map(|_| server.post(&path, r#"{"on": "2026-02-15", "amount": "1.00"}"#))).await;
    let mut versions: Vec<i64> =
        answers.iter().map(|answer| answer.json()["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (4..68).collect::<Vec<_>>());
    let last = answers.iter().find(|answer| answer.headers["etag"] == "\"67\"").unwrap();
    // 1000.00, and interest of 20.00, 13.46 and 6.80, less 64.00.
    expect!["null"].assert_eq(&last.json()["events"][0]["standing"]["balances"].to_string());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn parallel_repeats_of_a_repayment_are_one(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let path = format!("{}/repayments", server.active_loan("1").await);
    let body = r#"{"on": "2026-02-15", "amount": "10.00", "external_id": "pix-1"}"#;
    let (events, ..) = server.stored().await;
    let answers = join_all((0..16).map(|_| server.post_as("same", &path, body))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (201, &answers[0].body));
    }
    // Also when the loan would refuse it by now, and under other keys the receipt is known.
    assert_eq!(server.stored().await.0, events + 1);
    let other_key = server.post(&path, body).await;
    expect!["409 duplicate_external_id /external_id=duplicate_external_id"].assert_eq(&other_key.problem());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_repeat_of_what_would_be_refused_by_now(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = format!("/v1/loans/{}", server.post("/v1/loans", &application("1")).await.id());
    let path = format!("{loan}/approve");
    let first = server.post_as("once", &path, r#"{"on": "2026-01-12"}"#).await;
    let repeat = server.post_as("once", &path, r#"{ "on" : "2026-01-12" }"#).await;
    assert_eq!((repeat.status, &repeat.body), (first.status, &first.body));
    assert_eq!(repeat.headers["idempotency-replayed"], "true");
    let elsewhere = server.post_as("once", &format!("{loan}/withdraw"), r#"{"on": "2026-01-12"}"#).await;
    expect!["422 idempotency_key_reused Idempotency-Key=idempotency_key_reused"]
        .assert_eq(&elsewhere.problem());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn parallel_applications_of_one_borrower(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let bodies: Vec<String> = (0..16).map(|number| application(&number.to_string())).collect();
    let answers = join_all(bodies.iter().map(|body| server.post("/v1/loans", body))).await;
    let borrower = answers[0].event("borrower_id");
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.event("borrower_id") == borrower));
    assert_eq!(server.stored().await, (16, 16, 16, 1));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_command_can_ask_for_a_version(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = format!("/v1/loans/{}", server.post("/v1/loans", &application("1")).await.id());
    let approve = format!("{loan}/approve");
    let post = async |path: &str, key: &str, version: &str| {
        let headers = [("idempotency-key", key), ("if-match", version)];
        server.post_with(path, &headers, r#"{"on": "2026-01-12"}"#).await
    };
    expect![[r#"
        412 Precondition Failed
        content-type: application/problem+json

        {
          "code": "precondition_failed",
          "detail": "the version is 1, not 2",
          "errors": [
            {
              "code": "precondition_failed",
              "detail": "the version is 1, not 2",
              "pointer": "If-Match"
            }
          ],
          "status": 412,
          "title": "The version is another",
          "type": "urn:razao:problem:precondition_failed"
        }
    "#]]
    .assert_eq(&post(&approve, "a", "\"2\"").await.shown());
    assert_eq!(post(&approve, "b", "\"1\"").await.status, 200);
    // The repeat names a version that is another by now, and is answered all the same.
    assert_eq!(post(&approve, "b", "\"1\"").await.headers["idempotency-replayed"], "true");
    let nowhere = "/v1/loans/018f0000-0000-7000-8000-00000000000f/approve";
    expect!["404 not_found"].assert_eq(&post(nowhere, "c", "\"1\"").await.problem());
    server.stop().await;
}
