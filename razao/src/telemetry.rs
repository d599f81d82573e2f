//! Logs on standard error, as text on a terminal and as JSON otherwise; metrics for Prometheus.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Seconds: from a tenth of a millisecond to ten.
const LATENCY_BUCKETS: [f64; 11] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// Seconds that a command may wait in a queue: from ten milliseconds to an hour.
const WAIT_BUCKETS: [f64; 9] = [0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

/// How often what was timed is taken in.
const TAKE_IN: Duration = Duration::from_secs(5);

/// Starts logging. `RAZAO_LOG` takes a filter such as `debug` or `info,event_store=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("RAZAO_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if stderr().is_terminal() { logs.init() } else { logs.json().init() }
}

/// Collects metrics from here on; the handle renders them.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    Ok(builder()?.install_recorder()?)
}

/// Collects the metrics of one of several lenders, wherever it is put in charge: each bears the lender's name.
pub(crate) fn recorder_of(lender: &str) -> anyhow::Result<PrometheusRecorder> {
    Ok(builder()?.add_global_label("lender", lender).build_recorder())
}

fn builder() -> anyhow::Result<PrometheusBuilder> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let waits = Matcher::Full("razao_request_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &LATENCY_BUCKETS)?;
    Ok(builder.set_buckets_for_metric(waits, &WAIT_BUCKETS)?)
}

/// Takes in what was timed, again and again until `stop`: where nobody asks for metrics, it would pile up.
pub(crate) async fn take_in(recorded: Vec<PrometheusHandle>, stop: CancellationToken) {
    while timeout(TAKE_IN, stop.cancelled()).await.is_err() {
        recorded.iter().for_each(PrometheusHandle::run_upkeep);
    }
}

/// Several texts for Prometheus as one, in which each metric's samples stand together.
pub(crate) fn merged(texts: impl IntoIterator<Item = String>) -> String {
    let mut metrics: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in texts {
        let mut head = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with("# TYPE ") {
                line.clone_into(&mut head);
            } else {
                metrics.entry(head.clone()).or_default().push(line.to_owned());
            }
        }
    }
    let mut merged = String::new();
    for (head, samples) in metrics {
        for line in std::iter::once(head).chain(samples) {
            merged.push_str(&line);
            merged.push('\n');
        }
        merged.push('\n');
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_two_lenders_is_one_metric() {
        let text = |lender: &str| {
            let recorder = recorder_of(lender).unwrap();
            metrics::with_local_recorder(&recorder, || {
                metrics::counter!("razao_commands_total", "command" => "PostEntry").increment(3);
                metrics::gauge!("razao_relay_lag").set(1.0);
            });
            recorder.handle().render()
        };
        let merged = merged(["norte", "sul"].map(text));
        let expected = "\
# TYPE razao_commands_total counter
razao_commands_total{lender=\"norte\",command=\"PostEntry\"} 3
razao_commands_total{lender=\"sul\",command=\"PostEntry\"} 3

# TYPE razao_relay_lag gauge
razao_relay_lag{lender=\"norte\"} 1
razao_relay_lag{lender=\"sul\"} 1

";
        assert_eq!(merged, expected);
    }
}
