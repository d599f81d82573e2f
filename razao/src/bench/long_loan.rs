//! A command on a loan with a long past and one on a loan with a short one, with nothing in memory.

use std::time::{Duration, Instant};

use anyhow::ensure;
use event_store::{Log, Streams};
use sqlx::PgPool;
use uuid::Uuid;

use super::append::{CACHE_BYTES, fill, pay};
use super::book::Book;
use super::load::{latencies, micros};

const EVENTS: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// The median times in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) short: f64,
    pub(super) long: f64,
}

/// Measures `times` commands of each, in turn.
pub(super) async fn measure(log: &Log, pool: &PgPool, book: &Book, times: usize) -> anyhow::Result<Times> {
    let lengthy = book.apart(1);
    fill(log, book, lengthy.clone(), EVENTS - 10).await?;
    until_settled(pool, lengthy[0]).await?;
    let (mut short_times, mut long_times) = (latencies(), latencies());
    for short in book.loans.iter().take(times) {
        short_times.saturating_record(cold(log, book, *short).await?);
        long_times.saturating_record(cold(log, book, lengthy[0]).await?);
    }
    let median = |times: &hdrhistogram::Histogram<u64>| times.value_at_quantile(0.5) as f64;
    Ok(Times { short: median(&short_times), long: median(&long_times) })
}

/// The time of one command on a store that has nothing in memory yet.
async fn cold(log: &Log, book: &Book, loan: Uuid) -> anyhow::Result<u64> {
    let streams = Streams::new(log.clone(), CACHE_BYTES);
    let started = Instant::now();
    pay(&streams, loan, book.today).await?;
    Ok(micros(started.elapsed()))
}

/// Waits until the snapshot that is written behind the commands has come to rest.
async fn until_settled(pool: &PgPool, loan: Uuid) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut before = None;
    loop {
        let snapshot: Option<(i64,)> =
            sqlx::query_as("select last_sequence from snapshots where aggregate_id = $1")
                .bind(loan.to_string())
                .fetch_optional(pool)
                .await?;
        if snapshot.is_some() && snapshot == before {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "no snapshot of the loan of {EVENTS} events was written");
        before = snapshot;
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
}
