use std::fmt::Write as _;

use expect_test::expect_file;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::servicing::id;
use crate::support::{Server, application};

const WHY: &str = r#"{"on": "2026-06-10", "reason": "x"}"#;

/// Sends each, and tells what it is refused with.
async fn report(server: &Server, cases: &[(&str, String, &str)]) -> String {
    let stored = server.stored().await;
    let mut report = String::new();
    for (what, path, body) in cases {
        writeln!(report, "{what}: {}", server.post(path, body).await.problem()).unwrap();
    }
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    report
}

#[sqlx::test(migrations = false)]
async fn what_servicing_refuses(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let (paid, charged, credit, nobody) = (id(1), id(2), id(3), id(9));
    let repayment = format!(r#"{{"id": "{paid}", "on": "2026-02-15", "amount": "10.00"}}"#);
    server.take(&format!("{loan}/repayments"), &repayment).await;
    let charge = format!(r#"{{"id": "{charged}", "kind": "fee", "amount": "1.00", "due_on": "2026-06-20"}}"#);
    server.take(&format!("{loan}/charges"), &charge).await;
    let granted = format!(
        r#"{{"id": "{credit}", "on": "2026-02-20", "amount": "1.00", "kind": "goodwill", "reason": "x"}}"#
    );
    server.take(&format!("{loan}/credits"), &granted).await;
    let to = |path: &str| format!("{loan}/{path}");
    let again = granted.clone();
    let of_nothing = granted.replace(&credit, &nobody).replace("1.00", "0.00");
    let early = granted.replace(&credit, &nobody).replace("2026-02-20", "2026-01-14");
    let to_come = granted.replace(&credit, &nobody).replace("2026-02-20", "2026-07-01");
    let blank = granted.replace(&credit, &nobody).replace("\"x\"", "\" \"");
    let cases = [
        ("a credit with an id that is taken", to("credits"), again.as_str()),
        ("a credit of nothing", to("credits"), &of_nothing),
        ("a credit before the disbursement", to("credits"), &early),
        ("a credit to come", to("credits"), &to_come),
        ("a credit without a reason", to("credits"), &blank),
        ("an unknown credit", to(&format!("credits/{nobody}/reverse")), WHY),
        ("a repayment reversed as a credit", to(&format!("credits/{paid}/reverse")), WHY),
        ("a credit reversed as a repayment", to(&format!("repayments/{credit}/reverse")), WHY),
        (
            "a credit reversed before it was granted",
            to(&format!("credits/{credit}/reverse")),
            r#"{"on": "2026-02-19", "reason": "x"}"#,
        ),
        ("an unknown repayment charged back", to(&format!("repayments/{nobody}/chargeback")), WHY),
        (
            "more charged back than was paid",
            to(&format!("repayments/{paid}/chargeback")),
            r#"{"on": "2026-06-10", "amount": "10.01", "reason": "x"}"#,
        ),
        (
            "charged back before it was paid",
            to(&format!("repayments/{paid}/chargeback")),
            r#"{"on": "2026-02-14", "reason": "x"}"#,
        ),
        (
            "charged back with an id that is taken",
            to(&format!("repayments/{paid}/chargeback")),
            r#"{"id": "018f0000-0000-7000-8000-000000000003", "on": "2026-06-10", "reason": "x"}"#,
        ),
        ("an unknown charge waived", to(&format!("charges/{nobody}/waive")), WHY),
        (
            "more waived than is unpaid",
            to(&format!("charges/{charged}/waive")),
            r#"{"on": "2026-06-21", "amount": "1.01", "reason": "x"}"#,
        ),
        (
            "nothing waived",
            to(&format!("charges/{charged}/waive")),
            r#"{"on": "2026-06-21", "amount": "0.00", "reason": "x"}"#,
        ),
        (
            "a waiver to come",
            to(&format!("charges/{charged}/waive")),
            r#"{"on": "2026-07-21", "reason": "x"}"#,
        ),
        ("a refund of what is not overpaid", to("refunds"), r#"{"on": "2026-06-10", "amount": "0.01"}"#),
        ("a refund of nothing", to("refunds"), r#"{"on": "2026-06-10", "amount": "0"}"#),
        ("a recovery of an active loan", to("recoveries"), r#"{"on": "2026-06-10", "amount": "1.00"}"#),
        ("an unknown recovery", to(&format!("recoveries/{nobody}/reverse")), WHY),
        ("no write-off to undo", to("write-off/reverse"), WHY),
        ("a write-off to come", to("write-off"), r#"{"on": "2026-07-01", "reason": "x"}"#),
        ("a write-off before the disbursement", to("write-off"), r#"{"on": "2026-01-14", "reason": "x"}"#),
        ("a write-off without a reason", to("write-off"), r#"{"on": "2026-06-10", "reason": ""}"#),
        ("no such loan to write off", format!("/v1/loans/{nobody}/write-off"), WHY),
    ];
    expect_file!["snapshots/refused_by_servicing.txt"].assert_eq(&report(&server, &cases).await);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_longer_there_to_be_done(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let to = |path: &str| format!("{loan}/{path}");
    let (paid, charged, credit, recovered) = (id(1), id(2), id(3), id(4));
    let steps = [
        (
            to("charges"),
            format!(r#"{{"id": "{charged}", "kind": "fee", "amount": "1.00", "due_on": "2026-02-01"}}"#),
        ),
        (to("repayments"), format!(r#"{{"id": "{paid}", "on": "2026-02-15", "amount": "10.00"}}"#)),
        (
            to("credits"),
            format!(
                r#"{{"id": "{credit}", "on": "2026-02-20", "amount": "1.00", "kind": "goodwill", "reason": "x"}}"#
            ),
        ),
        (to(&format!("credits/{credit}/reverse")), WHY.to_owned()),
        (to(&format!("repayments/{paid}/chargeback")), WHY.to_owned()),
        (to("write-off"), WHY.to_owned()),
        (to("recoveries"), format!(r#"{{"id": "{recovered}", "on": "2026-06-11", "amount": "1.00"}}"#)),
        (to(&format!("recoveries/{recovered}/reverse")), r#"{"on": "2026-06-12", "reason": "x"}"#.to_owned()),
    ];
    for (path, body) in &steps {
        server.take(path, body).await;
    }
    let late = r#"{"on": "2026-06-12", "reason": "x"}"#;
    let paid_late = r#"{"on": "2026-06-12", "amount": "1.00"}"#;
    let credited = r#"{"on": "2026-06-12", "amount": "1.00", "kind": "goodwill", "reason": "x"}"#;
    let charge = r#"{"kind": "fee", "amount": "1.00", "due_on": "2026-06-12"}"#;
    let re_amortize = r#"{"on": "2026-06-12", "mode": "re_amortize", "reason": "x"}"#;
    let cases = [
        (
            "a charge that is paid",
            to(&format!("charges/{charged}/waive")),
            r#"{"on": "2026-02-16", "reason": "x"}"#,
        ),
        ("a credit reversed twice", to(&format!("credits/{credit}/reverse")), WHY),
        ("a repayment that was charged back", to(&format!("repayments/{paid}/reverse")), WHY),
        (
            "a chargeback of what was charged back",
            to(&format!("repayments/{paid}/chargeback")),
            r#"{"on": "2026-06-09", "reason": "x"}"#,
        ),
        ("a recovery reversed twice", to(&format!("recoveries/{recovered}/reverse")), late),
        ("a second write-off", to("write-off"), late),
        ("a recovery before the write-off", to("recoveries"), r#"{"on": "2026-06-09", "amount": "1.00"}"#),
        ("a repayment after the write-off", to("repayments"), paid_late),
        ("a settlement after the write-off", to("settle"), paid_late),
        ("a credit after the write-off", to("credits"), credited),
        ("a charge after the write-off", to("charges"), charge),
        ("a waiver after the write-off", to(&format!("charges/{charged}/waive")), late),
        ("a chargeback after the write-off", to(&format!("repayments/{paid}/chargeback")), late),
        ("a restructuring after the write-off", to("restructure"), re_amortize),
        (
            "a write-off undone before it was",
            to("write-off/reverse"),
            r#"{"on": "2026-06-09", "reason": "x"}"#,
        ),
    ];
    let mut told = report(&server, &cases).await;
    server.take(&to("write-off/reverse"), late).await;
    told += &report(&server, &[("a write-off undone twice", to("write-off/reverse"), late)]).await;
    expect_file!["snapshots/refused_after_a_write_off.txt"].assert_eq(&told);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_the_terms_do_not_allow(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let begin = async |external_id: &str, from: &str, to: &str| {
        let body = application(external_id).replace(from, to);
        let loan = format!("/v1/loans/{}", server.take("/v1/loans", &body).await.id());
        server.take(&format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
        loan
    };
    let on = r#"{"on": "2026-01-15", "amount": "600.00"}"#;
    let flat = begin("flat", "\"price\"", "\"flat\"").await;
    server.take(&format!("{flat}/disburse"), on).await;
    let daily = begin("daily", "\"every\"", "\"interest_basis\": \"daily_rest\", \"every\"").await;
    server.take(&format!("{daily}/disburse"), on).await;
    let price = begin("price", "\"price\"", "\"price\"").await;
    server.take(&format!("{price}/disburse"), on).await;
    let charge = r#""charges": [{"kind": "fee", "due": "2027-01-01", "amount": "1.00"}], "every""#;
    let charged = begin("charged", "\"every\"", charge).await;
    let taxed = r#""tax": {"iof": {"person": "natural"}}, "every""#;
    let taxed = application("taxed").replace("\"every\"", taxed);
    let taxed = format!("/v1/loans/{}", server.take("/v1/loans", &taxed).await.id());
    server.take(&format!("{taxed}/approve"), r#"{"on": "2014-12-30"}"#).await;
    let paid = |field: &str| format!(r#"{{"on": "2026-02-01", "amount": "100.00", {field}}}"#);
    let (reduce, last) = (paid(r#""excess": "reduce_term""#), paid(r#""excess": "last""#));
    let anticipation = paid(r#""as": "anticipation""#);
    let cases = [
        ("flat drawn again", format!("{flat}/repayments"), reduce.as_str()),
        ("flat anticipated", format!("{flat}/repayments"), &anticipation),
        ("flat disbursed in parts", format!("{flat}/disburse"), r#"{"on": "2026-01-20"}"#),
        ("the last row first on a daily rest", format!("{daily}/repayments"), &last),
        ("disbursed too late", format!("{price}/disburse"), r#"{"on": "2026-04-15"}"#),
        ("a charge after the last due date", format!("{charged}/disburse"), r#"{"on": "2026-01-15"}"#),
        ("tax before its table", format!("{taxed}/disburse"), r#"{"on": "2014-12-31"}"#),
    ];
    expect_file!["snapshots/refused_by_the_terms.txt"].assert_eq(&report(&server, &cases).await);
    server.stop().await;
}
