//! `GET /v1/requests/{id}`: what became of a command that was to wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use problems::{INTERNAL, INVALID_PARAMETER, Kind, NOT_FOUND, Problem, UNAVAILABLE};
use requests::{Answer, RequestId, Status};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::actor::Actor;
use crate::path::Ids;
use crate::state::Shared;

/// Its operation in the OpenAPI document.
pub(crate) const OPERATION: &str = "show_request";
/// What it can be refused with.
pub(crate) const PROBLEMS: &[&Kind] = &[&INVALID_PARAMETER, &NOT_FOUND, &INTERNAL, &UNAVAILABLE];
/// When it makes sense to ask again, in seconds.
const ASK_AGAIN: &str = "1";

/// What became of a command that its caller preferred to wait for elsewhere.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(crate) struct RequestShown {
    id: Uuid,
    status: RequestStatus,
    accepted_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
    /// Of a finished request: what the command would have been answered at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerShown>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RequestStatus {
    /// It waits, or is being executed.
    Queued,
    /// Accepted: its events are in the log.
    Done,
    /// Refused: it stored nothing, and the answer is a problem. It stays refused: a new command needs a new key.
    Refused,
    /// A fault kept it from being executed, again and again. Sent again under the same key, it is tried again.
    Failed,
}

/// The answer of a command.
#[derive(Serialize, ToSchema)]
struct AnswerShown {
    /// The HTTP status.
    status: u16,
    /// By name, in lower case.
    headers: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What became of a command that was sent with `Prefer: respond-async`. Finished requests are kept for seven days, unless
/// the operator sets another time.
#[utoipa::path(
    get,
    path = "/v1/requests/{id}",
    tag = "requests",
    params(("id" = Uuid, Path, description = "The request's id, as the 202 said it")),
    responses((status = 200, description = "How far it is, and its answer once it is finished", body = RequestShown)),
)]
pub(crate) async fn show_request(
    State(state): State<Arc<Shared>>,
    Ids(id): Ids<Uuid>,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || NOT_FOUND.because("there is no request with this id, or it was finished long ago");
    let requests = state.requests.as_ref().ok_or_else(unknown)?;
    let Actor { client, oversees, .. } = Actor::of(request.extensions());
    let client = (!oversees).then_some(&*client);
    let found = requests.find(RequestId(id), client).await.map_err(|error| {
        tracing::error!(%error, "a request could not be looked up");
        UNAVAILABLE.because("the requests cannot be looked up")
    })?;
    let found = found.ok_or_else(unknown)?;
    let is_queued = found.status == Status::Queued;
    let shown = RequestShown {
        id,
        status: found.status.into(),
        accepted_at: found.accepted_at,
        finished_at: found.finished_at,
        answer: found.answer.map(AnswerShown::from),
    };
    let mut response = Json(shown).into_response();
    if is_queued {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(ASK_AGAIN));
    }
    Ok(response)
}

impl From<Status> for RequestStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Queued => Self::Queued,
            Status::Done => Self::Done,
            Status::Refused => Self::Refused,
            Status::Failed => Self::Failed,
        }
    }
}

impl From<Answer> for AnswerShown {
    fn from(Answer { status, headers, body }: Answer) -> Self {
        let body = RawValue::from_string(body.clone()).unwrap_or_else(|_| {
            RawValue::from_string(Value::from(body).to_string()).expect("a text is JSON")
        });
        Self { status, headers: headers.into_iter().collect(), body }
    }
}
