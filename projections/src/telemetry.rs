//! What the metrics say of the projections.

use std::collections::HashMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge};

use crate::NAMES;
use crate::parking::letters::Parked;

/// Events were projected, `from` one position `to` another. `furthest` is as far as this process read the log.
pub(crate) fn record_progress(
    projection: &'static str,
    (from, to, furthest): (i64, i64, i64),
    recorded_at: DateTime<Utc>,
) {
    counter!("razao_projection_events_total", "projection" => projection)
        .increment((to - from).unsigned_abs());
    gauge!("razao_projection_stopped", "projection" => projection).set(0.0);
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

/// What is parked, of every read model: of those without, nothing.
pub(crate) fn record_parked(parked: &HashMap<String, Parked>) {
    for projection in NAMES {
        let nothing = Parked::default();
        let parked = parked.get(projection).unwrap_or(&nothing);
        gauge!("razao_parked_events", "projection" => projection).set(gauge_of(parked.events));
        gauge!("razao_parked_streams", "projection" => projection).set(gauge_of(parked.streams));
        gauge!("razao_dead_letters", "projection" => projection).set(gauge_of(parked.dead));
        let oldest = parked.oldest.map_or(0, |oldest| oldest.timestamp());
        gauge!("razao_parked_oldest_timestamp_seconds", "projection" => projection).set(gauge_of(oldest));
    }
}
