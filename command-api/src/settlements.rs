//! `POST /v1/loans/{id}/settle`: all of it at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, PaymentId};
use domain::loan::LoanCommand;
use domain::loan::command::SettleEarly;
use problems::{
    ALREADY_EXISTS, BEFORE_FIRST_FACT, DUPLICATE_EXTERNAL_ID, FUTURE_DATE, INVALID_AMOUNT, INVALID_VALUE,
    NOT_ACTIVE, NOT_FOUND, NOT_THE_SETTLEMENT_AMOUNT, PLAN_CANNOT_BE_DRAWN_AGAIN, Problem, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::checks::Checks;
use crate::claims::{self, RECEIPT_EXTERNAL_ID, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static SETTLE: Endpoint = Endpoint::changing(
    "SettleLoan",
    "settle_loan",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &DUPLICATE_EXTERNAL_ID,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &NOT_THE_SETTLEMENT_AMOUNT,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
);

/// What settles the loan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-06-15", "amount": "7061.15"}))]
pub(crate) struct SettlementBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not after today's booking day.
    on: Day,
    /// Just the settlement quote of that day.
    amount: AmountText,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[schema(max_length = 100)]
    external_id: Option<String>,
}

/// Settle a loan early by paying exactly the quote of the day.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/settle",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = SettlementBody,
    responses((status = 200, description = "Settled: the event is LoanSettledEarly", body = LoanAnswer)),
)]
pub(crate) async fn settle_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&SETTLE, &state, &state.loans, request, |body: SettlementBody| body.order(loan)).await
}

impl SettlementBody {
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let external_id = checks.external_id(self.external_id);
        checks.done()?;
        let repayment_id = PaymentId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([
            (RECEIPT_EXTERNAL_ID, external_id.clone()),
            (TRANSACTION_ID, Some(repayment_id.to_string())),
        ]);
        let (on, amount) = (self.on.0, self.amount.0);
        let command = LoanCommand::SettleEarly(SettleEarly { repayment_id, on, amount, external_id });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}
