//! Nobody changes what a replay holds.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use problems::METHOD_NOT_ALLOWED;

use super::QueryState;

pub(super) async fn only_reads(State(state): State<QueryState>, request: Request, next: Next) -> Response {
    match state.place.replay() {
        Some(replay) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            let name = &replay.name;
            METHOD_NOT_ALLOWED.because(format!("the replay `{name}` is only read")).into_response()
        }
        _ => next.run(request).await,
    }
}
