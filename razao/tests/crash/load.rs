//! The load: clients that send commands under keys of their own, and know which were acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use razao::client::{Client, Problem};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(crate) const TODAY: &str = "2026-03-02";
const CLIENTS: u64 = 24;
const LOANS: u64 = 5;

/// A command that was sent, and whether its answer came.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) acknowledged: bool,
}

/// Clients that send one command after another, until they are stopped.
pub(crate) struct Load {
    clients: JoinSet<Vec<Sent>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// On loans that are lent first. Of `queued` commands in eight the answer is that they wait in the queue.
    pub(crate) async fn start(
        client: &Client,
        addresses: &watch::Receiver<Client>,
        rng: &mut Rng,
        queued: u8,
    ) -> Self {
        for loan in 0..LOANS {
            lend(client, loan_id(loan)).await;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let paying = pay_on((number, rng.u64(..)), queued, addresses.clone(), Arc::clone(&stop));
            clients.spawn(paying);
        }
        Self { clients, stop }
    }

    /// All that was sent.
    pub(crate) async fn end(self) -> Vec<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
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
async fn pay_on(
    (number, seed): (u64, u64),
    queued: u8,
    server: watch::Receiver<Client>,
    stop: Arc<AtomicBool>,
) -> Vec<Sent> {
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
        let acknowledged = if rng.u8(..8) < queued {
            queue(&client, &path, &key, &body).await
        } else {
            send(&client, &path, &key, &body).await
        };
        if !acknowledged {
            tokio::time::sleep(Duration::from_millis(100)).await; // there is no load without a server
        }
        sent.push(Sent { key, path, body, acknowledged });
    }
    sent
}

/// Sends a command once. Nothing that is asked for is wrong, so a refusal can only mean that the server is not up.
async fn send(client: &Client, path: &str, key: &str, body: &Value) -> bool {
    match client.command_once(path, key, body).await {
        Ok(accepted) => {
            assert!(!accepted.replayed, "{key} was sent once and answered as a repeat");
            true
        }
        Err(error) => {
            // Or that it lost every race: workers of another process append to the same loans.
            let passes = |problem: &Problem| problem.status == 503 || problem.code == "conflict";
            assert!(error.problem().is_none_or(passes), "{key}: {error}");
            false
        }
    }
}

/// Sends a command that may wait in the queue.
async fn queue(client: &Client, path: &str, key: &str, body: &Value) -> bool {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    let request = http.post(format!("{}{path}", client.server())).json(body);
    let request = request.header("Idempotency-Key", key).header("Prefer", "respond-async");
    let Ok(answer) = request.send().await else { return false };
    let status = answer.status();
    assert!([StatusCode::ACCEPTED, StatusCode::SERVICE_UNAVAILABLE].contains(&status), "{key}: {status}");
    status == StatusCode::ACCEPTED
}

/// Waits until the server accepts commands again.
pub(crate) async fn until_accepting(client: &Client, round: u64) {
    let path = format!("/v1/loans/{}/repayments", loan_id(0));
    let body = json!({ "on": TODAY, "amount": "0.01" });
    client.command(&path, &format!("after-round-{round}"), &body).await.unwrap();
}
