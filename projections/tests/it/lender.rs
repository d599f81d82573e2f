//! What the lender decides, as it is read: products and accounting periods.

use domain::period::Periods;
use expect_test::expect_file;
use sqlx::PgPool;
use uuid::Uuid;

use crate::book::{Book, day};
use crate::loans::{projected, shows};

#[sqlx::test(migrations = false)]
async fn a_product_is_read_by_its_name_or_its_id_in_each_version(pool: PgPool) {
    let mut book = Book::default();
    book.offer(1, false);
    book.offer(2, true);
    let (_log, running, client) = projected(&pool, book).await;
    shows(&client, "/v1/products?limit=1", expect_file!["snapshots/products.txt"]).await;
    shows(&client, "/v1/products/product%202", expect_file!["snapshots/product.txt"]).await;
    let named = client.ask("/v1/products/product%201").await.json();
    let by_id = client.ask(&format!("/v1/products/{}", Uuid::from_u128((2 << 96) + 1))).await.json();
    assert_eq!(named, by_id);
    assert_eq!((&named["version"], named["versions"].as_array().map(Vec::len)), (&2.into(), Some(2)));
    let first = client.ask("/v1/products/product%201?version=1").await.json();
    assert_eq!((&first["version"], &first["position"]), (&1.into(), &1.into()));
    for (path, status) in [
        ("/v1/products/product%203", 404),
        ("/v1/products/product%201?version=3", 404),
        ("/v1/products/product%201?version=0", 400),
        ("/v1/products/product%201?versions=1", 400),
    ] {
        assert_eq!(client.ask(path).await.status, status, "{path}");
    }
    let count = async |filter: &str| {
        client.ask(&format!("/v1/products?{filter}")).await.json()["items"].as_array().map(Vec::len)
    };
    assert_eq!(count("status=active").await, Some(1));
    assert_eq!(count("status=retired").await, Some(1));
    assert_eq!(count("currency=USD").await, Some(0));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_periods_say_up_to_when_the_books_are_closed(pool: PgPool) {
    let mut book = Book::default();
    let mut periods = Periods::default();
    book.close_and_reopen(&mut periods, 0);
    book.close_and_reopen(&mut periods, 1);
    let (_log, running, client) = projected(&pool, book).await;
    shows(&client, "/v1/periods", expect_file!["snapshots/periods.txt"]).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn no_period_is_closed_at_first(pool: PgPool) {
    let (_log, running, client) = projected(&pool, Book::default()).await;
    let periods = client.ask("/v1/periods").await.json();
    assert_eq!(periods["items"], serde_json::json!([]));
    assert!(periods["closed_through"].is_null() && periods.as_object().is_some_and(|all| all.len() == 4));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_line_booked_late_shows_the_day_on_which_it_counts_and_its_cause(pool: PgPool) {
    let mut book = Book::default();
    let id = Uuid::from_u128(9);
    book.post(Uuid::from_u128(8), day("2025-02-10"), "20.00", None);
    book.post_late(id, day("2025-02-10"), day("2025-03-31"));
    let (_log, running, client) = projected(&pool, book).await;
    let lines = client.ask("/v1/accounts/expenses:rent/lines").await.json();
    let shown: Vec<_> = lines["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| format!("{} {} {}", line["booked_on"], line["value_date"], line["position"]))
        .collect();
    assert_eq!(shown, [r#""2025-02-10" "2025-02-10" 1"#, r#""2025-04-01" "2025-02-10" 2"#]);
    assert_eq!(lines["items"][1]["stream_id"], id.to_string());
    let entry = client.ask(&format!("/v1/entries/{id}")).await.json();
    assert_eq!((&entry["on"], &entry["booked_on"]), (&"2025-02-10".into(), &"2025-04-01".into()));
    let closed = client.ask("/v1/trial-balance?on=2025-03-31").await.json();
    let rent =
        closed["items"].as_array().expect("a list").iter().find(|line| line["account"] == "expenses:rent");
    assert_eq!(rent.expect("the account")["balance"], "20.00", "the closed month stays as it was");
    running.stop().await;
}
