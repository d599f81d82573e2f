//! What the relay publishes when nothing goes wrong.

use std::path::Path;
use std::time::Duration;

use event_store::{COMPLETENESS_SCHEMA, EVENT_SCHEMA, Incomplete, Received};
use jsonschema::Validator;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::brokers;
use crate::reading::{Message, PARTITIONS, Reading, take};
use crate::relay::Relays;
use crate::writer::Writer;

#[sqlx::test(migrations = false)]
async fn every_event_arrives_once_in_the_order_of_its_stream_and_in_its_public_shape(pool: PgPool) {
    let mut writer = Writer::on(&pool, 40).await;
    writer.append(3_000).await;
    let relays = Relays::of(&pool, brokers()).with_roles("relay,query-api");
    let relays = relays.with(&[("RAZAO_KAFKA_COMPLETENESS_EVERY", "500")]);
    let mut relay = relays.lead().await;
    // What comes after these is in another range.
    Reading::of(&brokers(), &relays.topic()).until_proven(3_000).await;
    for _ in 0..100 {
        writer.append(10).await;
    }
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(4_000).await;
    assert_eq!((reading.events, reading.repeats), (4_000, 0));
    assert!(reading.records.len() >= 6 * 2, "several ranges: {:?}", reading.records);

    check_shapes(&reading.messages, &log_id(&pool).await);
    check_against_the_api(&relay.url().await, &reading.messages).await;
    a_dropped_message_is_noticed(&reading.messages);

    // What is acknowledged is noted at a stop, so nothing is sent twice.
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
    projections::migrate(&pool).await.unwrap();
    let printed = relays.projections().await;
    let shown = printed.as_array().unwrap().iter().find(|one| one["name"] == "relay").unwrap();
    assert_eq!((&shown["position"], &shown["lag"]), (&json!(4_000), &json!(0)), "{shown}");
    assert_eq!(shown["topic"], relays.topic());
    let relay = relays.lead().await;
    writer.append(10).await;
    let reading = reading.until_proven(4_010).await;
    assert_eq!((reading.events, reading.repeats), (4_010, 0));
    let (status, log) = relay.stop().await;
    assert!(status.success() && log.contains("everything that it sent is acknowledged"), "{status}:\n{log}");
}

/// Messages are as their schemas say, and their headers and keys agree with their values.
fn check_shapes(messages: &[Message], log: &str) {
    let (events, records) = (schema("Event.v1"), schema("Completeness.v1"));
    for Message { key, headers, value, timestamp, .. } in messages {
        let value: Value = serde_json::from_slice(value).unwrap();
        assert_eq!(headers["log"], log);
        let schema = match headers["schema"].as_str() {
            EVENT_SCHEMA => {
                assert_eq!(headers["position"], value["position"].to_string());
                assert_eq!(headers["version"], value["version"].to_string());
                assert_eq!(key.as_deref(), value["stream_id"].as_str());
                let recorded_at: chrono::DateTime<chrono::Utc> =
                    serde_json::from_value(value["recorded_at"].clone()).unwrap();
                assert_eq!(*timestamp, Some(recorded_at.timestamp_millis()));
                &events
            }
            COMPLETENESS_SCHEMA => {
                assert_eq!(headers["position"], value["to"].to_string());
                assert_eq!(*key, None);
                &records
            }
            other => panic!("{other}"),
        };
        assert_eq!(headers["type"], value["type"].as_str().unwrap());
        schema.validate(&value).unwrap_or_else(|error| panic!("{error}: {value}"));
        // Nothing is in a message that its schema does not name, and all that it names is there.
        for name in value.as_object().unwrap().keys() {
            let mut without = value.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(!schema.is_valid(&without), "the schema does not ask for {name}");
        }
        let mut with_more = value.clone();
        with_more["more"] = Value::Null;
        assert!(!schema.is_valid(&with_more), "the schema takes what it does not name");
    }
}

async fn log_id(pool: &PgPool) -> String {
    sqlx::query_scalar("select id::text from log_identity").fetch_one(pool).await.unwrap()
}

fn schema(name: &str) -> Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/public");
    let text = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// The API shows the same events, to the letter, and the metrics say how far the relay is.
async fn check_against_the_api(server: &str, messages: &[Message]) {
    let events = reqwest::Client::new().get(format!("{server}/v1/events?limit=1000"));
    let events = events.header("Accept", "application/x-ndjson").send().await.unwrap().text().await.unwrap();
    let published: Vec<&[u8]> = messages.iter().map(|message| message.value.as_slice()).collect();
    assert_eq!(events.lines().count(), 1_000);
    for event in events.lines() {
        assert!(published.contains(&event.as_bytes()), "{event}");
    }
    let metrics = reqwest::get(format!("{server}/metrics")).await.unwrap().text().await.unwrap();
    for metric in ["razao_relay_leader 1", "razao_relay_position 4000", "razao_relay_checkpoint 4000"] {
        assert!(metrics.contains(metric), "{metric} is not in\n{metrics}");
    }
}

/// Whichever event is left out, the records tell.
fn a_dropped_message_is_noticed(messages: &[Message]) {
    let is_event = |message: &Message| message.headers["schema"] == EVENT_SCHEMA;
    let events: Vec<_> = (0..messages.len()).filter(|index| is_event(&messages[*index])).collect();
    for dropped in [events[0], events[events.len() / 2], events[events.len() - 1]] {
        let mut received = Received::from_the_beginning(PARTITIONS);
        let mut rest = messages.iter().enumerate().filter(|(index, _)| *index != dropped);
        let read = rest.try_for_each(|(_, message)| take(&mut received, message).map(drop));
        assert!(matches!(read, Err(Incomplete::Missing { .. })), "{read:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn another_partition_count_than_configured_is_refused_with_both(pool: PgPool) {
    let mut writer = Writer::on(&pool, 3).await;
    writer.append(10).await;
    let relays = Relays::of(&pool, brokers());
    let relay = relays.lead().await;
    Reading::of(&brokers(), &relays.topic()).until_proven(10).await;
    relay.stop().await;
    let (code, said) = relays.with(&[("RAZAO_KAFKA_PARTITIONS", "8")]).fail().await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("has 6 partitions, and 8 are configured"), "{said}");
}

#[sqlx::test(migrations = false)]
async fn a_topic_that_was_deleted_is_made_anew_and_sent_the_whole_log(pool: PgPool) {
    let mut writer = Writer::on(&pool, 3).await;
    writer.append(10).await;
    let relays = Relays::of(&pool, brokers());
    let relay = relays.lead().await;
    Reading::of(&brokers(), &relays.topic()).until_proven(10).await;
    relay.stop().await;
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    admin.delete_topics(&[&relays.topic()], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    writer.append(10).await;
    let mut relay = relays.start();
    relay.says("the topic is gone; sending the log from the beginning").await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(20).await;
    assert_eq!((reading.events, reading.repeats), (20, 0));
    relay.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_log_that_ends_before_what_was_sent_is_not_sent_from(pool: PgPool) {
    let mut writer = Writer::on(&pool, 3).await;
    writer.append(10).await;
    let relays = Relays::of(&pool, brokers());
    let relay = relays.lead().await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(10).await;
    relay.stop().await;
    // As if the log had been restored to an earlier state.
    sqlx::query("update reactions.relay_checkpoints set position = 99").execute(&pool).await.unwrap();
    let mut relay = relays.start();
    relay.says("the log ends at event 10, but Kafka was sent events up to 99").await;
    let (_, more) = reading.more_within(Duration::from_millis(500)).await;
    assert_eq!(more, 0);
    relay.kill().await;
}
