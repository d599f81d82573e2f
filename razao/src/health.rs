//! Health: alive as soon as it serves, ready when the log and the read models can be reached.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use event_store::Log;
use metrics_exporter_prometheus::PrometheusHandle;
use problems::UNAVAILABLE;
use sqlx::PgPool;

#[derive(Clone)]
struct HealthState {
    log: Log,
    read_pool: PgPool,
    metrics: PrometheusHandle,
}

/// `/health/live`, `/health/ready` and `/metrics`.
pub fn router(log: Log, read_pool: PgPool, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(render))
        .with_state(HealthState { log, read_pool, metrics })
}

async fn ready(State(state): State<HealthState>) -> impl IntoResponse {
    match look(&state.log, &state.read_pool).await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(why) => UNAVAILABLE.because(why).into_response(),
    }
}

async fn render(State(state): State<HealthState>) -> impl IntoResponse {
    metrics_text(state.metrics.render())
}

/// Whether the databases of a lender can be reached; else which cannot.
pub(crate) async fn look(log: &Log, read_pool: &PgPool) -> Result<(), &'static str> {
    if let Err(error) = log.ping().await {
        tracing::warn!(%error, "not ready: the log cannot be reached");
        return Err("the log cannot be reached");
    }
    if let Err(error) = sqlx::query("select 1").execute(read_pool).await {
        tracing::warn!(%error, "not ready: the read models cannot be reached");
        return Err("the read models cannot be reached");
    }
    Ok(())
}

/// Metrics as Prometheus takes them.
pub(crate) fn metrics_text(text: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
