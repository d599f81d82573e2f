//! `POST /v1/entries` and `/v1/entries/{id}/reverse`: plain balanced postings.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::Currency;
use domain::entry::{EntryCommand, Post, PostLine, Reverse};
use domain::id::EntryId;
use domain::journal::{Account, Side};
use domain::staff::Operation;
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, DUPLICATE_EXTERNAL_ID, FUTURE_DATE, INVALID_AMOUNT,
    INVALID_VALUE, NOT_FOUND, Problem, UNBALANCED,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::EntryAnswer;
use crate::authority::serve_limited;
use crate::checks::{Checks, LONGEST_DESCRIPTION, LONGEST_REASON};
use crate::claims::{self, ENTRY_EXTERNAL_ID};
use crate::endpoint::Endpoint;
use crate::fields::{AmountText, Day, Object};
use crate::path::Ids;
use crate::serve::Order;
use crate::state::Shared;

pub(crate) static POST: Endpoint = Endpoint::beginning(
    "PostEntry",
    "post_entry",
    "/v1/entries",
    &[&ALREADY_EXISTS, &DUPLICATE_EXTERNAL_ID, &FUTURE_DATE, &INVALID_AMOUNT, &INVALID_VALUE, &UNBALANCED],
)
.limited_by(Operation::Entry, "/v1/entries");
pub(crate) static REVERSE: Endpoint = Endpoint::changing(
    "ReverseEntry",
    "reverse_entry",
    &[&NOT_FOUND, &ALREADY_REVERSED, &FUTURE_DATE, &BEFORE_FIRST_FACT, &INVALID_VALUE],
)
.limited_by(Operation::Reverse, "/v1/entries/{id}/reverse");

/// A balanced posting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "on": "2026-01-02",
    "description": "capital paid in",
    "lines": [
        {"account": "assets:cash", "debit": "500000.00"},
        {"account": "equity:capital", "credit": "500000.00"}
    ]
}))]
pub(crate) struct EntryBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not after today's booking day.
    on: Day,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    description: String,
    /// Of all lines.
    #[serde(default)]
    currency: Currency,
    /// 2 to 500; the debits and the credits have the same sum.
    #[schema(value_type = Vec<LineBody>)]
    lines: Vec<Object<LineBody>>,
    /// Unique among the lender's entries. At most 100 characters.
    #[schema(max_length = 100)]
    external_id: Option<String>,
}

/// One side of one account: just one of `debit` and `credit`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EntryLine)]
pub(crate) struct LineBody {
    account: Account,
    debit: Option<AmountText>,
    credit: Option<AmountText>,
}

/// Why an entry is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-01-05", "reason": "posted twice"}))]
pub(crate) struct EntryReversalBody {
    /// The value date, not before the entry's and not after today's booking day.
    on: Day,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// Post a balanced entry.
#[utoipa::path(
    post,
    path = "/v1/entries",
    tag = "entries",
    request_body = EntryBody,
    responses((status = 201, description = "Posted: the event is EntryPosted", body = EntryAnswer)),
)]
pub(crate) async fn post_entry(State(state): State<Arc<Shared>>, request: Request) -> Response<Body> {
    serve_limited(&POST, &state, &state.entries, request, EntryBody::order).await
}

/// Reverse an entry by lines that mirror its own.
#[utoipa::path(
    post,
    path = "/v1/entries/{id}/reverse",
    tag = "entries",
    params(("id" = EntryId, Path, description = "The entry's id")),
    request_body = EntryReversalBody,
    responses((status = 200, description = "Reversed: the event is EntryReversed", body = EntryAnswer)),
)]
pub(crate) async fn reverse_entry(
    State(state): State<Arc<Shared>>,
    Ids(entry): Ids<EntryId>,
    request: Request,
) -> Response<Body> {
    let order = |body: EntryReversalBody| body.order(entry);
    serve_limited(&REVERSE, &state, &state.entries, request, order).await
}

impl EntryBody {
    pub(crate) fn order(self) -> Result<Order<EntryCommand>, Problem> {
        let mut checks = Checks::default();
        let description = checks.text("/description", self.description, LONGEST_DESCRIPTION);
        let external_id = checks.external_id(self.external_id);
        let lines = self.lines.into_iter().enumerate();
        let lines = lines.filter_map(|(index, Object(line))| line.check(index, &mut checks)).collect();
        checks.done()?;
        let claims = claims::of([(ENTRY_EXTERNAL_ID, external_id.clone())]);
        let command = Post { on: self.on.0, description, currency: self.currency, lines, external_id };
        let stream = self.id.unwrap_or_else(Uuid::now_v7);
        Ok(Order { stream, command: EntryCommand::Post(command), claims, reason: None })
    }
}

impl EntryReversalBody {
    pub(crate) fn order(self, entry: EntryId) -> Result<Order<EntryCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let command = EntryCommand::Reverse(Reverse { on: self.on.0, reason: reason.clone() });
        Ok(Order { stream: entry.uuid(), command, claims: Vec::new(), reason: Some(reason) })
    }
}

impl LineBody {
    fn check(self, index: usize, checks: &mut Checks) -> Option<PostLine> {
        let (side, amount) = match (self.debit, self.credit) {
            (Some(debit), None) => (Side::Debit, debit.0),
            (None, Some(credit)) => (Side::Credit, credit.0),
            _ => {
                let detail = format!("line {} has just one of `debit` and `credit`", index + 1);
                checks.refuse(&format!("/lines/{index}"), "one_side", detail);
                return None;
            }
        };
        Some(PostLine { account: self.account, side, amount })
    }
}
