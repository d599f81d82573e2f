//! The crash test: under load with known keys the server, or its Postgres, is killed at random moments. Then what was
//! acknowledged is there exactly once, and everything adds up.
//!
//! `CRASHES` sets how often it is killed (`make crash`: 20 times), `CRASH_SEED` the moments.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use razao::client::Client;
use razao::embedded_postgres::find_running;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgPool;
use support::Server;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

const TODAY: &str = "2026-03-02";
const CLIENTS: u64 = 24;
const LOANS: u64 = 5;

/// A command that was sent, and whether its answer came.
#[derive(Debug, Clone)]
struct Sent {
    key: String,
    path: String,
    body: Value,
    acknowledged: bool,
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill_exactly_once() {
    let rounds = setting("CRASHES").unwrap_or(4);
    let seed = setting("CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{rounds} kills, CRASH_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    for loan in 0..LOANS {
        lend(&client, loan_id(loan)).await;
    }

    let (address, addresses) = watch::channel(client);
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(pay_on(number, rng.u64(..), addresses.clone(), Arc::clone(&stop)));
    }
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(rng.u64(100..1500))).await; // the random moment
        if round % 2 == 0 {
            eprintln!("round {round}: kill -9 the server");
            server.kill().await;
            address.send_replace(server.start().await);
        } else {
            eprintln!("round {round}: kill -9 the Postgres");
            server.kill_postgres();
            until_accepting(address.borrow().clone(), round).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await; // some more load after the last restart
    stop.store(true, Ordering::Relaxed);
    let sent: Vec<Sent> = clients.join_all().await.into_iter().flatten().collect();

    let client = address.borrow().clone();
    check_log(&client, &sent).await;
    check_resending(&client, &sent).await;
    let head = check_books(&client).await;
    check_rebuilds(&server, head).await;
    server.stop().await;
}

fn loan_id(number: u64) -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 + u128::from(number))
}

/// A loan large enough for any number of small repayments.
async fn lend(client: &Client, loan: Uuid) {
    let path = format!("/v1/loans/{loan}");
    let application = json!({
        "id": loan,
        "borrower": { "tax_id": "11222333000181", "name": "Cantina da Nonna Ltda" },
        "terms": {
            "principal": "900000000.00", "currency": "BRL", "method": "price",
            "rate": { "value": "0.0199", "per": "month", "compounding": "effective" },
            "day_count": "30/360", "installments": 12,
        },
    });
    client.command("/v1/loans", &format!("{loan}-apply"), &application).await.unwrap();
    let on = json!({ "on": "2026-02-02" });
    client.command(&format!("{path}/approve"), &format!("{loan}-approve"), &on).await.unwrap();
    client.command(&format!("{path}/disburse"), &format!("{loan}-disburse"), &on).await.unwrap();
}

/// One client: commands one after another, each under a key of its own and sent once, until told to stop.
async fn pay_on(number: u64, seed: u64, server: watch::Receiver<Client>, stop: Arc<AtomicBool>) -> Vec<Sent> {
    let mut rng = Rng::with_seed(seed);
    let mut sent = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let key = format!("client-{number}-{}", sent.len());
        let cents = rng.u64(1..100_000);
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let (path, body) = if rng.u8(..5) == 0 {
            let lines = json!([{ "account": "expenses:rent", "debit": amount },
                               { "account": "assets:cash", "credit": amount }]);
            ("/v1/entries".to_owned(), json!({ "on": TODAY, "description": "Aluguel", "lines": lines }))
        } else {
            let loan = loan_id(rng.u64(..LOANS));
            (format!("/v1/loans/{loan}/repayments"), json!({ "on": TODAY, "amount": amount }))
        };
        let client = server.borrow().clone();
        let acknowledged = match client.command_once(&path, &key, &body).await {
            Ok(accepted) => {
                assert!(!accepted.replayed, "{key} was sent once and answered as a repeat");
                true
            }
            // Nothing that was asked for is wrong, so a refusal can only mean that the server is not up.
            Err(error) => {
                let status = error.problem().map(|problem| problem.status);
                assert!(status.is_none_or(|status| status == 503), "{key}: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await; // there is no load without a server
                false
            }
        };
        sent.push(Sent { key, path, body, acknowledged });
    }
    sent
}

/// Waits until the server accepts commands again.
async fn until_accepting(client: Client, round: u64) {
    let path = format!("/v1/loans/{}/repayments", loan_id(0));
    let body = json!({ "on": TODAY, "amount": "0.01" });
    client.command(&path, &format!("after-round-{round}"), &body).await.unwrap();
}

async fn whole_log(client: &Client) -> Vec<Value> {
    let mut log: Vec<Value> = Vec::new();
    loop {
        let after = i64::try_from(log.len()).unwrap();
        let page = client.events(after, 1000).await.unwrap();
        if page.is_empty() {
            return log;
        }
        for (event, position) in page.iter().zip(after + 1..) {
            assert_eq!(event["position"], position, "positions have no gap");
        }
        log.extend(page);
    }
}

fn times_by_key(log: &[Value]) -> HashMap<&str, usize> {
    let mut times = HashMap::new();
    for key in log.iter().filter_map(|event| event["metadata"]["idempotency_key"].as_str()) {
        *times.entry(key).or_default() += 1;
    }
    times
}

/// Every command of the load makes one event: so its key stands in the log once, or for an unacknowledged one at most
/// once.
async fn check_log(client: &Client, sent: &[Sent]) {
    let log = whole_log(client).await;
    let times = times_by_key(&log);
    let acknowledged = sent.iter().filter(|sent| sent.acknowledged).count();
    let unknown: Vec<&Sent> = sent.iter().filter(|sent| !sent.acknowledged).collect();
    for sent in sent {
        let times = times.get(sent.key.as_str()).copied().unwrap_or_default();
        if sent.acknowledged {
            assert_eq!(times, 1, "{} was acknowledged", sent.key);
        } else {
            assert!(times <= 1, "{} is there {times} times", sent.key);
        }
    }
    let stored = unknown.iter().filter(|sent| times.contains_key(sent.key.as_str())).count();
    eprintln!(
        "{} events; {acknowledged} commands acknowledged; of {} without an answer {stored} are stored",
        log.len(),
        unknown.len()
    );
    assert!(acknowledged > 100, "that was no load: {acknowledged} commands");

    let mut streams: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for event in &log {
        let stream = (event["stream_type"].as_str().unwrap(), event["stream_id"].as_str().unwrap());
        let last = streams.entry(stream).or_default();
        *last += 1;
        assert_eq!(event["sequence"], *last, "{stream:?} has no gap");
    }
}

/// What was not acknowledged can be sent again under its key, and is then there once.
async fn check_resending(client: &Client, sent: &[Sent]) {
    for sent in sent.iter().filter(|sent| !sent.acknowledged) {
        client.command(&sent.path, &sent.key, &sent.body).await.unwrap();
    }
    let log = whole_log(client).await;
    let times = times_by_key(&log);
    for sent in sent {
        assert_eq!(times.get(sent.key.as_str()), Some(&1), "{}", sent.key);
    }
}

/// Debits and credits are equal, once the read models hold the whole log. Answers its last position.
async fn check_books(client: &Client) -> i64 {
    let head = i64::try_from(whole_log(client).await.len()).unwrap();
    let balance = client.read("/v1/trial-balance", Some(head)).await.unwrap();
    let accounts = balance["items"].as_array().unwrap();
    assert!(accounts.len() >= 3, "{balance}");
    let balances = accounts.iter().map(|line| line["balance"].as_str().unwrap().parse::<Decimal>().unwrap());
    assert!(balances.sum::<Decimal>().is_zero(), "{balance}");
    head
}

/// Every read model holds just what a rebuild from the log gives, byte for byte.
async fn check_rebuilds(server: &Server, head: i64) {
    let options = find_running(&server.data_dir()).expect("the embedded Postgres runs");
    let pool = PgPool::connect_with(options).await.unwrap();
    for name in projections::NAMES {
        let live = projections::digest(&pool, name).await.unwrap();
        assert_eq!(live.position, head, "{name} holds the whole log");
        server.run(&["rebuild", name, "--data-dir", server.data_dir().to_str().unwrap()]).await;
        let rebuilt = projections::digest(&pool, name).await.unwrap();
        assert_eq!(live, rebuilt, "{name}");
    }
    pool.close().await;
}
