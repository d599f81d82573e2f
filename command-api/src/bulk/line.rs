//! One line of a bulk: what is asked, as the request that it stands for, and what is answered.

use std::io::Write as _;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, Uri};
use axum::response::IntoResponse;
use event_store::Bundle;
use problems::{IDEMPOTENCY_KEY_INVALID, INVALID_FIELD, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Envelope;
use crate::body;
use crate::headers::IDEMPOTENCY_KEY;

/// A command as a line of a bulk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "path": "/v1/loans/018f0000-0000-7000-8000-000000000001/repayments", "idempotency_key": "receipt-4711",
    "body": {"on": "2026-02-15", "amount": "945.60"}
}))]
pub(crate) struct BulkLine {
    /// The command's path.
    path: String,
    /// As the header `Idempotency-Key`. What stores nothing needs none.
    idempotency_key: Option<String>,
    /// The command's body.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// A line that could be read.
pub(super) struct Line {
    uri: Uri,
    key: Option<HeaderValue>,
    body: Bytes,
}

impl Line {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Problem> {
        let BulkLine { path, idempotency_key, body } = body::parse(text)?;
        let uri = path.parse::<Uri>().ok().filter(|uri| path.starts_with('/') && uri.path() != "/v1/bulk");
        let uri = uri.ok_or_else(|| {
            let detail = "`path` is the path of a command, such as /v1/entries, and not of a bulk";
            INVALID_FIELD.because(detail).at("/path", "invalid_form", detail)
        })?;
        let key = idempotency_key.map(HeaderValue::try_from).transpose().map_err(|_| {
            let detail = "`idempotency_key` holds a character other than the visible ones of ASCII";
            IDEMPOTENCY_KEY_INVALID.because(detail).in_field("/idempotency_key")
        })?;
        Ok(Self { uri, key, body: Bytes::from(String::from(Box::<str>::from(body))) })
    }

    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Whether it asks for what is only shown: a simulation, or a preview.
    pub(super) fn is_only_shown(&self) -> bool {
        self.path().ends_with("/simulate") || self.uri.query() == Some("preview=true")
    }

    pub(super) fn key(&self) -> Option<&HeaderValue> {
        self.key.as_ref()
    }

    /// What it is about, where another line may be about the same: the two are executed in their order.
    pub(super) fn subject(&self) -> Option<Subject> {
        let mut segments = self.path().split('/').skip(2);
        let (kind, name) = (segments.next()?, segments.next());
        match (kind, name) {
            ("loans" | "entries", Some(id)) => Uuid::parse_str(id).ok().map(Subject::Id),
            ("loans" | "entries", None) => named(&self.body).map(Subject::Id),
            ("products", _) => Some(Subject::Offer),
            ("periods", _) => Some(Subject::Calendar),
            _ => None,
        }
    }

    /// Sends it to the routes of the commands, as a part of a bundle where there is one.
    pub(super) async fn send(
        &self,
        lines: Router,
        envelope: &Envelope,
        bundle: Option<Bundle>,
    ) -> Response<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().clone_from(&envelope.headers);
        if let Some(key) = &self.key {
            request.headers_mut().insert(IDEMPOTENCY_KEY, key.clone());
        }
        if let Some(actor) = &envelope.actor {
            request.extensions_mut().insert(actor.clone());
        }
        if let Some(bundle) = bundle {
            request.extensions_mut().insert(bundle);
        }
        lines.oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// What lines can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// A loan or an entry.
    Id(Uuid),
    /// The products.
    Offer,
    /// The accounting periods.
    Calendar,
}

/// The id that a body gives to what it begins.
fn named(body: &[u8]) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Named {
        id: Option<Uuid>,
    }
    serde_json::from_slice::<Named>(body).ok()?.id
}

/// The answer to a line, as a line.
pub(super) async fn answer(number: usize, response: Response<Body>) -> Vec<u8> {
    let status = response.status().as_u16();
    // Answers of commands are in memory already.
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    let mut text = Vec::with_capacity(body.len() + 48);
    write!(text, r#"{{"line":{number},"status":{status},"body":"#).expect("memory takes text");
    text.extend_from_slice(if body.is_empty() { b"null" } else { &body });
    text.extend_from_slice(b"}\n");
    text
}

/// The answer to a line that is no command.
pub(super) async fn refusal(number: usize, problem: Problem) -> Vec<u8> {
    answer(number, problem.into_response()).await
}
