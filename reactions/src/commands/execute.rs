//! Executing a batch: each stream in its order, and no command without end.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use requests::{Answer, Delivery, Finished, Outcome, QueuedCommand, RequestId};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::telemetry;

/// Executes a command: its answer is what its caller would have been given at once.
pub type Execute = Arc<dyn Fn(QueuedCommand) -> BoxFuture<'static, Answer> + Send + Sync>;

/// How often a command is tried that runs into a fault of its own.
const ATTEMPTS: u32 = 5;
/// How many workers may end while they execute a command, before it is given up.
const MOST_ENDS: u32 = 5;
/// How long one waits before the second attempt, and before each further one.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(50))
    .with_max_delay(Duration::from_secs(1))
    .without_max_times();

/// The bounds of a batch.
pub(super) struct Batch<'a> {
    /// No command is begun after that.
    pub(super) until: Instant,
    pub(super) stop: &'a CancellationToken,
}

/// What an answer means for its command.
enum Verdict {
    Is(Outcome),
    /// It has a fault of its own, or runs into one of ours.
    Fault,
    /// Nothing can be executed now.
    NotNow,
}

/// Executes all commands: what became of those that have an answer, and whether that is all.
pub(super) async fn execute_all(
    execute: &Execute,
    deliveries: Vec<Delivery>,
    batch: &Batch<'_>,
) -> (Vec<Finished>, bool) {
    let mut streams: HashMap<Uuid, Vec<Delivery>> = HashMap::new();
    for delivery in deliveries {
        let stream = delivery.command.as_ref().map_or(delivery.id.0, |command| command.stream);
        let waiting = streams.entry(stream).or_default();
        // Sent twice, it is one request, and in one stream.
        if waiting.iter().all(|other| other.id != delivery.id) {
            waiting.push(delivery);
        }
    }
    let running: FuturesUnordered<_> =
        streams.into_values().map(|waiting| execute_stream(execute, waiting, batch)).collect();
    let ended: Vec<(Vec<Finished>, bool)> = running.collect().await;
    let all = ended.iter().all(|(_, all)| *all);
    (ended.into_iter().flat_map(|(finished, _)| finished).collect(), all)
}

async fn execute_stream(
    execute: &Execute,
    waiting: Vec<Delivery>,
    batch: &Batch<'_>,
) -> (Vec<Finished>, bool) {
    let mut finished = Vec::with_capacity(waiting.len());
    for Delivery { id, command, ends } in waiting {
        let ended = match command {
            Ok(command) if ends >= MOST_ENDS => {
                tracing::error!(request = %id, ends, "a queued command ends whoever executes it; it is given up");
                let fault = fault(&format!("{ends} workers ended while they executed it"));
                Some(failed(id, &command.client, command.accepted_at, fault))
            }
            Ok(command) => execute_one(execute, command, batch).await,
            Err(error) => {
                tracing::error!(request = %id, %error, "a queued command cannot be executed");
                Some(failed(id, &"".into(), now(), fault(&error.to_string())))
            }
        };
        let Some(ended) = ended else { return (finished, false) };
        telemetry::record_request(ended.outcome, ended.accepted_at);
        finished.push(ended);
    }
    (finished, true)
}

/// None where it has to wait.
async fn execute_one(execute: &Execute, command: QueuedCommand, batch: &Batch<'_>) -> Option<Finished> {
    let (id, accepted_at) = (command.id, command.accepted_at);
    let client = Arc::clone(&command.client);
    let (mut pauses, mut attempts) = (PAUSES.build(), 0);
    loop {
        // Others may have it after that.
        if Instant::now() >= batch.until {
            return None;
        }
        let executing = AssertUnwindSafe(execute(command.clone())).catch_unwind();
        let answer = executing.await.unwrap_or_else(|_| fault("the program failed on the command"));
        match verdict(&answer) {
            Verdict::Is(outcome) => {
                return Some(Finished { id, client, accepted_at, finished_at: now(), outcome, answer });
            }
            Verdict::Fault => {
                attempts += 1;
                tracing::error!(request = %id, attempts, status = answer.status, "a queued command failed");
                if attempts == ATTEMPTS {
                    return Some(failed(id, &client, accepted_at, answer));
                }
            }
            Verdict::NotNow if batch.stop.is_cancelled() => return None,
            Verdict::NotNow => {}
        }
        sleep(pauses.next().unwrap_or_default()).await;
    }
}

fn verdict(answer: &Answer) -> Verdict {
    match answer.status {
        200..=299 => Verdict::Is(Outcome::Done),
        429 | 503 => Verdict::NotNow,
        409 if is_lost_race(&answer.body) => Verdict::Fault,
        400..=499 => Verdict::Is(Outcome::Refused),
        _ => Verdict::Fault,
    }
}

/// Whether others were faster again and again, which says nothing of the command.
fn is_lost_race(body: &str) -> bool {
    let problem: Option<serde_json::Value> = serde_json::from_str(body).ok();
    problem.is_some_and(|problem| problem["code"] == "conflict")
}

fn failed(id: RequestId, client: &Arc<str>, accepted_at: DateTime<Utc>, answer: Answer) -> Finished {
    let client = Arc::clone(client);
    Finished { id, client, accepted_at, finished_at: now(), outcome: Outcome::Failed, answer }
}

/// The answer of a server that is at fault (RFC 9457).
fn fault(detail: &str) -> Answer {
    let body = json!({
        "type": "urn:razao:problem:internal", "title": "Something is wrong on our side", "status": 500,
        "detail": detail, "code": "internal",
    });
    let headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    Answer { status: 500, headers, body: body.to_string() }
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
