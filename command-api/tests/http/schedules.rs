use std::fmt::Write as _;

use expect_test::expect_file;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

const SCHEDULE: &str = r#"{"method": "price", "rate": {"value": "0.02"}, "day_count": "30/360", "installments": 3,
    "disbursements": [{"on": "2026-01-15", "amount": "1000.00"}]}"#;

#[sqlx::test(migrations = false)]
async fn a_schedule_is_drawn_and_nothing_stored(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let drawn = server.post_with("/v1/schedules", &[], SCHEDULE).await;
    expect_file!["snapshots/schedule.txt"].assert_eq(&drawn.shown());
    assert_eq!(server.stored().await, (0, 0, 0, 0));
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_schedule_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let mut report = String::new();
    for (what, body) in refused_requests() {
        let answer = server.post_with("/v1/schedules", &[], &body).await;
        writeln!(report, "{what}: {}", answer.problem()).unwrap();
    }
    expect_file!["snapshots/refused_schedules.txt"].assert_eq(&report);
    server.stop().await;
}

fn refused_requests() -> Vec<(&'static str, String)> {
    let with = |from: &str, to: &str| SCHEDULE.replace(from, to);
    let term = |term: &str| with("\"installments\": 3", &format!("\"installments\": 3, {term}"));
    let only = r#"{"on": "2026-01-15", "amount": "1000.00"}"#;
    let two = r#"{"on": "2026-01-15", "amount": "500.00"}, {"on": "2026-01-20", "amount": "500.00"}"#;
    let second_too_late = two.replace("2026-01-20", "2026-05-15");
    let due = |dates: &str| with("\"installments\": 3", &format!("\"due_dates\": {dates}"));
    let custom = r#""custom": [{"due_on": "2026-02-15", "principal": "900.00"}]"#;
    let charge = r#""charges": [{"kind": "fee", "due": "2026-05-15", "amount": "1.00"}]"#;
    let iof = r#""tax": {"iof": {"person": "legal"}}"#;
    vec![
        ("no JSON", with("{\"method\"", "{method")),
        ("an unknown field", term("\"colour\": \"red\"")),
        ("an unknown field of the rate", with("\"value\"", "\"worth\"")),
        ("no disbursement", with(only, "")),
        ("no disbursements", with("disbursements", "payments")),
        ("a day that does not exist", with("2026-01-15", "2026-02-30")),
        ("an amount of nothing", with("\"1000.00\"", "\"0\"")),
        ("a rate that is no number", with("\"0.02\"", "\"1e400\"")),
        ("too little each time", term("\"installment_amount\": \"1.00\"")),
        ("grace to the end", term("\"grace\": {\"principal\": 3}")),
        ("grace for one payment", term("\"grace\": {\"principal\": 1}").replace("price", "bullet")),
        ("the same due date twice", due("[\"2026-02-15\", \"2026-02-15\"]")),
        ("due before it is paid out", term("\"first_due_on\": \"2026-01-14\"")),
        ("paid out after it is due", with(only, &second_too_late)),
        ("a charge after the end", term(charge)),
        ("a tenth missing", with("\"installments\": 3", custom).replace("price", "custom")),
        ("flat in two parts", with(only, two).replace("price", "flat")),
        ("the last first by daily rest", term("\"interest_basis\": \"daily_rest\", \"excess\": \"last\"")),
        ("a shorter flat plan", term("\"excess\": \"reduce_term\"").replace("price", "flat")),
        ("IOF of old", term(iof).replace("2026-01", "2014-01")),
        ("an unknown component", term("\"allocation\": [\"dividends\"]")),
    ]
}
