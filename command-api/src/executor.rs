//! Executing a command that waited: by the same routes, as if it came by HTTP just now.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use axum::response::IntoResponse;
use requests::{Answer, QueuedCommand};
use tower::ServiceExt;

use crate::later::{Cause, actor_of, broken};
use crate::state::CommandState;
use crate::{headers, router};

/// Executes queued commands. Clones share their state.
#[derive(Clone)]
pub struct Executor(Router);

impl Executor {
    pub fn new(state: CommandState) -> Self {
        Self(problems::with_fallbacks(router(state).split_for_parts().0))
    }

    /// The answer that the command's caller would be given. Executed again, a command that was accepted is answered
    /// again.
    pub async fn execute(&self, command: QueuedCommand) -> Answer {
        let response = match request_of(&command) {
            Ok(request) => {
                let answered = self.0.clone().oneshot(request).await;
                answered.unwrap_or_else(|never| match never {})
            }
            Err(error) => broken(&format!("the command cannot be asked for: {error}")).into_response(),
        };
        answer_of(response).await
    }
}

fn request_of(command: &QueuedCommand) -> Result<Request<Body>, axum::http::Error> {
    let mut request = Request::post(&command.path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(headers::IDEMPOTENCY_KEY, &*command.key)
        .header(headers::REQUEST_ID, &command.correlation_id);
    if let Some(version) = command.expected_version {
        request = request.header(header::IF_MATCH, format!("\"{version}\""));
    }
    request
        .extension(actor_of(command))
        .extension(Cause(command.id))
        .body(Body::from(command.body.get().to_owned()))
}

async fn answer_of(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    // How long it is, is for whoever sends it to say.
    let headers = parts.headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH);
    let headers = headers.filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let headers = headers.collect();
    // Answers are in memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    Answer { status: parts.status.as_u16(), headers, body }
}
