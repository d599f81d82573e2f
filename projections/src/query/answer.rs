//! How every read answers: with the position it is as of, or with a problem.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use event_store::{Head, LogError};
use problems::{INTERNAL, NOT_YET_VISIBLE, Problem, ProblemDetails, STREAM_PARKED, UNAVAILABLE};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::replica::{CopyIsBehind, DatabaseFault};
use super::request::Reading;

pub(crate) static POSITION: HeaderName = HeaderName::from_static("razao-position");

/// The last event that an answer takes into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AsOf {
    pub(crate) position: i64,
    /// When that event was recorded; null before the first.
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// How many streams have an event up to `position` that the read model could not take: what came of them since is
    /// not in the answer. Absent where there is none. `GET /v1/dead-letters` shows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parked_streams: Option<i64>,
    /// What else tells apart two states of the rows at one position: how many events are parked and discarded.
    #[serde(skip)]
    pub(crate) set_aside: (i64, i64),
    /// Tells apart what is as of the same position, where events come by Kafka.
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    /// What to send as `after` for the next page; null at the end.
    pub(crate) next: Option<String>,
    pub(crate) as_of: AsOf,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is nothing to work out: the answer is known.
    Known(Box<Response>),
    /// A copy of the log is not far enough to know.
    CopyIsBehind,
    Problem(Problem),
    Database(Arc<sqlx::Error>),
    Log(LogError),
}

/// What every read may answer instead, for its documentation.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only documents")]
pub(crate) enum ReadProblems {
    /// The caller has this answer: its `ETag` is the one in `If-None-Match`.
    #[response(status = 304)]
    NotModified,
    /// `invalid_parameter`: a parameter has the wrong form, is unknown or out of its range; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    InvalidParameter(ProblemDetails),
    /// `unavailable`: the database cannot be reached; `not_yet_visible`: the read model did not reach
    /// `Razao-Min-Position` in time; `stream_parked`: an event of what was asked for cannot be taken. All with
    /// `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}

/// The problems of reading one thing, for its documentation.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only documents")]
pub(crate) enum NotThere {
    /// `not_found`: nothing has this id, as far as the read model is.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDetails),
}

/// An answer, or why there is none.
pub(crate) type Answer = Result<Response, Refused>;

impl From<Head> for AsOf {
    fn from(head: Head) -> Self {
        let (parked_streams, set_aside, revision) = (None, (0, 0), 0);
        Self { position: head.position, recorded_at: head.recorded_at, parked_streams, set_aside, revision }
    }
}

/// Answers with `body`, unless the caller has it already.
pub(crate) fn answer(reading: &Reading, as_of: AsOf, today: NaiveDate, body: impl Serialize) -> Response {
    tagged(reading, as_of, today, None, body)
}

/// Answers with what one stream came to at `version`: `If-Match` takes the tag, of which that version counts.
pub(crate) fn answer_of_stream(
    reading: &Reading,
    as_of: AsOf,
    today: NaiveDate,
    version: i64,
    body: impl Serialize,
) -> Response {
    tagged(reading, as_of, today, Some(version), body)
}

/// What an answer is known again by. The mark of a lender is in it, so that nobody who reads of several takes what one
/// answered for another's.
pub(crate) fn tag_of(reading: &Reading, as_of: AsOf, today: NaiveDate, version: Option<i64>) -> String {
    let version = version.map(|version| format!("{version}/")).unwrap_or_default();
    format!("\"{version}{}{}\"", state_of(as_of, today), reading.mark)
}

/// What an answer depends on: what is overdue on the day, everything else on the position, on what is there of the
/// events after it, and on what is set aside.
pub(crate) fn state_of(as_of: AsOf, today: NaiveDate) -> String {
    let revision = if as_of.revision == 0 { String::new() } else { format!(".{}", as_of.revision) };
    let set_aside = match as_of.set_aside {
        (0, 0) => String::new(),
        (parked, discarded) => format!("-{parked}.{discarded}"),
    };
    format!("{}{revision}-{today}{set_aside}", as_of.position)
}

fn tagged(
    reading: &Reading,
    as_of: AsOf,
    today: NaiveDate,
    version: Option<i64>,
    body: impl Serialize,
) -> Response {
    let tag = tag_of(reading, as_of, today, version);
    if reading.has(&tag) {
        return head_of(StatusCode::NOT_MODIFIED.into_response(), as_of, &tag);
    }
    let text = match serde_json::to_vec(&body) {
        Ok(text) => text,
        Err(error) => return Refused::from(error).into_response(),
    };
    reading.keep(reading.cache.as_ref(), as_of, version, &text);
    let json = [(header::CONTENT_TYPE, "application/json")];
    head_of((json, text).into_response(), as_of, &tag)
}

/// Says as of what an answer is.
pub(super) fn head_of(mut response: Response, as_of: AsOf, tag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(POSITION.clone(), HeaderValue::from(as_of.position));
    headers.insert(
        header::ETAG,
        HeaderValue::try_from(tag).expect("a tag of digits, letters, dashes, dots and a slash"),
    );
    response
}

/// Answers with what changes also while the log does not.
pub(crate) fn answer_of_now(as_of: AsOf, body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    response.headers_mut().insert(POSITION.clone(), HeaderValue::from(as_of.position));
    response
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(error) => Self::Database(error),
            error => Self::Log(error),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Known(response) => *response,
            Self::CopyIsBehind => behind(NOT_YET_VISIBLE.because("the replica is behind").into_response()),
            Self::Problem(problem) if *problem.kind == NOT_YET_VISIBLE => behind(problem.into_response()),
            Self::Problem(problem) => problem.into_response(),
            Self::Database(error) if is_too_long(&error) => {
                tracing::warn!(%error, "a read was broken off");
                UNAVAILABLE.because("the read took longer than 10 seconds; ask for less").into_response()
            }
            Self::Database(error) if is_outage(&error) => {
                tracing::warn!(%error, "a read was refused: the database cannot be reached");
                at_fault(UNAVAILABLE.because("the database cannot be reached").into_response())
            }
            Self::Database(error) => {
                tracing::error!(%error, "a read failed");
                at_fault(INTERNAL.because("the read failed; the server's log has the cause").into_response())
            }
            Self::Log(error @ LogError::Unreadable { .. }) => {
                tracing::error!(%error, cause = std::error::Error::source(&error), "a read was refused");
                STREAM_PARKED.because(format!("{error} by this version of the server")).into_response()
            }
            Self::Log(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "a read of the log failed");
                INTERNAL.because("the read failed; the server's log has the cause").into_response()
            }
        }
    }
}

/// Says that it is the database's fault, so that another one may be asked.
fn at_fault(mut response: Response) -> Response {
    response.extensions_mut().insert(DatabaseFault);
    response
}

/// Says that another database may be further.
fn behind(mut response: Response) -> Response {
    response.extensions_mut().insert(CopyIsBehind);
    response
}

/// Whether the statement was broken off for the time that it took (SQLSTATE 57014).
fn is_too_long(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("57014"))
}

/// Whether the server, not the statement, is at fault (SQLSTATE classes 08, 40, 53, 57 and 58), or cannot be reached.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| matches!(code.get(..2), Some("08" | "40" | "53" | "57" | "58")))
        }
        _ => false,
    }
}
