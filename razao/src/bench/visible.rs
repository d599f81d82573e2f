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

/// Commands a second.
pub(super) const RATE: u32 = 500;
const CONNECTIONS: usize = 32;

/// The microseconds from a command's answer until a read of its loan has answered as of that command.
pub(super) async fn measure(server: SocketAddr, book: &Book, span: Span) -> anyhow::Result<Histogram<u64>> {
    let begin = Instant::now();
    let warm = begin + span.warm_up;
    let end = warm + span.measured;
    let next = Arc::new(AtomicU32::new(0));
    let mut running = JoinSet::new();
    for mut payer in payers(server, book, &book.loans, CONNECTIONS).await? {
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
                let (loan, answer) = payer.pay().await?;
                let accepted = Instant::now();
                payer.read(loan, answer.position).await?;
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
