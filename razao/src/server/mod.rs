//! The HTTP server: every route of the roles, the API document, health, and a polite refusal for all else.

mod accept;
mod limits;
mod protective;
mod security;
mod tls;

use std::io::Write;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use command_api::CommandState;
use event_store::Log;
use identity::gate::Identification;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::QueryState;
use sqlx::PgPool;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

pub use accept::{Server, allow_files};
pub use tls::{Tls, TlsError};

use crate::health;
use crate::identification::guarded;
use crate::roles::Role;
use crate::settings::Settings;
use limits::Limits;

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
    (log, read_pool): (&Log, &PgPool),
    (commands, reads): (&CommandState, Option<QueryState>),
    metrics: PrometheusHandle,
    by: Identification,
) -> Router {
    let mut api = OpenApiRouter::with_openapi(ApiDocument::openapi());
    let limits = Limits::of(settings);
    if roles.contains(&Role::CommandApi) {
        let lines = limits.clone().by_client_patiently(command_api::lines(commands.clone()));
        let lines = guarded(lines, by.clone());
        api = api.merge(command_api::router(commands.clone()));
        api = api.merge(command_api::bulk(commands.clone(), lines, settings.bulk_limits()));
    }
    if let Some(reads) = reads {
        api = api.merge(projections::router(reads));
    }
    let (routes, mut document) = api.split_for_parts();
    security::describe(&mut document);
    let served = Router::new()
        .merge(routes)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(health::router(log.clone(), read_pool.clone(), metrics))
        .route("/", get(|| async { Redirect::temporary("/docs/") }));
    let guarded = guarded(limits.clone().by_client(problems::with_fallbacks(served)), by);
    protective::headers(limits.around(guarded), settings.tls_cert.is_some())
}

/// The API document, whatever the roles.
pub fn document() -> Document {
    let mut document = ApiDocument::openapi();
    document.merge(command_api::api_document());
    document.merge(projections::api_document());
    security::describe(&mut document);
    document
}

/// `razao openapi`
pub fn print_openapi() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{}", document().to_pretty_json()?)?)
}
