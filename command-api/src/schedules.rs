//! `POST /v1/schedules`: what a loan would cost. Nothing is stored, so it needs no key.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::response::IntoResponse;
use domain::schedule::{Plan, draw};
use domain::terms::ScheduleRequest;
use problems::{
    CHARGE_AFTER_LAST_DUE_DATE, CUSTOM_DOES_NOT_ADD_UP, DISBURSEMENT_AFTER_LAST_DUE_DATE,
    DUE_DATES_NOT_INCREASING, EXCESS_NOT_FOR_BASIS, FIRST_DUE_BEFORE_DISBURSEMENT, GRACE_NOT_FOR_METHOD,
    GRACE_TOO_LONG, INTERNAL, INVALID_AMOUNT, INVALID_TERMS, IOF_RATE_UNKNOWN, Kind,
    METHOD_NEEDS_ONE_DISBURSEMENT, NEGATIVE_AMORTIZATION, PLAN_CANNOT_BE_DRAWN_AGAIN, Problem,
    UNKNOWN_COMPONENT,
};

use crate::checks::Checks;
use crate::serve::refuse_query;
use crate::state::Shared;
use crate::terms::{Found, found, plan_problem};
use crate::{body, headers};

/// The operation in the OpenAPI document, and what it can be refused with.
pub(crate) const OPERATION: &str = "draw_schedule";
pub(crate) const PROBLEMS: &[&Kind] = &[
    &INVALID_TERMS,
    &INVALID_AMOUNT,
    &NEGATIVE_AMORTIZATION,
    &GRACE_TOO_LONG,
    &GRACE_NOT_FOR_METHOD,
    &DUE_DATES_NOT_INCREASING,
    &FIRST_DUE_BEFORE_DISBURSEMENT,
    &DISBURSEMENT_AFTER_LAST_DUE_DATE,
    &CHARGE_AFTER_LAST_DUE_DATE,
    &CUSTOM_DOES_NOT_ADD_UP,
    &METHOD_NEEDS_ONE_DISBURSEMENT,
    &EXCESS_NOT_FOR_BASIS,
    &PLAN_CANNOT_BE_DRAWN_AGAIN,
    &IOF_RATE_UNKNOWN,
    &UNKNOWN_COMPONENT,
    &INTERNAL,
];

/// Draw a schedule: installments, totals, tax and effective cost. Nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/schedules",
    tag = "schedules",
    request_body(content = ScheduleRequest, example = json!({
        "method": "price",
        "rate": {"value": "0.0199", "per": "month", "compounding": "effective"},
        "day_count": "30/360", "installments": 12, "every": {"months": 1},
        "disbursements": [{"on": "2026-01-15", "amount": "10000.00"}]
    })),
    responses((status = 200, description = "The schedule", body = Plan)),
)]
pub(crate) async fn draw_schedule(State(state): State<Arc<Shared>>, request: Request) -> Response<Body> {
    schedule(&state, request).await.into_response()
}

async fn schedule(state: &Shared, request: Request) -> Result<Json<Plan>, Problem> {
    refuse_query(&request)?;
    headers::declares_json(request.headers())?;
    let bytes = body::read(request, state.body_deadline).await?;
    let wanted: ScheduleRequest = body::parse(&bytes)?;
    // Long schedules take milliseconds of arithmetic, for which no command should wait.
    state.calculations.run(move |_| plan(wanted)).await.map(Json)
}

fn plan(wanted: ScheduleRequest) -> Result<Plan, Problem> {
    let (terms, disbursements) = match wanted.check() {
        Ok(checked) => checked,
        Err(errors) => return Err(refusal(found(errors, ""))),
    };
    draw(&terms, &disbursements).map_err(|error| plan_problem(&error, error.pointer()))
}

fn refusal(found: Found) -> Problem {
    match found {
        Found::Unreadable(problem) => problem,
        Found::Broken(fields) => {
            let mut checks = Checks::default();
            checks.add(&INVALID_TERMS, fields);
            let refused = checks.done().err();
            refused.unwrap_or_else(|| INVALID_TERMS.because("the terms break a rule"))
        }
    }
}
