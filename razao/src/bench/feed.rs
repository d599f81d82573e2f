//! How fast the read models follow: all of them from a log that was there first, and all rebuilt beside those that
//! serve.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::ensure;

use super::append::fill;
use super::book::Book;
use super::ground::log_at;
use super::server::{Server, razao};

/// Events a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) feed: f64,
    pub(super) rebuild: Option<f64>,
}

/// Adds events to a copy of the book that no projection has read, and lets all projections read it.
pub(super) async fn measure(
    home: &Path,
    url: &str,
    book: &Book,
    added: usize,
    and_rebuild: bool,
) -> anyhow::Result<Rates> {
    let log = log_at(url).await?;
    fill(&log, book, book.loans.clone(), added).await?;
    log.close().await;
    let started = Instant::now();
    let server = Server::serve(home, "projections,query-api", url).await?;
    let events = server.caught_up().await? as f64;
    let feed = events / started.elapsed().as_secs_f64();
    let rebuild = if and_rebuild { Some(events / rebuild_all(url).await?) } else { None };
    server.stop().await?;
    Ok(Rates { feed, rebuild })
}

/// The seconds that `razao rebuild` takes for all read models.
async fn rebuild_all(url: &str) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut rebuild = razao()?;
    rebuild.args(["rebuild", "all", "--database-url", url]).stdout(Stdio::null());
    let output = rebuild.output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the rebuild failed: {said}");
    Ok(started.elapsed().as_secs_f64())
}
