use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use expect_test::expect;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Answer, Server, application};

const LOAN: &str = "018f0000-0000-7000-8000-00000000000a";
const NDJSON: &str = "application/x-ndjson";

fn line(path: &str, key: &str, body: &str) -> String {
    format!(
        "{{\"path\": \"{path}\", \"idempotency_key\": \"{key}\", \"body\": {}}}\n",
        body.replace('\n', " ")
    )
}

fn entry(key: &str, amount: &str) -> String {
    line("/v1/entries", key, &entry_body(amount))
}

fn entry_body(amount: &str) -> String {
    format!(
        r#"{{"on": "2026-06-01", "description": "rent", "lines": [
            {{"account": "expenses:rent", "debit": "{amount}"}}, {{"account": "assets:cash", "credit": "{amount}"}}]}}"#
    )
}

/// A loan from its application to a late repayment, which needs its history.
fn life(prefix: &str) -> String {
    let loan = format!("/v1/loans/{LOAN}");
    let applied = application(prefix).replacen('{', &format!("{{\"id\": \"{LOAN}\", "), 1);
    [
        line("/v1/loans", &format!("{prefix}-1"), &applied),
        line(&format!("{loan}/approve"), &format!("{prefix}-2"), r#"{"on": "2026-01-12"}"#),
        line(&format!("{loan}/disburse"), &format!("{prefix}-3"), r#"{"on": "2026-01-15"}"#),
        line(
            &format!("{loan}/repayments"),
            &format!("{prefix}-4"),
            r#"{"on": "2026-04-10", "amount": "100.00"}"#,
        ),
        line(
            &format!("{loan}/repayments"),
            &format!("{prefix}-5"),
            r#"{"on": "2026-02-15", "amount": "50.00"}"#,
        ),
    ]
    .concat()
}

async fn bulk(server: &Server, query: &str, body: String) -> Answer {
    let request = Request::post(format!("/v1/bulk{query}")).header("content-type", NDJSON);
    server.send(request.body(Body::from(body)).unwrap()).await
}

/// `line status code`, in the order of the lines.
fn told(answer: &Answer) -> Vec<String> {
    let mut lines: Vec<Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["line"].as_u64());
    let told = lines.iter().map(|line| {
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), ["body", "line", "status"]);
        let code = line["body"]["code"].as_str().unwrap_or("-");
        format!("{} {} {code}", line["line"], line["status"])
    });
    told.collect()
}

#[sqlx::test(migrations = false)]
async fn a_bad_line_fails_alone(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let body = [
        entry("a", "10.00"),
        "nonsense\n".to_owned(),
        "\n".to_owned(),
        entry("b", "0.00"),
        line("/v1/portfolio", "c", "{}"),
        line("/v1/bulk", "d", "{}"),
        line("v1/entries", "e", "{}"),
        line("/v1/requests/018f0000-0000-7000-8000-00000000000a", "f", "{}"),
        "{\"path\": \"/v1/entries\", \"idempotency_key\": \"g\"}\n".to_owned(),
        format!("{{\"path\": \"/v1/entries\", \"body\": {}}}\n", entry_body("1.00").replace('\n', " ")),
        "{\"path\": \"/v1/entries\", \"idempotency_key\": \"h\", \"body\": {}, \"method\": \"GET\"}\n"
            .to_owned(),
        entry(&"x".repeat(256), "1.00"),
        "{\"path\": \"/v1/entries\", \"idempotency_key\": \"a\\nb\", \"body\": {}}\n".to_owned(),
        entry("a", "10.00"),
        entry("a", "11.00"),
        entry("z", "12.00").trim_end().to_owned(),
    ];
    let answer = bulk(&server, "", body.concat()).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["content-type"]), (200, &NDJSON.parse().unwrap()));
    let told = told(&answer);
    // Lines 1, 14 and 15 have one key: the first of them to be stored is what the key is for.
    let others: Vec<_> =
        told.iter().filter(|told| !["1 ", "14 ", "15 "].iter().any(|at| told.starts_with(at))).collect();
    expect![[r#"
        [
            "2 400 malformed_json",
            "4 422 invalid_amount",
            "5 404 not_found",
            "6 400 invalid_field",
            "7 400 invalid_field",
            "8 404 not_found",
            "9 400 invalid_field",
            "10 400 idempotency_key_missing",
            "11 400 invalid_field",
            "12 400 idempotency_key_invalid",
            "13 400 idempotency_key_invalid",
            "16 201 -",
        ]
    "#]]
    .assert_debug_eq(&others);
    assert_eq!(server.stored().await.0, 2);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn lines_about_one_loan_are_executed_in_their_order(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    for _ in 0..2 {
        let answer = bulk(&server, "", life("x")).await;
        assert_eq!(told(&answer), ["1 201 -", "2 200 -", "3 200 -", "4 201 -", "5 201 -"], "{}", answer.body);
        assert_eq!(server.stored().await.0, 5);
    }
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn answers_come_while_lines_are_still_sent(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let (mut lines, body) = futures::channel::mpsc::channel::<Result<String, std::io::Error>>(0);
    let request = Request::post("/v1/bulk").header("content-type", NDJSON);
    let response = server.begin(request.body(Body::from_stream(body)).unwrap()).await;
    let mut answers = response.into_body().into_data_stream();
    for number in 1..=3 {
        let (sent, answer) = tokio::join!(lines.send(Ok(entry(&number.to_string(), "1.00"))), answers.next());
        sent.unwrap();
        let answer: Value = serde_json::from_slice(&answer.unwrap().unwrap()).unwrap();
        assert_eq!((&answer["line"], &answer["status"]), (&json!(number), &json!(201)));
    }
    drop(lines);
    assert!(answers.next().await.is_none());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_reads_no_answers_is_read_no_lines(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let (mut lines, body) = futures::channel::mpsc::channel::<Result<String, std::io::Error>>(0);
    let request = Request::post("/v1/bulk").header("content-type", NDJSON);
    let response = server.begin(request.body(Body::from_stream(body)).unwrap()).await;
    let send_all = async {
        for number in 0..1000 {
            lines.send(Ok(entry(&number.to_string(), "1.00"))).await.unwrap();
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(300), send_all).await.is_err());
    assert_eq!(server.stored().await.0, 0, "nobody polls it, so nothing is done");
    // Half way the client is gone; what it sends again is stored once.
    let mut answers = response.into_body().into_data_stream();
    let (_, first) = tokio::join!(lines.send(Ok(entry("a", "1.00"))), answers.next());
    first.unwrap().unwrap();
    drop((answers, lines));
    let all: String = (0..200).map(|number| entry(&number.to_string(), "1.00")).collect();
    let answer = bulk(&server, "", all).await;
    assert!(told(&answer).iter().all(|told| told.ends_with(" 201 -")), "{}", answer.body);
    let keys = server
        .text("select (count(distinct idempotency_key) = count(*) and count(*) >= 200)::text from events")
        .await;
    assert_eq!(keys, "true");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_atomic_bulk_is_stored_in_one_transaction_and_answered_again(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let two = application("other").replace("Cantina da Praça", "Cantina da Sé");
    let body = life("x") + &entry("x-6", "10.00") + &line("/v1/loans", "x-7", &two);
    let first = bulk(&server, "?atomic=true", body.clone()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let statuses = ["1 201 -", "2 200 -", "3 200 -", "4 201 -", "5 201 -", "6 201 -", "7 201 -"];
    assert_eq!(told(&first), statuses, "{}", first.body);
    assert_eq!(server.text("select count(distinct xmin::text)::text from events").await, "1");
    // One borrower applied twice, and is called what the second application says.
    assert_eq!(server.stored().await, (7, 7, 5, 1));
    assert_eq!(server.text("select name from borrowers").await, "Cantina da Sé Ltda");
    assert_eq!(first.headers["razao-position"], "7");
    let again = bulk(&server, "?atomic=true", body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    // By single requests the loan came to the same.
    let single = bulk(&server, "", life("x")).await;
    assert!(told(&single).iter().all(|told| told.contains(" 20")), "{}", single.body);
    assert_eq!(server.stored().await.0, 7);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_atomic_bulk_with_one_bad_line_stores_nothing(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let future = line("/v1/entries", "x-6", &entry_body("1.00").replace("2026-06-01", "2026-07-01"));
    let refused = bulk(&server, "?atomic=true", life("x") + &future + &entry("x-7", "1.00")).await;
    let undone = |line: u32| format!("{line} 424 bulk_undone");
    let mut expected: Vec<String> = (1..=5).map(undone).collect();
    expected.extend(["6 422 future_date".to_owned(), undone(7)]);
    assert_eq!((refused.status.as_u16(), told(&refused)), (422, expected));
    assert_eq!(server.stored().await, (0, 0, 0, 0));
    // What is no line, is told before anything is tried; a key is used once.
    let body = [entry("a", "1.00"), "{}\n".to_owned(), entry("a", "1.00"), line("/v1/products", "p", "{}")];
    let refused = bulk(&server, "?atomic=true", body.concat()).await;
    let expected =
        ["1 424 bulk_undone", "2 400 invalid_field", "3 422 idempotency_key_reused", "4 400 invalid_field"];
    assert_eq!((refused.status.as_u16(), told(&refused)), (400, expected.map(str::to_owned).to_vec()));
    // Mended, the same lines are good.
    let mended = bulk(&server, "?atomic=true", life("x") + &entry("x-6", "1.00")).await;
    assert_eq!((mended.status.as_u16(), server.stored().await.0), (200, 6));
    server.stop().await;
}

/// A line that has to know of its loan before it is decided must not wait for the bulk that it is in.
#[sqlx::test(migrations = false)]
async fn an_atomic_bulk_pays_and_restructures_one_loan(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let restructure = |key: &str| {
        let body = r#"{"on": "2026-03-02", "mode": "re_amortize", "reason": "renegotiated"}"#;
        line(&format!("{loan}/restructure"), key, body)
    };
    let pay = line(&format!("{loan}/repayments"), "pay", r#"{"on": "2026-02-15", "amount": "1.00"}"#);
    let stored = bulk(&server, "?atomic=true", pay + &restructure("first") + &restructure("second")).await;
    assert_eq!(told(&stored), ["1 201 -", "2 200 -", "3 200 -"], "{}", stored.body);
    server.stop().await;
}

/// It would keep all other atomic bulks waiting for nothing.
#[sqlx::test(migrations = false)]
async fn an_atomic_bulk_takes_only_what_is_stored_on_loans_and_entries(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    for path in [
        "/v1/schedules",
        "/v1/staff/ana/limits",
        "/v1/approval-policy",
        &format!("/v1/proposals/{LOAN}/refuse"),
        &format!("{loan}/simulate"),
        &format!("{loan}/restructure?preview=true"),
    ] {
        let refused = bulk(&server, "?atomic=true", line(path, "a", "{}")).await;
        assert_eq!(told(&refused), ["1 400 invalid_field"], "{path}: {}", refused.body);
    }
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_thousand_lines_are_atomic_and_not_one_more(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let lines = |count: u32| (0..count).map(|number| entry(&number.to_string(), "1.00")).collect::<String>();
    let refused = bulk(&server, "?atomic=true", lines(1001)).await;
    expect!["413 body_too_large"].assert_eq(&refused.problem());
    assert_eq!(server.stored().await.0, 0);
    let stored = bulk(&server, "?atomic=true", lines(1000)).await;
    assert_eq!((stored.status.as_u16(), server.stored().await.0), (200, 1000));
    assert_eq!(server.text("select count(distinct xmin::text)::text from events").await, "1");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn atomic_bulks_and_single_commands_on_one_loan_wait_for_each_other(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loans = [server.active_loan("1").await, server.active_loan("2").await];
    let pay = |loan: &str, key: &str| {
        line(&format!("{loan}/repayments"), key, r#"{"on": "2026-02-15", "amount": "1.00"}"#)
    };
    let bulks = (0..8).map(|number: usize| {
        let pair = [
            pay(&loans[number % 2], &format!("{number}-1")),
            pay(&loans[(number + 1) % 2], &format!("{number}-2")),
        ];
        bulk(&server, "?atomic=true", pair.concat())
    });
    let path = format!("{}/repayments", loans[0]);
    let singles = (0..16).map(|_| server.post(&path, r#"{"on": "2026-02-15", "amount": "1.00"}"#));
    let (bulks, singles) = tokio::join!(futures::future::join_all(bulks), futures::future::join_all(singles));
    assert!(bulks.iter().all(|answer| answer.status == 200), "{}", bulks[0].body);
    assert!(singles.iter().all(|answer| answer.status == 201));
    assert_eq!(server.stored().await.0, 6 + 32);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_bulk_is_refused_as_a_whole(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    for query in ["?atomic=yes", "?atomic=true&x=1", "?limit=1"] {
        let refused = bulk(&server, query, entry("a", "1.00")).await;
        assert!(refused.problem().starts_with("400 invalid_parameter"), "{query}");
    }
    let json = server.post("/v1/bulk", &entry("a", "1.00")).await;
    expect!["415 unsupported_media_type Content-Type=unsupported_media_type"].assert_eq(&json.problem());
    let empty = bulk(&server, "", "\n\n".to_owned()).await;
    assert_eq!((empty.status.as_u16(), empty.body.as_str()), (200, ""));
    assert_eq!(server.stored().await.0, 0);
    server.stop().await;
}
