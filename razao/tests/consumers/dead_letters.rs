//! Dead letters go to a topic too: each at least once, whoever is killed.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use kafka::partition_of;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::brokers;
use crate::lender::Lender;

/// No version of the program knows such an event.
const POISON: &str = "insert into events \
    (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
    select 'Loan', '00000000-0000-0000-0000-00000000000a', number, 'LoanForgotten', '1', \
    '{\"type\": \"LoanForgotten\"}', '{\"actor\":\"ana\",\"command\":\"Test\",\"correlation_id\":\"c-1\",\"engine\":\"0.1.0\"}' \
    from generate_series($1, $2) as number";
const STREAM: &str = "00000000-0000-0000-0000-00000000000a";
const GIVES_UP_SOON: [(&str, &str); 2] =
    [("RAZAO_PARKED_ATTEMPTS", "2"), ("RAZAO_PARKED_FIRST_WAIT_MS", "10")];
/// Read models that want to know of every loan.
const ABOUT_LOANS: [&str; 3] = ["daily_balances", "journal", "loans"];

/// A dead letter as it came.
struct Letter {
    partition: i32,
    key: String,
    headers: HashMap<String, String>,
    value: Value,
}

/// Everything in the topic of dead letters, once there are so many of them.
async fn letters(lender: &Lender, enough: usize) -> Vec<Letter> {
    let topic = lender.topic().replace(".events", ".dead-letters");
    let reading = tokio::task::spawn_blocking(move || {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers())
            .set("group.id", "unused")
            .set("enable.auto.commit", "false");
        config.set("topic.metadata.refresh.interval.ms", "500");
        let consumer: BaseConsumer = config.create().unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..6 {
            all.add_partition_offset(&topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        let (mut letters, patience) = (Vec::new(), Instant::now() + Duration::from_secs(60));
        while letters.len() < enough {
            assert!(Instant::now() < patience, "only {} of {enough} dead letters came", letters.len());
            // The topic is made with the first of them.
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let headers = message.headers().unwrap().iter();
            letters.push(Letter {
                partition: message.partition(),
                key: text(message.key().unwrap()),
                headers: headers.map(|one| (one.key.to_owned(), text(one.value.unwrap()))).collect(),
                value: serde_json::from_slice(message.payload().unwrap()).unwrap(),
            });
        }
        letters
    });
    reading.await.unwrap()
}

fn check(letter: &Letter, log: Uuid) {
    let (value, headers) = (&letter.value, &letter.headers);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/public/DeadLetter.v1.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    schema.validate(value).unwrap_or_else(|error| panic!("{error}: {value}"));
    assert_eq!((letter.key.as_str(), letter.partition), (STREAM, partition_of(STREAM.as_bytes(), 6)));
    let log = log.to_string();
    for (name, expected) in [("schema", "razao.dead_letter.v1"), ("log", &log), ("type", "LoanForgotten")] {
        assert_eq!(headers[name], expected);
    }
    for name in ["projection", "position", "cause", "attempts"] {
        assert_eq!(headers[name], value[name].to_string().trim_matches('"').replace("\\\"", "\""), "{name}");
    }
    assert_eq!(value["attempts"], 2);
    let event = &value["event"];
    assert_eq!((&event["position"], &event["type"]), (&value["position"], &"LoanForgotten".into()));
}

async fn published(pool: &PgPool) -> i64 {
    let count = "select count(*) from projections.parked_streams where published_at is not null";
    sqlx::query_scalar(count).fetch_one(pool).await.unwrap()
}

async fn until_published(pool: &PgPool, count: i64) {
    let patience = Instant::now() + Duration::from_secs(60);
    while published(pool).await < count {
        assert!(Instant::now() < patience, "{} of {count} are published", published(pool).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn names(letters: &[Letter]) -> Vec<String> {
    let mut names: Vec<_> = letters.iter().map(|letter| letter.headers["projection"].clone()).collect();
    names.sort();
    names
}

#[sqlx::test(migrations = false)]
async fn dead_letters_are_published_with_all_that_there_is_to_know(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let log = lender.log.id().await.unwrap();
    let relay = lender.start("relay");
    // Either may publish.
    let projectors = [0, 1].map(|_| lender.start_with("projections", &GIVES_UP_SOON));
    sqlx::query(POISON).bind(1).bind(3).execute(&pool).await.unwrap();
    let came = letters(&lender, 3).await;
    assert_eq!(names(&came), ABOUT_LOANS);
    for letter in &came {
        check(letter, log);
    }
    until_published(&pool, 3).await;

    // Whoever publishes is killed after it was sent and before that was noted.
    for projector in projectors {
        projector.kill().await;
    }
    sqlx::query("update projections.parked_streams set published_at = null where projection = 'journal'")
        .execute(&pool)
        .await
        .unwrap();
    let projector = lender.start_with("projections", &GIVES_UP_SOON);
    until_published(&pool, 3).await;
    let came = letters(&lender, 4).await;
    for letter in &came {
        check(letter, log);
    }
    let of_journal = came.iter().filter(|letter| letter.headers["projection"] == "journal");
    let ids: Vec<_> = of_journal.map(|letter| letter.value["id"].clone()).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]), "a repeat has the same id");

    // The next event to blame is another dead letter.
    let id: Uuid = serde_json::from_value(ids[0].clone()).unwrap();
    projections::discard(&pool, &lender.log, id, "a test", "ana").await.unwrap().unwrap();
    let came = letters(&lender, 5).await;
    let last = came.iter().find(|letter| letter.value["sequence"] == 2).unwrap();
    assert_eq!((&last.value["projection"], &last.value["waiting"]), (&"journal".into(), &2.into()));
    projector.stop().await;
    relay.stop().await;
}
