//! The HTTP server: every route of the roles, the API document, health, and a polite refusal for all else.

mod accept;
mod limits;
mod protective;
mod room;
mod security;
mod tls;

use std::io::Write;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use command_api::CommandState;
use identity::gate::Identification;
use projections::QueryState;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

pub use accept::{Server, allow_files};
pub use tls::{Tls, TlsError};

use crate::identification::guarded;
use crate::roles::Role;
use crate::settings::Settings;
use limits::Limits;

/// What the API document says of the whole.
#[derive(OpenApi)]
#[openapi(info(
    title = "Razão",
    description = "The ledger engine for lenders: commands become immutable events, reads say as of which event \
                   they are. Amounts are strings with the currency's decimals, rates are fractions per period. A server \
                   of several lenders also answers 421 `misdirected` and 403 `other_lender`.",
    license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct ApiDocument;

/// What the roles of one lender answer, and who may ask.
pub(crate) struct Api {
    routes: Router,
    document: Document,
    limits: Limits,
    by: Identification,
}

impl Api {
    /// Every route of these roles.
    pub(crate) fn new(
        settings: &Settings,
        roles: &[Role],
        (commands, reads): (&CommandState, Option<QueryState>),
        by: Identification,
    ) -> Self {
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
        Self { routes, document, limits, by }
    }

    /// Everything that a process of one lender answers.
    pub(crate) fn alone(self, health: Router, is_tls: bool) -> Router {
        let Self { routes, document, limits, by } = self;
        let served = Router::new().merge(routes).merge(documents(document)).merge(health);
        protective::headers(behind_the_gate(served, limits, by), is_tls)
    }

    /// What is of the lender alone, where a process serves several.
    pub(crate) fn of_several(self) -> Router {
        behind_the_gate(self.routes, self.limits, self.by)
    }

    /// Who may ask.
    pub(crate) fn identification(&self) -> &Identification {
        &self.by
    }

    /// What the routes are: the same for every lender.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }
}

/// Puts the gate before what a lender serves, and the limits before the gate.
fn behind_the_gate(routes: Router, limits: Limits, by: Identification) -> Router {
    let guarded = guarded(limits.clone().by_client(problems::with_fallbacks(routes)), by);
    limits.around(guarded)
}

/// What is open to everybody: the API document, and the pages that show it.
fn documents(document: Document) -> Router {
    Router::new()
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
}

/// What a process of several lenders answers: open to everybody what is the same for all, and whatever else there is
/// from the lender that `choice` finds.
pub(crate) fn of_several(document: Document, health: Router, choice: Router, is_tls: bool) -> Router {
    let open = problems::with_fallbacks(documents(document).merge(health));
    protective::headers(open.fallback_service(choice), is_tls)
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
