//! `POST /v1/staff/{subject}/limits` and `/v1/approval-policy`: who may decide alone up to how much.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::Currency;
use domain::staff::{self, Limits, Operation, SetLimits, SetPolicy, StaffCommand, StaffRefusal};
use problems::{INVALID_AMOUNT, INVALID_VALUE, OWN_LIMITS, Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::actor::Actor;
use crate::answer::StaffAnswer;
use crate::checks::{Checks, LONGEST_REASON, LONGEST_SUBJECT};
use crate::endpoint::Endpoint;
use crate::fields::AmountText;
use crate::path::Ids;
use crate::refusals::ToProblem;
use crate::serve::{Order, serve};
use crate::state::Shared;

pub(crate) static SET_LIMITS: Endpoint =
    Endpoint::changing("SetStaffLimits", "set_staff_limits", &[&INVALID_VALUE, &INVALID_AMOUNT, &OWN_LIMITS]);
pub(crate) static SET_POLICY: Endpoint =
    Endpoint::changing("SetApprovalPolicy", "set_approval_policy", &[&INVALID_VALUE, &INVALID_AMOUNT]);

/// An amount for each operation and currency.
type LimitsBody = BTreeMap<Operation, BTreeMap<Currency, AmountText>>;

/// What a person may decide alone, and accept of others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "limits": {"approve": {"BRL": "50000.00"}, "write_off": {"BRL": "1000.00"}}, "reason": "credit committee of March"
}))]
pub(crate) struct StaffLimitsBody {
    /// By operation and currency: the most that may be at stake. It takes the place of all limits that the person had; an
    /// empty object takes them away.
    #[schema(value_type = BTreeMap<Operation, BTreeMap<Currency, AmountText>>)]
    limits: LimitsBody,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// What needs a second person, whoever asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"second_person_above": {"write_off": {"BRL": "0.00"}}}))]
pub(crate) struct ApprovalPolicyBody {
    /// By operation and currency: what is above this amount waits for another person, whatever limit its sender has. It
    /// takes the place of the policy before; an empty object takes it away.
    #[schema(value_type = BTreeMap<Operation, BTreeMap<Currency, AmountText>>)]
    second_person_above: LimitsBody,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Set the limits of a member of staff. From the first limit of an operation on, a command of that operation that is above
/// its sender's limit waits as a proposal; who has no limit gives none alone.
#[utoipa::path(
    post,
    path = "/v1/staff/{subject}/limits",
    tag = "staff",
    params(("subject" = String, Path, description = "Who, as the `sub` of their tokens says")),
    request_body = StaffLimitsBody,
    responses((status = 200, description = "Set: the event is StaffLimitsSet", body = StaffAnswer)),
)]
pub(crate) async fn set_staff_limits(
    State(state): State<Arc<Shared>>,
    Ids(subject): Ids<String>,
    request: Request,
) -> Response<Body> {
    let by = Actor::of(request.extensions()).subject.as_ref().to_owned();
    let order = |body: StaffLimitsBody| {
        let mut checks = Checks::default();
        let subject = checks.text("/subject", subject, LONGEST_SUBJECT);
        let reason = checks.optional_text("/reason", body.reason, LONGEST_REASON);
        let limits = checked("/limits", body.limits, &mut checks);
        checks.done()?;
        let command = StaffCommand::SetLimits(SetLimits { by, subject, limits, reason: reason.clone() });
        Ok(Order { stream: staff::STREAM, command, claims: Vec::new(), reason })
    };
    serve(&SET_LIMITS, &state, &state.staff, request, order).await
}

/// Set above which amounts a command waits for a second person, whoever sends it.
#[utoipa::path(
    post,
    path = "/v1/approval-policy",
    tag = "staff",
    request_body = ApprovalPolicyBody,
    responses((status = 200, description = "Set: the event is ApprovalPolicySet", body = StaffAnswer)),
)]
pub(crate) async fn set_approval_policy(
    State(state): State<Arc<Shared>>,
    request: Request,
) -> Response<Body> {
    let order = |body: ApprovalPolicyBody| {
        let mut checks = Checks::default();
        let reason = checks.optional_text("/reason", body.reason, LONGEST_REASON);
        let second_person_above = checked("/second_person_above", body.second_person_above, &mut checks);
        checks.done()?;
        let command = StaffCommand::SetPolicy(SetPolicy { second_person_above, reason: reason.clone() });
        Ok(Order { stream: staff::STREAM, command, claims: Vec::new(), reason })
    };
    serve(&SET_POLICY, &state, &state.staff, request, order).await
}

/// Amounts of their currencies, from nothing on.
fn checked(pointer: &str, body: LimitsBody, checks: &mut Checks) -> Limits {
    let mut limits = Limits::default();
    for (operation, by_currency) in body {
        for (currency, AmountText(value)) in by_currency {
            let pointer = format!("{pointer}/{operation}/{}", currency.code());
            match currency.try_amount(value) {
                Ok(amount) if !amount.is_negative() => limits = limits.with(operation, currency, amount),
                Ok(amount) => {
                    checks.refuse(&pointer, INVALID_AMOUNT.code, format!("the limit {amount} is negative"));
                }
                Err(error) => checks.refuse(&pointer, INVALID_AMOUNT.code, error.to_string()),
            }
        }
    }
    limits
}

impl ToProblem for StaffRefusal {
    fn to_problem(&self, _: Uuid) -> Problem {
        match self {
            Self::OwnLimits { .. } => OWN_LIMITS.because(self.to_string()).in_field("subject"),
            Self::TooMany => INVALID_VALUE.because(self.to_string()),
        }
    }
}
