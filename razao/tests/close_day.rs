//! Days are closed beside a running server, and by itself: the books as users read them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::process::Stdio;
use std::time::Duration;

use futures::StreamExt;
use razao::client::Client;
use serde_json::{Value, json};
use support::{Server, razao};
use tokio::time::{Instant, sleep};

const TODAY: &str = "2026-03-10";

/// Lends BRL 1,200.00 of which 24.00 of interest are due on 15 February. `name` is its own.
async fn lend(client: &Client, name: &str) {
    let borrower = json!({"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"});
    let terms = json!({
        "principal": "1200.00", "currency": "BRL", "method": "sac",
        "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 4, "every": {"months": 1}
    });
    let application = json!({"borrower": borrower, "terms": terms});
    let applied = client.command("/v1/loans", &format!("apply-{name}"), &application).await.unwrap();
    let on = json!({"on": "2026-01-15"});
    for verb in ["approve", "disburse"] {
        let path = format!("/v1/loans/{}/{verb}", applied.id);
        client.command(&path, &format!("{verb}-{name}"), &on).await.unwrap();
    }
}

async fn head(client: &Client) -> i64 {
    client.read("/v1/projections", None).await.unwrap()["as_of"]["position"].as_i64().unwrap()
}

/// The accounts of a day as `account balance`, from read models that hold the whole log.
async fn trial_balance(client: &Client, on: &str) -> Vec<String> {
    let position = Some(head(client).await);
    let read = client.read(&format!("/v1/trial-balance?on={on}"), position).await.unwrap();
    let shown = |line: &Value| format!("{} {}", line["account"], line["balance"]).replace('"', "");
    read["items"].as_array().unwrap().iter().map(shown).collect()
}

async fn last_closed(client: &Client) -> Option<String> {
    let events = client.events(0, 1000).await.unwrap();
    let closed = events.iter().rev().find(|event| event["type"] == "DayClosed");
    closed.map(|event| event["payload"]["on"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_closed_shows_its_interest_in_the_books() {
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    lend(&client, "one").await;
    let data_dir = server.data_dir().display().to_string();
    let close = |on| ["close-day", "--on", on, "--today", TODAY, "--data-dir", &data_dir].map(str::to_owned);

    server.run(&close("2026-02-15")).await;
    let books = trial_balance(&client, "2026-02-15").await;
    assert_eq!(
        books,
        [
            "assets:cash -1200.00",
            "assets:loans:interest 24.00",
            "assets:loans:principal 1200.00",
            "income:interest -24.00"
        ]
    );
    let lines = client.list("/v1/accounts/assets:loans:interest/lines", None).await.unwrap();
    assert_eq!((&lines[0]["booked_on"], &lines[0]["side"]), (&"2026-02-15".into(), &"debit".into()));
    assert_eq!(lines[0]["stream_id"], "6461792d-636c-8000-8000-000020260215");

    let position = head(&client).await;
    server.run(&close("2026-02-15")).await;
    assert_eq!(head(&client).await, position, "a closed day stays as it is");
    let (code, said) = server.fail(&close("2026-03-11")).await;
    assert_eq!(code, 2);
    assert!(said.contains("2026-03-11 is after the booking day 2026-03-10"), "{said}");
    let (code, said) = server.fail(&close("2026-02-14")).await;
    assert_eq!(code, 2);
    assert!(said.contains("2026-02-15 is closed, and 2026-02-14 before it was not"), "{said}");

    for check in [&["verify"][..], &["verify", "--recalculate"]] {
        let check = [check, &["--data-dir", &data_dir]].concat();
        assert_eq!(server.run(&check).await, "", "nothing is found");
    }
    server.run(&["rebuild", "all", "--data-dir", &data_dir]).await;
    assert_eq!(trial_balance(&client, "2026-02-15").await, books, "rebuilt as it was");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_closes_the_days_that_it_missed() {
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    lend(&client, "one").await;
    assert_eq!(last_closed(&client).await, None, "there was nothing to close when it started");
    server.stop().await;

    let client = server.start().await;
    let patience = Instant::now() + Duration::from_secs(30);
    while last_closed(&client).await.as_deref() != Some("2026-03-09") {
        assert!(Instant::now() < patience, "yesterday is not closed:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    // 24.00 of the first installment and 22 of 28 days of 18.00.
    assert!(trial_balance(&client, "2026-03-09").await.contains(&"income:interest -38.14".to_owned()));
    server.stop().await;
}

/// The events of closing days after a position.
async fn of_closes(client: &Client, position: i64) -> Vec<Value> {
    let events = client.events(position, 1000).await.unwrap();
    events.into_iter().filter(|event| event["stream_type"] == "DayClose").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_is_killed_goes_on_and_books_each_loan_once() {
    const LOANS: usize = 1_010;
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    let lending = (0..LOANS).map(|number| {
        let client = &client;
        async move { lend(client, &number.to_string()).await }
    });
    futures::stream::iter(lending).buffer_unordered(16).collect::<()>().await;
    let before = 3 * i64::try_from(LOANS).unwrap();
    let data_dir = server.data_dir().display().to_string();
    let close = ["close-day", "--on", "2026-02-15", "--today", TODAY, "--data-dir", &data_dir];

    let mut closing = razao().args(close).stderr(Stdio::null()).spawn().unwrap();
    while of_closes(&client, before).await.is_empty() {
        assert!(closing.try_wait().unwrap().is_none(), "it ended before it booked anything");
    }
    closing.kill().await.unwrap();
    let cut = of_closes(&client, before).await;
    assert!(cut.iter().all(|event| event["type"] == "AccrualsBooked"), "it was killed too late");

    server.run(&close).await;
    let events = of_closes(&client, before).await;
    assert_eq!(events[..cut.len()], cut, "what was booked stays");
    let (last, booked) = events.split_last().unwrap();
    assert_eq!(last["type"], "DayClosed");
    let loans = booked.iter().flat_map(|event| event["payload"]["loans"].as_array().unwrap());
    let mut loans: Vec<&str> = loans.map(|loan| loan["loan"].as_str().unwrap()).collect();
    loans.sort_unstable();
    loans.dedup();
    assert_eq!(loans.len(), LOANS, "each loan is booked");
    let books = trial_balance(&client, "2026-02-15").await;
    assert!(books.contains(&"income:interest -24240.00".to_owned()), "and once: {books:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_without_a_server_says_what_is_missing() {
    let server = Server::on(None);
    let data_dir = server.data_dir().display().to_string();
    let (code, said) = server.fail(&["close-day", "--on", "2026-01-01", "--data-dir", &data_dir]).await;
    assert_eq!(code, 3);
    assert!(said.contains("no razao runs on"), "{said}");
}
