use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

const CAPITAL: &str = r#"{"on": "2026-01-02", "description": "capital paid in", "external_id": "cap-1", "lines": [
    {"account": "assets:cash", "debit": "500000.00"}, {"account": "equity:capital", "credit": "500000"}]}"#;

#[sqlx::test(migrations = false)]
async fn an_entry_is_posted_and_reversed(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let posted = server.post("/v1/entries", CAPITAL).await;
    expect![[r#"
        201 Created
        content-type: application/json
        location: /v1/entries/ID-1
        etag: "1"
        razao-position: 1

        {
          "events": [
            {
              "currency": "BRL",
              "description": "capital paid in",
              "external_id": "cap-1",
              "lines": [
                {
                  "account": "assets:cash",
                  "debit": "500000.00"
                },
                {
                  "account": "equity:capital",
                  "credit": "500000.00"
                }
              ],
              "on": "2026-01-02",
              "sequence": 1,
              "type": "EntryPosted"
            }
          ],
          "id": "ID-1",
          "position": 1,
          "version": 1
        }
    "#]]
    .assert_eq(&posted.shown());
    let path = format!("/v1/entries/{}/reverse", posted.id());
    let reversed = server.post(&path, r#"{"on": "2026-01-05", "reason": " posted twice "}"#).await;
    expect![[r#"
        200 OK
        content-type: application/json
        etag: "2"
        razao-position: 2

        {
          "events": [
            {
              "currency": "BRL",
              "lines": [
                {
                  "account": "assets:cash",
                  "credit": "500000.00"
                },
                {
                  "account": "equity:capital",
                  "debit": "500000.00"
                }
              ],
              "on": "2026-01-05",
              "reason": "posted twice",
              "sequence": 2,
              "type": "EntryReversed"
            }
          ],
          "id": "ID-1",
          "position": 2,
          "version": 2
        }
    "#]]
    .assert_eq(&reversed.shown());
    let again = server.post(&path, r#"{"on": "2026-01-05", "reason": "once more"}"#).await;
    expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "code": "already_reversed",
          "detail": "the entry was reversed before, on 2026-01-05",
          "status": 409,
          "title": "Already reversed",
          "type": "urn:razao:problem:already_reversed"
        }
    "#]]
    .assert_eq(&again.shown());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_repeat_is_answered_as_the_first_was(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let first = server.post_as("k1", "/v1/entries", CAPITAL).await;
    let reordered = r#"{"external_id":"cap-1","lines":[{"debit":"500000.00","account":"assets:cash"},
        {"credit":"500000","account":"equity:capital"}],"description":"capital paid in","on":"2026-01-02"}"#;
    for body in [CAPITAL, reordered] {
        let repeat = server.post_as("k1", "/v1/entries", body).await;
        assert_eq!(repeat.body, first.body);
        assert_eq!(repeat.status, first.status);
        assert_eq!(repeat.headers["idempotency-replayed"], "true");
        for header in ["etag", "location", "razao-position"] {
            assert_eq!(repeat.headers[header], first.headers[header]);
        }
    }
    let other = server.post_as("k1", "/v1/entries", &CAPITAL.replace("capital paid", "money paid")).await;
    expect!["422 idempotency_key_reused Idempotency-Key=idempotency_key_reused"].assert_eq(&other.problem());
    assert_eq!(server.stored().await, (1, 1, 1, 0));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn of_parallel_repeats_one_is_executed(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let answers = join_all((0..32).map(|_| server.post_as("same", "/v1/entries", CAPITAL))).await;
    let first = &answers[0];
    assert!(answers.iter().all(|answer| answer.body == first.body && answer.status == 201));
    let replayed =
        answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed")).count();
    assert_eq!(replayed, 31);
    assert_eq!(server.stored().await, (1, 1, 1, 0));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_an_entry_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let id = "018f0000-0000-7000-8000-000000000001";
    let with = |from: &str, to: &str| CAPITAL.replace("cap-1", "other").replace(from, to);
    let first = CAPITAL.replace("{\"on\"", &format!("{{\"id\": \"{id}\", \"on\""));
    assert_eq!(server.post("/v1/entries", &first).await.status, 201);
    let stored = server.stored().await;
    let mut report = String::new();
    for (what, path, body) in [
        ("the same id", "/v1/entries", first.replace("cap-1", "cap-2")),
        ("the same external id", "/v1/entries", CAPITAL.to_owned()),
        ("a day that is to come", "/v1/entries", with("2026-01-02", "2026-07-01")),
        ("unbalanced", "/v1/entries", with("\"500000\"", "\"499999.99\"")),
        ("nothing", "/v1/entries", with("\"500000\"", "\"0\"")),
        ("below nothing", "/v1/entries", with("\"500000\"", "\"-500000\"")),
        ("parts of a cent", "/v1/entries", with("\"500000\"", "\"500000.001\"")),
        ("more than a trillion", "/v1/entries", with("\"500000\"", "\"1000000000000.01\"")),
        (
            "sen of a yen",
            "/v1/entries",
            with("{\"on\"", "{\"currency\": \"JPY\", \"on\"").replace("500000\"", "5.5\""),
        ),
        ("one line", "/v1/entries", with(", {\"account\": \"equity:capital\", \"credit\": \"500000\"}", "")),
        ("both sides", "/v1/entries", with("\"credit\"", "\"debit\": \"1.00\", \"credit\"")),
        ("neither side", "/v1/entries", with(", \"credit\": \"500000\"", "")),
        ("an empty description", "/v1/entries", with("capital paid in", "  ")),
        ("a control character", "/v1/entries", with("capital paid in", "capital\\u0000")),
        ("a long description", "/v1/entries", with("capital paid in", &"é".repeat(501))),
        ("a blank external id", "/v1/entries", CAPITAL.replace("cap-1", " ")),
        (
            "an unknown entry",
            "/v1/entries/018f0000-0000-7000-8000-00000000000f/reverse",
            r#"{"on": "2026-01-05", "reason": "x"}"#.to_owned(),
        ),
        (
            "a reversal before the entry",
            &format!("/v1/entries/{id}/reverse"),
            r#"{"on": "2026-01-01", "reason": "x"}"#.to_owned(),
        ),
        (
            "a reversal to come",
            &format!("/v1/entries/{id}/reverse"),
            r#"{"on": "2026-07-01", "reason": "x"}"#.to_owned(),
        ),
        (
            "a reversal without a reason",
            &format!("/v1/entries/{id}/reverse"),
            r#"{"on": "2026-01-05", "reason": ""}"#.to_owned(),
        ),
    ] {
        let answer = server.post(path, &body).await;
        writeln!(report, "{what}: {}", answer.problem()).unwrap();
    }
    expect_file!["snapshots/refused_entries.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}
