//! Reading a body: within a size and a time, and into a type, or the problem that names the field.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use problems::{BODY_TOO_LARGE, INVALID_FIELD, MALFORMED_JSON, Problem, REQUEST_TIMEOUT};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

use crate::fields::Object;

/// The largest body: 1 MiB. The router sets it as axum's limit, which also holds for chunked bodies.
pub(crate) const LARGEST: usize = 1024 * 1024;
/// The longest account of what is wrong: it may quote what the client sent.
const LONGEST_DETAIL: usize = 300;

/// All bytes of a request's body.
pub(crate) async fn read(request: Request, deadline: Duration) -> Result<Bytes, Problem> {
    let too_large = || BODY_TOO_LARGE.because(format!("the body has more than {LARGEST} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    let Ok(read) = tokio::time::timeout(deadline, Bytes::from_request(request, &())).await else {
        let detail = format!("the body did not arrive within {} ms", deadline.as_millis());
        return Err(REQUEST_TIMEOUT.because(detail));
    };
    read.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => too_large(),
        _ => MALFORMED_JSON.because("the body ended before it was complete"),
    })
}

/// The body as a `T`.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // The path to a wrong field costs time to keep track of, so it is looked for only when there is one.
    let read = serde_json::from_slice::<Object<T>>(body);
    read.map(|object| object.0).map_err(|_| explain::<T>(body))
}

fn explain<T: DeserializeOwned>(body: &[u8]) -> Problem {
    let mut json = serde_json::Deserializer::from_slice(body);
    let (path, error) = match serde_path_to_error::deserialize::<_, Object<T>>(&mut json) {
        Ok(_) => return MALFORMED_JSON.because("something follows the JSON text"),
        Err(error) => (error.path().clone(), error.into_inner()),
    };
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    // What is JSON but cannot be read is a field's fault, whatever the reader of that field calls it: JSON sets no
    // bounds to numbers, for one.
    let is_json = || {
        let text = std::str::from_utf8(body).ok();
        text.is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
    };
    if !error.is_data() && !is_json() {
        return MALFORMED_JSON.because(shortened(&text));
    }
    let (code, named) = classified(said);
    let mut pointer = pointer_of(&path);
    // The path ends with a field that is there, and above one that is missing.
    let last = path.iter().next_back();
    let ends_with = |field: &str| matches!(last, Some(Segment::Map { key }) if key == field);
    if let Some(field) = named.filter(|field| code == "missing" || !ends_with(field)) {
        push_segment(&mut pointer, field);
    }
    let field = pointer.rsplit('/').next().filter(|field| !field.is_empty()).unwrap_or("the body");
    let detail = match code {
        "missing" | "unknown_field" | "duplicate_field" => shortened(said),
        _ => shortened(&format!("`{field}`: {}", in_plain_words(said))),
    };
    INVALID_FIELD.because(detail.clone()).at(pointer, code, detail)
}

/// The code of what serde says is wrong, and the field where it names one.
fn classified(said: &str) -> (&'static str, Option<&str>) {
    let quoted = said.split('`').nth(1);
    let codes = [
        ("missing field", "missing", quoted),
        ("unknown field", "unknown_field", quoted),
        ("duplicate field", "duplicate_field", quoted),
        ("unknown variant", "unknown_word", None),
        ("invalid type", "wrong_type", None),
    ];
    let found = codes.into_iter().find(|(start, ..)| said.starts_with(start));
    found.map_or(("invalid_form", None), |(_, code, field)| (code, field))
}

/// What is expected, as people write it and not as the reader's types are called.
fn in_plain_words(said: &str) -> String {
    if said == "expected value" {
        return "exactly one field is expected, with its value".to_owned();
    }
    let Some((found, expected)) = said.rsplit_once(", expected ") else { return said.to_owned() };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below zero",
        "a sequence" => "a list",
        "a map" => "an object",
        structure if structure.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}, expected {expected}")
}

fn pointer_of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DETAIL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading it matters")]
    struct Order {
        id: Option<uuid::Uuid>,
        lines: Vec<Line>,
        every: Option<Every>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only reading it matters")]
    enum Every {
        Months(u32),
        Weeks(u32),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading it matters")]
    struct Line {
        count: f64,
    }

    fn refused(body: &str) -> (String, String, String) {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err().body();
        let field = problem.errors.into_iter().next();
        let (pointer, code) = field.map(|field| (field.pointer, field.code)).unwrap_or_default();
        (problem.code, pointer, code)
    }

    #[test]
    fn the_pointer_leads_to_the_field() {
        let cases = [
            (r#"{"lines":[{"count":1},{"count":"2"}]}"#, "/lines/1/count", "wrong_type"),
            (r#"{"lines":[{"count":1e400}]}"#, "/lines/0/count", "invalid_form"),
            (r#"{"lines":[{}]}"#, "/lines/0/count", "missing"),
            (r#"{"lines":[{"a/b~":1}]}"#, "/lines/0/a~1b~0", "unknown_field"),
            (r#"{"lines":[],"lines":[]}"#, "/lines", "duplicate_field"),
            (r#"{"id":"1","lines":[]}"#, "/id", "invalid_form"),
            (r#"{"id":null}"#, "/lines", "missing"),
            (r#"{"lines":[],"every":{"months":1,"weeks":1}}"#, "/every", "invalid_form"),
            ("[1]", "", "wrong_type"),
            ("null", "", "wrong_type"),
        ];
        for (body, pointer, code) in cases {
            let expected = ("invalid_field".to_owned(), pointer.to_owned(), code.to_owned());
            assert_eq!(refused(body), expected, "{body}");
        }
    }

    #[test]
    fn what_is_expected_is_said_in_plain_words() {
        let cases = [
            (r#"{"lines":{}}"#, "`lines`: invalid type: map, expected a list"),
            (r#"{"lines":[1]}"#, "`0`: invalid type: integer `1`, expected an object"),
            (
                r#"{"lines":[],"every":{"months":-1}}"#,
                "`every`: invalid value: integer `-1`, expected a whole number, not below zero",
            ),
            (r#"{"lines":[],"every":{}}"#, "`every`: exactly one field is expected, with its value"),
        ];
        for (body, detail) in cases {
            assert_eq!(parse::<Order>(body.as_bytes()).unwrap_err().body().detail, detail, "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in
            ["", "{", "nonsense", r#"{"lines":[{"count":NaN}]}"#, r#"{"lines":[]} x"#, "{\"lines\":[],}"]
        {
            assert_eq!(refused(body).0, "malformed_json", "{body}");
        }
        assert_eq!(parse::<Order>(b"{\"lines\xff\":[]}").unwrap_err().kind.code, "malformed_json");
    }
}
