//! `POST /v1/loans/{id}/recoveries` and `…/{recovery}/reverse`: money that comes in after a write-off.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, PaymentId};
use domain::loan::LoanCommand;
use domain::loan::command::RecordRecovery;
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, DUPLICATE_EXTERNAL_ID, FUTURE_DATE, INVALID_AMOUNT,
    INVALID_VALUE, NOT_ACTIVE, NOT_FOUND, NOT_WRITTEN_OFF, Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::Checks;
use crate::claims::{self, RECEIPT_EXTERNAL_ID, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::reversal::ReversalBody;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static RECORD: Endpoint = Endpoint::adding(
    "RecordRecovery",
    "record_recovery",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &NOT_WRITTEN_OFF,
        &ALREADY_EXISTS,
        &DUPLICATE_EXTERNAL_ID,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
    ],
);
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseRecovery",
    "reverse_recovery",
    &[&NOT_FOUND, &NOT_ACTIVE, &ALREADY_REVERSED, &FUTURE_DATE, &BEFORE_FIRST_FACT, &INVALID_VALUE],
)
.limited_by(Operation::Reverse, "/v1/loans/{id}/recoveries/{recovery}/reverse");

/// A receipt for a loan that is written off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "on": "2026-06-25", "amount": "300.00", "external_id": "E0000000020260625113000000000001"
}))]
pub(crate) struct RecoveryBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date: the write-off's at the earliest, not after today's booking day.
    on: Day,
    amount: AmountText,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[schema(max_length = 100)]
    external_id: Option<String>,
}

/// Record a recovery: it is allocated like a repayment, the write-off stays as it was.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/recoveries",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = RecoveryBody,
    responses(
        (status = 201, description = "Recorded: the event LoanRecoveryRecorded bears the recovery's id",
            body = LoanAnswer)
    ),
)]
pub(crate) async fn record_recovery(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&RECORD, &state, &state.loans, request, |body: RecoveryBody| body.order(loan)).await
}

/// Reverse a recovery: everything follows as if it had never been made.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/recoveries/{recovery}/reverse",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("recovery" = PaymentId, Path, description = "The recovery's id")
    ),
    request_body = ReversalBody,
    responses((status = 200, description = "Reversed: the event is LoanRecoveryReversed", body = LoanAnswer)),
)]
pub(crate) async fn reverse_recovery(
    State(state): State<Arc<Shared>>,
    Ids((loan, recovery)): Ids<(LoanId, PaymentId)>,
    request: Request,
) -> Response<Body> {
    let order = |body: ReversalBody| body.order(loan, recovery, LoanCommand::ReverseRecovery);
    serve_limited(&REVERSE, &state, &state.loans, request, order).await
}

impl RecoveryBody {
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let external_id = checks.external_id(self.external_id);
        checks.done()?;
        let recovery_id = PaymentId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([
            (RECEIPT_EXTERNAL_ID, external_id.clone()),
            (TRANSACTION_ID, Some(recovery_id.to_string())),
        ]);
        let (on, amount) = (self.on.0, self.amount.0);
        let command = LoanCommand::RecordRecovery(RecordRecovery { recovery_id, on, amount, external_id });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}
