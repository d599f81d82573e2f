//! Lists and statements as files: CSV or XLSX, by what `Accept` asks for; a loan's statement also as PDF.
//!
//! The pages are those that JSON has, one after another, as they were known at one position. Only the rows are kept, as
//! lines of CSV, so that a long list costs little memory.

mod described;
mod json;
mod paper;
mod sheet;
mod statement;
mod table;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use problems::{INTERNAL, Problem};

pub(crate) use self::described::name_files;
use self::json::Json;
use self::table::Table;
use super::QueryState;
use super::answer::Refused;
use super::request::{invalid, is_among, known_tags};

/// The longest download.
const MOST_ROWS: usize = 100_000;
/// What a file depends on beside its address.
const VARY: &str = "accept";
/// How many rows are asked for at once.
const PAGE: &str = "limit=1000";
/// The members of an answer that can be its rows.
const ROWS: [&str; 3] = ["items", "lines", "installments"];

static NEXT: HeaderName = HeaderName::from_static("razao-next");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
    /// Of a loan's statement only.
    Pdf,
}

/// Answers a read as a file where one is asked for and the answer has rows.
pub(crate) async fn as_file(State(state): State<QueryState>, request: Request, next: Next) -> Response {
    let format = Format::accepted(&request).filter(|_| request.method() == Method::GET);
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
        parts.uri = with(&parts.uri, &format!("known_at={}", head.position))?;
    }
    if format == Format::Pdf {
        return statement::as_pdf(state, parts, next).await;
    }
    let known = take_known_tags(&mut parts.headers);
    let mut table = Table::default();
    let mut uri = parts.uri.clone();
    let mut first: Option<HeaderMap> = None;
    let cursor = loop {
        let response = next.clone().run(asking(&parts, uri)).await;
        if !is_answer(&response) {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let tag = format.tag(&head.headers);
        let same =
            not_modified(known.as_deref(), tag.as_ref(), (VARY, &head.headers)).filter(|_| first.is_none());
        if let Some(same) = same {
            return Ok(same);
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
                uri = with(&parts.uri, &format!("{PAGE}&after={cursor}"))?;
            }
            Some(_) if !is_one_page => {
                let detail =
                    format!("there are more than {MOST_ROWS} rows: give a `limit`, and go on `after` it");
                return Err(invalid("limit", detail).into());
            }
            cursor => break cursor,
        }
    };
    let bytes = tokio::task::spawn_blocking(move || {
        if format == Format::Xlsx {
            sheet::of(table).map_err(|error| unreadable(&error))
        } else {
            table.into_csv().map_err(|error| unreadable(&error))
        }
    });
    let bytes = bytes.await.map_err(|error| unreadable(&error))??;
    let page = first.unwrap_or_default();
    let mut response = file(format, bytes.into_response(), parts.uri.path(), &page, format.tag(&page));
    let cursor = cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok());
    response.headers_mut().extend(cursor.map(|cursor| (NEXT.clone(), cursor)));
    Ok(response)
}

/// The request for a page of JSON.
fn asking(parts: &Parts, uri: Uri) -> Request {
    let mut request = Request::new(Body::empty());
    (*request.uri_mut(), *request.headers_mut()) = (uri, parts.headers.clone());
    // What the path was matched to.
    *request.extensions_mut() = parts.extensions.clone();
    request
}

/// Whether it can be made a file, and is no problem.
fn is_answer(response: &Response) -> bool {
    response.status() == StatusCode::OK && is_json(response.headers())
}

/// A file of an answer with these headers.
fn file(
    format: Format,
    mut response: Response,
    path: &str,
    page: &HeaderMap,
    tag: Option<HeaderValue>,
) -> Response {
    let name: String = path.trim_start_matches("/v1/").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{name}.{}\"", format.ending());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    let more = [
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).ok()),
        (header::ETAG, tag),
        (super::answer::POSITION.clone(), page.get(&super::answer::POSITION).cloned()),
    ];
    headers.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

impl Format {
    /// What is asked for first of what there is.
    fn accepted(request: &Request) -> Option<Self> {
        let accept = request.headers().get(header::ACCEPT)?.to_str().ok()?;
        let media = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        let known = media.filter_map(|media| match media {
            "text/csv" => Some(Some(Self::Csv)),
            media if media == Self::Xlsx.media_type() => Some(Some(Self::Xlsx)),
            "application/pdf" if statement::is_at(request.uri().path()) => Some(Some(Self::Pdf)),
            "application/json" | "application/*" | "*/*" | "application/x-ndjson" => Some(None),
            _ => None,
        });
        known.take(1).next().flatten()
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
        }
    }

    /// The tag of the file, where the first page has one.
    fn tag(self, page: &HeaderMap) -> Option<HeaderValue> {
        let tag = page.get(header::ETAG)?.to_str().ok()?.trim_matches('"');
        HeaderValue::try_from(format!("\"{tag}-{}\"", self.ending())).ok()
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

fn with(uri: &Uri, parameter: &str) -> Result<Uri, Problem> {
    let pairs = parameters(uri).filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let query: Vec<&str> = pairs.chain([parameter]).collect();
    let extended = format!("{}?{}", uri.path(), query.join("&"));
    // A path and parameters of a request, and one of digits: only too long it can be.
    extended.parse().map_err(|_| invalid("query", "is too long for a download"))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes() == b"application/json")
}

/// The tags of files that the caller has; those of the pages are others.
fn take_known_tags(headers: &mut HeaderMap) -> Option<String> {
    let known = known_tags(headers);
    headers.remove(header::IF_NONE_MATCH);
    known
}

/// What is said to a caller who has the file of this tag, where it is among those that the caller knows: with what it depends on,
/// and as of what the page of these headers is.
fn not_modified(
    known: Option<&str>,
    tag: Option<&HeaderValue>,
    (vary, page): (&'static str, &HeaderMap),
) -> Option<Response> {
    let (known, tag) = known.zip(tag)?;
    if !is_among(tag.to_str().ok()?, known) {
        return None;
    }
    let headers = [(header::ETAG, tag.clone()), (header::VARY, HeaderValue::from_static(vary))];
    let mut response = (StatusCode::NOT_MODIFIED, headers).into_response();
    let position = page.get(&super::answer::POSITION).cloned();
    response.headers_mut().extend(position.map(|position| (super::answer::POSITION.clone(), position)));
    Some(response)
}

fn unreadable(error: &dyn std::error::Error) -> Refused {
    tracing::error!(%error, "a download could not be made");
    INTERNAL.because("the file could not be made; the server's log has the cause").into()
}
