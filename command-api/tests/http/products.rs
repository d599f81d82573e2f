use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

/// Working capital of 500.00 to 50,000.00 at 1.5 % to 3 % a month.
const WORKING_CAPITAL: &str = r#"{"name": "working capital", "currency": "BRL",
    "terms": {"rate": {"value": "0.0199", "per": "month", "compounding": "effective"}, "day_count": "30/360"},
    "limits": {"principal": {"least": "500.00", "most": "50000.00"},
        "rate.value": {"least": "0.015", "most": "0.03"},
        "installments": {"least": 3, "default": 12, "most": 24},
        "method": {"allowed": ["price", "sac"], "default": "price"}}}"#;

/// An application for working capital.
fn application(terms: &str) -> String {
    format!(
        r#"{{"borrower": {{"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"}},
            "product": "working capital", "terms": {terms}}}"#
    )
}

async fn define(server: &Server, product: &str) {
    let defined = server.post("/v1/products", product).await;
    assert_eq!(defined.status, 201, "{}", defined.body);
}

#[sqlx::test(migrations = false)]
async fn a_product_is_defined_revised_and_retired(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let mut story = String::new();
    let defined = server.post("/v1/products", WORKING_CAPITAL).await;
    story.push_str(&defined.shown());
    let dearer = WORKING_CAPITAL.replace("\"0.0199\"", "\"0.0249\"");
    let revised = server.post("/v1/products", &dearer).await;
    story.push_str(&revised.shown());
    let retire = "/v1/products/working%20capital/retire";
    let retired = server.post(retire, r#"{"reason": "replaced"}"#).await;
    story.push_str(&retired.shown());
    expect_file!["snapshots/life_of_a_product.txt"].assert_eq(&story);
    for answer in [&revised, &retired] {
        assert_eq!(answer.id(), defined.id(), "one stream for one name");
    }
    let mut refused = String::new();
    for (what, path, body) in [
        ("a version after that", "/v1/products", WORKING_CAPITAL),
        ("retired again", retire, "{}"),
        ("retired by its id", &format!("/v1/products/{}/retire", defined.id()), "{}"),
        ("one that never was", "/v1/products/no%20such%20thing/retire", "{}"),
    ] {
        writeln!(refused, "{what}: {}", server.post(path, body).await.problem()).unwrap();
    }
    expect![[r"
        a version after that: 409 product_retired
        retired again: 409 product_retired
        retired by its id: 409 product_retired
        one that never was: 404 not_found
    "]]
    .assert_eq(&refused);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_loan_takes_the_terms_by_copy(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    define(&server, WORKING_CAPITAL).await;
    let first = server.post_as("first", "/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
    let taken = |answer: &crate::support::Answer| {
        let event = answer.json()["events"][0].clone();
        let terms = &event["terms"];
        format!(
            "{} {} {} {} {} {}",
            event["product"],
            event["product_version"],
            terms["rate"]["value"],
            terms["installments"],
            terms["method"],
            terms["day_count"]
        )
    };
    expect![[r#""working capital" 1 "0.0199" 12 "price" "30/360""#]].assert_eq(&taken(&first));

    let stricter = WORKING_CAPITAL.replace("\"0.0199\"", "\"0.0249\"").replace("\"500.00\"", "\"6000.00\"");
    define(&server, &stricter).await;
    let own = r#"{"principal": "6000.00", "method": "sac", "installments": 6}"#;
    let second = server.post("/v1/loans", &application(own)).await;
    expect![[r#""working capital" 2 "0.0249" 6 "sac" "30/360""#]].assert_eq(&taken(&second));

    // What version 2 would refuse was accepted under version 1: a repeat is answered as the first was.
    let repeat = server.post_as("first", "/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
    assert_eq!((repeat.status.as_u16(), &repeat.body), (201, &first.body));
    assert_eq!(repeat.headers["idempotency-replayed"], "true");
    let reused = server.post_as("first", "/v1/loans", &application(r#"{"principal": "5500.00"}"#)).await;
    expect!["422 idempotency_key_reused Idempotency-Key=idempotency_key_reused"].assert_eq(&reused.problem());
    let anew = server.post("/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
    expect!["422 outside_product_limits /terms/principal=outside_product_limits"].assert_eq(&anew.problem());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_product_does_not_allow(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    define(&server, WORKING_CAPITAL).await;
    define(&server, r#"{"name": "retired", "terms": {"rate": {"value": "0.02"}}}"#).await;
    assert_eq!(server.post("/v1/products/retired/retire", "{}").await.status, 200);
    let stored = server.stored().await;
    let own = |terms: &str| application(terms);
    let good = r#"{"principal": "5000.00"}"#;
    let mut report = String::new();
    for (what, body) in [
        ("a product that is unknown", own(good).replace("working capital", "no such thing")),
        ("another spelling", own(good).replace("working capital", "Working Capital")),
        ("a product that was retired", own(good).replace("working capital", "retired")),
        ("too little", own(r#"{"principal": "499.99"}"#)),
        ("too much", own(r#"{"principal": "50000.01"}"#)),
        ("too cheap", own(r#"{"principal": "5000.00", "rate": {"value": "0.0149"}}"#)),
        ("by the day", own(r#"{"principal": "5000.00", "rate": {"value": "0.02", "per": "day"}}"#)),
        ("too long", own(r#"{"principal": "5000.00", "installments": 25}"#)),
        ("another method", own(r#"{"principal": "5000.00", "method": "flat"}"#)),
        ("another currency", own(r#"{"principal": "5000.00", "currency": "USD"}"#)),
        ("no principal", own("{}")),
        ("an unknown term", own(r#"{"principal": "5000.00", "colour": "red"}"#)),
        ("a term twice", own(r#"{"principal": "5000.00", "principal": "6000.00"}"#)),
        ("several at once", own(r#"{"principal": "1.00", "installments": 2}"#).replace("0001-81", "0001-82")),
    ] {
        writeln!(report, "{what}: {}", server.post("/v1/loans", &body).await.problem()).unwrap();
    }
    expect_file!["snapshots/refused_by_products.txt"].assert_eq(&report);
    let refused = server.post("/v1/loans", &own(r#"{"principal": "499.99"}"#)).await;
    expect!["principal: 499.99 is less than the least, 500.00"]
        .assert_eq(refused.json()["detail"].as_str().unwrap());
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_definition_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    define(&server, WORKING_CAPITAL).await;
    let stored = server.stored().await;
    let with = |from: &str, to: &str| WORKING_CAPITAL.replace(from, to);
    let mut report = String::new();
    for (what, body) in [
        ("no name", with("\"name\": \"working capital\", ", "")),
        ("a blank name", with("working capital", " ")),
        ("a long name", with("working capital", &"p".repeat(101))),
        ("a name like an id", with("working capital", "018f0000-0000-7000-8000-000000000001")),
        ("another currency", with("\"BRL\"", "\"USD\"")),
        ("an unknown currency", with("\"BRL\"", "\"XXX\"")),
        ("an unknown term", with("\"day_count\"", "\"night_count\"")),
        ("an unknown word", with("30/360", "31/360")),
        (
            "a limit of nothing",
            with("\"installments\": {\"least\": 3, \"default\": 12, \"most\": 24}", "\"installments\": {}"),
        ),
        ("a limit of an unknown field", with("\"installments\"", "\"instalments\"")),
        ("a limit with an unknown part", with("\"least\": 3", "\"fewest\": 3")),
        ("a limit twice", with("\"limits\": {", "\"limits\": {\"method\": {\"allowed\": [\"flat\"]}, ")),
        (
            "limits that are a list",
            with(
                "\"method\": {\"allowed\": [\"price\", \"sac\"], \"default\": \"price\"}",
                "\"method\": [\"price\"]",
            ),
        ),
        ("a least above the most", with("\"least\": 3", "\"least\": 25")),
        ("a default outside", with("\"default\": 12", "\"default\": 2")),
        ("a rate in the terms outside", with("\"0.0199\"", "\"0.0301\"")),
    ] {
        writeln!(report, "{what}: {}", server.post("/v1/products", &body).await.problem()).unwrap();
    }
    expect_file!["snapshots/refused_products.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}

/// The decision is made on the log: what another server did holds at once.
#[sqlx::test(migrations = false)]
async fn another_server_sees_each_version_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let (one, other) = (Server::start(&options).await, Server::start(&options).await);
    for version in 1..=5 {
        define(&one, WORKING_CAPITAL).await;
        let applied = other.post("/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
        assert_eq!(applied.json()["events"][0]["product_version"], version);
    }
    assert_eq!(one.post("/v1/products/working%20capital/retire", "{}").await.status, 200);
    let refused = other.post("/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
    expect!["409 product_retired /product=product_retired"].assert_eq(&refused.problem());
    one.stop().await;
    other.stop().await;
}

#[sqlx::test(migrations = false)]
async fn of_parallel_definitions_each_is_a_version(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let answers = join_all((0..24).map(|_| server.post("/v1/products", WORKING_CAPITAL))).await;
    let mut versions: Vec<_> =
        answers.iter().map(|answer| answer.json()["events"][0]["version"].as_u64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=24).collect::<Vec<_>>());
    let applied = server.post("/v1/loans", &application(r#"{"principal": "5000.00"}"#)).await;
    assert_eq!(applied.json()["events"][0]["product_version"], 24);
    server.stop().await;
}
