use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::servicing::id;
use crate::support::{Answer, Server, TODAY, application};

impl Server {
    /// Asks what would follow: without a key.
    pub(crate) async fn simulate(&self, loan: &str, body: &str) -> Answer {
        self.post_with(&format!("{loan}/simulate"), &[], body).await
    }
}

fn commands(commands: &[(&str, &str)]) -> String {
    let commands: Vec<String> =
        commands.iter().map(|(path, body)| format!(r#"{{"path": "{path}", "body": {body}}}"#)).collect();
    format!(r#"{{"commands": [{}]}}"#, commands.join(", "))
}

#[sqlx::test(migrations = false)]
async fn what_would_follow_at_a_date_to_come(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let stored = server.stored().await;
    let (paid, charged) = (id(1), id(2));
    let steps = [
        (
            "repayments",
            format!(r#"{{"id": "{paid}", "on": "2026-07-10", "amount": "1000.00", "external_id": "pix"}}"#),
        ),
        (
            "charges",
            format!(r#"{{"id": "{charged}", "kind": "fee", "amount": "9.00", "due_on": "2026-07-12"}}"#),
        ),
        (
            "repayments/018f0000-0000-7000-8000-000000000001/chargeback",
            format!(r#"{{"id": "{}", "on": "2026-07-20", "amount": "100.00", "reason": "disputed"}}"#, id(3)),
        ),
    ];
    let steps: Vec<(&str, &str)> = steps.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let asked = commands(&steps);
    let simulated = server.simulate(&loan, &asked).await;
    expect_file!["snapshots/simulation.txt"].assert_eq(&simulated.shown());
    assert_eq!(simulated.json()["effective_on"], "2026-07-20", "the latest date of the commands");
    let later = asked.replacen('{', r#"{"effective_on": "2026-08-01", "#, 1);
    let later = server.simulate(&loan, &later).await.json();
    assert_eq!(
        (&later["effective_on"], &later["loan"]["days_past_due"]),
        (&"2026-08-01".into(), &108.into())
    );
    assert_eq!(server.simulate(&loan, &asked).await.body, simulated.body, "asking changes nothing");
    assert_eq!(server.stored().await, stored, "a simulation stores nothing");

    // The id is still free.
    let body = format!(r#"{{"id": "{paid}", "on": "2026-06-10", "amount": "1.00", "external_id": "pix"}}"#);
    server.take(&format!("{loan}/repayments"), &body).await;
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nothing_asked_shows_the_loan_as_it_is(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("1").await;
    let now = server.simulate(&loan, r#"{"commands": []}"#).await.json();
    assert_eq!(now["effective_on"], TODAY);
    assert_eq!(now["version"], 3);
    assert_eq!(now["loan"]["days_past_due"], 135);
    for empty in ["difference", "journal", "events"] {
        assert_eq!(now[empty], serde_json::json!([]), "{empty}");
    }
    let before = server.simulate(&loan, r#"{"commands": [], "effective_on": "2026-01-14"}"#).await.json();
    assert_eq!(
        (&before["loan"]["status"], &before["schedule"]["installments"]),
        (&"approved".into(), &serde_json::json!([]))
    );
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_loan_is_simulated_from_its_application(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = format!("/v1/loans/{}", server.post("/v1/loans", &application("1")).await.id());
    let applied = server.simulate(&loan, r#"{"commands": []}"#).await.json();
    assert_eq!(applied["loan"]["status"], "applied");
    let steps = [
        ("approve", r#"{"on": "2026-08-01"}"#),
        ("disburse", r#"{"on": "2026-08-03", "amount": "700.00"}"#),
        ("disburse", r#"{"on": "2026-08-10"}"#),
    ];
    let drawn = server.simulate(&loan, &commands(&steps)).await.json();
    assert_eq!(drawn["loan"]["balances"]["principal"], "1000.00");
    assert_eq!(drawn["schedule"]["installments"].as_array().unwrap().len(), 3);
    let rejected = server.simulate(&loan, &commands(&[("reject", r#"{"on": "2026-06-01"}"#)])).await.json();
    assert_eq!(rejected["loan"]["status"], "rejected");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_simulation_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let (loan, other) = (server.active_loan("1").await, server.active_loan("2").await);
    let taken =
        format!(r#"{{"id": "{}", "on": "2026-02-15", "amount": "1.00", "external_id": "pix"}}"#, id(1));
    server.take(&format!("{other}/repayments"), &taken).await;
    let stored = server.stored().await;
    let (fresh, why) =
        (r#"{"on": "2026-07-15", "amount": "1.00"}"#, r#"{"on": "2026-07-15", "reason": "x"}"#);
    let twice = taken.replace(&id(1), &id(2)).replace("pix", "pix-2");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("an unknown path", &[("repayments", fresh), ("repay", fresh)]),
        ("a path from the root", &[("/repayments", fresh)]),
        ("no id in the path", &[("charges/7/waive", why)]),
        (
            "an unknown repayment",
            &[("repayments", fresh), ("repayments/018f0000-0000-7000-8000-000000000009/reverse", why)],
        ),
        ("an unknown field", &[("repayments", r#"{"on": "2026-07-15", "amount": "1.00", "colour": "red"}"#)]),
        ("a field twice", &[("repayments", r#"{"on": "2026-07-15", "on": "2026-07-15", "amount": "1.00"}"#)]),
        ("a body that is a list", &[("repayments", "[]")]),
        ("no reason", &[("repayments", fresh), ("write-off", r#"{"on": "2026-07-15", "reason": ""}"#)]),
        ("an amount of nothing", &[("repayments", r#"{"on": "2026-07-15", "amount": "0.00"}"#)]),
        ("an id that is taken", &[("repayments", fresh), ("repayments", &taken)]),
        ("an id twice", &[("repayments", &twice), ("repayments", &twice)]),
        ("a state that forbids it", &[("write-off", why), ("repayments", fresh)]),
        ("no state that allows it", &[("approve", r#"{"on": "2026-07-15"}"#)]),
    ];
    let mut report = String::new();
    for (what, asked) in cases {
        writeln!(report, "{what}: {}", server.simulate(&loan, &commands(asked)).await.problem()).unwrap();
    }
    let many = commands(&vec![("repayments", fresh); 361]);
    writeln!(report, "too many: {}", server.simulate(&loan, &many).await.problem()).unwrap();
    let nobody = server.simulate(&format!("/v1/loans/{}", id(9)), r#"{"commands": []}"#).await;
    writeln!(report, "no such loan: {}", nobody.problem()).unwrap();
    let query = server.post(&format!("{loan}/simulate?on=2026-07-01"), r#"{"commands": []}"#).await;
    writeln!(report, "a query: {}", query.problem()).unwrap();
    expect_file!["snapshots/refused_simulations.txt"].assert_eq(&report);
    assert_eq!(server.stored().await, stored);
    expect!["400 invalid_field /commands=missing"].assert_eq(&server.simulate(&loan, "{}").await.problem());
    server.stop().await;
}
