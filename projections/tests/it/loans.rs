//! Loans as they are read.

use event_store::Log;
use expect_test::{ExpectFile, expect_file};
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, day};
use crate::log_on;
use crate::projecting::{Running, caught_up, start};

const LOAN: &str = "/v1/loans/00000000-0000-0000-0000-000000000001";

/// A loan with one of everything: paid in advance, on time and late, a charge, a backdated repayment that moves the
/// one after it, and a reversal.
fn eventful() -> Book {
    let mut book = Book::default();
    let mut loan = book.lend(Uuid::from_u128(1), "working_capital", day("2025-01-10"));
    book.repay(&mut loan, day("2025-02-10"), "110.00");
    book.charge(&mut loan, "7.50", day("2025-03-01"));
    let bounced = book.repay(&mut loan, day("2025-03-20"), "150.00");
    book.repay(&mut loan, day("2025-03-05"), "40.00");
    book.repay(&mut loan, day("2025-04-10"), "90.00");
    book.reverse(&mut loan, bounced, day("2025-04-12"));
    book.post(Uuid::from_u128(9), day("2025-02-01"), "50.00", Some(day("2025-02-03")));
    book
}

pub(crate) async fn projected(pool: &PgPool, mut book: Book) -> (Log, Running, Client) {
    let log = log_on(pool).await;
    let running = start(pool, &log);
    book.append(pool).await;
    caught_up(pool, &log).await;
    let client = Client::new(pool, &log);
    (log, running, client)
}

pub(crate) async fn shows(client: &Client, path: &str, expected: ExpectFile) {
    expected.assert_eq(&client.ask(path).await.shown());
}

#[sqlx::test(migrations = false)]
async fn a_loan_is_read_with_all_that_happened_to_it(pool: PgPool) {
    let (_log, running, client) = projected(&pool, eventful()).await;
    shows(&client, LOAN, expect_file!["snapshots/loan.txt"]).await;
    shows(&client, &format!("{LOAN}/schedule"), expect_file!["snapshots/schedule.txt"]).await;
    shows(&client, &format!("{LOAN}/transactions"), expect_file!["snapshots/transactions.txt"]).await;
    shows(&client, &format!("{LOAN}/statement"), expect_file!["snapshots/statement.txt"]).await;
    shows(&client, &format!("{LOAN}/history?limit=2"), expect_file!["snapshots/history.txt"]).await;
    shows(&client, "/v1/portfolio", expect_file!["snapshots/portfolio.txt"]).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_ledger_is_read_line_by_line_and_day_by_day(pool: PgPool) {
    let (_log, running, client) = projected(&pool, eventful()).await;
    shows(&client, "/v1/trial-balance", expect_file!["snapshots/trial_balance.txt"]).await;
    shows(&client, "/v1/trial-balance?on=2025-02-02", expect_file!["snapshots/trial_balance_on.txt"]).await;
    shows(&client, "/v1/accounts?limit=2", expect_file!["snapshots/accounts.txt"]).await;
    let lines = "/v1/accounts/assets:cash/lines?from=2025-02-01&to=2025-03-05";
    shows(&client, lines, expect_file!["snapshots/lines.txt"]).await;
    let balances = "/v1/balances/daily?account=assets:cash&from=2025-01-31&to=2025-02-04";
    shows(&client, balances, expect_file!["snapshots/daily_balances.txt"]).await;
    let entry = "/v1/entries/00000000-0000-0000-0000-000000000009";
    shows(&client, entry, expect_file!["snapshots/entry.txt"]).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_quote_settles_the_loan_as_it_stood_on_its_day(pool: PgPool) {
    let (_log, running, client) = projected(&pool, eventful()).await;
    let quote = |on: &str| format!("{LOAN}/settlement-quote?on={on}");
    let early = client.ask(&quote("2025-02-10")).await.json();
    let late = client.ask(&quote("2025-06-20")).await.json();
    assert_eq!(early["principal"], "1100.00", "the second installment and all later ones: {early}");
    assert_eq!(late["on"], "2025-06-20");
    assert_eq!(client.ask(&quote("2025-01-09")).await.json()["code"], "before_first_fact");
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn filters_find_the_loans_that_they_name_and_no_others(pool: PgPool) {
    let (_log, running, client) = projected(&pool, crate::book::varied(40)).await;
    let count = async |filter: &str| {
        let list = client.ask(&format!("/v1/loans?limit=1000&{filter}")).await.json();
        list["items"].as_array().unwrap_or_else(|| panic!("{filter}: {list}")).len()
    };
    assert_eq!(count("").await, 40);
    assert_eq!(count("status=rejected").await, 5);
    assert_eq!(count("status=settled").await + count("status=overpaid").await, 12);
    assert_eq!(count("product=equipment").await, 17);
    assert_eq!(count("external_id=contract-7").await, 1);
    assert_eq!(count("borrower=00000000-0000-0001-0000-000000000007").await, 1);
    assert_eq!(count("borrower=123.456.789-09").await, 0);
    assert_eq!(count("currency=USD").await, 0);
    let owing = count("status=active").await + count("status=written_off").await;
    assert_eq!(count("days_past_due_from=1").await, owing);
    assert_eq!(count("days_past_due_from=3000").await, 0);
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn pages_follow_each_other_without_gap_or_repetition(pool: PgPool) {
    let (_log, running, client) = projected(&pool, crate::book::varied(40)).await;
    for list in [
        "/v1/loans?",
        "/v1/entries?",
        "/v1/accounts?",
        "/v1/events?",
        "/v1/products?",
        "/v1/periods?",
        "/v1/accounts/assets:cash/lines?",
        "/v1/balances/daily?from=2025-01-25&to=2025-02-12&",
        "/v1/loans/00000000-0000-0000-0000-000000000002/transactions?",
        "/v1/loans/00000000-0000-0000-0000-000000000002/history?",
    ] {
        let all = client.ask(&format!("{list}limit=1000")).await.json();
        let all = all["items"].as_array().unwrap_or_else(|| panic!("{list}: {all}")).clone();
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let page = client.ask(&format!("{list}limit=3{after}")).await.json();
            let items = page["items"].as_array().unwrap_or_else(|| panic!("{list}: {page}"));
            assert!(items.len() <= 3, "{list}");
            paged.extend(items.clone());
            match &page["next"] {
                serde_json::Value::Null => break,
                serde_json::Value::String(next) => after = format!("&after={next}"),
                next => after = format!("&after={next}"),
            }
        }
        let shared = all.len().min(paged.len());
        assert_eq!(paged[..shared], all[..shared], "{list}");
        assert!(paged.len() >= all.len() && !all.is_empty(), "{list}");
    }
    running.stop().await;
}
