//! The problems that the HTTP interfaces answer with (RFC 9457): one catalogue for commands and reads.

mod catalogue;
pub mod describe;
mod document;
mod examples;
mod fallback;
mod lender;
mod plan;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use catalogue::*;
pub use document::document;
pub use fallback::with_fallbacks;

/// A kind of problem: what `code` always means.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable, in `type` as `urn:razao:problem:CODE`.
    pub code: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// When it occurs and what to do about it, for the documentation.
    pub meaning: &'static str,
}

/// One occurrence of a problem, on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: &'static Kind,
    detail: String,
    errors: Vec<FieldProblem>,
    retry_after_s: Option<u32>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// A JSON pointer into the request's body, such as `/terms/rate/value`; a parameter's name for queries.
    pub pointer: String,
    pub code: String,
    /// Names the field, the rule and the offending value.
    pub detail: String,
}

/// The body of every refused request (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:razao:problem:CODE`
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    pub code: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

impl Kind {
    pub fn because(&'static self, detail: impl Into<String>) -> Problem {
        let retry_after_s = (self.status == 503 || self.status == 429).then_some(1);
        Problem { kind: self, detail: detail.into(), errors: Vec::new(), retry_after_s }
    }
}

impl Problem {
    #[must_use]
    pub fn at(
        mut self,
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (pointer, code, detail) = (pointer.into(), code.into(), detail.into());
        self.errors.push(FieldProblem { pointer, code, detail });
        self
    }

    /// The field at `pointer` is what the problem is about.
    #[must_use]
    pub fn in_field(self, pointer: impl Into<String>) -> Self {
        let (code, detail) = (self.kind.code, self.detail.clone());
        self.at(pointer, code, detail)
    }

    /// The problem of a part of the body, which stands at `place` in the whole.
    #[must_use]
    pub fn under(mut self, place: &str) -> Self {
        for field in &mut self.errors {
            field.pointer.insert_str(0, place);
        }
        self
    }

    /// The same where it makes sense to send it again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whether it names the fields that it is about.
    pub fn names_fields(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The problem with the fields that it is about.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.errors = errors;
        self
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub fn body(&self) -> ProblemDetails {
        ProblemDetails {
            kind: format!("urn:razao:problem:{}", self.kind.code),
            title: self.kind.title.to_owned(),
            status: self.kind.status,
            detail: self.detail.clone(),
            code: self.kind.code.to_owned(),
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&self.body()).expect("problem details are plain data");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.kind.status).expect("the catalogue holds HTTP statuses");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
