//! Driving load: callers that each wait for an answer before they ask again.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

/// One caller of a closed loop.
pub(super) trait Caller: Send + 'static {
    /// Makes one call and waits for its answer.
    fn call(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What a run of load came to. Latencies are in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) a_second: f64,
    pub(super) latencies: Histogram<u64>,
}

/// How long a load is driven before it is measured, and while it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) warm_up: Duration,
    pub(super) measured: Duration,
}

/// Latencies up to a minute, to three digits.
pub(super) fn latencies() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).expect("these bounds are valid")
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Lets all callers call as fast as they are answered. Fails with the first call that fails.
pub(super) async fn closed_loop<C: Caller>(callers: Vec<C>, span: Span) -> anyhow::Result<Load> {
    let begin = Instant::now() + span.warm_up;
    let end = begin + span.measured;
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            let mut latencies = latencies();
            loop {
                let called = Instant::now();
                if called >= end {
                    return anyhow::Ok(latencies);
                }
                caller.call().await?;
                let answered = Instant::now();
                if called >= begin && answered < end {
                    latencies.saturating_record(micros(answered - called));
                }
            }
        });
    }
    let mut all = latencies();
    while let Some(caller) = running.join_next().await {
        all.add(caller??)?;
    }
    Ok(Load { a_second: all.len() as f64 / span.measured.as_secs_f64(), latencies: all })
}

/// Lets every caller make so many calls.
pub(super) async fn calls_each<C: Caller>(callers: Vec<C>, calls: usize) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            for _ in 0..calls {
                caller.call().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(caller) = running.join_next().await {
        caller??;
    }
    Ok(())
}
