//! The headers of a command.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use problems::{
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_MISSING, INVALID_PARAMETER, Problem, UNSUPPORTED_MEDIA_TYPE,
};
use uuid::Uuid;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub(crate) const RAZAO_POSITION: HeaderName = HeaderName::from_static("razao-position");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference for an answer before the command is executed.
pub(crate) const RESPOND_ASYNC: &str = "respond-async";

/// The longest `Idempotency-Key`.
pub(crate) const LONGEST_KEY: usize = 255;
/// The longest `X-Request-Id` that is taken over.
const LONGEST_REQUEST_ID: usize = 128;

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(key) = values.next() else {
        return Err(IDEMPOTENCY_KEY_MISSING
            .because("a command needs the header `Idempotency-Key`")
            .in_field("Idempotency-Key"));
    };
    let invalid = |why: String| IDEMPOTENCY_KEY_INVALID.because(why).in_field("Idempotency-Key");
    if values.next().is_some() {
        return Err(invalid("`Idempotency-Key` is given more than once".to_owned()));
    }
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(invalid(format!(
            "`Idempotency-Key` has 1 to {LONGEST_KEY} characters, not {}",
            key.len()
        )));
    }
    visible(key).ok_or_else(|| {
        invalid("`Idempotency-Key` holds a character other than the visible ones of ASCII".to_owned())
    })
}

/// The version that `If-Match` asks for: by itself, or as the `ETag` of a loan or an entry that was read begins with it.
pub(crate) fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let version = value.to_str().ok().and_then(version_in);
    match (version, values.next()) {
        (Some(version), None) => Ok(Some(version)),
        _ => Err(INVALID_PARAMETER
            .because("`If-Match` takes one version in double quotes, such as \"3\", or the `ETag` of what was read")
            .in_field("If-Match")),
    }
}

fn version_in(tag: &str) -> Option<i64> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let digits = tag.split_once('/').map_or(tag, |(version, _)| version);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// Refuses a body that is not declared as JSON.
pub(crate) fn declares_json(headers: &HeaderMap) -> Result<(), Problem> {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let found = if declared.is_empty() { "nothing" } else { declared };
    let detail = format!("`Content-Type` is to be application/json; it is {found}");
    Err(UNSUPPORTED_MEDIA_TYPE.because(detail).in_field("Content-Type"))
}

/// What ties the events to the request in the caller's own logs: its `X-Request-Id`, or a new id.
pub(crate) fn correlation_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).filter(|id| (1..=LONGEST_REQUEST_ID).contains(&id.len()));
    given.and_then(visible).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// Whether the client prefers an answer before the command is executed (RFC 7240): one of its preferences, of which some
/// may come with values and parameters. Where one is given twice, the first counts; this one has no value.
pub(crate) fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all(&PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| outside_quotes(value, ','));
    preferences.any(|preference| {
        let name = outside_quotes(preference, ';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(RESPOND_ASYNC)
    })
}

/// The parts of a text between separators, but for those within double quotes.
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let is_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted => escaped = !is_escaped,
            '"' if !is_escaped => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    })
}

/// The value if it holds only the visible characters of ASCII.
fn visible(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_by_itself_or_from_what_was_read() {
        for (tag, version) in [("\"3\"", 3), ("\"12/4711-2026-11-27\"", 12), ("\"2/9.1-2026-11-27-1.0\"", 2)]
        {
            assert_eq!(version_in(tag), Some(version), "{tag}");
        }
        // A list has no version, and a weak tag promises none.
        for tag in ["3", "\"4711-2026-11-27\"", "W/\"3\"", "\"\"", "\"/3\"", "\"-3\"", "\"+3/1\"", "*"] {
            assert_eq!(version_in(tag), None, "{tag}");
        }
    }

    #[test]
    fn the_preference_is_found_among_others_and_only_as_itself() {
        let prefers = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PREFER, HeaderValue::from_static(value));
            }
            prefers_async(&headers)
        };
        for values in [
            &["respond-async"][..],
            &["Respond-Async"],
            &["return=minimal, respond-async, wait=10"],
            &["return=minimal", "respond-async; foo=\"a,b\""],
            &["foo=\"\\\"\", respond-async"],
        ] {
            assert!(prefers(values), "{values:?}");
        }
        for values in [
            &[][..],
            &["wait=10"],
            &["respond-asynchronously"],
            &["foo=\"x, respond-async, y\""],
            &["a; respond-async"],
        ] {
            assert!(!prefers(values), "{values:?}");
        }
    }
}
