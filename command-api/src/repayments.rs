//! `POST /v1/loans/{id}/repayments`, `…/{repayment}/reverse` and `/settle`: money that comes back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, PaymentId};
use domain::loan::LoanCommand;
use domain::loan::command::{Early, RecordRepayment, Reverse, SettleEarly};
use domain::terms::Excess;
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, DUPLICATE_EXTERNAL_ID, FUTURE_DATE, INVALID_AMOUNT,
    INVALID_VALUE, NOT_ACTIVE, NOT_FOUND, NOT_SUPPORTED, NOT_THE_SETTLEMENT_AMOUNT, Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::checks::{Checks, LONGEST_REASON};
use crate::claims::{self, RECEIPT_EXTERNAL_ID, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static RECORD: Endpoint = Endpoint::adding(
    "RecordRepayment",
    "record_repayment",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &ALREADY_EXISTS,
        &DUPLICATE_EXTERNAL_ID,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &NOT_SUPPORTED,
    ],
);
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseRepayment",
    "reverse_repayment",
    &[&NOT_FOUND, &NOT_ACTIVE, &ALREADY_REVERSED, &FUTURE_DATE, &BEFORE_FIRST_FACT, &INVALID_VALUE],
);
pub(crate) static SETTLE: Endpoint = Endpoint::changing(
    "SettleLoan",
    "settle_loan",
    &[&NOT_FOUND, &NOT_ACTIVE, &FUTURE_DATE, &BEFORE_FIRST_FACT, &INVALID_AMOUNT, &NOT_THE_SETTLEMENT_AMOUNT],
);

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
    external_id: Option<String>,
    /// Loans take `installment`, the default.
    #[serde(rename = "as")]
    early: Option<Early>,
    /// Loans take `next`, the default.
    excess: Option<Excess>,
}

/// Why a repayment is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-02-18", "reason": "the transfer was returned"}))]
pub(crate) struct ReversalBody {
    /// The value date, not before the repayment's and not after today's booking day.
    on: Day,
    /// At most 500 characters.
    reason: String,
}

/// What settles the loan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-06-15", "amount": "6612.37"}))]
pub(crate) struct SettlementBody {
    /// The value date, not after today's booking day.
    on: Day,
    /// Just the settlement quote of that day.
    amount: AmountText,
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
    Ids((loan, payment_id)): Ids<(LoanId, PaymentId)>,
    request: Request,
) -> Response<Body> {
    let order = |body: ReversalBody| {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", body.reason, LONGEST_REASON);
        checks.done()?;
        let command = Reverse { payment_id, on: body.on.0, reason: reason.clone() };
        let command = LoanCommand::ReverseRepayment(command);
        Ok(Order { stream: loan.uuid(), command, claims: Vec::new(), reason: Some(reason) })
    };
    serve(&REVERSE, &state, &state.loans, request, order).await
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
    let order = |body: SettlementBody| {
        let repayment_id = PaymentId::new(Uuid::now_v7());
        let claims = claims::of([(TRANSACTION_ID, Some(repayment_id.to_string()))]);
        let command = SettleEarly { repayment_id, on: body.on.0, amount: body.amount.0, external_id: None };
        let command = LoanCommand::SettleEarly(command);
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    };
    serve(&SETTLE, &state, &state.loans, request, order).await
}

impl RepaymentBody {
    fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        if self.early == Some(Early::Anticipation) {
            let detail = "`as` anticipation is not supported yet".to_owned();
            checks.refuse("/as", NOT_SUPPORTED.code, detail);
        }
        if self.excess.is_some_and(|excess| excess != Excess::Next) {
            let detail = "`excess` other than next is not supported yet".to_owned();
            checks.refuse("/excess", NOT_SUPPORTED.code, detail);
        }
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
