//! Asking the query API as a client does.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use event_store::{BookingDay, Log};
use projections::{QueryState, Replay};
use serde_json::Value;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::book::day;

/// The booking day of every test.
pub(crate) const TODAY: &str = "2025-06-20";

pub(crate) struct Client(Router);

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(pool: &PgPool, log: &Log) -> Self {
        Self::of(QueryState::new(pool.clone(), log.clone(), BookingDay::Fixed(day(TODAY))))
    }

    pub(crate) fn of(state: QueryState) -> Self {
        Self(projections::router(state).into())
    }

    /// Of what a replay holds.
    pub(crate) fn of_replay(pool: &PgPool, log: &Log, replay: Replay) -> Self {
        let state = QueryState::new(pool.clone(), log.clone(), BookingDay::Fixed(day(TODAY)));
        Self(projections::router(state.of_replay(replay)).into())
    }

    pub(crate) async fn ask(&self, path: &str) -> Reply {
        self.ask_with(path, &[]).await
    }

    pub(crate) async fn ask_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// The body of an answer that is no text.
    pub(crate) async fn bytes(&self, path: &str, header: (&str, &str)) -> Vec<u8> {
        self.file(path, &[header]).await.1
    }

    /// The same with its headers.
    pub(crate) async fn file(&self, path: &str, headers: &[(&str, &str)]) -> (HeaderMap, Vec<u8>) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.0.clone().oneshot(request).await.expect("the router does not fail");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
        (headers, body.to_vec())
    }

    /// Posts JSON; nothing where there is none.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.0.clone().oneshot(request).await.expect("the router does not fail");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
        Reply { status, headers, text: String::from_utf8(body.to_vec()).expect("the body is text") }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status and the body, instants apart: they differ from run to run.
    pub(crate) fn shown(&self) -> String {
        let mut body = self.json();
        hide_instants(&mut body);
        let body = serde_json::to_string_pretty(&body).expect("JSON");
        format!("{}\n{body}\n", self.status.as_u16())
    }
}

fn hide_instants(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.ends_with("_at") && field.is_string() {
                    *field = Value::from("(instant)");
                }
                hide_instants(field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_instants),
        _ => {}
    }
}
