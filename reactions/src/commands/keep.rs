//! Keeping house: what was executed leaves the topic, finished requests are forgotten in time, and the metrics say what
//! waits.

use std::time::{Duration, SystemTime};

use requests::KafkaQueue;
use tokio_util::sync::CancellationToken;

use super::CommandWorkers;
use crate::telemetry;

/// How often what was executed is deleted from the topic.
pub(super) const TRIM: Duration = Duration::from_secs(60);
/// How often it is looked what waits.
const LOOK: Duration = Duration::from_secs(5);
/// How often old requests are looked for.
const FORGET: Duration = Duration::from_secs(600);

/// Until stopped.
pub(super) async fn keep(workers: &CommandWorkers, stop: &CancellationToken) {
    let mut forgot: Option<SystemTime> = None;
    loop {
        match workers.requests.standing().await {
            Ok(standing) => telemetry::record_standing(&standing),
            Err(error) => tracing::debug!(%error, "what waits cannot be counted"),
        }
        let is_due = forgot.is_none_or(|at| at.elapsed().is_ok_and(|ago| ago >= FORGET));
        if is_due {
            forget(workers).await;
            forgot = Some(SystemTime::now());
        }
        if tokio::time::timeout(LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

async fn forget(workers: &CommandWorkers) {
    let Some(before) = SystemTime::now().checked_sub(workers.retention) else { return };
    match workers.requests.forget_before(before.into()).await {
        Ok(0) => {}
        Ok(requests) => tracing::info!(requests, "forgot requests that were finished long ago"),
        Err(error) => tracing::warn!(%error, "finished requests could not be forgotten"),
    }
}

/// Deletes what was executed from the topic, if it is time to.
pub(super) async fn trim(queue: &KafkaQueue, trimmed: &mut SystemTime) {
    if trimmed.elapsed().is_ok_and(|ago| ago < TRIM) {
        return;
    }
    *trimmed = SystemTime::now();
    if let Err(error) = queue.delete_executed().await {
        tracing::warn!(%error, "executed commands could not be deleted from Kafka");
    }
}
