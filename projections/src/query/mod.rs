//! The query API: every read of the contract, answered from the read models and, for histories, from the log.

mod account_lines;
mod accounts;
mod accruals;
mod answer;
mod audit;
mod balance_explain;
mod daily_balances;
mod day_balance;
mod dead_letters;
mod discard_body;
mod download;
mod entries;
mod events;
mod ledger;
mod loan;
mod loan_book;
mod loan_explain;
mod loan_list;
mod loan_movements;
mod loan_row;
mod loan_trail;
mod loans;
mod periods;
mod point_in_time;
mod portfolio;
mod portfolio_sums;
mod products;
mod projections;
mod request;
mod schedule;
mod seen_loan;
mod settlement_quote;
mod snapshot;
mod statement;
mod statement_lines;
mod story;
mod transactions;
mod trial_balance;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use event_store::{BookingDay, Log};
use problems::{FieldProblem, METHOD_NOT_ALLOWED, ProblemDetails};
use sqlx::PgPool;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::place::Place;
use crate::replay::Replay;

pub use discard_body::{Operator, check_reason};

/// What every read works with. Clones share it.
#[derive(Clone)]
pub struct QueryState {
    pool: PgPool,
    log: Log,
    booking_day: BookingDay,
    place: Place,
}

impl QueryState {
    /// Reads what serves.
    pub fn new(read_pool: PgPool, log: Log, booking_day: BookingDay) -> Self {
        Self { pool: read_pool, log, booking_day, place: Place::Serving }
    }

    /// Reads a replay instead: as if the log ended there.
    #[must_use]
    pub fn of_replay(self, replay: Replay) -> Self {
        Self { place: Place::Replay(replay), ..self }
    }
}

/// Every route, with its documentation.
pub fn router(state: QueryState) -> OpenApiRouter {
    let as_file = middleware::from_fn_with_state(state.clone(), download::as_file);
    let only_reads = middleware::from_fn_with_state(state.clone(), only_reads);
    routes().layer(as_file).layer(only_reads).with_state(state)
}

/// Nobody changes what a replay holds.
async fn only_reads(State(state): State<QueryState>, request: Request, next: Next) -> Response {
    match state.place.replay() {
        Some(replay) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            let name = &replay.name;
            METHOD_NOT_ALLOWED.because(format!("the replay `{name}` is only read")).into_response()
        }
        _ => next.run(request).await,
    }
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
    OpenApiRouter::with_openapi(Problems::openapi())
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
        .routes(routes!(dead_letters::discarded))
}
