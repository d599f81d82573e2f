use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::servicing::id;
use crate::support::Server;

const REPLACE: &str = r#"{"on": "2026-04-02", "mode": "replace", "capitalize": ["interest"], "reason": "arrears",
    "terms": {"method": "sac", "rate": {"value": "0.0179"}, "installments": 4, "first_due_on": "2026-05-02"}}"#;
const RE_AGE: &str = r#"{"on": "2026-04-02", "mode": "re_age", "installments": 3, "every": {"weeks": 2},
    "first_due_on": "2026-05-02", "reason": "renegotiated"}"#;
const RE_AMORTIZE: &str = r#"{"on": "2026-03-02", "mode": "re_amortize", "reason": "renegotiated"}"#;

/// The principal by due date, with what the first event or the schedule says of it.
fn rows(installments: &Value) -> String {
    let mut told = String::new();
    for row in installments.as_array().unwrap() {
        let field = |name: &str| row[name].as_str().unwrap().to_owned();
        writeln!(told, "{} {} + {}", field("due_on"), field("principal"), field("interest")).unwrap();
    }
    told
}

#[sqlx::test(migrations = false)]
async fn a_preview_shows_what_would_follow_and_stores_nothing(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let stored = server.stored().await;
    let mut told = String::new();
    for (name, body) in [("replace", REPLACE), ("re_age", RE_AGE), ("re_amortize", RE_AMORTIZE)] {
        let path = format!("{loan}/restructure?preview=true");
        let preview = server.post_with(&path, &[], body).await;
        assert_eq!(preview.status, 200, "{}", preview.body);
        let shown = preview.json();
        writeln!(told, "{name}: {} rows differ", shown["difference"].as_array().unwrap().len()).unwrap();
        told.push_str(&rows(&shown["schedule"]["installments"]));
    }
    expect![[r"
        replace: 4 rows differ
        2026-05-02 259.35 + 18.31
        2026-06-02 259.35 + 14.20
        2026-07-02 259.35 + 9.16
        2026-08-02 259.34 + 4.73
        re_age: 6 rows differ
        2026-02-15 0.00 + 20.00
        2026-03-15 0.00 + 13.46
        2026-04-02 0.00 + 3.93
        2026-05-02 333.33 + 20.00
        2026-05-16 333.33 + 6.19
        2026-05-30 333.34 + 3.09
        re_amortize: 3 rows differ
        2026-02-15 0.00 + 20.00
        2026-03-15 496.67 + 16.48
        2026-04-15 503.33 + 10.07
    "]]
    .assert_eq(&told);
    assert_eq!(server.stored().await, stored, "a preview stores nothing");

    // What was shown is what then happens.
    let preview = server.post_with(&format!("{loan}/restructure?preview=true"), &[], REPLACE).await.json();
    let done = server.take(&format!("{loan}/restructure?preview=false"), REPLACE).await.json();
    for field in ["effect", "outcome", "restructure"] {
        assert_eq!(preview["events"][0][field], done["events"][0][field]);
    }
    assert_eq!(preview["events"][0]["sequence"], done["version"]);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn each_way_to_restructure(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    for (number, body) in (1..).zip([REPLACE, RE_AGE, RE_AMORTIZE]) {
        let loan = server.active_loan(&number.to_string()).await;
        let body = body.replacen('{', &format!("{{\"id\": \"{}\", ", id(number)), 1);
        let done = server.take(&format!("{loan}/restructure"), &body).await;
        assert_eq!(done.event("restructure_id"), id(number));
        assert_eq!(done.event("type"), "LoanRestructured");
        let reason =
            server.text("select metadata->>'reason' from events order by position desc limit 1").await;
        assert_eq!(reason, done.event("reason"));
    }
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_loan_in_another_currency_keeps_it(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let body = crate::support::application("1").replace("BRL", "EUR");
    let loan = format!("/v1/loans/{}", server.take("/v1/loans", &body).await.id());
    server.take(&format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
    server.take(&format!("{loan}/disburse"), r#"{"on": "2026-01-15"}"#).await;
    let restructure = format!("{loan}/restructure");
    let brl = REPLACE.replace("\"method\"", "\"currency\": \"BRL\", \"method\"");
    expect!["422 invalid_value /terms/currency=invalid_value"]
        .assert_eq(&server.post(&restructure, &brl).await.problem());
    let done = server.take(&restructure, REPLACE).await;
    assert_eq!(done.json()["events"][0]["restructure"]["terms"]["currency"], "EUR");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_restructuring_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let stored = server.stored().await;
    let replace = |from: &str, to: &str| REPLACE.replace(from, to);
    let terms = |term: &str| replace("\"installments\": 4", &format!("{term}, \"installments\": 4"));
    let re_age = |from: &str, to: &str| RE_AGE.replace(from, to);
    let cases = [
        ("no reason", replace("arrears", " ")),
        ("to come", replace("2026-04-02", "2026-07-01")),
        ("before the disbursement", replace("2026-04-02", "2026-01-14")),
        ("no terms", r#"{"on": "2026-04-02", "reason": "x"}"#.to_owned()),
        ("a principal", terms("\"principal\": \"500.00\"")),
        ("no rate", replace("\"rate\": {\"value\": \"0.0179\"}, ", "")),
        ("a rate that is a number", replace("\"0.0179\"", "0.0179")),
        ("an unknown method", replace("\"sac\"", "\"magic\"")),
        ("an unknown field of the terms", terms("\"colour\": \"red\"")),
        ("an unknown component", replace("[\"interest\"]", "[\"interest\", \"dividends\"]")),
        ("a component twice", replace("[\"interest\"]", "[\"interest\", \"interest\"]")),
        ("a residue", terms("\"rounding\": {\"remainder\": \"none\"}")),
        ("a grace that is too long", terms("\"grace\": {\"principal\": 4}")),
        ("another currency", terms("\"currency\": \"EUR\"")),
        ("a first due date before it", replace("2026-05-02", "2026-04-01")),
        (
            "an installment below the interest",
            replace("\"sac\"", "\"price\", \"installment_amount\": \"1.00\""),
        ),
        (
            "a custom plan of another sum",
            replace(
                "\"sac\"",
                "\"custom\", \"custom\": [{\"due_on\": \"2026-05-02\", \"principal\": \"1.00\"}]",
            )
            .replace(", \"installments\": 4, \"first_due_on\": \"2026-05-02\"", ""),
        ),
        ("fields of another mode", replace("\"replace\"", "\"re_amortize\"")),
        ("no installments", re_age("\"installments\": 3", "\"installments\": 0")),
        ("left open how many", re_age("\"installments\": 3,", "")),
        ("every nothing", re_age("\"weeks\": 2", "\"weeks\": 0")),
        ("every year", re_age("\"weeks\": 2", "\"years\": 1")),
        ("re-aged to the day itself", re_age("2026-05-02", "2026-04-02")),
        ("re-aged beyond all dates", re_age("2026-05-02", "2199-12-02")),
        ("nothing left to move to", RE_AMORTIZE.replace("2026-03-02", "2026-04-16")),
    ];
    let mut report = String::new();
    for (what, body) in cases {
        let refused = server.post(&format!("{loan}/restructure"), &body).await.problem();
        writeln!(report, "{what}: {refused}").unwrap();
        let preview = server.post_with(&format!("{loan}/restructure?preview=true"), &[], &body).await;
        assert_eq!(preview.problem(), refused, "{what}: a preview is refused alike");
    }
    for query in ["preview=yes", "show=true", "preview=true&preview=true"] {
        let refused = server.post(&format!("{loan}/restructure?{query}"), REPLACE).await;
        writeln!(report, "{query}: {}", refused.problem()).unwrap();
    }
    let preview = format!("{loan}/restructure?preview=true");
    for headers in [("if-match", "\"9\""), ("if-match", "9"), ("idempotency-key", "with blanks")] {
        let refused = server.post_with(&preview, &[headers], REPLACE).await;
        writeln!(report, "preview with {} {}: {}", headers.0, headers.1, refused.problem()).unwrap();
    }
    expect_file!["snapshots/refused_restructures.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}
