//! An accountant reconciles the demo book with its journal, by SQL of their own, at three past moments.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use chrono::NaiveDate;
use razao::client::Client;
use razao::demo::{self, DemoArgs};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{ConnectOptions, PgPool};
use tokio::process::Child;
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(120);

/// Every debit and credit, by the journal alone, in units of the currency.
const JOURNAL: &str = "select account, booked_on, value_date, position, stream_id::text as loan, \
    case side when 'debit' then amount else 0 end / 100.0 as debit, \
    case side when 'credit' then amount else 0 end / 100.0 as credit from read_journal.journal_lines";

#[sqlx::test(migrations = false)]
async fn an_accountant_finds_every_balance_equal_to_the_journal_at_three_past_moments(pool: PgPool) {
    let (_process, client) = serve(&pool).await;
    let args = DemoArgs { seed: 7, ..DemoArgs::restaurants(client.server().to_owned(), 50, None) };
    demo::demo(args).await.unwrap();
    let (head,): (i64,) = sqlx::query_as("select position from event_head").fetch_one(&pool).await.unwrap();
    assert!(head > 300, "{head}");
    // Known after a third, after two thirds and after all; each as of a day in the middle of what was lent by then.
    for known in [head / 3, head * 2 / 3, head] {
        let days: Vec<(NaiveDate,)> = sqlx::query_as(&format!(
            "select unnest(percentile_disc(array[0.2, 0.6, 1]) within group (order by booked_on)) \
             from ({JOURNAL}) j where position <= {known}"
        ))
        .fetch_all(&pool)
        .await
        .unwrap();
        for (day,) in days {
            trial_balance(&pool, &client, known, day).await;
            daily_balances(&pool, &client, known, day).await;
            accounts_by_value_date(&pool, &client, known, day).await;
        }
        statements(&pool, &client, known).await;
    }
}

async fn trial_balance(pool: &PgPool, client: &Client, known: i64, day: NaiveDate) {
    let by_hand: Vec<(String, Decimal, Decimal)> = sqlx::query_as(&format!(
        "select account, sum(debit), sum(credit) from ({JOURNAL}) j \
         where position <= {known} and booked_on <= '{day}' group by account order by account"
    ))
    .fetch_all(pool)
    .await
    .unwrap();
    let path = format!("/v1/trial-balance?on={day}&known_at={known}");
    let answer = client.read(&path, None).await.unwrap();
    let shown: Vec<(String, Decimal, Decimal)> = items(&answer)
        .iter()
        .map(|row| (text(row, "account"), amount(&row["debits"]), amount(&row["credits"])))
        .collect();
    assert_eq!(shown, by_hand, "{path}");
    assert!(by_hand.len() > 2, "{path}");
    let (debits, credits) =
        by_hand.iter().fold((Decimal::ZERO, Decimal::ZERO), |(d, c), row| (d + row.1, c + row.2));
    assert_eq!(debits, credits, "the journal balances");
    assert_eq!(amount(&answer["totals"][0]["debits"]), debits);
}

async fn daily_balances(pool: &PgPool, client: &Client, known: i64, day: NaiveDate) {
    let from = day - chrono::Days::new(45);
    let by_hand: Vec<(String, NaiveDate, Decimal, Decimal, Decimal)> = sqlx::query_as(&format!(
        "with j as (select * from ({JOURNAL}) j where position <= {known}) \
         select a.account, d.day::date, coalesce(sum(j.debit) filter (where j.booked_on = d.day), 0), \
         coalesce(sum(j.credit) filter (where j.booked_on = d.day), 0), coalesce(sum(j.debit - j.credit), 0) \
         from (select distinct account from j) a cross join generate_series('{from}'::date, '{day}'::date, '1 day') as d (day) \
         left join j on j.account = a.account and j.booked_on <= d.day group by 1, 2 order by 1, 2"
    ))
    .fetch_all(pool)
    .await
    .unwrap();
    let path = format!("/v1/balances/daily?from={from}&to={day}&known_at={known}");
    let rows = client.list(&path, None).await.unwrap();
    let mut closing_before: BTreeMap<String, Decimal> = BTreeMap::new();
    assert_eq!(rows.len(), by_hand.len(), "{path}");
    for (row, (account, date, debits, credits, closing)) in rows.iter().zip(by_hand) {
        assert_eq!((text(row, "account"), text(row, "date")), (account.clone(), date.to_string()));
        let [shown_debits, shown_credits, shown_closing, opening] =
            ["debits", "credits", "closing", "opening"].map(|name| amount(&row[name]));
        assert_eq!(
            (shown_debits, shown_credits, shown_closing),
            (debits, credits, closing),
            "{row} of {path}"
        );
        assert_eq!(opening, closing - debits + credits);
        if let Some(before) = closing_before.insert(account, closing) {
            assert_eq!(opening, before, "a day opens as the day before closed: {row}");
        }
    }
}

async fn accounts_by_value_date(pool: &PgPool, client: &Client, known: i64, day: NaiveDate) {
    let by_hand: Vec<(String, Decimal)> = sqlx::query_as(&format!(
        "select account, sum(debit - credit) from ({JOURNAL}) j \
         where position <= {known} and value_date <= '{day}' group by account order by account"
    ))
    .fetch_all(pool)
    .await
    .unwrap();
    let path = format!("/v1/accounts?effective_on={day}&known_at={known}");
    let rows = client.list(&path, None).await.unwrap();
    let shown: Vec<(String, Decimal)> =
        rows.iter().map(|row| (text(row, "account"), amount(&row["balance"]))).collect();
    assert_eq!(shown, by_hand, "{path}");
}

/// What a loan's statement says of money is what the journal has of it.
async fn statements(pool: &PgPool, client: &Client, known: i64) {
    let by_hand: Vec<(String, Decimal, Decimal)> = sqlx::query_as(&format!(
        "select loan, sum(debit - credit) filter (where account = 'assets:cash'), \
         coalesce(sum(debit - credit) filter (where account = 'assets:loans:principal'), 0) from ({JOURNAL}) j \
         where position <= {known} and exists (select from read_loans.loans l where l.id::text = loan) \
         group by loan order by loan"
    ))
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(by_hand.len() > 3);
    for (loan, cash, principal) in by_hand {
        let path = format!("/v1/loans/{loan}/statement?known_at={known}");
        let statement = client.read(&path, None).await.unwrap();
        let mut moved = Decimal::ZERO;
        for line in statement["lines"].as_array().unwrap() {
            let what = &line["what"];
            if what["kind"] != "transaction" || what["reversed"] == true {
                continue;
            }
            match what["type"].as_str().unwrap() {
                "repayment" | "settlement" | "recovery" => moved += amount(&what["amount"]),
                "chargeback" | "refund" => moved -= amount(&what["amount"]),
                _ => {}
            }
        }
        let seen = client.read(&format!("/v1/loans/{loan}?known_at={known}"), None).await.unwrap();
        let history = client.read(&format!("/v1/loans/{loan}/history?limit=1000"), None).await.unwrap();
        let events = history["items"].as_array().unwrap().iter();
        let released: Decimal = events
            .filter(|event| event["type"] == "LoanDisbursed" && event["position"].as_i64() <= Some(known))
            .map(|event| amount(&event["payload"]["released"]))
            .sum();
        assert_eq!(moved - released, cash, "cash of {path}");
        if seen["status"] != "written_off" {
            assert_eq!(amount(&seen["balances"]["principal"]), principal, "principal of {path}");
        }
    }
}

fn items(answer: &Value) -> &Vec<Value> {
    answer["items"].as_array().unwrap()
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap().to_owned()
}

fn amount(value: &Value) -> Decimal {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no amount"))
}

/// The server as a process, on the database of the test.
async fn serve(pool: &PgPool) -> (Child, Client) {
    let url = pool.connect_options().to_url_lossy().to_string();
    let migrated = support::razao().args(["migrate", "--database-url", &url]).output().await.unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let home = tempfile::tempdir().unwrap();
    let log = home.keep().join("razao.log");
    let mut command = support::razao();
    command.args(["serve", "--roles", "command-api,query-api,projections", "--listen", "127.0.0.1:0"]);
    command.args(["--database-url", &url, "--today", "2026-03-02"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let mut process = command.kill_on_drop(true).spawn().unwrap();
    let patience = Instant::now() + PATIENCE;
    loop {
        let said = std::fs::read_to_string(&log).unwrap();
        if let Some((_, rest)) = said.split_once("\"address\":\"") {
            return (process, Client::new(rest.split('"').next().unwrap()));
        }
        assert!(process.try_wait().unwrap().is_none(), "it ended:\n{said}");
        assert!(Instant::now() < patience, "it does not serve:\n{said}");
        sleep(Duration::from_millis(10)).await;
    }
}
