use std::fmt::Write as _;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use command_api::CommandState;
use expect_test::{expect, expect_file};
use futures::{StreamExt, stream};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

const ENTRY: &str = r#"{"on": "2026-01-02", "description": "capital", "lines": [
    {"account": "assets:cash", "debit": "1.00"}, {"account": "equity:capital", "credit": "1.00"}]}"#;
const LOAN: &str = "/v1/loans/018f0000-0000-7000-8000-000000000001";

#[sqlx::test(migrations = false)]
async fn bodies_that_cannot_be_read(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let repayments = format!("{LOAN}/repayments");
    let mut report = String::new();
    for (path, body) in [
        ("/v1/entries", String::new()),
        ("/v1/entries", "{".to_owned()),
        ("/v1/entries", "[]".to_owned()),
        ("/v1/entries", "null".to_owned()),
        ("/v1/entries", ENTRY.to_owned() + "!"),
        ("/v1/entries", ENTRY.replace("\"on\"", "\"colour\": \"red\", \"on\"")),
        ("/v1/entries", ENTRY.replace("\"on\": \"2026-01-02\",", "")),
        ("/v1/entries", ENTRY.replace("2026-01-02", "2026-02-30")),
        ("/v1/entries", ENTRY.replace("\"credit\": \"1.00\"", "\"credit\": 1.00")),
        ("/v1/entries", ENTRY.replace("\"credit\": \"1.00\"", "\"credit\": NaN")),
        ("/v1/entries", ENTRY.replace("\"credit\": \"1.00\"", "\"credit\": \"NaN\"")),
        ("/v1/entries", ENTRY.replace("\"credit\": \"1.00\"", "\"credit\": 1e400")),
        ("/v1/entries", ENTRY.replace("\"credit\": \"1.00\"", "\"credit\": \"1e400\"")),
        ("/v1/entries", ENTRY.replace("equity:capital", "equity::capital")),
        ("/v1/entries", ENTRY.replace("\"on\"", "\"currency\": \"XXX\", \"on\"")),
        ("/v1/entries", ENTRY.replace("\"on\"", "\"id\": \"1\", \"on\"")),
        ("/v1/entries", ENTRY.replace("capital\"", "\\ud800\"")),
        (repayments.as_str(), r#"{"on": "2026-01-02", "amount": "1.00", "currency": "BRL"}"#.to_owned()),
        (&repayments, r#"{"on": 20260102, "amount": "1.00"}"#.to_owned()),
        (&repayments, r#"{"on": "2026-01-02", "amount": "1.00", "excess": "casino"}"#.to_owned()),
        (&repayments, r#"{"on": "2026-01-02", "amount": "1.00", "as": "gift"}"#.to_owned()),
        (&format!("{LOAN}/credits"), r#"{"on": "2026-01-02", "amount": "1.00", "reason": "x"}"#.to_owned()),
        (
            &format!("{LOAN}/credits"),
            r#"{"on": "2026-01-02", "amount": "1.00", "kind": "tip", "reason": "x"}"#.to_owned(),
        ),
        (&format!("{LOAN}/refunds"), r#"{"on": "2026-01-02", "amount": 1}"#.to_owned()),
        (&format!("{LOAN}/refunds"), r#"{"on": "2026-01-02", "amount": "1.00", "reason": "x"}"#.to_owned()),
        (&format!("{LOAN}/write-off"), r#"{"on": "2026-01-02"}"#.to_owned()),
        (&format!("{LOAN}/write-off/reverse"), r#"{"reason": "x"}"#.to_owned()),
        (&format!("{LOAN}/recoveries"), r#"{"on": "2026-01-02"}"#.to_owned()),
        (&format!("{LOAN}/settle"), r#"{"id": "7", "on": "2026-01-02", "amount": "1.00"}"#.to_owned()),
        (&format!("{LOAN}/restructure"), r#"{"on": "2026-01-02", "mode": "wish", "reason": "x"}"#.to_owned()),
        (&format!("{LOAN}/restructure"), r#"{"on": "2026-01-02", "terms": [], "reason": "x"}"#.to_owned()),
        (&format!("{LOAN}/simulate"), r#"{"commands": [{"path": "repayments"}]}"#.to_owned()),
        (&format!("{LOAN}/simulate"), r#"{"commands": [{"path": 1, "body": {}}]}"#.to_owned()),
        (&format!("{LOAN}/simulate"), r#"{"commands": [{"path": "x", "body": {}, "on": "x"}]}"#.to_owned()),
        (&format!("{LOAN}/simulate"), r#"{"commands": [[]], "effective_on": "2026-01-02"}"#.to_owned()),
        (&format!("{LOAN}/simulate"), r#"{"commands": [], "effective_on": "tomorrow"}"#.to_owned()),
    ] {
        writeln!(report, "{}", server.post(path, &body).await.problem()).unwrap();
    }
    expect_file!["snapshots/unreadable_bodies.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, (0, 0, 0, 0));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn headers_that_cannot_be_read(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let long = "k".repeat(256);
    let mut report = String::new();
    for headers in [
        &[][..],
        &[("idempotency-key", "")],
        &[("idempotency-key", &long)],
        &[("idempotency-key", "two words")],
        &[("idempotency-key", "naïve")],
        &[("idempotency-key", "a"), ("idempotency-key", "b")],
        &[("idempotency-key", "a"), ("if-match", "1")],
        &[("idempotency-key", "a"), ("if-match", "W/\"1\"")],
        &[("idempotency-key", "a"), ("if-match", "\"-1\"")],
        &[("idempotency-key", "a"), ("if-match", "\"1\"")],
    ] {
        writeln!(report, "{}", server.post_with("/v1/entries", headers, ENTRY).await.problem()).unwrap();
    }
    for media_type in ["text/plain", "application/jsonp", ""] {
        let request = Request::post("/v1/entries").header("idempotency-key", "a");
        let request = request.header("content-type", media_type).body(Body::from(ENTRY)).unwrap();
        writeln!(report, "{}", server.send(request).await.problem()).unwrap();
    }
    expect_file!["snapshots/unreadable_headers.txt"].assert_eq(&report);
    let charset = Request::post("/v1/entries").header("idempotency-key", "k".repeat(255));
    let charset =
        charset.header("content-type", "Application/JSON; charset=utf-8").body(Body::from(ENTRY)).unwrap();
    assert_eq!(server.send(charset).await.status, 201);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn paths_and_methods_that_do_not_exist(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let mut report = String::new();
    for path in [
        "/v1/loans/%FF/approve",
        "/v1/%FF",
        "/v1/loans/42/approve",
        "/v1/loans/018f0000-0000-7000-8000-000000000001/repayments/42/reverse",
        "/v1/nothing",
        "/v1/entries?preview=true",
    ] {
        writeln!(report, "{path} {}", server.post(path, "{}").await.problem()).unwrap();
    }
    expect_file!["snapshots/unknown_paths.txt"].assert_eq(&report);
    let deleted = server.send(Request::delete("/v1/entries").body(Body::empty()).unwrap()).await;
    expect![[r#"
        405 Method Not Allowed
        content-type: application/problem+json
        allow: POST

        {
          "code": "method_not_allowed",
          "detail": "/v1/entries does not take DELETE",
          "status": 405,
          "title": "Method not allowed",
          "type": "urn:razao:problem:method_not_allowed"
        }
    "#]]
    .assert_eq(&deleted.shown());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn bodies_that_are_too_large(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let blanks = " ".repeat(1024 * 1024 - ENTRY.len());
    let whole = ENTRY.to_owned() + &blanks;
    assert_eq!(server.post("/v1/entries", &whole).await.status, 201);
    expect!["413 body_too_large"]
        .assert_eq(&server.post("/v1/entries", &(whole.clone() + " ")).await.problem());

    // In chunks, without a length that announces it.
    let chunks = stream::iter([whole, " ".to_owned()].map(Ok::<_, std::io::Error>));
    let request = Request::post("/v1/entries").header("idempotency-key", "chunks");
    let request = request.header("content-type", "application/json").body(Body::from_stream(chunks)).unwrap();
    expect!["413 body_too_large"].assert_eq(&server.send(request).await.problem());
    assert_eq!(server.stored().await, (1, 1, 0, 0));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_client_that_does_not_finish(_: PgPoolOptions, options: PgConnectOptions) {
    let patience = Duration::from_millis(50);
    let server = Server::start_with(&options, |log, day| {
        CommandState::with_body_deadline(log, day, 1 << 20, patience)
    })
    .await;
    let send = async |body: Body| {
        let request = Request::post("/v1/entries").header("idempotency-key", "slow");
        server.send(request.header("content-type", "application/json").body(body).unwrap()).await
    };
    let half = || Ok::<_, std::io::Error>(Bytes::from_static(b"{\"on\":"));
    let silent = send(Body::from_stream(stream::iter([half()]).chain(stream::pending()))).await;
    expect![[r#"
        408 Request Timeout
        content-type: application/problem+json

        {
          "code": "request_timeout",
          "detail": "the body did not arrive within 50 ms",
          "status": 408,
          "title": "The request took too long to arrive",
          "type": "urn:razao:problem:request_timeout"
        }
    "#]]
    .assert_eq(&silent.shown());
    let gone = stream::iter([half(), Err(std::io::Error::other("connection reset"))]);
    expect!["400 malformed_json"].assert_eq(&send(Body::from_stream(gone)).await.problem());
    assert_eq!(server.stored().await, (0, 0, 0, 0));
    server.stop().await;
}
