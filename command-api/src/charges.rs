//! `POST /v1/loans/{id}/charges` and `…/{charge}/waive`: fees and penalties entered by hand.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{ChargeId, LoanId, TransactionId};
use domain::loan::LoanCommand;
use domain::loan::command::{AddCharge, AddedCharge, WaiveCharge};
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, BEFORE_FIRST_FACT, FUTURE_DATE, INVALID_AMOUNT, INVALID_VALUE, NOT_ACTIVE, NOT_FOUND,
    NOTHING_UNPAID, PLAN_CANNOT_BE_DRAWN_AGAIN, Problem, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_REASON};
use crate::claims::{self, CHARGE_ID, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static ADD: Endpoint = Endpoint::adding(
    "AddCharge",
    "add_charge",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
);
pub(crate) static WAIVE: Endpoint = Endpoint::changing(
    "WaiveCharge",
    "waive_charge",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &NOTHING_UNPAID,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
    ],
)
.limited_by(Operation::Waive, "/v1/loans/{id}/charges/{charge}/waive");

/// A fee or penalty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "collection_cost", "amount": "35.00", "due_on": "2026-04-15"}))]
pub(crate) struct ChargeBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    kind: AddedCharge,
    amount: AmountText,
    /// It joins the installment in whose period this lies; after the last one it is one of its own.
    due_on: Day,
}

/// What of a charge is given up, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-04-20", "reason": "commercial decision"}))]
pub(crate) struct WaiverBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not after today's booking day.
    on: Day,
    /// All that is unpaid of it on that day, where absent.
    amount: Option<AmountText>,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// Add a charge to a disbursed loan. Payments already received may come to serve it.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/charges",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = ChargeBody,
    responses(
        (status = 201, description = "Added: the event LoanChargeAdded bears the charge's id", body = LoanAnswer)
    ),
)]
pub(crate) async fn add_charge(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    serve(&ADD, &state, &state.loans, request, |body: ChargeBody| body.order(loan)).await
}

/// Waive what is unpaid of a charge, or a part of that. Payments stay where they went.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/charges/{charge}/waive",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("charge" = ChargeId, Path, description = "The charge's id")
    ),
    request_body = WaiverBody,
    responses((status = 200, description = "Waived: the event is LoanChargeWaived", body = LoanAnswer)),
)]
pub(crate) async fn waive_charge(
    State(state): State<Arc<Shared>>,
    Ids((loan, charge)): Ids<(LoanId, ChargeId)>,
    request: Request,
) -> Response<Body> {
    serve_limited(&WAIVE, &state, &state.loans, request, |body: WaiverBody| body.order(loan, charge)).await
}

impl ChargeBody {
    #[expect(clippy::unnecessary_wraps, reason = "the bodies of all commands become orders in one way")]
    pub(crate) fn order(self, loan: LoanId) -> Result<Order<LoanCommand>, Problem> {
        let charge_id = ChargeId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(CHARGE_ID, Some(charge_id.to_string()))]);
        let command = LoanCommand::AddCharge(AddCharge {
            charge_id,
            kind: self.kind,
            amount: self.amount.0,
            due_on: self.due_on.0,
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    }
}

impl WaiverBody {
    pub(crate) fn order(self, loan: LoanId, charge_id: ChargeId) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let waiver_id = TransactionId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(waiver_id.to_string()))]);
        let command = LoanCommand::WaiveCharge(WaiveCharge {
            waiver_id,
            charge_id,
            on: self.on.0,
            amount: self.amount.map(|amount| amount.0),
            reason: reason.clone(),
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: Some(reason) })
    }
}
