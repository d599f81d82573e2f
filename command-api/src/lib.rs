//! The command API: turns requests into commands, has them executed on the event store, and answers.
//!
//! A command travels [`router`] → `serve` (key, body, hash) → the file of its endpoint (fields) → the event store →
//! `answer`. Whatever is refused is a problem (RFC 9457) and stores nothing. A command whose caller prefers that goes from
//! `serve` into a queue (`later`), and comes back to the same routes when a worker executes it ([`Executor`]).

mod actor;
mod answer;
mod applications;
mod authority;
mod body;
mod bulk;
mod calculations;
mod charges;
mod checks;
mod claims;
mod credits;
mod disbursements;
mod document;
mod endpoint;
mod entries;
mod executor;
mod fields;
mod hash;
mod headers;
mod later;
mod loan_commands;
mod loans;
mod meter;
mod path;
mod periods;
mod permits;
mod products;
mod proposals;
mod recoveries;
mod refunds;
mod refusals;
mod repayments;
mod request_status;
mod restructures;
mod reversal;
mod schedules;
mod serve;
mod settlements;
mod simulation_answer;
mod simulations;
mod staff;
mod state;
mod terms;
mod write_offs;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use actor::Actor;
pub use bulk::BulkLimits;
pub use executor::Executor;
pub use permits::Permits;
pub use proposals::Completion;
pub use state::CommandState;

/// All commands. The binary merges them with the reads and adds the fallbacks ([`problems::with_fallbacks`]).
pub fn router(state: CommandState) -> OpenApiRouter {
    let mut router = routes().layer(DefaultBodyLimit::max(body::LARGEST)).with_state(state.0);
    document::complete(router.get_openapi_mut());
    router
}

/// The commands as lines of a bulk reach them: to be put behind the same gate as all else.
pub fn lines(state: CommandState) -> Router {
    let (router, _) = router(state).split_for_parts();
    router.fallback(bulk::no_command).method_not_allowed_fallback(bulk::no_command)
}

/// `POST /v1/bulk`, whose lines are sent to `lines`.
pub fn bulk(state: CommandState, lines: Router, limits: BulkLimits) -> OpenApiRouter {
    let mut router = bulk_routes().with_state(Arc::new(bulk::Bulk::new(state, lines, limits)));
    document::complete(router.get_openapi_mut());
    router
}

/// What the API document says of the commands, without a server.
pub fn api_document() -> OpenApi {
    let mut document = routes().into_openapi();
    document.merge(bulk_routes().into_openapi());
    document::complete(&mut document);
    document
}

fn bulk_routes() -> OpenApiRouter<Arc<bulk::Bulk>> {
    OpenApiRouter::new().routes(routes!(bulk::send_bulk))
}

fn routes() -> OpenApiRouter<Arc<state::Shared>> {
    OpenApiRouter::new()
        .routes(routes!(loans::apply_for_loan))
        .routes(routes!(applications::approve_loan))
        .routes(routes!(applications::reject_loan))
        .routes(routes!(applications::withdraw_loan))
        .routes(routes!(disbursements::disburse_loan))
        .routes(routes!(repayments::record_repayment))
        .routes(routes!(repayments::reverse_repayment))
        .routes(routes!(repayments::charge_back_repayment))
        .routes(routes!(credits::grant_credit))
        .routes(routes!(credits::reverse_credit))
        .routes(routes!(settlements::settle_loan))
        .routes(routes!(refunds::refund_overpayment))
        .routes(routes!(charges::add_charge))
        .routes(routes!(charges::waive_charge))
        .routes(routes!(restructures::restructure_loan))
        .routes(routes!(write_offs::write_off_loan))
        .routes(routes!(write_offs::reverse_write_off))
        .routes(routes!(recoveries::record_recovery))
        .routes(routes!(recoveries::reverse_recovery))
        .routes(routes!(simulations::simulate_loan))
        .routes(routes!(periods::close_period))
        .routes(routes!(periods::reopen_period))
        .routes(routes!(products::define_product))
        .routes(routes!(products::retire_product))
        .routes(routes!(entries::post_entry))
        .routes(routes!(entries::reverse_entry))
        .routes(routes!(proposals::accept_proposal))
        .routes(routes!(proposals::refuse_proposal))
        .routes(routes!(proposals::withdraw_proposal))
        .routes(routes!(staff::set_staff_limits))
        .routes(routes!(staff::set_approval_policy))
        .routes(routes!(schedules::draw_schedule))
        .routes(routes!(request_status::show_request))
}

/// The endpoints of the commands that staff may have limits for.
fn limited_endpoints() -> impl Iterator<Item = &'static endpoint::Endpoint> {
    let entries = [&entries::POST, &entries::REVERSE];
    loan_commands::ENDPOINTS.iter().copied().chain(entries).filter(|endpoint| endpoint.is_limited())
}
