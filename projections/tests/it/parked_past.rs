//! Lists and portfolios of past days derive the loans whose facts came out of order, also where one of them has an event that
//! cannot be read.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{day, varied};
use crate::log_on;
use crate::parking::{BY_HAND, all_dead, letters, spoil};
use crate::projecting::{caught_up, start_with};

const LOAN: Uuid = Uuid::from_u128(77);

/// The loan among all as they stood on a day between its facts, of a book that can be read.
async fn past(client: &Client) -> Value {
    let list = client.ask("/v1/loans?effective_on=2026-02-15&limit=100").await;
    assert_eq!(list.status, 200, "{}", list.text);
    let portfolio = client.ask("/v1/portfolio?effective_on=2026-02-15").await;
    assert_eq!(portfolio.status, 200, "{}", portfolio.text);
    let items = list.json()["items"].as_array().unwrap().clone();
    items.into_iter().find(|loan| loan["id"] == LOAN.to_string()).unwrap()
}

#[sqlx::test(migrations = false)]
async fn one_that_cannot_be_read_refuses_the_past_of_no_other_loan(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut book = varied(8);
    let mut borrowing = book.lend(LOAN, "Working capital", day("2026-01-15"));
    for on in ["2026-02-20", "2026-02-10", "2026-02-25"] {
        book.repay(&mut borrowing, day(on), "50.00");
    }
    let last = i64::try_from(book.len()).unwrap();
    book.append(&pool).await;
    spoil(&pool, last).await;
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    let client = Client::new(&pool, &log);
    assert_eq!(past(&client).await["received"], "50.00", "of what came before the parked event");

    // What came behind an event that is discarded is taken in. Then the loan is as its read model has it.
    all_dead(&pool, &log).await;
    for letter in letters(&client).await {
        let discard = format!("/v1/dead-letters/{}/discard", letter["id"].as_str().unwrap());
        assert_eq!(client.post(&discard, r#"{"reason": "a trial"}"#).await.status, 200);
    }
    book.repay(&mut borrowing, day("2026-02-26"), "50.00");
    book.append(&pool).await;
    caught_up(&pool, &log).await;
    assert_eq!(past(&client).await["received"], "100.00", "after the last event dated by then");
    running.stop().await;
}
