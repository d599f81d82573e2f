//! Read models that are fed by Kafka: how fast they take a topic that was there first, how soon an accepted command is
//! visible, and how fast they catch up after a stop. Each role is a process of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;

use super::append::fill;
use super::book::Book;
use super::ground::log_at;
use super::http;
use super::load::Span;
use super::relay;
use super::server::{Memory, Server};
use super::visible;

/// Events a second, from a topic that has all of the log.
pub(super) async fn from_topic(home: &Path, url: &str, config: &Path) -> anyhow::Result<f64> {
    let file = config.to_string_lossy();
    let started = Instant::now();
    let server =
        Server::start(home, &["serve", "--roles", ROLES, "--database-url", url, "--config", &*file]).await?;
    let events = server.caught_up().await? as f64;
    let rate = events / started.elapsed().as_secs_f64();
    server.stop().await?;
    Ok(rate)
}

const ROLES: &str = "projections,query-api";

pub(super) struct Apart {
    /// From accepted to visible.
    pub(super) delays: Histogram<u64>,
    /// Events a second, after a stop.
    pub(super) caught_up: f64,
    /// Repayments a second.
    pub(super) commands: f64,
    pub(super) command_api: Memory,
    pub(super) query_api: Memory,
    pub(super) projections: Memory,
    pub(super) relay: Memory,
}

/// Every role apart, on a copy of the book.
pub(super) async fn apart(
    home: &Path,
    url: &str,
    book: &Book,
    (span, missed): (Span, usize),
    brokers: &str,
) -> anyhow::Result<Apart> {
    let run = format!("bench-{:016x}", fastrand::u64(..));
    let config = relay::config(home, &run, brokers)?;
    let file = config.to_string_lossy();
    let start = async |roles: &str| {
        Server::start(home, &["serve", "--roles", roles, "--database-url", url, "--config", &*file]).await
    };
    let relaying = start("relay").await?;
    let projecting = start("projections").await?;
    let answering = start("query-api").await?;
    let taking = start("command-api").await?;
    answering.caught_up().await?;
    let delays = visible::measure((taking.address, answering.address), book, span).await?;
    let memory = projecting.memory()?;
    projecting.stop().await?;

    let log = log_at(url).await?;
    let before = answering.client.read("/v1/projections", None).await?;
    let before = before["items"][0]["position"].as_i64().context("a projection has a position")?;
    fill(&log, book, book.loans.clone(), missed).await?;
    let head = log.head().await?.position;
    log.close().await;
    let metrics = reqwest::Client::new();
    while relay::relayed(&metrics, &relaying).await? < head {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let started = Instant::now();
    let projecting = start("projections").await?;
    answering.caught_up().await?;
    let caught_up = (head - before) as f64 / started.elapsed().as_secs_f64();
    let commands = http::measure(taking.address, book, book.loans.clone(), span).await?.a_second;
    let most = projecting.memory()?;
    let projections = if most.most_resident > memory.most_resident { most } else { memory };
    let apart = Apart {
        delays,
        caught_up,
        commands,
        command_api: taking.memory()?,
        query_api: answering.memory()?,
        projections,
        relay: relaying.memory()?,
    };
    for server in [taking, answering, projecting, relaying] {
        server.stop().await?;
    }
    Ok(apart)
}
