//! From accepted to visible, at a steady rate that the server can well keep up with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::book::Book;
use super::http::payers;
use super::load::{Span, latencies, micros};
use super::wire::Connection;

/// Commands a second.
pub(super) const RATE: u32 = 500;
const CONNECTIONS: usize = 32;

/// The microseconds from a command's answer until a read of a read model has answered as of that command.
///
/// Commands and reads may be answered by two servers.
pub(super) async fn measure(
    (commands, reads): (SocketAddr, SocketAddr),
    book: &Book,
    span: Span,
) -> anyhow::Result<Histogram<u64>> {
    let begin = Instant::now();
    let warm = begin + span.warm_up;
    let end = warm + span.measured;
    let next = Arc::new(AtomicU32::new(0));
    let mut running = JoinSet::new();
    let payers = payers(commands, book, &book.loans, CONNECTIONS).await?;
    for mut payer in payers {
        let mut reader = Connection::open(reads).await?;
        let next = Arc::clone(&next);
        running.spawn(async move {
            let mut delays = latencies();
            loop {
                // The time of each command is set beforehand: a slow answer does not slow the others down.
                let due = begin + Duration::from_secs(1) * next.fetch_add(1, Ordering::Relaxed) / RATE;
                if due >= end {
                    return anyhow::Ok(delays);
                }
                tokio::time::sleep_until(due.into()).await;
                let (_, answer) = payer.pay().await?;
                let accepted = Instant::now();
                // From a read model; a loan by itself is read from the log.
                reader.read("/v1/loans?limit=1", answer.position).await?;
                if due >= warm {
                    delays.saturating_record(micros(accepted.elapsed()));
                }
            }
        });
    }
    let mut all = latencies();
    while let Some(connection) = running.join_next().await {
        all.add(connection??)?;
    }
    Ok(all)
}
