//! `POST /v1/loans/{id}/approve`, `/reject` and `/withdraw`: what becomes of an application.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::LoanId;
use domain::loan::LoanCommand;
use domain::loan::command::{Approve, Close};
use domain::staff::Operation;
use problems::{BEFORE_FIRST_FACT, FUTURE_DATE, INVALID_VALUE, NOT_APPLIED, NOT_FOUND, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_REASON};
use crate::endpoint::Endpoint;
use crate::fields::Day;
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static APPROVE: Endpoint = Endpoint::changing(
    "ApproveLoan",
    "approve_loan",
    &[&NOT_FOUND, &NOT_APPLIED, &INVALID_VALUE, &FUTURE_DATE],
)
.limited_by(Operation::Approve, "/v1/loans/{id}/approve");
pub(crate) static REJECT: Endpoint = Endpoint::changing(
    "RejectLoan",
    "reject_loan",
    &[&NOT_FOUND, &NOT_APPLIED, &INVALID_VALUE, &FUTURE_DATE],
);
pub(crate) static WITHDRAW: Endpoint = Endpoint::changing(
    "WithdrawLoan",
    "withdraw_loan",
    &[&NOT_FOUND, &NOT_APPLIED, &INVALID_VALUE, &FUTURE_DATE, &BEFORE_FIRST_FACT],
);

/// What was decided on an application, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-01-12", "reason": "two years of steady card sales"}))]
pub(crate) struct OutcomeBody {
    /// The value date, not after today's booking day.
    on: Day,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Approve an application for the principal asked for.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/approve",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = OutcomeBody,
    responses((status = 200, description = "Approved: the event is LoanApproved", body = LoanAnswer)),
)]
pub(crate) async fn approve_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&APPROVE, &state, &state.loans, request, |body: OutcomeBody| body.approve(loan)).await
}

/// Reject an application.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/reject",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = OutcomeBody,
    responses((status = 200, description = "Rejected: the event is LoanRejected", body = LoanAnswer)),
)]
pub(crate) async fn reject_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&REJECT, &state, &state.loans, request, |body: OutcomeBody| body.reject(loan)).await
}

/// Withdraw an application, or an approved loan that was not disbursed.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/withdraw",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = OutcomeBody,
    responses((status = 200, description = "Withdrawn: the event is LoanWithdrawn", body = LoanAnswer)),
)]
pub(crate) async fn withdraw_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&WITHDRAW, &state, &state.loans, request, |body: OutcomeBody| body.withdraw(loan)).await
}

impl OutcomeBody {
    pub(crate) fn approve(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        self.order(loan, |Close { on, reason }| LoanCommand::Approve(Approve { on, reason }))
    }

    pub(crate) fn reject(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        self.order(loan, LoanCommand::Reject)
    }

    pub(crate) fn withdraw(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        self.order(loan, LoanCommand::Withdraw)
    }

    fn order(
        self,
        loan: LoanId,
        command: impl FnOnce(Close) -> LoanCommand,
    ) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.optional_text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let command = command(Close { on: self.on.0, reason: reason.clone() });
        Ok(Order { stream: loan.uuid(), command, claims: Vec::new(), reason })
    }
}
