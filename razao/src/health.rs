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
    if let Err(error) = state.log.ping().await {
        tracing::warn!(%error, "not ready: the log cannot be reached");
        return UNAVAILABLE.because("the log cannot be reached").into_response();
    }
    if let Err(error) = sqlx::query("select 1").execute(&state.read_pool).await {
        tracing::warn!(%error, "not ready: the read models cannot be reached");
        return UNAVAILABLE.because("the read models cannot be reached").into_response();
    }
    (StatusCode::OK, "ready\n").into_response()
}

async fn render(State(state): State<HealthState>) -> impl IntoResponse {
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (text, state.metrics.render())
}
