//! `POST /v1/loans/{id}/disburse`: the money goes out and the plan is agreed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{DisbursementId, LoanId};
use domain::loan::LoanCommand;
use domain::loan::command::Disburse;
use problems::{
    BEFORE_FIRST_FACT, DISBURSEMENT_AFTER_LAST_DUE_DATE, FIRST_DUE_BEFORE_DISBURSEMENT, FUTURE_DATE,
    INVALID_AMOUNT, INVALID_TERMS, MORE_THAN_APPROVED, NEGATIVE_AMORTIZATION, NOT_APPROVED, NOT_FOUND,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::claims::{self, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static DISBURSE: Endpoint = Endpoint::changing(
    "DisburseLoan",
    "disburse_loan",
    &[
        &NOT_FOUND,
        &NOT_APPROVED,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &MORE_THAN_APPROVED,
        &INVALID_TERMS,
        &NEGATIVE_AMORTIZATION,
        &FIRST_DUE_BEFORE_DISBURSEMENT,
        &DISBURSEMENT_AFTER_LAST_DUE_DATE,
    ],
);

/// When how much goes out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-01-15", "amount": "10000.00"}))]
pub(crate) struct DisbursementBody {
    /// The value date, not before the approval and not after today's booking day.
    on: Day,
    /// All that is approved, where absent.
    amount: Option<AmountText>,
}

/// Disburse an approved loan: its plan is drawn and agreed.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/disburse",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = DisbursementBody,
    responses(
        (status = 200, description = "Disbursed: the event LoanDisbursed holds the plan", body = LoanAnswer)
    ),
)]
pub(crate) async fn disburse_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    let order = |body: DisbursementBody| {
        let disbursement_id = DisbursementId::new(Uuid::now_v7());
        let claims = claims::of([(TRANSACTION_ID, Some(disbursement_id.to_string()))]);
        let command = LoanCommand::Disburse(Disburse {
            disbursement_id,
            on: body.on.0,
            amount: body.amount.map(|amount| amount.0),
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    };
    serve(&DISBURSE, &state, &state.loans, request, order).await
}
