use expect_test::{expect, expect_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Server, application};

#[sqlx::test(migrations = false)]
async fn from_the_application_to_the_last_cent(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let mut story = String::new();
    let applied = server.post("/v1/loans", &application("loan-1")).await;
    story.push_str(&applied.shown());
    let loan = format!("/v1/loans/{}", applied.id());
    assert_eq!(applied.headers["location"], loan.as_str());

    let approved =
        server.post(&format!("{loan}/approve"), r#"{"on": "2026-01-12", "reason": "sound"}"#).await;
    story.push_str(&approved.shown());
    let disbursed = server.post(&format!("{loan}/disburse"), r#"{"on": "2026-01-15"}"#).await;
    story.push_str(&disbursed.shown());
    let repayments = format!("{loan}/repayments");
    let first = r#"{"on": "2026-02-15", "amount": "346.75", "external_id": "pix-1", "as": "installment"}"#;
    let repaid = server.post(&repayments, first).await;
    story.push_str(&repaid.shown());

    let reverse = format!("{repayments}/{}/reverse", repaid.event("repayment_id"));
    let reversed = server.post(&reverse, r#"{"on": "2026-02-16", "reason": "returned"}"#).await;
    story.push_str(&reversed.shown());
    let charge = r#"{"kind": "collection_cost", "amount": "5.00", "due_on": "2026-03-01"}"#;
    let charged = server.post(&format!("{loan}/charges"), charge).await;
    story.push_str(&charged.shown());

    // Due by 15 March: twice 346.75 and the charge of 5.00. The last 346.76 are worth 339.96 that day.
    let off_by_one =
        server.post(&format!("{loan}/settle"), r#"{"on": "2026-03-15", "amount": "0.01"}"#).await;
    story.push_str(&off_by_one.shown());
    let quote = off_by_one.json()["detail"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let settle = format!(r#"{{"on": "2026-03-15", "amount": "{quote}"}}"#);
    let settled = server.post(&format!("{loan}/settle"), &settle).await;
    story.push_str(&settled.shown());
    expect_file!["snapshots/life_of_a_loan.txt"].assert_eq(&story);
    let late = server.post(&repayments, r#"{"on": "2026-04-15", "amount": "1.00"}"#).await;
    expect!["409 not_active"].assert_eq(&late.problem());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_events_say_who_did_what_and_hold_no_name(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let headers = [("idempotency-key", "k-1"), ("x-request-id", "r-1")];
    let applied = server.post_with("/v1/loans", &headers, &application("loan-1")).await;
    let path = format!("/v1/loans/{}/reject", applied.id());
    let headers = [("idempotency-key", "k-2"), ("x-request-id", "r-2")];
    server.post_with(&path, &headers, r#"{"on": "2026-01-12", "reason": "no steady income"}"#).await;
    let metadata =
        server.text("select string_agg(metadata::text, E'\\n' order by position) from events").await;
    expect![[r#"
        {"actor":"local-developer","command":"ApplyForLoan","idempotency_key":"k-1","correlation_id":"r-1","engine":"razao/0.1.0"}
        {"actor":"local-developer","command":"RejectLoan","idempotency_key":"k-2","correlation_id":"r-2","reason":"no steady income","engine":"razao/0.1.0"}"#]].assert_eq(&metadata);
    let payload = server.text("select payload::text from events where position = 1").await;
    assert!(!payload.contains("Cantina") && !payload.contains("11222333000181"), "{payload}");
    let borrower = server.text("select tax_id || ' ' || name from borrowers").await;
    expect!["11222333000181 Cantina da Praça Ltda"].assert_eq(&borrower);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn every_method_day_count_and_rhythm_is_served(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    for method in ["price", "sac", "sam", "interest_only", "bullet", "flat"] {
        for day_count in ["30/360", "act/365", "act/act", "bus/252"] {
            for every in ["\"months\": 1", "\"months\": 3", "\"weeks\": 2", "\"days\": 10"] {
                let body = application(&format!("{method}-{day_count}-{every}").replace('"', ""))
                    .replace("\"price\"", &format!("\"{method}\""))
                    .replace("30/360", day_count)
                    .replace("\"months\": 1", every);
                let loan = format!("/v1/loans/{}", server.post("/v1/loans", &body).await.id());
                server.post(&format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
                let path = format!("{loan}/disburse");
                let disbursed = server.post(&path, r#"{"on": "2026-01-15", "amount": "900.00"}"#).await;
                assert_eq!(disbursed.status, 200, "{}", disbursed.body);
                let standing = &disbursed.json()["events"][0]["outcome"]["standing"];
                assert_eq!(standing["balances"]["principal"], "900.00", "{method} {day_count} {every}");
            }
        }
    }
    server.stop().await;
}
