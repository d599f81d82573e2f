//! A loan's statement as a PDF: the answer, with what the log and the borrowers beside it know of whose it is.

use axum::body::to_bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::loan::{Loan, LoanEvent};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::paper::{self, Heading, Language, Statement};
use super::{Format, asking, file, is_answer, not_modified, take_known_tags, unreadable};
use crate::hexadecimal::hexadecimal;
use crate::query::QueryState;
use crate::query::answer::Refused;
use crate::query::request::IdInPath;

/// How many bytes of a name's hash are in a tag.
const MARK: usize = 4;
/// What a statement depends on beside its address.
const VARY: &str = "accept, accept-language";

/// Whether the path is that of a statement.
pub(super) fn is_at(path: &str) -> bool {
    path.starts_with("/v1/loans/") && path.ends_with("/statement")
}

/// The statement that is asked for, or the answer that is in its place.
pub(super) async fn as_pdf(state: &QueryState, mut parts: Parts, next: Next) -> Result<Response, Refused> {
    let known = take_known_tags(&mut parts.headers);
    let response = next.run(asking(&parts, parts.uri.clone())).await;
    if !is_answer(&response) {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|error| unreadable(&error))?;
    let IdInPath(loan) = IdInPath::from_request_parts(&mut parts, state).await?;
    let heading = heading(&state.of(&parts.extensions), loan).await?;
    let language = Language::accepted(&parts.headers);
    let tag = tag(state, &head.headers, &heading, language);
    if let Some(same) = not_modified(known.as_deref(), tag.as_ref(), (VARY, &head.headers)) {
        return Ok(same);
    }
    let statement: Statement = serde_json::from_slice(&body)?;
    let bytes = tokio::task::spawn_blocking(move || paper::of(&statement, &heading, language)).await;
    let bytes = bytes.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))?;
    let mut response = file(Format::Pdf, bytes.into_response(), parts.uri.path(), &head.headers, tag);
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

async fn heading(state: &QueryState, loan: Uuid) -> Result<Heading, Refused> {
    let first = state.log.events_after::<Loan>(loan, 0, 1).await?.into_iter().next();
    let Some(LoanEvent::Applied(applied)) = first.map(|first| first.event) else {
        return Ok(Heading { loan, external_id: None, borrower: None });
    };
    let borrower = state.log.borrowers(&[applied.borrower_id.uuid()]).await?.into_values().next();
    let borrower = borrower.map(|borrower| borrower.name);
    Ok(Heading { loan, external_id: applied.external_id, borrower })
}

/// The answer's own, with the language, and with the name: one can be forgotten at any position. Tags are kept by others, so
/// nobody may find out by trying which name it was.
fn tag(state: &QueryState, answer: &HeaderMap, heading: &Heading, language: Language) -> Option<HeaderValue> {
    let tag = Format::Pdf.tag(answer)?;
    let tag = tag.to_str().ok()?.trim_matches('"');
    let digest = Sha256::new_with_prefix(heading.loan).chain_update(format!("{:?}", heading.borrower));
    let mark = hexadecimal(&state.whole_log.conceal(digest.finalize().into())[..MARK]);
    HeaderValue::try_from(format!("\"{tag}-{}-{mark}\"", language.tag())).ok()
}
