//! The query API: every read of the contract, answered from the read models and, for histories, from the log.

mod account_lines;
mod accounts;
mod accruals;
mod answer;
mod audit;
mod balance_explain;
mod breaker;
mod cache;
mod daily_balances;
mod day_balance;
mod dead_letters;
mod described;
mod discard_body;
mod download;
mod entries;
mod events;
mod kept;
mod ledger;
mod loan;
mod loan_book;
mod loan_explain;
mod loan_list;
mod loan_movements;
mod loan_row;
mod loan_rows;
mod loan_trail;
mod loans;
mod looks;
mod only_reads;
mod periods;
mod point_in_time;
mod portfolio;
mod portfolio_loans;
mod portfolio_sums;
mod portfolio_window;
mod products;
mod projections;
mod proposals;
mod replica;
mod request;
mod schedule;
mod seen_loan;
mod settlement_quote;
mod snapshot;
mod staff;
mod state;
mod statement;
mod statement_lines;
mod story;
mod transactions;
mod trial_balance;

use axum::middleware;
use axum::routing::get;
use problems::{FieldProblem, ProblemDetails};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use cache::{AnswerCache, NoRedisUrl, Owner};
pub use discard_body::{Operator, check_reason};
pub use replica::Replica;
pub(crate) use state::LONGEST_STATEMENT;
pub use state::QueryState;
use state::State;

/// Every route, with its documentation.
pub fn router(state: QueryState) -> OpenApiRouter {
    let mut router = routes().layer(middleware::from_fn_with_state(state.clone(), download::as_file));
    // Each layer costs every read something, so there is none that has nothing to do.
    if state.place.replay().is_some() {
        router = router.layer(middleware::from_fn_with_state(state.clone(), only_reads::only_reads));
    }
    if state.replica.is_some() {
        router = router.layer(middleware::from_fn_with_state(state.clone(), replica::first));
    }
    router.with_state(state)
}

/// What the API document says of the reads, without a server.
pub fn api_document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// What the problems of all reads are made of: they are only referred to elsewhere. And the tiles, whose path has more than
/// one segment, which the document cannot say.
#[derive(OpenApi)]
#[openapi(paths(audit::tiles::find), components(schemas(ProblemDetails, FieldProblem)))]
struct Problems;

fn routes() -> OpenApiRouter<QueryState> {
    let mut router = OpenApiRouter::with_openapi(Problems::openapi())
        .routes(routes!(loans::list))
        .routes(routes!(loan::find))
        .routes(routes!(schedule::find))
        .routes(routes!(transactions::list))
        .routes(routes!(statement::find))
        .routes(routes!(settlement_quote::find))
        .routes(routes!(loan_explain::find))
        .routes(routes!(accruals::list))
        .routes(routes!(events::of_loan))
        .routes(routes!(entries::list))
        .routes(routes!(entries::find))
        .routes(routes!(events::of_entry))
        .routes(routes!(products::list))
        .routes(routes!(products::find))
        .routes(routes!(proposals::list))
        .routes(routes!(proposals::find))
        .routes(routes!(events::of_proposal))
        .routes(routes!(staff::list))
        .routes(routes!(accounts::list))
        .routes(routes!(account_lines::list))
        .routes(routes!(daily_balances::list))
        .routes(routes!(balance_explain::find))
        .routes(routes!(trial_balance::find))
        .routes(routes!(periods::list))
        .routes(routes!(portfolio::find))
        .routes(routes!(events::list))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit::proofs::inclusion))
        .routes(routes!(audit::proofs::consistency))
        .route("/v1/audit/tiles/{*path}", get(audit::tiles::find))
        .routes(routes!(projections::list))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::find))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(dead_letters::discarded));
    described::complete(router.get_openapi_mut());
    download::name_files(router.get_openapi_mut());
    router
}
