//! The HTTP server: every route of the roles, the API document, health, and a polite refusal for all else.

mod accept;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use command_api::CommandState;
use event_store::Log;
use metrics_exporter_prometheus::PrometheusHandle;
use problems::{METHOD_NOT_ALLOWED, NOT_FOUND};
use projections::QueryState;
use sqlx::PgPool;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

pub use accept::Server;

use crate::health;
use crate::roles::Role;
use crate::settings::Settings;

/// What the API document says of the whole.
#[derive(OpenApi)]
#[openapi(info(
    title = "Razão",
    description = "The ledger engine for lenders: commands become immutable events, reads say as of which event \
                   they are. Amounts are strings with the currency's decimals, rates are fractions per period.",
    license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct ApiDocument;

/// Everything that a process with these roles answers.
pub fn router(
    settings: &Settings,
    roles: &[Role],
    log: &Log,
    read_pool: &PgPool,
    metrics: PrometheusHandle,
) -> Router {
    let mut api = OpenApiRouter::with_openapi(ApiDocument::openapi());
    if roles.contains(&Role::CommandApi) {
        let state = CommandState::new(log.clone(), settings.booking_day(), settings.state_cache_bytes);
        api = api.merge(command_api::router(state));
    }
    if roles.contains(&Role::QueryApi) {
        let state = QueryState::new(read_pool.clone(), log.clone(), settings.booking_day());
        api = api.merge(projections::router(state));
    }
    let (routes, document) = api.split_for_parts();
    Router::new()
        .merge(routes)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(health::router(log.clone(), read_pool.clone(), metrics))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The API document, whatever the roles.
pub fn document() -> Document {
    let api = OpenApiRouter::<()>::with_openapi(ApiDocument::openapi());
    api.merge(command_api::documented()).merge(projections::documented()).into_openapi()
}

/// `razao openapi`
pub fn print_openapi() -> anyhow::Result<()> {
    println!("{}", document().to_pretty_json()?);
    Ok(())
}

async fn not_found(request: Request) -> Response {
    NOT_FOUND.because(format!("there is no path {}", request.uri().path())).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = METHOD_NOT_ALLOWED.because(format!("{path} does not take {method}")).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
