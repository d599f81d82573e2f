//! `POST /v1/bulk`: many commands in one request, a line each.
//!
//! Each line is sent to the commands' routes within the process, through the gate, as if it had come by itself. So it is
//! read, allowed, refused and stored as a single command is, under a key of its own.

mod atomic;
mod line;
mod lines;
mod order;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use axum::response::IntoResponse;
use problems::{
    BODY_TOO_LARGE, INVALID_PARAMETER, Kind, NOT_FOUND, Problem, REQUEST_TIMEOUT, UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::actor::Actor;
use crate::headers::{self, REQUEST_ID};
use crate::state::CommandState;
use line::BulkLine;
use lines::Lines;

/// Its operation in the API document.
pub(crate) const OPERATION: &str = "send_bulk";
/// What the whole can be refused with; a line can be with whatever its command can.
pub(crate) const PROBLEMS: &[&Kind] =
    &[&INVALID_PARAMETER, &REQUEST_TIMEOUT, &BODY_TOO_LARGE, &UNSUPPORTED_MEDIA_TYPE, &UNAVAILABLE];
/// How the body may be declared.
const MEDIA_TYPES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// How much of bulks is under way at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkLimits {
    /// Lines of one bulk.
    pub abreast: usize,
    /// Lines of all bulks. More wait.
    pub in_flight: usize,
}

impl Default for BulkLimits {
    fn default() -> Self {
        Self { abreast: 128, in_flight: 1024 }
    }
}

/// What all bulks share.
pub(crate) struct Bulk {
    state: CommandState,
    lines: Router,
    limits: BulkLimits,
    in_flight: Arc<Semaphore>,
}

/// What the lines of a bulk take from the request that brings them.
struct Envelope {
    headers: HeaderMap,
    actor: Option<Actor>,
}

/// The answer to a line.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"line": 1, "status": 201, "body": {"id": "018f0000-0000-7000-8000-000000000001", "version": 4,
    "position": 17, "events": []}}))]
pub(crate) struct BulkAnswer {
    /// The line's number in the body, from 1. Empty lines are passed over, and count.
    line: usize,
    /// What the command would have been answered with by itself.
    status: u16,
    /// Its answer, or the problem.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// Send many commands, one JSON object a line (NDJSON). Each is answered by a line as soon as it is complete, in the order
/// in which they become so; one that is refused stops no other. Lines that name the same loan, entry, product or period
/// are executed in the order in which they stand. Answers are sent while lines are still coming: read them meanwhile, or
/// the server stops taking lines. After a lost connection send all lines again with the same keys: what was stored is
/// answered again. With `atomic=true` at most 1000 lines, of commands on loans and entries, are stored in one transaction
/// or not at all: then the answer comes when all is decided, its lines in order, with the status of the line that was
/// refused, if one was.
#[utoipa::path(
    post,
    path = "/v1/bulk",
    tag = "bulk",
    params(("atomic" = Option<bool>, Query, description = "Whether all lines are stored or none. Default: false")),
    request_body(
        content = BulkLine, content_type = "application/x-ndjson",
        description = "Lines of at most 1 MiB each, as many as you like; with `atomic=true` 1000 of 16 MiB together"
    ),
    responses(
        (status = 200, description = "A line for each line", content_type = "application/x-ndjson", body = BulkAnswer)
    ),
)]
pub(crate) async fn send_bulk(State(bulk): State<Arc<Bulk>>, request: Request) -> Response<Body> {
    let is_atomic = match declared(&request) {
        Ok(is_atomic) => is_atomic,
        Err(problem) => return problem.into_response(),
    };
    let envelope = Envelope::of(&request);
    let lines = Lines::of(request.into_body());
    if is_atomic {
        return atomic::answer(&bulk, lines, &envelope).await;
    }
    ndjson(Body::from_stream(stream::answers(bulk, lines, envelope)))
}

/// What a line is told whose path takes no command.
pub(crate) async fn no_command(request: Request) -> Problem {
    let path = request.uri().path();
    NOT_FOUND.because(format!("a line of a bulk takes the path of a command; there is none at {path}"))
}

impl Bulk {
    pub(crate) fn new(state: CommandState, lines: Router, limits: BulkLimits) -> Self {
        let in_flight = Arc::new(Semaphore::new(limits.in_flight));
        Self { state, lines, limits, in_flight }
    }
}

impl Envelope {
    fn of(request: &Request) -> Self {
        let mut headers = HeaderMap::new();
        for value in request.headers().get_all(header::AUTHORIZATION) {
            headers.append(header::AUTHORIZATION, value.clone());
        }
        // One for all: what came together can be found together.
        let correlation = HeaderValue::try_from(headers::correlation_id(request.headers()));
        headers.insert(REQUEST_ID, correlation.expect("a correlation id is visible ASCII"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { headers, actor: request.extensions().get().cloned() }
    }
}

/// Whether the bulk is atomic, where its query and headers are good.
fn declared(request: &Request) -> Result<bool, Problem> {
    let is_atomic = match request.uri().query().filter(|query| !query.is_empty()) {
        None | Some("atomic=false") => false,
        Some("atomic=true") => true,
        Some(query) => {
            let name = query.split(['=', '&']).next().unwrap_or_default();
            let detail =
                format!("a bulk takes `atomic=true` or `atomic=false`, and no more than that: `{query}`");
            return Err(INVALID_PARAMETER.because(detail).in_field(name));
        }
    };
    let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if MEDIA_TYPES.iter().any(|known| media_type.eq_ignore_ascii_case(known)) {
        return Ok(is_atomic);
    }
    let detail = format!("`Content-Type` is to be {}; it is `{media_type}`", MEDIA_TYPES[0]);
    Err(UNSUPPORTED_MEDIA_TYPE.because(detail).in_field("Content-Type"))
}

fn ndjson(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPES[0]));
    // What stands between may not wait for the end.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
