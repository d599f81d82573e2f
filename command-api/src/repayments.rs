//! `POST /v1/loans/{id}/repayments`, `…/{repayment}/reverse` and `/chargeback`: money that comes back, and goes again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, PaymentId, TransactionId};
use domain::loan::LoanCommand;
use domain::loan::command::{ChargeBack, Early, RecordRepayment};
use domain::staff::Operation;
use domain::terms::Excess;
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, DUPLICATE_EXTERNAL_ID, EXCESS_NOT_FOR_BASIS,
    FUTURE_DATE, INVALID_AMOUNT, INVALID_TERMS, INVALID_VALUE, NEGATIVE_AMORTIZATION, NOT_ACTIVE, NOT_FOUND,
    PLAN_CANNOT_BE_DRAWN_AGAIN, Problem, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_REASON};
use crate::claims::{self, RECEIPT_EXTERNAL_ID, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::reversal::ReversalBody;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static RECORD: Endpoint = Endpoint::adding(
    "RecordRepayment",
    "record_repayment",
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
        &INVALID_TERMS,
        &EXCESS_NOT_FOR_BASIS,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
        &NEGATIVE_AMORTIZATION,
    ],
);
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseRepayment",
    "reverse_repayment",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &ALREADY_REVERSED,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_VALUE,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
)
.limited_by(Operation::Reverse, "/v1/loans/{id}/repayments/{repayment}/reverse");
pub(crate) static CHARGE_BACK: Endpoint = Endpoint::changing(
    "ChargeBackRepayment",
    "charge_back_repayment",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &ALREADY_REVERSED,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
)
.limited_by(Operation::Reverse, "/v1/loans/{id}/repayments/{repayment}/chargeback");

/// A receipt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "on": "2026-02-15", "amount": "945.60", "external_id": "E0000000020260215113000000000001"
}))]
pub(crate) struct RepaymentBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date: the disbursement's at the earliest, not after today's booking day.
    on: Day,
    amount: AmountText,
    /// Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters.
    #[schema(max_length = 100)]
    external_id: Option<String>,
    /// What a payment before the due date is for. `installment`, the default, pays as agreed; `anticipation` claims the
    /// reduction of interest (CDC art. 52 §2).
    #[serde(rename = "as")]
    early: Option<Early>,
    /// Where a payment beyond what is due goes. Default: the terms'.
    excess: Option<Excess>,
}

/// What the payer's bank took back of a repayment, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-03-02", "amount": "500.00", "reason": "disputed by the payer"}))]
pub(crate) struct ChargebackBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not before the repayment's and not after today's booking day.
    on: Day,
    /// All of the repayment that was not charged back before, where absent.
    amount: Option<AmountText>,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// Record a repayment: the event says what it covered.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/repayments",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = RepaymentBody,
    responses(
        (status = 201, description = "Recorded: the event LoanRepaymentRecorded bears the repayment's id",
            body = LoanAnswer)
    ),
)]
pub(crate) async fn record_repayment(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&RECORD, &state, &state.loans, request, |body: RepaymentBody| body.order(loan)).await
}

/// Reverse a repayment or an early settlement: everything follows as if it had never been made.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/repayments/{repayment}/reverse",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("repayment" = PaymentId, Path, description = "The repayment's id")
    ),
    request_body = ReversalBody,
    responses((status = 200, description = "Reversed: the event is LoanRepaymentReversed", body = LoanAnswer)),
)]
pub(crate) async fn reverse_repayment(
    State(state): State<Arc<Shared>>,
    Ids((loan, repayment)): Ids<(LoanId, PaymentId)>,
    request: Request,
) -> Response<Body> {
    let order = |body: ReversalBody| body.order(loan, repayment, LoanCommand::ReverseRepayment);
    serve_limited(&REVERSE, &state, &state.loans, request, order).await
}

/// Charge a repayment back, all of it or a part: the payer's bank took money, which is owed again as principal. The
/// repayment stays.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/repayments/{repayment}/chargeback",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("repayment" = PaymentId, Path, description = "The repayment's id")
    ),
    request_body = ChargebackBody,
    responses(
        (status = 200, description = "Charged back: the event is LoanRepaymentChargedBack", body = LoanAnswer)
    ),
)]
pub(crate) async fn charge_back_repayment(
    State(state): State<Arc<Shared>>,
    Ids((loan, repayment)): Ids<(LoanId, PaymentId)>,
    request: Request,
) -> Response<Body> {
    let order = |body: ChargebackBody| body.order(loan, repayment);
    serve_limited(&CHARGE_BACK, &state, &state.loans, request, order).await
}

impl RepaymentBody {
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let external_id = checks.external_id(self.external_id);
        checks.done()?;
        let repayment_id = PaymentId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([
            (RECEIPT_EXTERNAL_ID, external_id.clone()),
            (TRANSACTION_ID, Some(repayment_id.to_string())),
        ]);
        let command = LoanCommand::RecordRepayment(RecordRepayment {
            repayment_id,
            on: self.on.0,
            amount: self.amount.0,
            external_id,
            early: self.early.unwrap_or_default(),
            excess: self.excess,
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}

impl ChargebackBody {
    pub(crate) fn order(self, loan: LoanId, repayment_id: PaymentId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let chargeback_id = TransactionId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(chargeback_id.to_string()))]);
        let command = LoanCommand::ChargeBack(ChargeBack {
            chargeback_id,
            repayment_id,
            on: self.on.0,
            amount: self.amount.map(|amount| amount.0),
            reason: reason.clone(),
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: Some(reason) })
    }
}
