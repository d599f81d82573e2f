//! `POST /v1/loans/{id}/credits` and `…/{credit}/reverse`: what the lender gives up.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{LoanId, PaymentId};
use domain::loan::LoanCommand;
use domain::loan::command::{CreditKind, GrantCredit};
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, FUTURE_DATE, INVALID_AMOUNT, INVALID_VALUE,
    NOT_ACTIVE, NOT_FOUND, PLAN_CANNOT_BE_DRAWN_AGAIN, Problem, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_REASON};
use crate::claims::{self, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::reversal::ReversalBody;
use crate::serve::Order;
use crate::state::Shared;

pub(crate) static GRANT: Endpoint = Endpoint::adding(
    "GrantCredit",
    "grant_credit",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
)
.limited_by(Operation::Credit, "/v1/loans/{id}/credits");
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseCredit",
    "reverse_credit",
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
.limited_by(Operation::Reverse, "/v1/loans/{id}/credits/{credit}/reverse");

/// What is given up, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-03-02", "amount": "25.00", "kind": "goodwill", "reason": "customer care"}))]
pub(crate) struct CreditBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date: the disbursement's at the earliest, not after today's booking day.
    on: Day,
    amount: AmountText,
    /// Where the journal takes it from: expense for `goodwill`, interest income for `interest_waiver`.
    kind: CreditKind,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// Grant a credit: it serves what is owed like a payment.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/credits",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = CreditBody,
    responses(
        (status = 201, description = "Granted: the event LoanCreditGranted bears the credit's id",
            body = LoanAnswer)
    ),
)]
pub(crate) async fn grant_credit(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve_limited(&GRANT, &state, &state.loans, request, |body: CreditBody| body.order(loan)).await
}

/// Reverse a credit: everything follows as if it had never been granted.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/credits/{credit}/reverse",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("credit" = PaymentId, Path, description = "The credit's id")
    ),
    request_body = ReversalBody,
    responses((status = 200, description = "Reversed: the event is LoanCreditReversed", body = LoanAnswer)),
)]
pub(crate) async fn reverse_credit(
    State(state): State<Arc<Shared>>,
    Ids((loan, credit)): Ids<(LoanId, PaymentId)>,
    request: Request,
) -> Response<Body> {
    let order = |body: ReversalBody| body.order(loan, credit, LoanCommand::ReverseCredit);
    serve_limited(&REVERSE, &state, &state.loans, request, order).await
}

impl CreditBody {
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let credit_id = PaymentId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(credit_id.to_string()))]);
        let command = LoanCommand::GrantCredit(GrantCredit {
            credit_id,
            on: self.on.0,
            amount: self.amount.0,
            kind: self.kind,
            reason: reason.clone(),
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: Some(reason) })
    }
}
