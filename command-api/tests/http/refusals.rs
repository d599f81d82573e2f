use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Server, application};

const NOBODY: &str = "018f0000-0000-7000-8000-00000000000f";

#[sqlx::test(migrations = false)]
async fn what_a_loan_refuses_before_it_is_disbursed(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let applied = format!("/v1/loans/{}", server.post("/v1/loans", &application("applied")).await.id());
    let approved = format!("/v1/loans/{}", server.post("/v1/loans", &application("approved")).await.id());
    let rejected = format!("/v1/loans/{}", server.post("/v1/loans", &application("rejected")).await.id());
    server.post(&format!("{approved}/approve"), r#"{"on": "2026-01-12"}"#).await;
    server.post(&format!("{rejected}/reject"), r#"{"on": "2026-01-12"}"#).await;
    let early = application("early").replace("\"every\"", "\"first_due_on\": \"2026-02-10\", \"every\"");
    let early = format!("/v1/loans/{}", server.post("/v1/loans", &early).await.id());
    server.post(&format!("{early}/approve"), r#"{"on": "2026-01-12"}"#).await;
    let tight = application("tight").replace("\"every\"", "\"installment_amount\": \"1.00\", \"every\"");
    let tight = format!("/v1/loans/{}", server.post("/v1/loans", &tight).await.id());
    server.post(&format!("{tight}/approve"), r#"{"on": "2026-01-12"}"#).await;
    let stored = server.stored().await;

    let on = r#"{"on": "2026-01-15"}"#;
    let to_come = r#"{"on": "2026-07-01"}"#;
    let paid = r#"{"on": "2026-02-15", "amount": "1.00"}"#;
    let charge = r#"{"kind": "penalty", "amount": "1.00", "due_on": "2026-02-15"}"#;
    let cases = [
        (format!("/v1/loans/{NOBODY}/approve"), on),
        (format!("/v1/loans/{NOBODY}/disburse"), on),
        (format!("/v1/loans/{NOBODY}/repayments"), paid),
        (format!("/v1/loans/{NOBODY}/charges"), charge),
        (format!("{applied}/approve"), to_come),
        (format!("{applied}/approve"), r#"{"on": "2026-01-15", "reason": "\u007f"}"#),
        (format!("{applied}/disburse"), on),
        (format!("{applied}/repayments"), paid),
        (format!("{applied}/settle"), paid),
        (format!("{applied}/charges"), charge),
        (format!("{approved}/approve"), on),
        (format!("{approved}/reject"), on),
        (format!("{approved}/withdraw"), r#"{"on": "2026-01-11"}"#),
        (format!("{approved}/disburse"), r#"{"on": "2026-01-11"}"#),
        (format!("{approved}/disburse"), to_come),
        (format!("{approved}/disburse"), r#"{"on": "2026-01-15", "amount": "1000.01"}"#),
        (format!("{approved}/disburse"), r#"{"on": "2026-01-15", "amount": "0.00"}"#),
        (format!("{approved}/disburse"), r#"{"on": "2026-01-15", "amount": "10.001"}"#),
        (format!("{approved}/repayments"), paid),
        (format!("{early}/disburse"), r#"{"on": "2026-02-15"}"#),
        (format!("{tight}/disburse"), on),
        (format!("{rejected}/approve"), on),
        (format!("{rejected}/withdraw"), on),
    ];
    let mut report = String::new();
    for (path, body) in cases {
        let verb = path.rsplit('/').next().unwrap().to_owned();
        let answer = server.post(&path, body).await;
        writeln!(report, "{verb}: {}: {}", answer.problem(), answer.json()["detail"].as_str().unwrap())
            .unwrap();
    }
    expect_file!["snapshots/refused_before_disbursement.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_an_active_loan_refuses(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let other = server.active_loan("2").await;
    let (paid, charged) = ("018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002");
    let repayments = format!("{loan}/repayments");
    let repayment =
        format!(r#"{{"id": "{paid}", "on": "2026-02-15", "amount": "10.00", "external_id": "pix-1"}}"#);
    assert_eq!(server.post(&repayments, &repayment).await.status, 201);
    let charge = format!(r#"{{"id": "{charged}", "kind": "fee", "amount": "1.00", "due_on": "2026-02-15"}}"#);
    assert_eq!(server.post(&format!("{loan}/charges"), &charge).await.status, 201);
    let reverse = format!("{repayments}/{paid}/reverse");
    assert_eq!(server.post(&reverse, r#"{"on": "2026-02-15", "reason": "returned"}"#).await.status, 200);
    // Ids that the server drew are taken too, even by a payment of another kind.
    let drawn = server.post(&repayments, r#"{"on": "2026-02-15", "amount": "1.00"}"#).await;
    let drawn = drawn.json()["events"][0]["repayment_id"].as_str().unwrap().to_owned();
    let stored = server.stored().await;

    let with =
        |from: &str, to: &str| repayment.replace("pix-1", "pix-2").replace(paid, NOBODY).replace(from, to);
    let cases = [
        ("the same id", repayments.clone(), repayment.replace("pix-1", "pix-2")),
        ("the same id elsewhere", format!("{other}/repayments"), repayment.replace("pix-1", "pix-2")),
        ("an id that the server drew", repayments.clone(), with(NOBODY, &drawn)),
        ("the same external id", format!("{other}/repayments"), repayment.replace(paid, NOBODY)),
        ("both the same", repayments.clone(), repayment.clone()),
        ("to come", repayments.clone(), with("2026-02-15", "2026-07-01")),
        ("before the disbursement", repayments.clone(), with("2026-02-15", "2026-01-14")),
        ("nothing", repayments.clone(), with("10.00", "0.00")),
        ("parts of a cent", repayments.clone(), with("10.00", "10.005")),
        ("a blank external id", repayments.clone(), with("pix-2", " ")),
        ("the same charge", format!("{loan}/charges"), charge.clone()),
        ("the same charge elsewhere", format!("{other}/charges"), charge.clone()),
        (
            "a charge before the disbursement",
            format!("{loan}/charges"),
            charge.replace(charged, NOBODY).replace("2026-02-15", "2026-01-14"),
        ),
        (
            "a charge of nothing",
            format!("{loan}/charges"),
            charge.replace(charged, NOBODY).replace("1.00", "0"),
        ),
        ("a charge of no kind", format!("{loan}/charges"), charge.replace("\"fee\"", "\"tip\"")),
        ("reversed twice", reverse.clone(), r#"{"on": "2026-02-15", "reason": "x"}"#.to_owned()),
        (
            "an unknown repayment",
            reverse.replace(paid, NOBODY),
            r#"{"on": "2026-02-15", "reason": "x"}"#.to_owned(),
        ),
        ("a reversal without a reason", reverse.clone(), r#"{"on": "2026-02-15"}"#.to_owned()),
        ("a reversal to come", reverse.clone(), r#"{"on": "2026-07-01", "reason": "x"}"#.to_owned()),
        ("approved again", format!("{loan}/approve"), r#"{"on": "2026-02-15"}"#.to_owned()),
        ("disbursed again", format!("{loan}/disburse"), r#"{"on": "2026-02-15"}"#.to_owned()),
        ("not the quote", format!("{loan}/settle"), r#"{"on": "2026-02-15", "amount": "1.00"}"#.to_owned()),
    ];
    let mut report = String::new();
    for (what, path, body) in cases {
        writeln!(report, "{what}: {}", server.post(&path, &body).await.problem()).unwrap();
    }
    expect_file!["snapshots/refused_by_an_active_loan.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");

    let early = server.post(&repayments, &with("2026-02-15", "2026-03-15")).await;
    assert_eq!(early.status, 201);
    let before = format!("{repayments}/{NOBODY}/reverse");
    let before = server.post(&before, r#"{"on": "2026-03-14", "reason": "x"}"#).await;
    expect!["422 before_first_fact /on=before_first_fact"].assert_eq(&before.problem());
    server.stop().await;
}
