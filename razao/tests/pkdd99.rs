//! The real book, end to end: the server as users start it, the demo as they run it, the figures as they read them.

mod support;

use rust_decimal::Decimal;
use serde_json::Value;
use support::Server;

fn amount(value: &Value) -> Decimal {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no amount"))
}

fn ending<'a>(loans: &'a [Value], status: &str) -> impl Iterator<Item = &'a Value> {
    loans.iter().filter(move |loan| loan["status"] == status)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_682_real_loans_tie_out() {
    let mut server = Server::on(Some("2018-12-31"));
    let client = server.start().await;
    let address = server.address();

    let closing = server.run(&["demo", "--book", "pkdd99", "--server", &address]).await;
    assert!(!closing.contains("OFF"), "{closing}");

    let loans = client.list("/v1/loans", None).await.unwrap();
    assert_eq!(loans.len(), 682);
    assert_eq!(ending(&loans, "settled").count(), 203, "every A is settled, and only those");
    assert_eq!(ending(&loans, "active").count(), 479);
    let past_due = loans.iter().filter(|loan| loan["days_past_due"].as_i64().is_some_and(|days| days > 0));
    assert_eq!(past_due.count(), 31 + 45, "every B and D is past due, and only those");

    let owed: Decimal = loans.iter().map(|loan| amount(&loan["balances"]["total"])).sum();
    assert_eq!(owed.to_string(), "4783116.70");
    let balance = client.read("/v1/trial-balance?on=2018-12-31", None).await.unwrap();
    let accounts = balance["items"].as_array().unwrap();
    let of = |account: &str| -> Decimal {
        let lines = accounts.iter().filter(|line| line["account"] == account && line["currency"] == "CZK");
        lines.map(|line| amount(&line["balance"])).sum()
    };
    assert_eq!(of("assets:loans:principal"), owed);
    assert_eq!(of("assets:cash"), -owed);
    assert_eq!(accounts.iter().map(|line| amount(&line["balance"])).sum::<Decimal>(), Decimal::ZERO);

    let lines = client.list("/v1/accounts/assets:loans:principal/lines", None).await.unwrap();
    let disbursed = lines.iter().filter(|line| line["side"] == "debit");
    let disbursed: Decimal = disbursed.map(|line| amount(&line["amount"])).sum();
    assert_eq!(disbursed.to_string(), "10326174.00");

    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_of_restaurants_posted_twice_is_there_once() {
    let mut server = Server::on(Some("2026-03-02"));
    let client = server.start().await;
    let address = server.address();
    let post = ["demo", "--loans", "40", "--server", &address];

    let first = server.run(&post).await;
    assert!(!first.contains("OFF"), "{first}");
    let events = client.events(0, 1000).await.unwrap().len();
    assert_eq!(client.list("/v1/loans", None).await.unwrap().len(), 40, "{first}");

    let second = server.run(&post).await;
    let figure = |label: &str| second.lines().find_map(|line| line.strip_prefix(label)).map(str::trim);
    assert!(figure("replayed").is_some(), "{second}");
    assert_eq!(figure("replayed"), figure("commands "), "{second}");
    assert_eq!(client.events(0, 1000).await.unwrap().len(), events, "posting the book again changes nothing");
    server.stop().await;
}
