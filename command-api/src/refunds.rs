//! `POST /v1/loans/{id}/refunds`: an overpayment goes back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, TransactionId};
use domain::loan::LoanCommand;
use domain::loan::command::Refund;
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, BEFORE_FIRST_FACT, FUTURE_DATE, INVALID_AMOUNT, NOT_ACTIVE, NOT_FOUND, Problem,
    REFUND_EXCEEDS_OVERPAYMENT,
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

pub(crate) static REFUND: Endpoint = Endpoint::adding(
    "RefundOverpayment",
    "refund_overpayment",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &ALREADY_EXISTS,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &REFUND_EXCEEDS_OVERPAYMENT,
    ],
)
.limited_by(Operation::Refund, "/v1/loans/{id}/refunds");

/// What goes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-06-16", "amount": "12.30"}))]
pub(crate) struct RefundBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not after today's booking day.
    on: Day,
    /// At most what is overpaid on that day.
    amount: AmountText,
}

/// Refund an overpayment, all of it or a part.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/refunds",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = RefundBody,
    responses(
        (status = 201, description = "Refunded: the event LoanOverpaymentRefunded bears the refund's id",
            body = LoanAnswer)
    ),
)]
pub(crate) async fn refund_overpayment(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&REFUND, &state, &state.loans, request, |body: RefundBody| body.order(loan)).await
}

impl RefundBody {
    #[expect(clippy::unnecessary_wraps, reason = "the bodies of all commands become orders in one way")]
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let refund_id = TransactionId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(refund_id.to_string()))]);
        let command = LoanCommand::Refund(Refund { refund_id, on: self.on.0, amount: self.amount.0 });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}
