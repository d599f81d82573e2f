//! How fast the relay publishes a log that was there first, beside a bare producer that sends the same payloads from
//! memory to the same brokers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use event_store::{Feed, Log};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use tokio_util::sync::CancellationToken;

use super::append::fill;
use super::book::Book;
use super::ground::log_at;
use super::server::{Memory, Server};

const PATIENCE: Duration = Duration::from_secs(120);
const PAGE: i64 = 10_000;

pub(super) struct Relayed {
    /// The settings by which the topic is found that has all of it now.
    pub(super) config: PathBuf,
    /// Events a second, acknowledged by all brokers.
    pub(super) relay: f64,
    pub(super) bare: f64,
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
    // The brokers' own compiler has to have seen the work once.
    bare(brokers, format!("{run}.warm-up"), &messages).await?;

    let config = config(home, &run, brokers)?;
    let file = config.to_string_lossy();
    let arguments = ["serve", "--roles", "relay", "--database-url", url, "--config", &*file];
    let server = Server::start(home, &arguments).await?;
    // Before it sends the first one it makes the topic, which is measured of neither.
    let begun = reaches(&server, 1).await?;
    let started = Instant::now();
    let ended = reaches(&server, head).await?;
    let relay = (ended - begun) as f64 / started.elapsed().as_secs_f64();
    let memory = server.memory()?;
    server.stop().await?;

    let bare = head as f64 / bare(brokers, format!("{run}.bare"), &messages).await?.as_secs_f64();
    Ok(Relayed { config, relay, bare, memory })
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
    messages: &Arc<Vec<(String, Vec<u8>)>>,
) -> anyhow::Result<Duration> {
    let (brokers, messages) = (brokers.to_owned(), Arc::clone(messages));
    tokio::task::spawn_blocking(move || send_all(&brokers, &topic, &messages)).await?
}

/// Waits until the relay is at a position; answers where it is by then.
async fn reaches(server: &Server, wanted: i64) -> anyhow::Result<i64> {
    let since = Instant::now();
    loop {
        let position = relayed(server).await?;
        if position >= wanted {
            return Ok(position);
        }
        ensure!(since.elapsed() < PATIENCE, "the relay did not come to event {wanted} in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The position that its metrics name.
pub(super) async fn relayed(server: &Server) -> anyhow::Result<i64> {
    let metrics = reqwest::get(format!("http://{}/metrics", server.address)).await?.text().await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("razao_relay_position "));
    Ok(line.map_or(0, |position| position.parse().unwrap_or(0)))
}

/// The keys and values that the relay sent.
async fn messages(log: &Log, head: i64) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let stop = CancellationToken::new();
    let feed = Feed::start(log, stop.clone());
    let _stop = stop.drop_guard();
    let mut messages = Vec::new();
    let mut position = 0;
    while position < head {
        let page = feed.after(position, PAGE).await?;
        position = page.last().context("the log has no gaps")?.position;
        for row in page {
            let value = row.to_public_json();
            messages.push((row.aggregate_id, value));
        }
    }
    Ok(messages)
}

/// As a program would that has nothing else to do: how long until all are acknowledged.
fn send_all(brokers: &str, topic: &str, messages: &[(String, Vec<u8>)]) -> anyhow::Result<Duration> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("acks", "all").set("enable.idempotence", "true");
    config.set("compression.type", "lz4");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create()?;
    // The brokers make the topic, which is not measured.
    producer.client().fetch_metadata(Some(topic), PATIENCE)?;
    std::thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    for (key, value) in messages {
        let mut record = BaseRecord::to(topic).key(key).payload(value);
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
