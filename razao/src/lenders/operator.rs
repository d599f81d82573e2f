//! What operators ask a process of several lenders: is it there, can it answer, what does it count.
//!
//! At the address that everybody reaches it says no lender's name and no lender's figures. Those are at an address of
//! the operators' own (`metrics_listen`).

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use event_store::Log;
use futures::future::{join_all, select_ok};
use metrics_exporter_prometheus::PrometheusHandle;
use problems::UNAVAILABLE;
use sqlx::PgPool;

use super::place::Context;
use crate::health::{look, metrics_text};
use crate::telemetry;

/// What of a lender is looked at.
#[derive(Clone)]
pub(super) struct Looked {
    pub(super) name: String,
    pub(super) context: Context,
    pub(super) log: Log,
    pub(super) read_pool: PgPool,
}

impl Looked {
    async fn look(&self) -> Result<(), &'static str> {
        self.context.around(look(&self.log, &self.read_pool)).await
    }
}

/// `/health/live` and `/health/ready`, for everybody: ready while a lender can be served, whoever that is. One whose
/// database is gone does not take the others with it.
pub(super) fn for_everybody(lenders: Vec<Looked>) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(any_is_ready))
        .with_state(lenders)
}

/// The same for operators, with the name of each lender, and `/metrics` with the figures of all.
pub(super) fn for_operators(lenders: Vec<Looked>, of_the_process: PrometheusHandle) -> Router {
    let health = Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(each_is_ready))
        .with_state(lenders.clone());
    let metrics = Router::new().route("/metrics", get(render)).with_state((lenders, of_the_process));
    problems::with_fallbacks(health.merge(metrics))
}

async fn any_is_ready(State(lenders): State<Vec<Looked>>) -> impl IntoResponse {
    // The first that answers will do: the others may have to be waited for.
    match select_ok(lenders.iter().map(|lender| Box::pin(lender.look()))).await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(_) => UNAVAILABLE.because("no lender can be served").into_response(),
    }
}

async fn each_is_ready(State(lenders): State<Vec<Looked>>) -> impl IntoResponse {
    let looked = join_all(lenders.iter().map(Looked::look)).await;
    let status =
        if looked.iter().all(Result::is_ok) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let lines = lenders.iter().zip(looked).map(|(lender, looked)| match looked {
        Ok(()) => format!("{} ready\n", lender.name),
        Err(why) => format!("{} not ready: {why}\n", lender.name),
    });
    (status, lines.collect::<String>())
}

async fn render(
    State((lenders, of_the_process)): State<(Vec<Looked>, PrometheusHandle)>,
) -> impl IntoResponse {
    let of_lenders = lenders.iter().map(|lender| lender.context.metrics().render());
    metrics_text(telemetry::merged(std::iter::once(of_the_process.render()).chain(of_lenders)))
}
