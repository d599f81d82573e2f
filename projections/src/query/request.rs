//! What reads are asked with: parameters, ids, and how fresh the answer has to be.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use chrono::NaiveDate;
use problems::{INVALID_PARAMETER, Problem};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cache::AnswerCache;
use super::kept::Keeping;
use super::point_in_time::is_in_known_years;
use super::state::QueryState;
use crate::hexadecimal::hexadecimal;

const DEFAULT_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// So many digits of a cursor say of which query it is.
const QUERY_DIGITS: usize = 8;

/// The headers that every read takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents what `Reading` takes in")]
pub(crate) struct ReadHeaders {
    /// Wait until the read model holds the event at this position.
    #[param(rename = "Razao-Min-Position", value_type = i64, required = false, minimum = 0)]
    min_position: Option<i64>,
    /// How long to wait for it at most: 2000 ms by default, 10000 at most.
    #[param(rename = "Razao-Max-Wait-Ms", value_type = u64, required = false, minimum = 0, maximum = 10000)]
    max_wait_ms: Option<u64>,
    /// The `ETag` of an earlier answer: 304 when the answer would be the same.
    #[param(rename = "If-None-Match", value_type = String, required = false)]
    if_none_match: Option<String>,
}

/// How an answer is wanted.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) min_position: Option<i64>,
    pub(crate) max_wait: Duration,
    if_none_match: Option<String>,
    pub(crate) accepts_ndjson: bool,
    /// What is asked for and of whom, pages apart: a cursor of one query is none of another.
    query: String,
    /// What is in the tags of a lender's answers.
    pub(super) mark: Arc<str>,
    /// What is asked for, pages included.
    asked: String,
    pub(super) keeping: Arc<Keeping>,
    pub(super) cache: Option<AnswerCache>,
}

/// The query parameters as `T`, which refuses unknown ones.
pub(crate) struct Params<T>(pub(crate) T);

/// For reads that take no query parameter: one that was meant to change the answer is refused, not passed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The id in the path.
pub(crate) struct IdInPath(pub(crate) Uuid);

/// How many items a page of a list has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Limit(u32);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(limit: u32) -> Result<Self, String> {
        if (1..=1000).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(format!("{limit} is not from 1 to 1000"))
        }
    }
}

impl Limit {
    pub(crate) const fn count(self) -> usize {
        self.0 as usize
    }

    /// One row more than the page has says whether another page follows.
    pub(crate) fn and_one_more(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// The tags of answers that the caller has: all lines of `If-None-Match` (RFC 9110, section 13.1.2).
pub(crate) fn known_tags(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.map(ToOwned::to_owned).reduce(|all, line| format!("{all},{line}"))
}

/// Whether a tag is among those; `*` stands for any.
pub(crate) fn is_among(tag: &str, known: &str) -> bool {
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

impl Reading {
    pub(crate) fn asked(&self) -> &str {
        &self.asked
    }

    /// Whether the caller has the answer of this tag.
    pub(crate) fn has(&self, tag: &str) -> bool {
        is_among(tag, self.if_none_match.as_deref().unwrap_or_default())
    }

    /// Takes the row too many off, and makes the cursor of the last row that stays.
    pub(crate) fn page<T>(
        &self,
        limit: Limit,
        rows: &mut Vec<T>,
        place: impl FnOnce(&T) -> String,
    ) -> Option<String> {
        if rows.len() <= limit.count() {
            return None;
        }
        rows.truncate(limit.count());
        rows.last().map(|last| self.cursor(&place(last)))
    }

    /// A place in the list as text that says nothing to anyone else.
    fn cursor(&self, place: &str) -> String {
        format!("{}{}", self.query, hexadecimal(place.as_bytes()))
    }

    /// The place that a cursor stands for, read as `T`.
    pub(crate) fn place<T>(
        &self,
        cursor: Option<&str>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let place = cursor.get(QUERY_DIGITS..).and_then(from_hexadecimal).and_then(|place| read(&place));
        let place = place.ok_or_else(|| invalid("after", "this is no cursor of this list"))?;
        if !cursor.starts_with(&self.query) {
            let detail =
                "this cursor is of another query: a page is asked for with the parameters of the first";
            return Err(invalid("after", detail));
        }
        Ok(Some(place))
    }
}

impl FromRequestParts<QueryState> for Reading {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &QueryState) -> Result<Self, Problem> {
        let min_position = number(parts, "Razao-Min-Position")?;
        let min_position = min_position
            .map(i64::try_from)
            .transpose()
            .map_err(|_| invalid("Razao-Min-Position", "the position is larger than any event's"))?;
        let wait = number(parts, "Razao-Max-Wait-Ms")?.map_or(DEFAULT_WAIT, Duration::from_millis);
        if wait > LONGEST_WAIT {
            return Err(invalid("Razao-Max-Wait-Ms", "the longest wait is 10000 ms"));
        }
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let accepts_ndjson =
            text(header::ACCEPT).is_some_and(|accept| accept.contains("application/x-ndjson"));
        let if_none_match = known_tags(&parts.headers);
        let mark = Arc::clone(&state.mark);
        let query = digits_of_query(&parts.uri, &mark);
        let (max_wait, asked) = (wait, asked(&parts.uri));
        let (keeping, cache) = (Arc::default(), state.cache.clone());
        Ok(Self { min_position, max_wait, if_none_match, accepts_ndjson, query, mark, asked, keeping, cache })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(params)| Self(params)).map_err(|rejection| not_understood(&rejection))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| invalid("id", "the path is not UTF-8"))?;
        let id = Uuid::try_parse(&text).map_err(|_| invalid("id", format!("`{text}` is no UUID")))?;
        Ok(Self(id))
    }
}

/// A parameter that is a day: one that exists, written `YYYY-MM-DD` and in no other way, in years that plans know.
pub(crate) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    read_day(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

/// Such a day, or what is wrong with the text.
pub(crate) fn read_day(text: &str) -> Result<NaiveDate, String> {
    // chrono also takes signs and single digits.
    let day = text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text && is_in_known_years(*day));
    day.ok_or_else(|| format!("`{text}` is no day as YYYY-MM-DD, from 1900 to 2199"))
}

/// A problem with the parameter `name`.
pub(crate) fn invalid(name: &str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    INVALID_PARAMETER.because(format!("{name}: {detail}")).at(name, INVALID_PARAMETER.code, detail)
}

/// Tells queries apart: the path and its parameters in any order, without those that choose a page.
fn digits_of_query(uri: &Uri, mark: &str) -> String {
    let chooses_page = |pair: &&str| pair.starts_with("limit=") || pair.starts_with("after=");
    let hash =
        Sha256::new_with_prefix(mark).chain_update(in_order(uri, |pair| !chooses_page(pair))).finalize();
    hexadecimal(&hash[..QUERY_DIGITS / 2])
}

/// The path and its parameters in any order.
fn asked(uri: &Uri) -> String {
    in_order(uri, |_| true)
}

fn in_order(uri: &Uri, wanted: impl Fn(&&str) -> bool) -> String {
    let mut pairs: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    pairs.retain(|pair| !pair.is_empty() && wanted(pair));
    pairs.sort_unstable();
    format!("{}?{}", uri.path(), pairs.join("&"))
}

fn from_hexadecimal(text: &str) -> Option<String> {
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()));
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

fn number(parts: &Parts, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(value) = parts.headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| invalid(name, "this is no whole number from 0 on"))
}

/// The rejection's text names the parameter: `limit: invalid digit`, or "unknown field `limt`".
fn not_understood(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    let cause = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
    if let Some((_, rest)) = cause.split_once("unknown field `") {
        let (name, known) = rest.split_once('`').unwrap_or((rest, ""));
        let known = known.trim_start_matches(", ");
        let known = known.trim_start_matches("there are no fields");
        let detail = format!("there is no such parameter here; {known}").replace('`', "");
        return invalid(name, detail.trim_end_matches("; "));
    }
    for (beginning, meaning) in
        [("missing field `", "it is needed"), ("duplicate field `", "it is given twice")]
    {
        if let Some((_, rest)) = cause.split_once(beginning) {
            return invalid(rest.trim_end_matches('`'), meaning);
        }
    }
    let (name, detail) = cause.split_once(": ").unwrap_or(("query", cause));
    invalid(name, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(uri: &str) -> Reading {
        marked("", uri)
    }

    fn marked(mark: &str, uri: &str) -> Reading {
        let query = digits_of_query(&uri.parse().unwrap(), mark);
        Reading {
            asked: uri.to_owned(),
            keeping: Arc::default(),
            cache: None,
            min_position: None,
            max_wait: DEFAULT_WAIT,
            if_none_match: None,
            accepts_ndjson: false,
            query,
            mark: mark.into(),
        }
    }

    #[test]
    fn a_cursor_gives_the_place_again_whatever_the_size_of_the_page() {
        let cursor = reading("/v1/accounts?limit=1&known_at=3").cursor("assets:cash|BRL");
        let again = reading(&format!("/v1/accounts?known_at=3&after={cursor}&limit=2"));
        let place = again.place(Some(&cursor), |place| Some(place.to_owned())).unwrap();
        assert_eq!(place.as_deref(), Some("assets:cash|BRL"));
    }

    #[test]
    fn a_cursor_of_another_query_is_refused() {
        let cursor = reading("/v1/accounts?known_at=3").cursor("7");
        for uri in ["/v1/accounts", "/v1/accounts?known_at=4", "/v1/entries?known_at=3"] {
            let refused = reading(uri).place(Some(&cursor), |place| place.parse::<i64>().ok());
            assert!(refused.is_err(), "{uri}");
        }
        let of_another_lender = marked("-2", "/v1/accounts?known_at=3");
        assert!(of_another_lender.place(Some(&cursor), |place| place.parse::<i64>().ok()).is_err());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["zz", "6", "\u{e9}1", "6x", "0123456789abcdé1", "00000000000"] {
            let refused = reading("/").place(Some(text), |place| place.parse::<i64>().ok());
            assert!(refused.is_err(), "{text}");
        }
    }
}
