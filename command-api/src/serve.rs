//! The one path of all commands: key, body, hash, execution at once or later, answer.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::response::IntoResponse;
use domain::decider::Decider;
use event_store::{Bundle, Claim, CommandContext, IdempotencyKey, Metadata, Receipt, Streams};
use problems::{INVALID_PARAMETER, Problem};
use requests::RequestId;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::actor::Actor;
use crate::authority::Sent;
use crate::endpoint::Endpoint;
use crate::later::{self, Cause, Later};
use crate::meter::Outcome;
use crate::permits::Permits;
use crate::proposals::is_of_proposal;
use crate::refusals::{ToProblem, problem_of};
use crate::state::Shared;
use crate::{answer, body, hash, headers};

/// The version of the rules that decide.
pub(crate) const ENGINE: &str = concat!("razao/", env!("CARGO_PKG_VERSION"));

/// What a body asks for, once its fields are found good.
pub(crate) struct Order<Command> {
    pub(crate) stream: Uuid,
    pub(crate) command: Command,
    pub(crate) claims: Vec<Claim>,
    /// Why, in the caller's words.
    pub(crate) reason: Option<String>,
}

/// A request that could be read.
pub(crate) struct Received<B> {
    pub(crate) body: B,
    pub(crate) context: CommandContext,
    /// Its caller prefers that it waits, and it can.
    pub(crate) later: Option<Later>,
    /// As it was sent.
    pub(crate) sent: Sent,
}

/// What a command came to.
pub(crate) enum Ended {
    Executed(Receipt),
    /// It waits for a second person.
    Proposed(Receipt),
    /// It waits to be executed.
    Queued(RequestId),
}

impl Ended {
    pub(crate) fn of(receipt: Receipt) -> Self {
        if is_of_proposal(&receipt) { Self::Proposed(receipt) } else { Self::Executed(receipt) }
    }
}

/// Serves a command: `order` turns its body into what to do on which of `streams`.
pub(crate) async fn serve<D, B>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    request: Request,
    order: impl FnOnce(B) -> Result<Order<D::Command>, Problem>,
) -> Response<Body>
where
    D: Decider<Refusal: ToProblem>,
    B: DeserializeOwned,
{
    measure(endpoint, state, async {
        let Received { body, context, later, .. } = receive(endpoint, state, request).await?;
        let order = order(body)?;
        match later {
            Some(later) => later.queue(endpoint, order.stream, context).await.map(Ended::Queued),
            None => execute(endpoint, streams, order, context).await.map(Ended::Executed),
        }
    })
    .await
}

/// Executes what a request asks for.
pub(crate) async fn execute<D: Decider<Refusal: ToProblem>>(
    endpoint: &'static Endpoint,
    streams: &Streams<D>,
    order: Order<D::Command>,
    mut context: CommandContext,
) -> Result<Receipt, Problem> {
    let Order { stream, command, claims, reason } = order;
    context.claims = claims;
    context.metadata.reason = reason;
    let executed = streams.execute(stream, &command, &context).await;
    executed.map_err(|error| problem_of(endpoint, stream, error))
}

/// Reads a request: first what costs nothing to refuse, then the body.
pub(crate) async fn receive<B: DeserializeOwned>(
    endpoint: &'static Endpoint,
    state: &Shared,
    request: Request,
) -> Result<Received<B>, Problem> {
    refuse_query(&request)?;
    let key: Arc<str> = headers::idempotency_key(request.headers())?.into();
    let expected_version = headers::expected_version(request.headers())?;
    headers::declares_json(request.headers())?;
    let correlation_id = headers::correlation_id(request.headers());
    let actor = Actor::of(request.extensions());
    let cause = request.extensions().get::<Cause>().map(|Cause(id)| id.to_string());
    let bundle = request.extensions().get::<Bundle>().cloned();
    let later = Later::of(state, &actor, &request);
    let (path, permits) = (request.uri().path().to_owned(), Permits::of(request.extensions()));

    let bytes = body::read(request, state.body_deadline).await?;
    let body = body::parse(&bytes)?;
    let later = later.map(|later| later.with_body(&bytes));
    let request_hash = state.log.conceal(hash::of_request(&path, &bytes));
    let metadata = Metadata {
        actor: actor.subject.as_ref().to_owned(),
        roles: actor.roles,
        command: endpoint.command,
        idempotency_key: Some(Arc::clone(&key)),
        correlation_id,
        causation_id: cause,
        accepted_by: None,
        reason: None,
        engine: ENGINE,
    };
    let context = CommandContext {
        today: state.booking_day.today(),
        key: Some(IdempotencyKey { client: actor.client, key, request_hash }),
        expected_version,
        claims: Vec::new(),
        borrower: None,
        metadata,
        bundle,
    };
    let sent = Sent { path, body: bytes, permits };
    Ok(Received { body, context, later, sent })
}

/// Runs a command to its answer, and counts and times it.
pub(crate) async fn measure(
    endpoint: &'static Endpoint,
    state: &Shared,
    command: impl Future<Output = Result<Ended, Problem>>,
) -> Response<Body> {
    let started = Instant::now();
    let result = command.await;
    let outcome = match &result {
        Ok(Ended::Executed(receipt) | Ended::Proposed(receipt)) if receipt.replayed => Outcome::Replayed,
        Ok(Ended::Executed(_)) => Outcome::Accepted,
        Ok(Ended::Queued(_)) => Outcome::Queued,
        Ok(Ended::Proposed(_)) => Outcome::Proposed,
        Err(problem) if problem.kind.status < 500 => Outcome::Refused,
        Err(_) => Outcome::Failed,
    };
    let took = started.elapsed();
    state.meters.record(endpoint.command, outcome, took);
    let outcome = outcome.name();
    match result {
        Ok(Ended::Executed(receipt)) => {
            let (stream, position) = (&receipt.stream_id, receipt.position);
            tracing::debug!(command = endpoint.command, outcome, %stream, position, ?took, "command executed");
            answer::answer(endpoint, &receipt)
        }
        Ok(Ended::Proposed(receipt)) => {
            let proposal = &receipt.stream_id;
            tracing::debug!(command = endpoint.command, outcome, %proposal, ?took, "command proposed");
            answer::proposed(&receipt)
        }
        Ok(Ended::Queued(request)) => {
            tracing::debug!(command = endpoint.command, outcome, %request, ?took, "command queued");
            later::accepted(request)
        }
        Err(problem) => {
            let code = problem.kind.code;
            tracing::debug!(command = endpoint.command, outcome, code, ?took, "command not executed");
            problem.into_response()
        }
    }
}

/// Commands take no query: one that is meant to change what the command does must not be passed over.
pub(crate) fn refuse_query(request: &Request) -> Result<(), Problem> {
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else { return Ok(()) };
    let name = query.split(['=', '&']).next().unwrap_or_default();
    Err(INVALID_PARAMETER.because(format!("the command takes no parameter `{name}`")).in_field(name))
}
