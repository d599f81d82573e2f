//! `POST /v1/proposals/{id}/accept`, `…/refuse` and `…/withdraw`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::Amount;
use domain::proposal::{Accept, End, Made, Proposal, ProposalCommand, ProposalRefusal};
use domain::staff;
use event_store::{Receipt, RecordedEvent};
use problems::{
    ABOVE_APPROVAL_LIMIT, FORBIDDEN, INVALID_VALUE, NOT_FOUND, NOT_OWN_PROPOSAL, OWN_PROPOSAL,
    PROPOSAL_EXPIRED, PROPOSAL_NOT_WAITING, Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{endpoint_of, execution};
use crate::answer::ProposalAnswer;
use crate::checks::{Checks, LONGEST_REASON};
use crate::endpoint::Endpoint;
use crate::path::Ids;
use crate::permits::Permits;
use crate::refusals::{ToProblem, fault_of, problem_of};
use crate::serve::{Ended, Order, Received, execute, measure, receive};
use crate::state::Shared;

pub(crate) static ACCEPT: Endpoint = Endpoint::changing(
    "AcceptProposal",
    "accept_proposal",
    &[
        &NOT_FOUND,
        &FORBIDDEN,
        &OWN_PROPOSAL,
        &ABOVE_APPROVAL_LIMIT,
        &PROPOSAL_NOT_WAITING,
        &PROPOSAL_EXPIRED,
        &INVALID_VALUE,
    ],
);
pub(crate) static REFUSE: Endpoint = Endpoint::changing(
    "RefuseProposal",
    "refuse_proposal",
    &[&NOT_FOUND, &FORBIDDEN, &OWN_PROPOSAL, &PROPOSAL_NOT_WAITING, &INVALID_VALUE],
);
pub(crate) static WITHDRAW: Endpoint = Endpoint::changing(
    "WithdrawProposal",
    "withdraw_proposal",
    &[&NOT_FOUND, &FORBIDDEN, &NOT_OWN_PROPOSAL, &PROPOSAL_NOT_WAITING, &INVALID_VALUE],
);

/// Why a proposal is accepted, refused or withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProposalDecision, example = json!({"reason": "seen the contract"}))]
pub(crate) struct DecisionBody {
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Accept a proposal that another person made: its command is executed once. The event `ProposalExecuted` says where its
/// events are, `ProposalFailed` why the command was refused. Who accepts it has the role that the command needs, and a limit
/// that covers what is at stake.
#[utoipa::path(
    post,
    path = "/v1/proposals/{id}/accept",
    tag = "proposals",
    params(("id" = Uuid, Path, description = "The proposal's id")),
    request_body = DecisionBody,
    responses((status = 200, description = "Accepted: ProposalAccepted, then ProposalExecuted or ProposalFailed",
        body = ProposalAnswer)),
)]
pub(crate) async fn accept_proposal(
    State(state): State<Arc<Shared>>,
    Ids(id): Ids<Uuid>,
    request: Request,
) -> Response<Body> {
    measure(&ACCEPT, &state, accept(&state, id, request)).await
}

/// Refuse a proposal that another person made: its command comes to nothing.
#[utoipa::path(
    post,
    path = "/v1/proposals/{id}/refuse",
    tag = "proposals",
    params(("id" = Uuid, Path, description = "The proposal's id")),
    request_body = DecisionBody,
    responses((status = 200, description = "Refused: the event is ProposalRefused", body = ProposalAnswer)),
)]
pub(crate) async fn refuse_proposal(
    State(state): State<Arc<Shared>>,
    Ids(id): Ids<Uuid>,
    request: Request,
) -> Response<Body> {
    measure(&REFUSE, &state, end(&REFUSE, &state, id, request, ProposalCommand::Refuse)).await
}

/// Withdraw a proposal of one's own.
#[utoipa::path(
    post,
    path = "/v1/proposals/{id}/withdraw",
    tag = "proposals",
    params(("id" = Uuid, Path, description = "The proposal's id")),
    request_body = DecisionBody,
    responses((status = 200, description = "Withdrawn: the event is ProposalWithdrawn", body = ProposalAnswer)),
)]
pub(crate) async fn withdraw_proposal(
    State(state): State<Arc<Shared>>,
    Ids(id): Ids<Uuid>,
    request: Request,
) -> Response<Body> {
    measure(&WITHDRAW, &state, end(&WITHDRAW, &state, id, request, ProposalCommand::Withdraw)).await
}

async fn accept(state: &Shared, id: Uuid, request: Request) -> Result<Ended, Problem> {
    let permits = Permits::of(request.extensions());
    let Received { body, context, later, .. } = receive::<DecisionBody>(&ACCEPT, state, request).await?;
    let reason = body.checked()?;
    if let Some(later) = later {
        // Whoever executes it knows no roles.
        acceptable(state, id, &permits).await?;
        return later.queue(&ACCEPT, id, context).await.map(Ended::Queued);
    }
    let repeated =
        state.proposals.repeated(&context).await.map_err(|error| problem_of(&ACCEPT, id, error))?;
    let accepted = if let Some(first) = repeated {
        first
    } else {
        let by = context.metadata.actor.clone();
        let (limit, amount) = match acceptable(state, id, &permits).await? {
            Some(made) => authority(state, &made, &by).await?,
            None => (None, Amount::ZERO),
        };
        let command = ProposalCommand::Accept(Accept { by, limit, amount });
        let order = Order { stream: id, command, claims: Vec::new(), reason };
        execute(&ACCEPT, &state.proposals, order, context).await?
    };
    execution::complete(state, id).await?;
    told(state, id, accepted).await.map(Ended::Executed)
}

async fn end(
    endpoint: &'static Endpoint,
    state: &Shared,
    id: Uuid,
    request: Request,
    command: fn(End) -> ProposalCommand,
) -> Result<Ended, Problem> {
    let permits = Permits::of(request.extensions());
    let Received { body, context, later, .. } = receive::<DecisionBody>(endpoint, state, request).await?;
    let reason = body.checked()?;
    waiting(endpoint, state, id, &permits).await?;
    if let Some(later) = later {
        return later.queue(endpoint, id, context).await.map(Ended::Queued);
    }
    let command = command(End { by: context.metadata.actor.clone(), reason: reason.clone() });
    let order = Order { stream: id, command, claims: Vec::new(), reason };
    execute(endpoint, &state.proposals, order, context).await.map(Ended::Executed)
}

/// What waits, for somebody with the role that it needs.
async fn waiting(
    endpoint: &'static Endpoint,
    state: &Shared,
    id: Uuid,
    permits: &Permits,
) -> Result<Option<Arc<Made>>, Problem> {
    let proposal = state.proposals.state(id).await.map_err(|fault| fault_of(endpoint, &fault))?;
    let Proposal::Waiting(made) = proposal else { return Ok(None) };
    if let Some(command) = endpoint_of(&made) {
        permits.check_route(command.limited().route)?;
    }
    Ok(Some(made))
}

/// What waits, for somebody who may do it on this day too.
async fn acceptable(state: &Shared, id: Uuid, permits: &Permits) -> Result<Option<Arc<Made>>, Problem> {
    let made = waiting(&ACCEPT, state, id, permits).await?;
    if let Some(made) = &made {
        execution::check_fields_today(state, made, permits).await?;
    }
    Ok(made)
}

/// Up to how much somebody may accept of a proposal, and what is at stake.
async fn authority(state: &Shared, made: &Arc<Made>, by: &str) -> Result<(Option<Amount>, Amount), Problem> {
    let staff = state.staff.state(staff::STREAM).await.map_err(|fault| fault_of(&ACCEPT, &fault))?;
    let amount = execution::at_stake_now(state, made).await?;
    let at_stake = domain::Money { amount, currency: made.currency };
    Ok((staff.limit(by, made.operation, at_stake), amount))
}

/// The answer to an acceptance: its own event and what came of it, also when it is asked again.
async fn told(state: &Shared, id: Uuid, accepted: Receipt) -> Result<Receipt, Problem> {
    let Some(first) = accepted.events.first() else { return Ok(accepted) };
    let events = state.log.events_after::<Proposal>(id, first.sequence - 1, 2).await;
    let events = events.map_err(|fault| fault_of(&ACCEPT, &fault))?;
    let Some(last) = events.last() else { return Ok(accepted) };
    let (version, position, recorded_at) = (last.sequence, last.position, last.recorded_at);
    let recorded = |event: &event_store::StreamEvent<domain::proposal::ProposalEvent>| RecordedEvent {
        sequence: event.sequence,
        event_type: event.event.name().to_owned(),
        payload: serde_json::to_string(&event.event).expect("events are plain data"),
    };
    let events = events.iter().map(recorded).collect();
    Ok(Receipt { version, position, recorded_at, events, ..accepted })
}

impl DecisionBody {
    fn checked(self) -> Result<Option<String>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.optional_text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        Ok(reason)
    }
}

impl ToProblem for ProposalRefusal {
    fn to_problem(&self, proposal: Uuid) -> Problem {
        let kind = match self {
            Self::Unknown => {
                return NOT_FOUND.because(format!("there is no proposal with the id {proposal}"));
            }
            Self::AlreadyExists | Self::NotWaiting(_) | Self::NotAccepted => &PROPOSAL_NOT_WAITING,
            Self::Expired { .. } => &PROPOSAL_EXPIRED,
            Self::Own { .. } => &OWN_PROPOSAL,
            Self::NotOwn => &NOT_OWN_PROPOSAL,
            Self::AboveLimit { .. } => &ABOVE_APPROVAL_LIMIT,
        };
        kind.because(self.to_string())
    }
}
