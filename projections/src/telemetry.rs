//! What the metrics say of the projections.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge};

/// Events were projected, `from` one position `to` another. `furthest` is as far as this process read the log.
pub(crate) fn record_progress(
    projection: &'static str,
    (from, to, furthest): (i64, i64, i64),
    recorded_at: DateTime<Utc>,
) {
    counter!("razao_projection_events_total", "projection" => projection)
        .increment((to - from).unsigned_abs());
    gauge!("razao_projection_position", "projection" => projection).set(gauge_of(to));
    gauge!("razao_projection_lag", "projection" => projection).set(gauge_of(furthest - to));
    // From accepted to visible.
    let age = SystemTime::now().duration_since(recorded_at.into()).unwrap_or_default();
    gauge!("razao_projection_lag_seconds", "projection" => projection).set(age.as_secs_f64());
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float, exact up to 2^53 events")]
fn gauge_of(count: i64) -> f64 {
    count as f64
}
