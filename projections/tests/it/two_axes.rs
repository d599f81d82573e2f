//! What was known at a position is what a book says that stopped there, and what counts by a day is what the journal
//! has up to it.

use chrono::Days;
use futures::future::join_all;
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, day, varied};
use crate::log_on;
use crate::projecting::{caught_up, start};

/// Reads on both axes.
pub(crate) const READS: [&str; 21] = [
    "/v1/accounts?limit=1000",
    "/v1/accounts?limit=1000&effective_on=2025-03-02",
    "/v1/accounts/assets:cash/lines?limit=1000",
    "/v1/accounts/assets:cash/lines?limit=1000&effective_on=2025-03-02",
    "/v1/trial-balance",
    "/v1/trial-balance?on=2025-03-02",
    "/v1/trial-balance?on=2025-03-02&effective_on=2025-02-15",
    "/v1/balances/daily?limit=1000&from=2025-01-25&to=2025-02-24",
    "/v1/balances/daily?limit=1000&from=2025-01-25&to=2025-02-24&product=equipment",
    "/v1/balances/daily?limit=1000&by=value_date&account=assets:loans:interest&from=2025-01-01&to=2025-12-24",
    "/v1/balances/daily?limit=1000&loan=00000000-0000-0000-0000-000000000001&from=2025-01-25&to=2025-02-24",
    "/v1/balances/daily?limit=1000&borrower=00000000-0000-0001-0000-000000000002&to=2025-04-24",
    "/v1/balances/daily?limit=1000&account=assets:cash&effective_on=2025-03-02&to=2025-03-20",
    "/v1/loans?limit=1000",
    "/v1/loans?limit=1000&effective_on=2025-03-15",
    "/v1/loans?limit=1000&status=active&effective_on=2025-04-15",
    "/v1/loans?limit=1000&days_past_due_from=20&effective_on=2025-05-15",
    "/v1/portfolio",
    "/v1/portfolio?on=2025-02-20",
    "/v1/portfolio?on=2025-04-15",
    "/v1/portfolio?effective_on=2026-12-31",
];

/// The answer of a read, without what the query itself makes: the cursor is one of this query.
pub(crate) async fn read(client: &Client, path: &str) -> Value {
    let reply = client.ask(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    let mut body = reply.json();
    if let Some(next) = body.get_mut("next") {
        *next = Value::from(next.is_string());
    }
    body
}

#[sqlx::test(migrations = false)]
async fn what_was_known_at_a_position_is_what_a_book_says_that_stopped_there(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    let mut rest = varied(260);
    // Cuts around the ends of blocks, and between a command's events and those that correct them.
    let (mut cuts, mut end) = (Vec::new(), 0);
    for size in [37, 1, 340, 645, 1, 1, 500, 61] {
        end += size;
        cuts.push(end);
    }
    assert!(i64::try_from(rest.len()).unwrap() > end + 100, "{}", rest.len());
    let mut stopped = Vec::new();
    for (cut, before) in cuts.iter().zip(std::iter::once(&0).chain(&cuts)) {
        let later = rest.split_off(usize::try_from(cut - before).unwrap());
        std::mem::replace(&mut rest, later).append(&pool).await;
        caught_up(&pool, &log).await;
        for path in READS {
            stopped.push((*cut, path, read(&client, path).await));
        }
    }
    rest.append(&pool).await;
    caught_up(&pool, &log).await;
    for (position, path, stopped) in stopped {
        let join = if path.contains('?') { '&' } else { '?' };
        let known = read(&client, &format!("{path}{join}known_at={position}")).await;
        assert_eq!(known, stopped, "{path} at {position}");
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_counts_by_a_day_is_what_the_journal_has_up_to_it(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    varied(60).append(&pool).await;
    caught_up(&pool, &log).await;
    for (day, position) in [("2025-01-31", 400), ("2025-02-20", 200), ("2025-06-20", 133)] {
        let lines = format!("value_date <= '{day}' and position <= {position}");
        let by_hand = balances_by_hand(&pool, &lines).await;
        assert!(by_hand.len() > 3);
        for path in ["/v1/accounts?limit=100&", "/v1/trial-balance?on=2199-01-01&"] {
            let answer = read(&client, &format!("{path}effective_on={day}&known_at={position}")).await;
            assert_eq!(balances(&answer, "balance"), by_hand, "{path} {day} {position}");
        }
    }
    running.stop().await;
}

/// Whole months are summed as such, the others by days: both dates cut where they will.
#[sqlx::test(migrations = false)]
async fn months_that_are_cut_by_either_date_are_summed_to_the_day(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    varied(300).append(&pool).await;
    caught_up(&pool, &log).await;
    let head = log.head().await.unwrap().position;
    assert!(head > 2_100, "{head}: several blocks have months");
    let apart: (i64,) = sqlx::query_as(
        "select count(*) from read_journal.journal_lines \
         where date_trunc('month', booked_on) <> date_trunc('month', value_date)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(apart.0 > 0, "some movements are booked in another month than the one in which they count");
    let days =
        ["2025-01-28", "2025-01-31", "2025-02-01", "2025-02-15", "2025-02-28", "2025-04-30", "2199-01-01"];
    for (booked_by, counts_by) in days.iter().flat_map(|on| days.map(|effective_on| (*on, effective_on))) {
        for position in [head, 2_060, 333] {
            let lines = format!("position <= {position} and value_date <= '{counts_by}'");
            let path = format!("/v1/trial-balance?on={booked_by}&effective_on={counts_by}");
            let known = format!("{path}&known_at={position}");
            let by_hand = balances_by_hand(&pool, &format!("{lines} and booked_on <= '{booked_by}'")).await;
            assert_eq!(balances(&read(&client, &known).await, "balance"), by_hand, "{known}");
            if position == head {
                assert_eq!(balances(&read(&client, &path).await, "balance"), by_hand, "{path}");
            }
            for by in ["booked_on", "value_date"] {
                let opening = format!(
                    "/v1/balances/daily?by={by}&from={booked_by}&to={booked_by}&effective_on={counts_by}\
                     &known_at={position}&limit=1000"
                );
                let before = format!("{lines} and {by} < '{booked_by}'");
                let mut by_hand = balances_by_hand(&pool, &before).await;
                by_hand.retain(|(_, balance)| !balance.is_zero());
                let mut shown = balances(&read(&client, &opening).await, "opening");
                shown.retain(|(_, balance)| !balance.is_zero());
                assert_eq!(shown, by_hand, "{opening}");
            }
        }
    }
    running.stop().await;
}

async fn balances_by_hand(pool: &PgPool, lines: &str) -> Vec<(String, Decimal)> {
    sqlx::query_as(&format!(
        "select account, sum(case side when 'debit' then amount else -amount end) / 100 \
         from read_journal.journal_lines where {lines} group by account order by account"
    ))
    .fetch_all(pool)
    .await
    .expect("the journal is summed")
}

/// What a list says of each account.
fn balances(answer: &Value, field: &str) -> Vec<(String, Decimal)> {
    let items = answer["items"].as_array().expect("a list has items").iter();
    let text = |item: &Value, field: &str| item[field].as_str().expect("it is a text").to_owned();
    let balance =
        |item: &Value| (text(item, "account"), text(item, field).parse().expect("an amount is a number"));
    items.map(balance).collect()
}

#[sqlx::test(migrations = false)]
async fn a_list_shows_each_loan_as_it_is_read_alone(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    varied(70).append(&pool).await;
    caught_up(&pool, &log).await;
    let head = log.head().await.unwrap().position;
    let mut compared = 0;
    for day in ["2025-01-20", "2025-02-20", "2025-03-20", "2025-04-15", "2025-05-01", "2025-06-10"] {
        for position in [head / 3, head - 40, head] {
            let moment = format!("effective_on={day}&known_at={position}");
            let listed = read(&client, &format!("/v1/loans?limit=1000&{moment}")).await;
            let mut owed = Decimal::ZERO;
            for loan in listed["items"].as_array().unwrap() {
                let alone =
                    read(&client, &format!("/v1/loans/{}?{moment}", loan["id"].as_str().unwrap())).await;
                for field in [
                    "status",
                    "received",
                    "disbursed_amount",
                    "approved_on",
                    "version",
                    "overpaid",
                    "write_off",
                ] {
                    assert_eq!(loan[field], alone[field], "{field} on {moment}: {loan}");
                }
                assert_eq!(loan["balances"]["principal"], alone["balances"]["principal"], "{moment}: {loan}");
                assert_eq!(loan["days_past_due"], alone["days_past_due"], "{moment}: {loan}");
                if loan["status"] != "written_off" {
                    owed += loan["balances"]["total"].as_str().unwrap().parse::<Decimal>().unwrap();
                }
                compared += 1;
            }
            assert_eq!(outstanding(&client, &moment).await, owed, "{moment}");
        }
    }
    assert!(compared > 600, "{compared}");
    running.stop().await;
}

/// What a portfolio of loans in one currency comes to.
async fn outstanding(client: &Client, moment: &str) -> Decimal {
    let portfolio = read(client, &format!("/v1/portfolio?{moment}")).await;
    let total = &portfolio["currencies"][0]["outstanding"]["total"];
    total.as_str().map_or(Decimal::ZERO, |total| total.parse().expect("an amount"))
}

/// A portfolio looks for a loan's last event among those shortly before the day. That of one that was recorded late is not.
#[sqlx::test(migrations = false)]
async fn a_portfolio_has_what_was_recorded_late(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    let mut book = Book::default();
    let lent_on = day("2025-01-05");
    let mut weekly: Vec<_> =
        (1..=40).map(|number| book.lend(Uuid::from_u128(number), "equipment", lent_on)).collect();
    for week in 1..=12 {
        for loan in &mut weekly {
            book.repay(loan, lent_on + Days::new(7 * week), "20.00");
        }
    }
    let mut late = book.lend(Uuid::from_u128(99), "equipment", lent_on);
    book.repay(&mut late, day("2025-02-25"), "50.00");
    let before = book.len();
    book.repay(&mut late, day("2025-01-10"), "30.00");
    let known = book.len();
    book.repay(&mut late, day("2025-03-01"), "40.00");
    book.append(&pool).await;
    caught_up(&pool, &log).await;
    let mut differ = Vec::new();
    for on in ["2025-01-08", "2025-02-24", "2025-02-27", "2025-03-05", "2025-03-30"] {
        for known_at in [before, known, known + 1] {
            let moment = format!("effective_on={on}&known_at={known_at}");
            let listed = read(&client, &format!("/v1/loans?limit=1000&{moment}")).await;
            let owed = listed["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|loan| loan["balances"]["total"].as_str().unwrap().parse::<Decimal>().unwrap());
            let owed: Decimal = owed.sum();
            assert_eq!(outstanding(&client, &moment).await, owed, "{moment}");
            differ.push(owed);
        }
    }
    differ.dedup();
    assert_eq!(differ.len(), 11, "what is late counts from its day on: {differ:?}");
    running.stop().await;
}

/// Each is answered by two connections where they are to be had, else by one.
#[sqlx::test(migrations = false)]
async fn portfolios_that_are_asked_for_at_once_are_the_same(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    varied(200).append(&pool).await;
    caught_up(&pool, &log).await;
    let path = "/v1/portfolio?on=2025-03-20";
    let alone = read(&client, path).await;
    assert_ne!(alone["currencies"][0]["loans"], 0);
    for portfolio in join_all((0..30).map(|_| read(&client, path))).await {
        assert_eq!(portfolio, alone);
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_backdated_entry_moves_only_the_days_from_its_own_on(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    let mut book = varied(40);
    let events = i64::try_from(book.len()).unwrap();
    book.append(&pool).await;
    caught_up(&pool, &log).await;
    let path = "/v1/balances/daily?account=assets:cash&from=2025-01-05&to=2025-02-20&limit=100";
    let before = read(&client, path).await;
    book.post(Uuid::from_u128(1 << 100), day("2025-02-03"), "12.34", None);
    book.append(&pool).await;
    caught_up(&pool, &log).await;
    let after = read(&client, path).await;
    let rows = before["items"].as_array().unwrap().iter().zip(after["items"].as_array().unwrap());
    let mut changed = 0;
    for (before, after) in rows {
        if before["date"].as_str().unwrap() < "2025-02-03" {
            assert_eq!(before, after);
        } else {
            changed += 1;
            assert_eq!(after["position"], events + 1);
            let [closing_before, closing_after] = [before, after].map(|row| &row["closing"]);
            let [closing_before, closing_after]: [Decimal; 2] =
                [closing_before, closing_after].map(|amount| amount.as_str().unwrap().parse().unwrap());
            assert_eq!(closing_before - closing_after, "12.34".parse().unwrap());
        }
    }
    assert_eq!(changed, 18);
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_known_or_seen_is_refused_by_name(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    let cursor = {
        let running = start(&pool, &log);
        varied(3).append(&pool).await;
        caught_up(&pool, &log).await;
        running.stop().await;
        client.ask("/v1/accounts?limit=1").await.json()["next"].as_str().unwrap().to_owned()
    };
    assert_eq!(client.ask(&format!("/v1/accounts?limit=2&after={cursor}")).await.status, 200);
    let after = format!("/v1/accounts?known_at=1&after={cursor}");
    for (path, pointer) in [
        ("/v1/accounts?known_at=1000000", "known_at"),
        ("/v1/accounts?known_at=2199-01-01T00:00:00Z", "known_at"),
        ("/v1/trial-balance?known_at=tomorrow", "known_at"),
        ("/v1/trial-balance?effective_on=2500-01-01", "effective_on"),
        ("/v1/trial-balance?on=0001-01-01", "on"),
        ("/v1/accounts/assets:cash/lines?effective_on=1500-01-01", "effective_on"),
        ("/v1/balances/daily?from=2010-01-01&to=2020-01-03", "to"),
        ("/v1/balances/daily?from=1700-01-01&to=1700-01-03", "from"),
        ("/v1/balances/daily?loan=00000000-0000-0000-0000-000000000001&product=x", "product"),
        ("/v1/balances/daily?by=hand", "by"),
        (after.as_str(), "after"),
    ] {
        let reply = client.ask(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{path}: {}", reply.text);
    }
}
