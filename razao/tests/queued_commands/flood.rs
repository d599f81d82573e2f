//! Floods, in a table and in Kafka, with workers that are killed in the middle.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use razao::client::Client;
use rdkafka::ClientConfig;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{FutureProducer, FutureRecord};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::brokers;
use crate::processes::{Process, Processes};
use crate::queue::{Accepted, QueueClient};

const LOANS: u64 = 20;
/// Repayments of each loan.
const EACH: usize = 100;
/// Kills of workers.
const KILLS: usize = 5;

fn loan_path(number: u64) -> String {
    format!("/v1/loans/{}", Uuid::from_u128(0x4000_8000_0000_0000_0000 + u128::from(number)))
}

/// Loans large enough for any number of small repayments.
async fn lend(client: &Client) {
    for number in 0..LOANS {
        let path = loan_path(number);
        let application = json!({
            "id": path.strip_prefix("/v1/loans/").unwrap(),
            "borrower": { "tax_id": "11222333000181", "name": "Cantina da Nonna Ltda" },
            "terms": {
                "principal": "900000000.00", "currency": "BRL", "method": "price",
                "rate": { "value": "0.0199", "per": "month", "compounding": "effective" },
                "day_count": "30/360", "installments": 12,
            },
        });
        client.command("/v1/loans", &format!("{number}-apply"), &application).await.unwrap();
        let on = json!({ "on": "2026-02-02" });
        client.command(&format!("{path}/approve"), &format!("{number}-approve"), &on).await.unwrap();
        client.command(&format!("{path}/disburse"), &format!("{number}-disburse"), &on).await.unwrap();
    }
}

/// Commands to one loan, each sent when the one before was accepted: every tenth is refused by the state, every
/// seventh is sent twice.
async fn pour(queue: QueueClient, number: u64) -> Vec<Accepted> {
    let mut accepted = Vec::with_capacity(EACH);
    for count in 0..EACH {
        let key = format!("flood-{number}-{count:03}");
        let (path, body) = if count % 10 == 9 {
            ("approve", json!({ "on": "2026-02-02" }))
        } else {
            let amount = format!("{}.{:02}", 1 + count, number);
            ("repayments", json!({ "on": "2026-03-02", "amount": amount }))
        };
        let path = format!("{}/{path}", loan_path(number));
        let sent = queue.accept(&path, &key, &body).await;
        if count % 7 == 0 {
            assert_eq!(queue.accept(&path, &key, &body).await.location, sent.location);
        }
        accepted.push(sent);
    }
    accepted
}

/// Kills a worker at a random moment and starts another, again and again.
async fn kill_workers(processes: &Processes, mut workers: Vec<Process>, rng: &mut Rng) -> Vec<Process> {
    for _ in 0..KILLS {
        sleep(Duration::from_millis(rng.u64(100..1_200))).await; // the random moment
        let victim = workers.swap_remove(rng.usize(..workers.len()));
        victim.kill().await;
        workers.push(processes.start("reactions").await);
    }
    workers
}

async fn flood(pool: &PgPool, kafka: Option<String>) {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let processes = Processes::on(pool, kafka).await;
    let mut server = processes.start("command-api").await;
    lend(&server.client().await).await;
    let queue = QueueClient::of(&server.url().await);

    let workers = vec![processes.start("reactions").await, processes.start("reactions").await];
    let began = Instant::now();
    let mut pouring = JoinSet::new();
    for number in 0..LOANS {
        pouring.spawn(pour(queue.clone(), number));
    }
    let workers = kill_workers(&processes, workers, &mut rng).await;
    let accepted: Vec<Accepted> = pouring.join_all().await.into_iter().flatten().collect();
    eprintln!("{} commands accepted in {:?}", accepted.len(), began.elapsed());

    let mut done = Vec::new();
    for accepted in &accepted {
        let ended = queue.ended(accepted).await;
        let count: usize = accepted.key.rsplit('-').next().unwrap().parse().unwrap();
        if count % 10 == 9 {
            assert_eq!(ended["status"], "refused", "{ended}");
            assert_eq!(ended["answer"]["body"]["code"], "not_applied");
        } else {
            assert_eq!(
                (&ended["status"], &ended["answer"]["status"]),
                (&json!("done"), &json!(201)),
                "{ended}"
            );
            done.push((accepted.key.clone(), ended["answer"]["body"]["position"].as_i64().unwrap()));
        }
    }
    eprintln!("all of them executed after {:?}", began.elapsed());
    check_log(pool, &done).await;
    for worker in workers {
        worker.stop().await;
    }
    server.stop().await;
}

/// Each command that is done stands in the log once, where its answer says, and those of a loan stand in their order.
async fn check_log(pool: &PgPool, done: &[(String, i64)]) {
    let log = "select idempotency_key, position, aggregate_id from events \
        where idempotency_key like 'flood-%' order by position";
    let log: Vec<(String, i64, String)> = sqlx::query_as(log).fetch_all(pool).await.unwrap();
    let stored: HashMap<&str, i64> = log.iter().map(|(key, position, _)| (key.as_str(), *position)).collect();
    assert_eq!((stored.len(), log.len()), (done.len(), done.len()), "each once");
    for (key, position) in done {
        assert_eq!(stored.get(key.as_str()), Some(position), "{key}");
    }
    let mut last: HashMap<&str, &str> = HashMap::new();
    for (key, _, loan) in &log {
        if let Some(before) = last.insert(loan, key) {
            assert!(before < key.as_str(), "{key} came after {before}");
        }
    }
    let left: i64 = sqlx::query_scalar("select count(*) from requests.queue").fetch_one(pool).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrations = false)]
async fn a_flood_waits_in_the_table_and_is_executed_once_whatever_is_killed(pool: PgPool) {
    flood(&pool, None).await;
}

#[sqlx::test(migrations = false)]
async fn a_flood_waits_in_kafka_and_is_executed_once_whatever_is_killed(pool: PgPool) {
    flood(&pool, Some(brokers())).await;
}

#[sqlx::test(migrations = false)]
async fn where_kafka_cannot_be_reached_nothing_is_accepted_nor_half_done(pool: PgPool) {
    let processes = Processes::on(&pool, Some("127.0.0.1:1".to_owned())).await;
    let mut server = processes.start("command-api").await;
    let queue = QueueClient::of(&server.url().await);
    let body = json!({ "on": "2026-03-02", "amount": "1.00" });
    let path = format!("{}/repayments", loan_path(0));
    let answer = queue.post(&path, "k", &body).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["detail"], "the queue of commands cannot be reached");
    let noted: i64 =
        sqlx::query_scalar("select count(*) from requests.requests").fetch_one(&pool).await.unwrap();
    assert_eq!(noted, 0);
    // Who does not ask for the queue is served.
    lend(&server.client().await).await;
    server.stop().await;
}

/// Messages that are no commands are among those that are.
#[sqlx::test(migrations = false)]
async fn what_is_no_command_in_kafka_is_passed_over_or_failed_by_name(pool: PgPool) {
    let processes = Processes::on(&pool, Some(brokers())).await;
    let mut server = processes.start("command-api").await;
    lend(&server.client().await).await;
    let queue = QueueClient::of(&server.url().await);
    let body = json!({ "on": "2026-03-02", "amount": "1.00" });
    let path = format!("{}/repayments", loan_path(0));
    let before = queue.accept(&path, "before", &body).await;

    let producer: FutureProducer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let loan = loan_path(0).replace("/v1/loans/", "");
    let named = Uuid::new_v4().to_string();
    for (value, name) in [("nonsense", None), ("nonsense", Some(&named)), (r#"{"version": 9}"#, None)] {
        let mut headers = OwnedHeaders::new();
        if let Some(name) = name {
            headers = headers.insert(rdkafka::message::Header { key: "request-id", value: Some(name) });
        }
        let topic = processes.topic();
        let record = FutureRecord::to(&topic).key(&loan).payload(value).headers(headers);
        producer.send(record, Duration::from_secs(30)).await.unwrap();
    }
    let after = queue.accept(&path, "after", &body).await;
    let worker = processes.start("reactions").await;
    assert_eq!(queue.ended(&before).await["status"], "done");
    assert_eq!(queue.ended(&after).await["status"], "done");
    // Our producer may have sent it to another partition than that of the loan.
    let failed = "select answer_body from requests.requests where status = 'failed'";
    let looked_at = async {
        loop {
            let why: Option<String> = sqlx::query_scalar(failed).fetch_optional(&pool).await.unwrap();
            match why {
                Some(why) if worker.log().matches("none of ours; it is passed over").count() == 2 => {
                    return why;
                }
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let why =
        tokio::time::timeout(Duration::from_secs(60), looked_at).await.expect("all three are looked at");
    assert!(why.contains("the command cannot be read"), "{why}");
    worker.stop().await;
    server.stop().await;
}
