//! What the metrics say of the relay, of the sealer and of the commands that wait.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge, histogram};
use requests::{Outcome, Standing, Status};

/// Whether this process is the one that sends.
pub(crate) fn record_lead(leads: bool) {
    gauge!("razao_relay_leader").set(if leads { 1.0 } else { 0.0 });
    if !leads {
        gauge!("razao_relay_in_flight").set(0.0);
    }
}

/// Events were acknowledged, `from` one position `to` another. `read` is as far as this process read the log.
pub(crate) fn record_progress((from, to, read): (i64, i64, i64), recorded_at: Option<DateTime<Utc>>) {
    counter!("razao_relay_events_total").increment((to - from).unsigned_abs());
    gauge!("razao_relay_position").set(gauge_of(to));
    gauge!("razao_relay_in_flight").set(gauge_of(read - to));
    // From accepted to acknowledged by Kafka.
    let age = recorded_at.map(|at| SystemTime::now().duration_since(at.into()).unwrap_or_default());
    gauge!("razao_relay_lag_seconds").set(age.unwrap_or_default().as_secs_f64());
}

/// How many events of the log are not acknowledged yet.
pub(crate) fn record_lag(events: i64) {
    gauge!("razao_relay_lag").set(gauge_of(events));
}

pub(crate) fn record_checkpoint(position: i64) {
    gauge!("razao_relay_checkpoint").set(gauge_of(position));
}

pub(crate) fn record_error() {
    counter!("razao_relay_errors_total").increment(1);
}

/// So many more events are sealed, up to a position.
pub(crate) fn record_sealed(position: i64, events: i64) {
    counter!("razao_sealed_events_total").increment(events.unsigned_abs());
    gauge!("razao_sealed_position").set(gauge_of(position));
}

/// Whether sealing stopped because something contradicts what was signed.
pub(crate) fn record_sealer_stopped(is_stopped: bool) {
    gauge!("razao_sealer_stopped").set(if is_stopped { 1.0 } else { 0.0 });
}

/// A place has an anchor of so many events.
pub(crate) fn record_anchored(place: &'static str, size: u64) {
    counter!("razao_anchors_total", "place" => place).increment(1);
    gauge!("razao_anchored_position", "place" => place)
        .set(gauge_of(i64::try_from(size).unwrap_or(i64::MAX)));
}

/// A place of anchors could not be read or written.
pub(crate) fn record_anchor_error(place: &'static str) {
    counter!("razao_anchor_errors_total", "place" => place).increment(1);
}

/// A request ended, so long after it was accepted.
pub(crate) fn record_request(outcome: Outcome, accepted_at: DateTime<Utc>) {
    counter!("razao_requests_total", "outcome" => Status::from(outcome).name()).increment(1);
    let took = SystemTime::now().duration_since(accepted_at.into()).unwrap_or_default();
    histogram!("razao_request_seconds").record(took.as_secs_f64());
}

/// What waits.
pub(crate) fn record_standing(standing: &Standing) {
    gauge!("razao_requests_queued").set(gauge_of(i64::try_from(standing.queued).unwrap_or(i64::MAX)));
    gauge!("razao_requests_oldest_seconds").set(standing.oldest.as_secs_f64());
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float, exact up to 2^53 events")]
fn gauge_of(count: i64) -> f64 {
    count as f64
}
