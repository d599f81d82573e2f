//! `POST /v1/periods/{month}/close` and `/reopen`: the months of the lender's books.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::period::{self, Change, Month, PeriodCommand};
use problems::{
    INVALID_PARAMETER, INVALID_VALUE, PERIOD_CLOSED, PERIOD_NOT_CLOSED, PERIOD_NOT_OVER, PERIOD_OUT_OF_ORDER,
    Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::PeriodAnswer;
use crate::checks::{Checks, LONGEST_REASON};
use crate::endpoint::Endpoint;
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static CLOSE: Endpoint = Endpoint::changing(
    "ClosePeriod",
    "close_period",
    &[&PERIOD_CLOSED, &PERIOD_OUT_OF_ORDER, &PERIOD_NOT_OVER, &INVALID_VALUE],
);
pub(crate) static REOPEN: Endpoint = Endpoint::changing(
    "ReopenPeriod",
    "reopen_period",
    &[&PERIOD_NOT_CLOSED, &PERIOD_OUT_OF_ORDER, &INVALID_VALUE],
);

/// Why a month is closed or reopened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the accountant signed"}))]
pub(crate) struct PeriodBody {
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Close a month that is over: the one after the last closed month, or the first, which closes all earlier months too.
/// What counts on one of its days is booked on the first open day from then on.
#[utoipa::path(
    post,
    path = "/v1/periods/{month}/close",
    tag = "ledger",
    params(("month" = Month, Path, description = "The month")),
    request_body = PeriodBody,
    responses((status = 200, description = "Closed: the event is PeriodClosed", body = PeriodAnswer)),
)]
pub(crate) async fn close_period(
    State(state): State<Arc<Shared>>,
    Ids(month): Ids<String>,
    request: Request,
) -> Response<Body> {
    let order = |body: PeriodBody| body.order(&month, PeriodCommand::Close);
    serve(&CLOSE, &state, &state.periods, request, order).await
}

/// Reopen the month that was closed last.
#[utoipa::path(
    post,
    path = "/v1/periods/{month}/reopen",
    tag = "ledger",
    params(("month" = Month, Path, description = "The month")),
    request_body = PeriodBody,
    responses((status = 200, description = "Reopened: the event is PeriodReopened", body = PeriodAnswer)),
)]
pub(crate) async fn reopen_period(
    State(state): State<Arc<Shared>>,
    Ids(month): Ids<String>,
    request: Request,
) -> Response<Body> {
    let order = |body: PeriodBody| body.order(&month, PeriodCommand::Reopen);
    serve(&REOPEN, &state, &state.periods, request, order).await
}

impl PeriodBody {
    fn order(
        self,
        month: &str,
        command: impl FnOnce(Change) -> PeriodCommand,
    ) -> Result<Order<PeriodCommand>, Problem> {
        let month = Month::parse(month)
            .map_err(|error| INVALID_PARAMETER.because(error.to_string()).in_field("month"))?;
        let mut checks = Checks::default();
        let reason = checks.optional_text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let command = command(Change { month, reason: reason.clone() });
        Ok(Order { stream: period::STREAM, command, claims: Vec::new(), reason })
    }
}
