//! The body that discards an event: why, which the auditor reads.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header;
use problems::{
    BODY_TOO_LARGE, INVALID_FIELD, INVALID_VALUE, MALFORMED_JSON, Problem, ProblemDetails, REQUEST_TIMEOUT,
    UNSUPPORTED_MEDIA_TYPE,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

/// The largest body, in bytes.
const LARGEST: usize = 16 * 1024;
/// How long the body may take to arrive.
const DEADLINE: Duration = Duration::from_secs(10);
/// The longest reason, in characters, as everywhere.
const LONGEST_REASON: usize = 500;

/// Who operates the read side.
///
/// Whoever identifies a request puts one into its extensions. Without it the request is the local developer's: only a
/// server on loopback lets such a request come this far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator(pub Arc<str>);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "written by a trial; nothing follows from it"}))]
#[allow(dead_code, reason = "only documents what `read_reason` reads")]
pub(crate) struct DiscardBody {
    /// Why it is right to do without the event: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// The problems of discarding, for its documentation.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only documents")]
pub(crate) enum DiscardProblems {
    /// `body_too_large`: a body may have 16 KiB at most.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDetails),
    /// `unsupported_media_type`: the body is not declared as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotDeclared(ProblemDetails),
    /// `invalid_value`: the reason is empty, longer than 500 characters, or has a control character.
    #[response(status = 422, content_type = "application/problem+json")]
    InvalidValue(ProblemDetails),
}

/// The reason, and who gives it.
pub(crate) async fn read_reason(request: Request) -> Result<(String, Arc<str>), Problem> {
    let operator = request.extensions().get::<Operator>();
    let operator = operator.map_or_else(|| "local-developer".into(), |operator| Arc::clone(&operator.0));
    let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = declared.and_then(|declared| declared.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(UNSUPPORTED_MEDIA_TYPE.because("the body has to be declared as application/json"));
    }
    let Ok(body) = tokio::time::timeout(DEADLINE, to_bytes(request.into_body(), LARGEST)).await else {
        return Err(REQUEST_TIMEOUT.because("the body did not arrive within 10 s"));
    };
    let body = body.map_err(|_| BODY_TOO_LARGE.because(format!("the body has more than {LARGEST} bytes")))?;
    Ok((parse(&body)?, operator))
}

fn parse(body: &[u8]) -> Result<String, Problem> {
    let value = serde_json::from_slice(body).map_err(|error| MALFORMED_JSON.because(error.to_string()))?;
    let refused = |field: &str, code: &str, detail: String| {
        INVALID_FIELD.because(detail.clone()).at(format!("/{field}"), code, detail)
    };
    let Value::Object(mut fields) = value else {
        let detail = "the body is no JSON object";
        return Err(INVALID_FIELD.because(detail).at("", "wrong_type", detail));
    };
    let reason = match fields.remove("reason") {
        Some(Value::String(reason)) => reason,
        Some(_) => return Err(refused("reason", "wrong_type", "`reason`: a text is wanted".to_owned())),
        None => return Err(refused("reason", "missing", "missing field `reason`".to_owned())),
    };
    if let Some(field) = fields.keys().next() {
        return Err(refused(field, "unknown_field", format!("unknown field `{field}`, expected `reason`")));
    }
    check_reason(&reason)
}

/// The reason for which an event is discarded, without the blanks around it.
pub fn check_reason(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    let length = reason.chars().count();
    let broken = if reason.is_empty() {
        Some(("empty", "`reason` is empty".to_owned()))
    } else if length > LONGEST_REASON {
        Some(("too_long", format!("`reason` has {length} characters; {LONGEST_REASON} is the most")))
    } else if reason.chars().any(char::is_control) {
        Some(("control_character", "`reason` has a control character".to_owned()))
    } else {
        None
    };
    match broken {
        Some((code, detail)) => Err(INVALID_VALUE.because(detail.clone()).at("/reason", code, detail)),
        None => Ok(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> (&'static str, String) {
        let problem = parse(body.as_bytes()).unwrap_err();
        (problem.kind.code, problem.body().errors.first().map_or(String::new(), |field| field.code.clone()))
    }

    #[test]
    fn a_reason_is_wanted_and_nothing_else() {
        assert_eq!(parse(br#"{"reason": " a test of ours "}"#).unwrap(), "a test of ours");
        let long = format!(r#"{{"reason": "{}"}}"#, "x".repeat(501));
        for (body, code, field) in [
            ("{", "malformed_json", ""),
            ("[]", "invalid_field", "wrong_type"),
            ("{}", "invalid_field", "missing"),
            (r#"{"reason": 1}"#, "invalid_field", "wrong_type"),
            (r#"{"reason": "x", "why": "y"}"#, "invalid_field", "unknown_field"),
            (r#"{"reason": "  "}"#, "invalid_value", "empty"),
            (r#"{"reason": "a\u0007b"}"#, "invalid_value", "control_character"),
            (long.as_str(), "invalid_value", "too_long"),
        ] {
            assert_eq!(refused(body), (code, field.to_owned()), "{body}");
        }
    }
}
