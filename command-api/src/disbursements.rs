//! `POST /v1/loans/{id}/disburse`: the money goes out, at once or in parts, and the plan is agreed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{DisbursementId, LoanId};
use domain::loan::LoanCommand;
use domain::loan::command::Disburse;
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, BEFORE_FIRST_FACT, CHARGE_AFTER_LAST_DUE_DATE, CUSTOM_DOES_NOT_ADD_UP,
    DISBURSEMENT_AFTER_LAST_DUE_DATE, FIRST_DUE_BEFORE_DISBURSEMENT, FUTURE_DATE, INVALID_AMOUNT,
    INVALID_TERMS, IOF_RATE_UNKNOWN, METHOD_NEEDS_ONE_DISBURSEMENT, MORE_THAN_APPROVED,
    NEGATIVE_AMORTIZATION, NOT_ACTIVE, NOT_APPROVED, NOT_FOUND, PLAN_CANNOT_BE_DRAWN_AGAIN, Problem,
    SIMULATION_ONLY, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::claims::{self, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::Order;
use crate::state::Shared;

pub(crate) static DISBURSE: Endpoint = Endpoint::changing(
    "DisburseLoan",
    "disburse_loan",
    &[
        &NOT_FOUND,
        &NOT_APPROVED,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &MORE_THAN_APPROVED,
        &INVALID_TERMS,
        &NEGATIVE_AMORTIZATION,
        &FIRST_DUE_BEFORE_DISBURSEMENT,
        &DISBURSEMENT_AFTER_LAST_DUE_DATE,
        &CHARGE_AFTER_LAST_DUE_DATE,
        &CUSTOM_DOES_NOT_ADD_UP,
        &METHOD_NEEDS_ONE_DISBURSEMENT,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
        &IOF_RATE_UNKNOWN,
        &SIMULATION_ONLY,
    ],
)
.limited_by(Operation::Disburse, "/v1/loans/{id}/disburse");

/// When how much goes out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-01-15", "amount": "10000.00"}))]
pub(crate) struct DisbursementBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not before the approval, or the first disbursement, and not after today's booking day.
    on: Day,
    /// What is approved and not yet disbursed, where absent.
    amount: Option<AmountText>,
}

/// Disburse an approved loan: its plan is drawn and agreed. A further disbursement draws it again.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/disburse",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = DisbursementBody,
    responses(
        (status = 200, description = "Disbursed: the event LoanDisbursed holds the plan, or what of it changed",
            body = LoanAnswer)
    ),
)]
pub(crate) async fn disburse_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&DISBURSE, &state, &state.loans, request, |body: DisbursementBody| body.order(loan)).await
}

impl DisbursementBody {
    #[expect(clippy::unnecessary_wraps, reason = "the bodies of all commands become orders in one way")]
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let disbursement_id = DisbursementId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(disbursement_id.to_string()))]);
        let amount = self.amount.map(|amount| amount.0);
        let command = LoanCommand::Disburse(Disburse { disbursement_id, on: self.on.0, amount });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}
