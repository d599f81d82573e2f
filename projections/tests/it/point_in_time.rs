//! A loan as it stood on a day, and as it was known at an earlier time.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, day};
use crate::log_on;

const LOAN: &str = "/v1/loans/00000000-0000-0000-0000-000000000001";

/// Applied for, approved, disbursed (1 to 3), repaid twice (4, 6), once backdated; a charge between them (5), and the
/// first repayment reversed (7). Only the log has it: no read model is needed to read one loan.
async fn lived(pool: &PgPool) -> Client {
    let log = log_on(pool).await;
    let mut book = Book::default();
    let mut loan = book.lend(Uuid::from_u128(1), "equipment", day("2025-01-10"));
    let first = book.repay(&mut loan, day("2025-03-10"), "110.00");
    book.charge(&mut loan, "7.50", day("2025-03-01"));
    book.repay(&mut loan, day("2025-02-10"), "110.00");
    book.append(pool).await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    book.reverse(&mut loan, first, day("2025-03-12"));
    book.append(pool).await;
    Client::new(pool, &log)
}

async fn read(client: &Client, path: &str) -> Value {
    let reply = client.ask(&format!("{LOAN}{path}")).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()
}

#[sqlx::test(migrations = false)]
async fn a_loan_is_seen_as_it_stood_on_a_day(pool: PgPool) {
    let client = lived(&pool).await;
    for (on, status, principal, received) in [
        ("2025-01-09", "applied", "0.00", "0.00"),
        ("2025-01-10", "active", "1200.00", "0.00"),
        ("2025-02-09", "active", "1200.00", "0.00"),
        ("2025-02-10", "active", "1100.00", "110.00"),
        ("2025-03-11", "active", "1100.00", "110.00"),
        ("2199-12-31", "active", "1100.00", "110.00"),
    ] {
        let loan = read(&client, &format!("?effective_on={on}")).await;
        let seen =
            [&loan["status"], &loan["balances"]["principal"], &loan["received"], &loan["effective_on"]];
        assert_eq!(seen, [status, principal, received, on]);
    }
    let schedule = read(&client, "/schedule?effective_on=2025-01-09").await;
    assert_eq!(schedule["installments"], json!([]));
    let transactions = read(&client, "/transactions?effective_on=2025-02-10").await;
    assert_eq!(transactions["items"].as_array().unwrap().len(), 2);
    for path in ["?effective_on=2200-01-01", "?effective_on=1899-12-31", "/accruals?from=0001-01-01"] {
        assert_eq!(client.ask(&format!("{LOAN}{path}")).await.json()["code"], "invalid_parameter", "{path}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_loan_is_seen_as_it_was_known_at_a_position(pool: PgPool) {
    let client = lived(&pool).await;
    for (position, status, received) in [
        (1, "applied", "0.00"),
        (2, "approved", "0.00"),
        (3, "active", "0.00"),
        (4, "active", "110.00"),
        (5, "active", "110.00"),
        (6, "active", "220.00"),
        (7, "active", "110.00"),
    ] {
        let loan = read(&client, &format!("?known_at={position}")).await;
        assert_eq!([&loan["status"], &loan["received"]], [status, received], "{position}");
        assert_eq!([&loan["version"], &loan["as_of"]["position"]], [position, position]);
    }
    let transactions = read(&client, "/transactions?known_at=6").await;
    let reversed =
        |items: &Value| items.as_array().unwrap().iter().filter(|item| item["reversed"] == true).count();
    assert_eq!(reversed(&transactions["items"]), 0);
    assert_eq!(reversed(&read(&client, "/transactions").await["items"]), 1);
    assert_eq!(client.ask(&format!("{LOAN}?known_at=0")).await.status, 404);
    for at in ["8", "-1", "yesterday"] {
        let problem = client.ask(&format!("{LOAN}?known_at={at}")).await.json();
        assert_eq!(problem["errors"][0]["pointer"], "known_at", "{problem}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_loan_is_seen_as_it_was_known_at_an_instant(pool: PgPool) {
    let client = lived(&pool).await;
    let before = read(&client, "?known_at=6").await;
    let recorded_at = before["as_of"]["recorded_at"].as_str().unwrap().to_owned();
    assert_eq!(read(&client, &format!("?known_at={recorded_at}")).await, before);
    let now = read(&client, "").await;
    let future = client.ask(&format!("{LOAN}?known_at=2199-01-01T00:00:00Z")).await.json();
    assert_eq!(future["errors"][0]["pointer"], "known_at", "{future}");
    assert_ne!(before["received"], now["received"]);
    assert_eq!(client.ask(&format!("{LOAN}?known_at=2000-01-01T00:00:00Z")).await.status, 404);
}

#[sqlx::test(migrations = false)]
async fn interest_accrues_from_day_to_day_and_page_to_page(pool: PgPool) {
    let client = lived(&pool).await;
    let all = read(&client, "/accruals?to=2025-02-10").await;
    let items = all["items"].as_array().unwrap();
    assert_eq!((items[0]["on"].as_str(), &all["from"]), (Some("2025-01-11"), &"2025-01-10".into()));
    assert_eq!(items.last().unwrap()["total"], "10.00", "just the interest of the first installment");
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = read(&client, &format!("/accruals?to=2025-02-10&limit=7{after}")).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(&paged, items);
    assert_eq!(read(&client, "/accruals?effective_on=2025-01-09").await["items"], json!([]));
}
