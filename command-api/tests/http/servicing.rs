use std::fmt::Write as _;

use expect_test::expect;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Answer, Server, application};

/// An id that a client draws.
pub(crate) fn id(number: u32) -> String {
    format!("018f0000-0000-7000-8000-{number:012}")
}

impl Server {
    /// Sends a command that has to be taken.
    pub(crate) async fn take(&self, path: &str, body: &str) -> Answer {
        let answer = self.post(path, body).await;
        assert!(answer.status.is_success(), "{path} {body}: {}", answer.body);
        answer
    }
}

/// `status`, the event's type, what it covered, and how the loan stands after it.
fn told(what: &str, answer: &Answer) -> String {
    let event = &answer.json()["events"][0];
    let standing = &event["outcome"]["standing"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    format!(
        "{what}: {} {}, covers {}; {} owes {}, overpaid {}\n",
        answer.status.as_u16(),
        text(&event["type"]),
        event["effect"]["shares"],
        text(&standing["status"]),
        standing["balances"],
        text(&standing["overpaid"]),
    )
}

#[sqlx::test(migrations = false)]
async fn every_command_to_a_loan_that_runs(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let (fee, penalty, paid, credit) = (id(1), id(2), id(3), id(4));
    let steps = [
        (
            "charges",
            format!(r#"{{"id": "{fee}", "kind": "insurance", "amount": "9.00", "due_on": "2026-02-10"}}"#),
        ),
        (
            "charges",
            format!(r#"{{"id": "{penalty}", "kind": "penalty", "amount": "5.00", "due_on": "2026-06-01"}}"#),
        ),
        (
            "repayments",
            format!(
                r#"{{"id": "{paid}", "on": "2026-02-01", "amount": "100.00", "as": "anticipation", "excess": "reduce_installment"}}"#
            ),
        ),
        (
            "credits",
            format!(
                r#"{{"id": "{credit}", "on": "2026-02-20", "amount": "50.00", "kind": "goodwill", "reason": "care"}}"#
            ),
        ),
        (
            "charges/018f0000-0000-7000-8000-000000000002/waive",
            r#"{"on": "2026-06-02", "amount": "2.00", "reason": "commercial decision"}"#.to_owned(),
        ),
        (
            "charges/018f0000-0000-7000-8000-000000000002/waive",
            r#"{"on": "2026-06-02", "reason": "the rest too"}"#.to_owned(),
        ),
        (
            "repayments/018f0000-0000-7000-8000-000000000003/chargeback",
            r#"{"on": "2026-02-25", "amount": "40.00", "reason": "disputed"}"#.to_owned(),
        ),
        (
            "credits/018f0000-0000-7000-8000-000000000004/reverse",
            r#"{"on": "2026-06-03", "reason": "entered by mistake"}"#.to_owned(),
        ),
        ("repayments", r#"{"on": "2026-06-04", "amount": "2000.00", "external_id": "pix-1"}"#.to_owned()),
        ("refunds", format!(r#"{{"id": "{}", "on": "2026-06-05", "amount": "300.00"}}"#, id(5))),
    ];
    let mut story = String::new();
    for (path, body) in steps {
        let answer = server.take(&format!("{loan}/{path}"), &body).await;
        story.push_str(&told(path.split("018f").next().unwrap(), &answer));
    }
    expect![[r#"
        charges: 201 LoanChargeAdded, covers null; active owes {"fee":"9.00","interest":"40.26","principal":"1000.00"}, overpaid 0.00
        charges: 201 LoanChargeAdded, covers null; active owes {"fee":"9.00","interest":"40.26","penalty":"5.00","principal":"1000.00"}, overpaid 0.00
        repayments: 201 LoanRepaymentRecorded, covers [{"allocation":{"interest":"10.92","principal":"89.08"},"installment":1}]; active owes {"fee":"9.00","interest":"26.44","penalty":"5.00","principal":"910.92"}, overpaid 0.00
        credits: 201 LoanCreditGranted, covers [{"allocation":{"fee":"9.00","interest":"8.18","principal":"32.82"},"installment":1}]; active owes {"interest":"18.26","penalty":"5.00","principal":"878.10"}, overpaid 0.00
        charges/: 200 LoanChargeWaived, covers null; active owes {"interest":"18.26","penalty":"3.00","principal":"878.10"}, overpaid 0.00
        charges/: 200 LoanChargeWaived, covers null; active owes {"interest":"18.26","principal":"878.10"}, overpaid 0.00
        repayments/: 200 LoanRepaymentChargedBack, covers null; active owes {"interest":"18.26","principal":"918.10"}, overpaid 0.00
        credits/: 200 LoanCreditReversed, covers null; active owes {"fee":"9.00","interest":"26.44","principal":"950.92"}, overpaid 0.00
        repayments: 201 LoanRepaymentRecorded, covers [{"allocation":{"fee":"9.00","interest":"8.18","principal":"304.27"},"installment":1},{"allocation":{"interest":"12.13","principal":"340.32"},"installment":2},{"allocation":{"interest":"6.13","principal":"306.33"},"installment":3}]; overpaid owes {}, overpaid 1013.64
        refunds: 201 LoanOverpaymentRefunded, covers null; overpaid owes {}, overpaid 713.64
    "#]].assert_eq(&story);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn off_the_books_and_back(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let steps = [
        ("write-off", r#"{"on": "2026-05-20", "reason": "not recoverable"}"#.to_owned()),
        (
            "recoveries",
            format!(
                r#"{{"id": "{}", "on": "2026-06-01", "amount": "300.00", "external_id": "pix-1"}}"#,
                id(1)
            ),
        ),
        ("recoveries", r#"{"on": "2026-06-02", "amount": "20.00"}"#.to_owned()),
        (
            "recoveries/018f0000-0000-7000-8000-000000000001/reverse",
            r#"{"on": "2026-06-03", "reason": "returned"}"#.to_owned(),
        ),
        ("write-off/reverse", r#"{"on": "2026-06-04", "reason": "entered by mistake"}"#.to_owned()),
        ("repayments", r#"{"on": "2026-06-05", "amount": "10.00"}"#.to_owned()),
    ];
    let mut story = String::new();
    for (path, body) in steps {
        let answer = server.take(&format!("{loan}/{path}"), &body).await;
        story.push_str(&told(path.split("018f").next().unwrap(), &answer));
    }
    expect![[r#"
        write-off: 200 LoanWrittenOff, covers null; written_off owes {"interest":"40.26","principal":"1000.00"}, overpaid 0.00
        recoveries: 201 LoanRecoveryRecorded, covers [{"allocation":{"interest":"20.00","principal":"280.00"},"installment":1}]; written_off owes {"interest":"20.26","principal":"720.00"}, overpaid 0.00
        recoveries: 201 LoanRecoveryRecorded, covers [{"allocation":{"principal":"20.00"},"installment":1}]; written_off owes {"interest":"20.26","principal":"700.00"}, overpaid 0.00
        recoveries/: 200 LoanRecoveryReversed, covers null; written_off owes {"interest":"20.26","principal":"1000.00"}, overpaid 0.00
        write-off/reverse: 200 LoanWriteOffReversed, covers null; active owes {"interest":"20.26","principal":"1000.00"}, overpaid 0.00
        repayments: 201 LoanRepaymentRecorded, covers [{"allocation":{"principal":"10.00"},"installment":1}]; active owes {"interest":"20.26","principal":"990.00"}, overpaid 0.00
    "#]].assert_eq(&story);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn money_goes_out_in_parts(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = format!("/v1/loans/{}", server.post("/v1/loans", &application("1")).await.id());
    server.take(&format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
    let disburse = format!("{loan}/disburse");
    let mut story = String::new();
    let first = format!(r#"{{"id": "{}", "on": "2026-01-15", "amount": "400.00"}}"#, id(1));
    let first = server.take(&disburse, &first).await;
    assert_eq!(first.event("disbursement_id"), id(1));
    story.push_str(&told("first", &first));
    story.push_str(&told("rest", &server.take(&disburse, r#"{"on": "2026-01-20"}"#).await));
    let again = format!(r#"{{"id": "{}", "on": "2026-01-21", "amount": "1.00"}}"#, id(1));
    writeln!(story, "more: {}", server.post(&disburse, &again).await.problem()).unwrap();
    expect![[r#"
        first: 200 LoanDisbursed, covers null; active owes {"interest":"16.11","principal":"400.00"}, overpaid 0.00
        rest: 200 LoanDisbursed, covers null; active owes {"interest":"38.28","principal":"1000.00"}, overpaid 0.00
        more: 409 not_approved
    "#]].assert_eq(&story);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_settlement_with_an_id_and_an_external_id(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let (loan, other) = (server.active_loan("1").await, server.active_loan("2").await);
    // Drawn on that day, nothing has accrued: the quote is the principal.
    let body =
        format!(r#"{{"id": "{}", "on": "2026-01-15", "amount": "1000.00", "external_id": "pix-1"}}"#, id(1));
    let settled = server.take(&format!("{loan}/settle"), &body).await;
    assert_eq!(settled.event("repayment_id"), id(1));
    let elsewhere = server.post(&format!("{other}/settle"), &body).await;
    expect!["409 duplicate_external_id /external_id=duplicate_external_id /id=already_exists"]
        .assert_eq(&elsewhere.problem());
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_repeat_is_answered_as_the_first(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let paid = server.take(&format!("{loan}/repayments"), r#"{"on": "2026-02-15", "amount": "20.00"}"#).await;
    let paid = paid.event("repayment_id");
    let charge = r#"{"kind": "fee", "amount": "1.00", "due_on": "2026-06-20"}"#;
    let charged = server.take(&format!("{loan}/charges"), charge).await.event("charge_id");
    let why = r#"{"on": "2026-06-01", "reason": "x"}"#;
    let steps = [
        (
            "credits".to_owned(),
            r#"{"on": "2026-06-01", "amount": "1.00", "kind": "interest_waiver", "reason": "x"}"#,
        ),
        (format!("repayments/{paid}/chargeback"), why),
        (format!("charges/{charged}/waive"), why),
        (
            "restructure".to_owned(),
            r#"{"on": "2026-06-01", "mode": "re_age", "installments": 2,
            "first_due_on": "2026-07-01", "reason": "x"}"#,
        ),
        ("write-off".to_owned(), why),
        ("recoveries".to_owned(), r#"{"on": "2026-06-01", "amount": "1.00"}"#),
        ("write-off/reverse".to_owned(), why),
    ];
    for (step, body) in steps {
        let path = format!("{loan}/{step}");
        let first = server.post_as(&step, &path, body).await;
        assert!(first.status.is_success(), "{step}: {}", first.body);
        let stored = server.stored().await;
        let again = server.post_as(&step, &path, body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{step}");
        assert_eq!(again.headers["idempotency-replayed"], "true", "{step}");
        let other = server.post_as(&step, &path, &body.replace("2026-06-01", "2026-06-02")).await;
        assert_eq!(other.problem(), "422 idempotency_key_reused Idempotency-Key=idempotency_key_reused");
        assert_eq!(server.stored().await, stored, "{step}: a repeat stores nothing");
    }
    server.stop().await;
}
