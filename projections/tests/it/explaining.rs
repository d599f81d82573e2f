//! From a number to what it is made of, and back.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, day, varied};
use crate::loans::projected;

fn amount(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value} is an amount")).parse().expect("an amount")
}

fn items<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} of {value}"))
}

async fn read(client: &Client, path: &str) -> Value {
    let reply = client.ask(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()
}

#[sqlx::test(migrations = false)]
async fn a_daily_balance_is_the_sum_of_the_lines_that_explain_it(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(40)).await;
    let daily = "/v1/balances/daily";
    for account in ["assets:cash", "assets:loans:principal", "assets:loans:interest"] {
        for (by, known) in [("booked_on", ""), ("value_date", ""), ("booked_on", "&known_at=150")] {
            let path =
                format!("{daily}?account={account}&by={by}{known}&from=2025-01-10&to=2025-03-20&limit=100");
            for row in items(&read(&client, &path).await, "items") {
                let date = row["date"].as_str().unwrap();
                let (mut debits, mut credits, mut after) = (Decimal::ZERO, Decimal::ZERO, String::new());
                loop {
                    let path = format!("{daily}/{account}/{date}/explain?by={by}{known}&limit=3{after}");
                    let page = read(&client, &path).await;
                    for field in ["opening", "debits", "credits", "closing", "position"] {
                        assert_eq!(page[field], row[field], "{field} of {path}");
                    }
                    for line in items(&page, "lines") {
                        let side = if line["side"] == "debit" { &mut debits } else { &mut credits };
                        *side += amount(&line["amount"]);
                        assert_eq!(line[by], date);
                        assert_eq!(line["event"]["position"], line["position"]);
                        assert_eq!(line["event"]["stream_id"], line["stream_id"]);
                    }
                    let Some(next) = page["next"].as_str() else { break };
                    after = format!("&after={next}");
                }
                assert_eq!((debits, credits), (amount(&row["debits"]), amount(&row["credits"])), "{row}");
            }
        }
    }
    let unknown = client.ask("/v1/balances/daily/assets:nothing/2025-01-10/explain").await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
    for (path, pointer) in [("x%20y/2025-01-10", "account"), ("assets:cash/yesterday", "date")] {
        let refused = client.ask(&format!("/v1/balances/daily/{path}/explain")).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text);
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn every_cent_paid_is_explained_by_transactions_and_these_by_installments(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(30)).await;
    let mut components = BTreeSet::new();
    for number in 1..=30_u128 {
        let loan = format!("/v1/loans/{}", Uuid::from_u128(number));
        let mut covered: Vec<(String, u64, String, Decimal)> = Vec::new();
        for row in items(&read(&client, &format!("{loan}/schedule")).await, "installments") {
            let (mut paid, due) = (Decimal::ZERO, row["due_on"].as_str().unwrap());
            for component in ["late_fee", "late_interest", "penalty", "fee", "interest", "principal"] {
                let path = format!("{loan}/explain?component={component}&due={due}");
                let explained = read(&client, &path).await;
                assert_eq!(
                    (&explained["of"], &explained["installment"]),
                    (&"installment".into(), &row["number"])
                );
                let mut sum = Decimal::ZERO;
                for covering in items(&explained, "covered_by") {
                    sum += amount(&covering["amount"]);
                    let Some(transaction) = covering["transaction"].as_str() else { continue };
                    let events = items(covering, "events");
                    assert!(!events.is_empty(), "{explained}");
                    // What one event books of a component is of all installments that it touched.
                    let lines = events.iter().flat_map(|event| items(event, "lines"));
                    assert!(lines.count() > 0, "{explained}");
                    let number = row["number"].as_u64().unwrap();
                    let share = amount(&covering["amount"]);
                    covered.push((transaction.to_owned(), number, component.to_owned(), share));
                    components.insert(component);
                }
                assert_eq!(sum, amount(&explained["paid"]), "{path}: {explained}");
                assert!(!items(&explained, "set_by").is_empty());
                paid += sum;
            }
            assert_eq!(paid, amount(&row["paid"]), "{row}");
        }
        let transactions: BTreeSet<String> = covered.iter().map(|(id, ..)| id.clone()).collect();
        for transaction in transactions {
            let back = read(&client, &format!("{loan}/explain?transaction={transaction}")).await;
            let covers = items(&back, "covers").iter().map(|share| {
                let component = share["component"].as_str().unwrap().to_owned();
                let number = share["installment"].as_u64().unwrap();
                (transaction.clone(), number, component, amount(&share["amount"]))
            });
            let mut covers: Vec<_> = covers.collect();
            covers.sort();
            let mut mine: Vec<_> = covered.iter().filter(|(id, ..)| *id == transaction).cloned().collect();
            mine.sort();
            assert_eq!(covers, mine);
            for event in items(&back, "events") {
                let path = format!("{loan}/explain?position={}", event["position"]);
                let at = read(&client, &path).await;
                assert_eq!(at["event"]["lines"], event["lines"]);
                assert!(
                    items(&at, "facts").iter().any(|fact| fact["transaction"] == transaction.as_str()),
                    "{at}"
                );
            }
        }
    }
    assert!(components.len() >= 3, "{components:?}");
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_backdated_repayment_is_named_where_it_moved_another(pool: PgPool) {
    let mut book = Book::default();
    let mut loan = book.lend(Uuid::from_u128(1), "equipment", day("2025-01-10"));
    let second = book.repay(&mut loan, day("2025-03-10"), "110.00");
    book.repay(&mut loan, day("2025-02-10"), "110.00");
    let (_log, running, client) = projected(&pool, book).await;
    let path = "/v1/loans/00000000-0000-0000-0000-000000000001/explain";
    let back = read(&client, &format!("{path}?transaction={}", second.uuid())).await;
    let positions: Vec<i64> =
        items(&back, "events").iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, [4, 5], "what recorded it, and what moved it to the second installment");
    assert!(items(&back, "covers").iter().all(|share| share["installment"] == 2), "{back}");
    for (query, pointer) in [
        ("", "component"),
        ("?component=interest", "due"),
        ("?due=2025-02-10", "component"),
        ("?component=intrest&due=2025-02-10", "component"),
        ("?position=4&transaction=00000000-0000-0000-0000-000000000001", "position"),
    ] {
        let refused = client.ask(&format!("{path}{query}")).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{query}: {}", refused.text);
    }
    for query in ["?component=interest&due=2025-02-11", "?position=999"] {
        assert_eq!(client.ask(&format!("{path}{query}")).await.status, 404, "{query}");
    }
    running.stop().await;
}
