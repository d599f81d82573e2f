//! What holds after any crash.

use std::collections::{BTreeMap, HashMap};

use razao::client::Client;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::load::Sent;

pub(crate) async fn whole_log(client: &Client) -> Vec<Value> {
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

pub(crate) fn times_by_key(log: &[Value]) -> HashMap<&str, usize> {
    let mut times = HashMap::new();
    for key in log.iter().filter_map(|event| event["metadata"]["idempotency_key"].as_str()) {
        *times.entry(key).or_default() += 1;
    }
    times
}

/// Every command of the load makes one event: so its key stands in the log once, or for an unacknowledged one at most
/// once.
pub(crate) async fn check_log(client: &Client, sent: &[Sent]) {
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
pub(crate) async fn check_resending((commands, queries): (&Client, &Client), sent: &[Sent]) {
    for sent in sent.iter().filter(|sent| !sent.acknowledged) {
        commands.command(&sent.path, &sent.key, &sent.body).await.unwrap();
    }
    let log = whole_log(queries).await;
    let times = times_by_key(&log);
    for sent in sent {
        assert_eq!(times.get(sent.key.as_str()), Some(&1), "{}", sent.key);
    }
}

/// Debits and credits are equal, once the read models hold the whole log. Answers its last position.
pub(crate) async fn check_books(client: &Client) -> i64 {
    let head = i64::try_from(whole_log(client).await.len()).unwrap();
    let balance = client.read("/v1/trial-balance", Some(head)).await.unwrap();
    let accounts = balance["items"].as_array().unwrap();
    assert!(accounts.len() >= 3, "{balance}");
    let balances = accounts.iter().map(|line| line["balance"].as_str().unwrap().parse::<Decimal>().unwrap());
    assert!(balances.sum::<Decimal>().is_zero(), "{balance}");
    head
}
