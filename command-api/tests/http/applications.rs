use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Server, application};

#[sqlx::test(migrations = false)]
async fn what_an_application_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let id = "018f0000-0000-7000-8000-000000000001";
    let first = application("taken").replacen('{', &format!("{{\"id\": \"{id}\", "), 1);
    assert_eq!(server.post("/v1/loans", &first).await.status, 201);
    let stored = server.stored().await;
    let with = |from: &str, to: &str| application("other").replace(from, to);
    let term = |term: &str| with("\"installments\": 3,", &format!("\"installments\": 3, {term},"));
    let cases = [
        ("the same id", first.replace("taken", "other")),
        ("the same external id", application("taken")),
        ("a wrong check digit", with("0001-81", "0001-82")),
        ("no tax id", with("11.222.333/0001-81", "unknown")),
        ("an empty name", with("Cantina da Praça Ltda", " ")),
        ("a NUL in the name", with("Cantina", "Can\\u0000tina")),
        (
            "a long product",
            with("\"external_id\"", &format!("\"product\": \"{}\", \"external_id\"", "p".repeat(101))),
        ),
        ("a long external id", application(&"x".repeat(101))),
        ("a line feed in the metadata", with("\"app\"", "[{\"note\": \"a\\nb\"}]")),
        ("much metadata", with("\"app\"", &format!("\"{}\"", "m".repeat(4097)))),
        ("metadata that is a list", with("{\"channel\": \"app\"}", "[]")),
        ("no principal", with("\"principal\": \"1000.00\",", "")),
        ("a principal that is a number", with("\"1000.00\"", "1000.00")),
        ("a principal that is no number", with("\"1000.00\"", "\"NaN\"")),
        ("a principal of nothing", with("\"1000.00\"", "\"0.00\"")),
        ("a principal below nothing", with("\"1000.00\"", "\"-1.00\"")),
        ("a principal with parts of a cent", with("\"1000.00\"", "\"1000.001\"")),
        ("an unknown currency", with("\"BRL\"", "\"XXX\"")),
        ("an unknown method", with("\"price\"", "\"magic\"")),
        (
            "no rate",
            with("\"rate\": {\"value\": \"0.02\", \"per\": \"month\", \"compounding\": \"effective\"},", ""),
        ),
        ("an unknown field of the rate", with("\"per\"", "\"for\"")),
        ("no installments", with("\"installments\": 3", "\"installments\": 0")),
        ("a day that does not exist", term("\"first_due_on\": \"2026-02-30\"")),
        ("an unknown component", term("\"allocation\": [\"dividends\"]")),
        ("a residue", term("\"rounding\": {\"remainder\": \"none\"}")),
        ("a grace that is too long", term("\"grace\": {\"principal\": 3}")),
        ("two wrong fields", with("\"1000.00\"", "\"0.00\"").replace("0001-81", "0001-82")),
    ];
    let mut report = String::new();
    for (what, body) in cases {
        writeln!(report, "{what}: {}", server.post("/v1/loans", &body).await.problem()).unwrap();
    }
    expect_file!["snapshots/refused_applications.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_borrower_is_known_by_tax_id(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let first = server.post("/v1/loans", &application("1")).await;
    let plain = application("2").replace("11.222.333/0001-81", "11222333000181").replace("Ltda", "S.A.");
    let second = server.post("/v1/loans", &plain).await;
    assert_eq!(first.event("borrower_id"), second.event("borrower_id"));
    let other =
        server.post("/v1/loans", &application("3").replace("11.222.333/0001-81", "529.982.247-25")).await;
    assert_ne!(first.event("borrower_id"), other.event("borrower_id"));
    let borrowers =
        server.text("select string_agg(tax_id || ' ' || name, ', ' order by tax_id) from borrowers").await;
    expect!["11222333000181 Cantina da Praça S.A., 52998224725 Cantina da Praça Ltda"].assert_eq(&borrowers);
    server.stop().await;
}
