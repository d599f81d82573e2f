//! How fast the relay publishes a log that was there first, beside a bare producer that sends the same messages from
//! memory to the same brokers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use event_store::{EVENT_SCHEMA, Feed, LOG_HEADER, Log, SCHEMA_HEADER};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use tokio_util::sync::CancellationToken;

use super::append::fill;
use super::book::Book;
use super::ground::log_at;
use super::server::{Memory, Server};

const PATIENCE: Duration = Duration::from_secs(120);
const PAGE: i64 = 10_000;
const WARM_UPS: usize = 5;

/// What a bare producer sends of each message.
#[derive(Clone, Copy, PartialEq)]
enum Sent {
    Whole,
    WithoutHeaders,
}

/// A message as the relay sends it.
struct Bare {
    key: String,
    value: Vec<u8>,
    timestamp: i64,
    headers: [(&'static str, String); 5],
}

pub(super) struct Relayed {
    /// The settings by which the topic is found that has all of it now.
    pub(super) config: PathBuf,
    /// Events a second, acknowledged by all brokers.
    pub(super) relay: f64,
    /// Of a producer that has the same messages in memory, headers and all: before the relay and after it.
    pub(super) bare: f64,
    /// Of one that sends their keys and values without headers.
    pub(super) values: f64,
    pub(super) memory: Memory,
}

/// Adds events to a copy of the book and publishes all of it, to topics of this run's own.
pub(super) async fn measure(
    home: &Path,
    url: &str,
    book: &Book,
    added: usize,
    brokers: &str,
) -> anyhow::Result<Relayed> {
    let log = log_at(url).await?;
    fill(&log, book, book.loans.clone(), added).await?;
    let head = log.head().await?.position;
    let run = format!("bench-{:016x}", fastrand::u64(..));

    let messages = Arc::new(messages(&log, head).await?);
    log.close().await;
    // The brokers' own compiler goes on for some seconds of such work.
    for time in 0..WARM_UPS {
        bare(brokers, format!("{run}.warm-up-{time}"), &messages, Sent::Whole).await?;
    }
    let before = bare(brokers, format!("{run}.before"), &messages, Sent::Whole).await?;

    let config = config(home, &run, brokers)?;
    let file = config.to_string_lossy();
    let arguments = ["serve", "--roles", "relay", "--database-url", url, "--config", &*file];
    let server = Server::start(home, &arguments).await?;
    // Before it sends the first one it makes the topic, which is measured of neither.
    let metrics = reqwest::Client::new();
    let begun = reaches(&metrics, &server, 1).await?;
    let started = Instant::now();
    let ended = reaches(&metrics, &server, head).await?;
    let relay = (ended - begun) as f64 / started.elapsed().as_secs_f64();
    let memory = server.memory()?;
    server.stop().await?;

    let after = bare(brokers, format!("{run}.after"), &messages, Sent::Whole).await?;
    let values = bare(brokers, format!("{run}.values"), &messages, Sent::WithoutHeaders).await?;
    let [bare, values] = [(before + after) / 2, values].map(|taken| head as f64 / taken.as_secs_f64());
    Ok(Relayed { config, relay, bare, values, memory })
}

/// A file of settings for a run's own topics.
pub(super) fn config(home: &Path, run: &str, brokers: &str) -> anyhow::Result<PathBuf> {
    let file = home.join(format!("{run}.toml"));
    std::fs::write(&file, format!("kafka_brokers = {brokers:?}\nkafka_topic_prefix = {run:?}\n"))?;
    Ok(file)
}

async fn bare(
    brokers: &str,
    topic: String,
    messages: &Arc<Vec<Bare>>,
    sent: Sent,
) -> anyhow::Result<Duration> {
    let (brokers, messages) = (brokers.to_owned(), Arc::clone(messages));
    tokio::task::spawn_blocking(move || send_all(&brokers, &topic, &messages, sent)).await?
}

/// Waits until the relay is at a position; answers where it is by then.
async fn reaches(metrics: &reqwest::Client, server: &Server, wanted: i64) -> anyhow::Result<i64> {
    let since = Instant::now();
    loop {
        let position = relayed(metrics, server).await?;
        if position >= wanted {
            return Ok(position);
        }
        ensure!(since.elapsed() < PATIENCE, "the relay did not come to event {wanted} in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The position that its metrics name.
pub(super) async fn relayed(metrics: &reqwest::Client, server: &Server) -> anyhow::Result<i64> {
    let metrics = metrics.get(format!("http://{}/metrics", server.address)).send().await?.text().await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("razao_relay_position "));
    Ok(line.map_or(0, |position| position.parse().unwrap_or(0)))
}

/// What the relay sent.
async fn messages(log: &Log, head: i64) -> anyhow::Result<Vec<Bare>> {
    let log_id = log.id().await?.to_string();
    let stop = CancellationToken::new();
    let feed = Feed::start(log, stop.clone());
    let _stop = stop.drop_guard();
    let mut messages = Vec::new();
    let mut position = 0;
    while position < head {
        let page = feed.after(position, PAGE).await?;
        position = page.last().context("the log has no gaps")?.position;
        messages.extend(page.into_iter().map(|row| Bare {
            value: row.to_public_json(),
            timestamp: row.recorded_at.timestamp_millis(),
            headers: [
                (SCHEMA_HEADER, EVENT_SCHEMA.to_owned()),
                (LOG_HEADER, log_id.clone()),
                ("position", row.position.to_string()),
                ("type", row.event_type),
                ("version", row.event_version),
            ],
            key: row.aggregate_id,
        }));
    }
    Ok(messages)
}

/// As a program would that has nothing else to do: how long until all are acknowledged.
fn send_all(brokers: &str, topic: &str, messages: &[Bare], sent: Sent) -> anyhow::Result<Duration> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("acks", "all").set("enable.idempotence", "true");
    config.set("compression.type", "lz4");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create()?;
    // The brokers make the topic, which is not measured.
    producer.client().fetch_metadata(Some(topic), PATIENCE)?;
    std::thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    for message in messages {
        let mut record = BaseRecord::to(topic).key(&message.key).payload(&message.value);
        if sent == Sent::Whole {
            let none = OwnedHeaders::new_with_capacity(message.headers.len());
            let headers = message.headers.iter().map(|(key, value)| Header { key, value: Some(value) });
            record = record.timestamp(message.timestamp).headers(headers.fold(none, OwnedHeaders::insert));
        }
        while let Err((error, again)) = producer.send(record) {
            ensure!(
                error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull),
                "an event could not be sent: {error}"
            );
            record = again;
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    producer.flush(PATIENCE)?;
    Ok(started.elapsed())
}
