//! Logs on standard error, as text on a terminal and as JSON otherwise; metrics for Prometheus.

use std::io::{IsTerminal, stderr};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Seconds: from a tenth of a millisecond to ten.
const LATENCY_BUCKETS: [f64; 11] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// Seconds that a command may wait in a queue: from ten milliseconds to an hour.
const WAIT_BUCKETS: [f64; 9] = [0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

/// Starts logging. `RAZAO_LOG` takes a filter such as `debug` or `info,event_store=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("RAZAO_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if stderr().is_terminal() { logs.init() } else { logs.json().init() }
}

/// Collects metrics from here on; the handle renders them.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let waits = Matcher::Full("razao_request_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &LATENCY_BUCKETS)?;
    Ok(builder.set_buckets_for_metric(waits, &WAIT_BUCKETS)?.install_recorder()?)
}
