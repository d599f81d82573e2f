//! `Prefer: respond-async`: the command waits in a queue, and its caller is told where to ask what became of it.
//!
//! What can be told of a request without the state of its stream was told before it comes here.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use event_store::CommandContext;
use problems::{INTERNAL, MALFORMED_JSON, Problem, UNAVAILABLE};
use requests::{NotAccepted, QueuedCommand, RequestId, Requests};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::actor::Actor;
use crate::endpoint::Endpoint;
use crate::headers::{PREFERENCE_APPLIED, RESPOND_ASYNC, prefers_async};
use crate::state::Shared;

/// A command that is to wait: what was sent, so that it can be executed as if it came then.
pub(crate) struct Later {
    requests: Requests,
    actor: Actor,
    path: String,
    body: Bytes,
}

/// The answer to a command that waits to be executed.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedRequest, example = json!({"id": "6f1c1e0a-2f2b-8a34-9d0e-1b3c5d7e9f00", "status": "accepted"}))]
pub(crate) struct AcceptedRequest {
    /// The request's id: `GET /v1/requests/{id}` says what became of it. The same command asked again under the same key
    /// is the same request.
    id: Uuid,
    status: Accepted,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AcceptedStatus)]
enum Accepted {
    /// It is durable, and will be executed once.
    Accepted,
}

impl Later {
    /// Where to, if its caller prefers that and this server has a queue. `body` has yet to come.
    pub(crate) fn of(state: &Shared, actor: &Actor, request: &Request) -> Option<Self> {
        let requests = state.requests.clone().filter(|_| prefers_async(request.headers()))?;
        let path = request.uri().path().to_owned();
        Some(Self { requests, actor: actor.clone(), path, body: Bytes::new() })
    }

    pub(crate) fn with_body(self, body: &Bytes) -> Self {
        Self { body: body.clone(), ..self }
    }

    /// Puts the command to `stream` into the queue.
    pub(crate) async fn queue(
        self,
        endpoint: &'static Endpoint,
        stream: Uuid,
        context: CommandContext,
    ) -> Result<RequestId, Problem> {
        let key = context.key.expect("a command that was received has a key");
        let id = RequestId::of(&key.client, &key.key, &key.request_hash);
        // Nobody else knows an id that is yet to be drawn, so there is no order to keep.
        let is_drawn = endpoint.draws_id && !names_id(&self.body);
        let stream = if is_drawn { id.0 } else { stream };
        let body = String::from_utf8(self.body.to_vec()).ok();
        let body = body.and_then(|body| RawValue::from_string(body).ok());
        let body = body.ok_or_else(|| MALFORMED_JSON.because("the body is no JSON text"))?;
        let command = QueuedCommand::new(
            (id, stream),
            (key.client, key.key),
            self.actor.subject,
            context.metadata.correlation_id,
            context.expected_version,
            SystemTime::now().into(),
            self.path,
            body,
        );
        let command = command.by_roles(self.actor.roles);
        self.requests.accept(&command).await.map_err(|error| not_accepted(endpoint, &error))?;
        Ok(id)
    }
}

fn not_accepted(endpoint: &Endpoint, error: &NotAccepted) -> Problem {
    tracing::warn!(command = endpoint.command, %error, "a command was not accepted");
    match error {
        NotAccepted::Busy => UNAVAILABLE.because("too many commands wait to be accepted"),
        NotAccepted::Unavailable(_) => UNAVAILABLE.because("the queue of commands cannot be reached"),
    }
}

/// Whether the body names the stream that it begins.
fn names_id(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        id: Option<Uuid>,
    }
    serde_json::from_slice::<Named>(body).is_ok_and(|named| named.id.is_some())
}

/// The answer that says where to ask.
pub(crate) fn accepted(id: RequestId) -> Response<Body> {
    let accepted = AcceptedRequest { id: id.0, status: Accepted::Accepted };
    let mut response = Response::new(Body::from(text_of(&accepted)));
    *response.status_mut() = StatusCode::ACCEPTED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static(RESPOND_ASYNC));
    let location = HeaderValue::try_from(format!("/v1/requests/{id}")).expect("an id is visible ASCII");
    headers.insert(header::LOCATION, location);
    response
}

fn text_of(accepted: &AcceptedRequest) -> String {
    serde_json::to_string(accepted).expect("an id and a word")
}

/// A request that a worker executes, which caused the events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause(pub(crate) RequestId);

/// The actor of a queued command, as it was when it was accepted.
pub(crate) fn actor_of(command: &QueuedCommand) -> Actor {
    Actor {
        subject: Arc::clone(&command.subject),
        client: Arc::clone(&command.client),
        roles: Arc::clone(&command.roles),
        oversees: false,
    }
}

/// What a worker is told when the router breaks its word.
pub(crate) fn broken(detail: &str) -> Problem {
    INTERNAL.because(detail)
}
