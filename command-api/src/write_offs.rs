//! `POST /v1/loans/{id}/write-off` and `…/reverse`: a loan leaves the books.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::LoanId;
use domain::loan::LoanCommand;
use domain::loan::command::WriteOffLoan;
use domain::staff::Operation;
use problems::{
    ALREADY_REVERSED, BEFORE_FIRST_FACT, FUTURE_DATE, INVALID_VALUE, NOT_ACTIVE, NOT_FOUND, NOT_WRITTEN_OFF,
    PLAN_CANNOT_BE_DRAWN_AGAIN, Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_REASON};
use crate::endpoint::Endpoint;
use crate::fields::Day;
use crate::path::Ids;
use crate::serve::Order;
use crate::state::Shared;

pub(crate) static WRITE_OFF: Endpoint = Endpoint::changing(
    "WriteOffLoan",
    "write_off_loan",
    &[&NOT_FOUND, &NOT_ACTIVE, &FUTURE_DATE, &BEFORE_FIRST_FACT, &INVALID_VALUE],
)
.limited_by(Operation::WriteOff, "/v1/loans/{id}/write-off");
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseWriteOff",
    "reverse_write_off",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &NOT_WRITTEN_OFF,
        &ALREADY_REVERSED,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_VALUE,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
)
.limited_by(Operation::WriteOff, "/v1/loans/{id}/write-off/reverse");

/// When a loan leaves the books, or comes back, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-06-20", "reason": "not recoverable"}))]
pub(crate) struct WriteOffBody {
    /// The value date, not after today's booking day.
    on: Day,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// Write off all that is open. What comes in afterwards is a recovery.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/write-off",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = WriteOffBody,
    responses((status = 200, description = "Written off: the event is LoanWrittenOff", body = LoanAnswer)),
)]
pub(crate) async fn write_off_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&WRITE_OFF, &state, &state.loans, request, |body: WriteOffBody| body.write_off(loan)).await
}

/// Undo a write-off: it counts as if it had never been.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/write-off/reverse",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = WriteOffBody,
    responses((status = 200, description = "Undone: the event is LoanWriteOffReversed", body = LoanAnswer)),
)]
pub(crate) async fn reverse_write_off(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&REVERSE, &state, &state.loans, request, |body: WriteOffBody| body.reverse(loan)).await
}

impl WriteOffBody {
    pub(crate) fn write_off(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        self.order(loan, LoanCommand::WriteOff)
    }

    pub(crate) fn reverse(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        self.order(loan, LoanCommand::ReverseWriteOff)
    }

    fn order(
        self,
        loan: LoanId,
        command: fn(WriteOffLoan) -> LoanCommand,
    ) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let command = command(WriteOffLoan { on: self.on.0, reason: reason.clone() });
        Ok(Order { stream: loan.uuid(), command, claims: Vec::new(), reason: Some(reason) })
    }
}
