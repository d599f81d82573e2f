//! The HTTP server: every route of the roles, the API document, health, and a polite refusal for all else.

mod accept;
mod security;

use std::io::Write;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use command_api::CommandState;
use identity::gate::Identification;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::QueryState;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

pub use accept::Server;

use crate::health;
use crate::identification::guarded;
use crate::roles::{Databases, Role};
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
    databases: &Databases,
    commands: &CommandState,
    metrics: PrometheusHandle,
    by: Identification,
) -> Router {
    let Databases { log, read_pool, replay, .. } = databases;
    let mut api = OpenApiRouter::with_openapi(ApiDocument::openapi());
    if roles.contains(&Role::CommandApi) {
        api = api.merge(command_api::router(commands.clone()));
    }
    if roles.contains(&Role::QueryApi) {
        let state = QueryState::new(read_pool.clone(), log.clone(), settings.booking_day());
        let state = match replay {
            Some(replay) => state.of_replay(replay.clone()),
            None => state,
        };
        api = api.merge(projections::router(state));
    }
    let (routes, mut document) = api.split_for_parts();
    security::describe(&mut document);
    let served = Router::new()
        .merge(routes)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(health::router(log.clone(), read_pool.clone(), metrics))
        .route("/", get(|| async { Redirect::temporary("/docs/") }));
    guarded(problems::with_fallbacks(served), by)
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
