//! `POST /v1/loans/{id}/charges`: fees and penalties entered by hand.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{ChargeId, LoanId};
use domain::loan::LoanCommand;
use domain::loan::command::{AddCharge, AddedCharge};
use problems::{ALREADY_EXISTS, BEFORE_FIRST_FACT, INVALID_AMOUNT, NOT_ACTIVE, NOT_FOUND};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::claims::{self, CHARGE_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day};
use crate::path::Ids;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static ADD: Endpoint = Endpoint::adding(
    "AddCharge",
    "add_charge",
    &[&NOT_FOUND, &NOT_ACTIVE, &ALREADY_EXISTS, &BEFORE_FIRST_FACT, &INVALID_AMOUNT],
);

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
    let order = |body: ChargeBody| {
        let charge_id = ChargeId::new(body.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(CHARGE_ID, Some(charge_id.to_string()))]);
        let command = LoanCommand::AddCharge(AddCharge {
            charge_id,
            kind: body.kind,
            amount: body.amount.0,
            due_on: body.due_on.0,
        });
        Ok(Order { stream: loan.uuid(), command, claims, reason: None })
    };
    serve(&ADD, &state, &state.loans, request, order).await
}
