//! Lists and statements as files: CSV or XLSX, by what `Accept` asks for.
//!
//! The pages are those that JSON has, one after another, as they were known at one position. Only the rows are kept, as
//! lines of CSV, so that a long list costs little memory.

mod described;
mod json;
mod sheet;
mod table;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use problems::INTERNAL;

pub(crate) use self::described::name_files;
use self::json::Json;
use self::table::Table;
use super::QueryState;
use super::answer::Refused;
use super::request::invalid;

/// The longest download.
const MOST_ROWS: usize = 100_000;
/// How many rows are asked for at once.
const PAGE: &str = "limit=1000";
/// The members of an answer that can be its rows.
const ROWS: [&str; 3] = ["items", "lines", "installments"];

static NEXT: HeaderName = HeaderName::from_static("razao-next");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
}

/// Answers a read as a file where one is asked for and the answer has rows.
pub(crate) async fn as_file(State(state): State<QueryState>, request: Request, next: Next) -> Response {
    let format = Format::accepted(request.headers()).filter(|_| request.method() == Method::GET);
    let Some(format) = format else { return next.run(request).await };
    let (parts, _) = request.into_parts();
    match download(&state, format, parts, next).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn download(
    state: &QueryState,
    format: Format,
    mut parts: Parts,
    next: Next,
) -> Result<Response, Refused> {
    let has = |name: &str| parameters(&parts.uri).any(|pair| pair.starts_with(name));
    let is_one_page = has("limit=");
    // A cursor goes on with the query that it came from.
    if takes_known_at(parts.uri.path()) && !(is_one_page || has("after=") || has("known_at=")) {
        let head = state.of(&parts.extensions).end_of_log().await?;
        parts.uri = with(&parts.uri, &format!("known_at={}", head.position));
    }
    let if_none_match = parts.headers.remove(header::IF_NONE_MATCH);
    let mut table = Table::default();
    let mut uri = parts.uri.clone();
    let mut first: Option<HeaderMap> = None;
    let cursor = loop {
        let mut request = Request::new(Body::empty());
        (*request.uri_mut(), *request.headers_mut()) = (uri, parts.headers.clone());
        // What the path was matched to.
        *request.extensions_mut() = parts.extensions.clone();
        let response = next.clone().run(request).await;
        if response.status() != StatusCode::OK || !is_json(response.headers()) {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let tag = format.tag(&head.headers);
        if first.is_none() && tag.is_some() && tag == if_none_match {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)].map(some_header)).into_response());
        }
        let body = to_bytes(body, usize::MAX).await.map_err(|error| unreadable(&error))?;
        let page: Json = serde_json::from_slice(&body)?;
        let Some(rows) = ROWS.iter().find_map(|name| page.member(name)?.as_array()) else {
            return Ok(Response::from_parts(head, Body::from(body)));
        };
        rows.iter().try_for_each(|row| table.push(row)).map_err(|error| unreadable(&error))?;
        first.get_or_insert(head.headers);
        let cursor = page.member("next").and_then(Json::as_scalar).map(ToOwned::to_owned);
        match cursor {
            Some(cursor) if !is_one_page && table.rows() < MOST_ROWS => {
                uri = with(&parts.uri, &format!("{PAGE}&after={cursor}"));
            }
            Some(_) if !is_one_page => {
                let detail =
                    format!("there are more than {MOST_ROWS} rows: give a `limit`, and go on `after` it");
                return Err(invalid("limit", detail).into());
            }
            cursor => break cursor,
        }
    };
    format.file(table, &first.unwrap_or_default(), parts.uri.path(), cursor).await
}

impl Format {
    /// What is asked for first of what there is.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
        let media = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        let known = media.filter_map(|media| match media {
            "text/csv" => Some(Some(Self::Csv)),
            media if media == Self::Xlsx.media_type() => Some(Some(Self::Xlsx)),
            "application/json" | "application/*" | "*/*" | "application/x-ndjson" => Some(None),
            _ => None,
        });
        known.take(1).next().flatten()
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The tag of the file, where the first page has one.
    fn tag(self, page: &HeaderMap) -> Option<HeaderValue> {
        let tag = page.get(header::ETAG)?.to_str().ok()?.trim_matches('"');
        HeaderValue::try_from(format!("\"{tag}-{}\"", self.ending())).ok()
    }

    async fn file(
        self,
        table: Table,
        page: &HeaderMap,
        path: &str,
        cursor: Option<String>,
    ) -> Result<Response, Refused> {
        let bytes = tokio::task::spawn_blocking(move || match self {
            Self::Csv => table.into_csv().map_err(|error| unreadable(&error)),
            Self::Xlsx => sheet::of(table).map_err(|error| unreadable(&error)),
        });
        let bytes = bytes.await.map_err(|error| unreadable(&error))??;
        let name: String = path.trim_start_matches("/v1/").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let disposition = format!("attachment; filename=\"{name}.{}\"", self.ending());
        let mut response = bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type()));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        let more = [
            (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).ok()),
            (header::ETAG, self.tag(page)),
            (super::answer::POSITION.clone(), page.get(&super::answer::POSITION).cloned()),
            (NEXT.clone(), cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok())),
        ];
        headers.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(response)
    }
}

/// Whether the read is answered as it was known at a position.
fn takes_known_at(path: &str) -> bool {
    let of_a_loan = ["/transactions", "/statement", "/schedule", "/accruals"];
    matches!(path, "/v1/loans" | "/v1/accounts" | "/v1/trial-balance" | "/v1/balances/daily")
        || (path.starts_with("/v1/accounts/") && path.ends_with("/lines"))
        || (path.starts_with("/v1/loans/") && of_a_loan.iter().any(|end| path.ends_with(end)))
}

fn parameters(uri: &Uri) -> impl Iterator<Item = &str> {
    uri.query().unwrap_or_default().split('&')
}

fn with(uri: &Uri, parameter: &str) -> Uri {
    let pairs = parameters(uri).filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let query: Vec<&str> = pairs.chain([parameter]).collect();
    let extended = format!("{}?{}", uri.path(), query.join("&"));
    extended.parse().expect("a path and parameters of a request, and one of digits")
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes() == b"application/json")
}

fn some_header((name, value): (HeaderName, Option<HeaderValue>)) -> (HeaderName, HeaderValue) {
    (name, value.unwrap_or(HeaderValue::from_static("")))
}

fn unreadable(error: &dyn std::error::Error) -> Refused {
    tracing::error!(%error, "a download could not be made");
    INTERNAL.because("the file could not be made; the server's log has the cause").into()
}
