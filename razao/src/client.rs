//! A small client of the HTTP API, for what uses a running server from outside: the demo book and the tests.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// How often a command or a read is tried again when the server says that it is busy or behind.
const ATTEMPTS: u32 = 60;
/// How long a read waits in the server for the position that it asks for.
const MAX_WAIT_MS: u32 = 10_000;

/// A client of one server. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: String,
    token: Option<String>,
}

/// What the server answered to an accepted command.
#[derive(Debug, Clone, Deserialize)]
pub struct Accepted {
    pub id: Uuid,
    pub version: i64,
    pub position: i64,
    pub events: Vec<Value>,
    /// Whether this is the answer of an earlier sending of the same command.
    #[serde(skip)]
    pub replayed: bool,
}

/// A refusal as the server tells it (RFC 9457).
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub detail: String,
    #[serde(default)]
    pub errors: Vec<Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the server at {server} cannot be reached")]
    Unreachable {
        server: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{what} was answered with {}", .problem.in_words())]
    Refused { what: String, problem: Problem },
    #[error("{what} was answered with {status} and a body that is none of the API's: {body}")]
    Strange { what: String, status: u16, body: String },
}

impl Problem {
    fn in_words(&self) -> String {
        let Self { status, code, title, detail, .. } = self;
        let said = if detail.is_empty() { title } else { detail };
        let fields: Vec<String> = self.errors.iter().map(Value::to_string).collect();
        format!("{status} {code}: {said} {}", fields.join(", ")).trim_end().to_owned()
    }
}

impl ClientError {
    /// The problem, where the server refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            Self::Unreachable { .. } | Self::Strange { .. } => None,
        }
    }

    /// Whether the same request may well be answered when it is sent again later.
    pub fn is_passing(&self) -> bool {
        let busy = [StatusCode::SERVICE_UNAVAILABLE.as_u16(), StatusCode::TOO_MANY_REQUESTS.as_u16()];
        self.problem().is_some_and(|problem| busy.contains(&problem.status))
    }
}

impl Client {
    /// A client of the server at an address such as `http://127.0.0.1:8080`.
    pub fn new(server: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .expect("the client needs nothing from its surroundings");
        Self { http, server: server.trim_end_matches('/').to_owned(), token: None }
    }

    /// The same, which shows a bearer token with every request.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    /// Sends a command, and again under the same key for as long as the server is busy.
    pub async fn command(&self, path: &str, key: &str, body: &Value) -> Result<Accepted, ClientError> {
        let mut left = ATTEMPTS;
        loop {
            match self.command_once(path, key, body).await {
                Err(error) if error.is_passing() && left > 0 => left -= 1,
                answer => return answer,
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Sends a command once.
    pub async fn command_once(&self, path: &str, key: &str, body: &Value) -> Result<Accepted, ClientError> {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key).json(body);
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let replayed =
            response.headers().get("Idempotency-Replayed").is_some_and(|value| value.as_bytes() == b"true");
        let (status, text) = self.text(&format!("POST {path}"), response).await?;
        match serde_json::from_str::<Accepted>(&text) {
            Ok(accepted) => Ok(Accepted { replayed, ..accepted }),
            Err(_) => Err(ClientError::Strange { what: format!("POST {path}"), status, body: text }),
        }
    }

    /// Reads as JSON what is at least as new as `position`, however long the read model takes to get there.
    pub async fn read(&self, path: &str, position: Option<i64>) -> Result<Value, ClientError> {
        let mut left = ATTEMPTS;
        loop {
            match self.read_once(path, position).await {
                Err(error) if error.is_passing() && left > 0 => {
                    tracing::warn!(%error, attempts_left = left, "the server is not there yet; trying again");
                    left -= 1;
                }
                answer => return answer,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The same, or `None` where there is no such thing.
    pub async fn find(&self, path: &str, position: Option<i64>) -> Result<Option<Value>, ClientError> {
        match self.read(path, position).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All items of a list, page by page. `path` may have a query.
    pub async fn list(&self, path: &str, position: Option<i64>) -> Result<Vec<Value>, ClientError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{joint}limit=1000");
        let mut page = self.read(&first, position).await?;
        let mut items = Vec::new();
        loop {
            if let Some(found) = page.get_mut("items").and_then(Value::as_array_mut) {
                items.append(found);
            }
            let next = match page.get("next") {
                None | Some(Value::Null) => return Ok(items),
                Some(Value::String(cursor)) => percent_encoded(cursor),
                Some(cursor) => cursor.to_string(),
            };
            page = self.read(&format!("{first}&after={next}"), position).await?;
        }
    }

    /// The events of the log after a position, at most `limit`, as the NDJSON says them.
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<Value>, ClientError> {
        let path = format!("/v1/events?after={after}&limit={limit}");
        let request = self.request(Method::GET, &path).header("Accept", "application/x-ndjson");
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let what = format!("GET {path}");
        let (status, text) = self.text(&what, response).await?;
        let lines = text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str);
        lines.collect::<Result<_, _>>().map_err(|_| ClientError::Strange { what, status, body: text })
    }

    /// Whether the server says that it is ready.
    pub async fn is_ready(&self) -> bool {
        let request = self.http.get(format!("{}/health/ready", self.server));
        request.send().await.is_ok_and(|response| response.status() == StatusCode::OK)
    }

    async fn read_once(&self, path: &str, position: Option<i64>) -> Result<Value, ClientError> {
        let mut request = self.request(Method::GET, path).header("Razao-Max-Wait-Ms", MAX_WAIT_MS);
        if let Some(position) = position {
            request = request.header("Razao-Min-Position", position);
        }
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let what = format!("GET {path}");
        let (status, text) = self.text(&what, response).await?;
        serde_json::from_str(&text).map_err(|_| ClientError::Strange { what, status, body: text })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.server));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The body of an answer that says yes, or the problem.
    async fn text(&self, what: &str, response: Response) -> Result<(u16, String), ClientError> {
        let status = response.status();
        let body = response.text().await.map_err(|source| self.unreachable(source))?;
        if status.is_success() {
            return Ok((status.as_u16(), body));
        }
        let what = what.to_owned();
        match serde_json::from_str(&body) {
            Ok(problem) => Err(ClientError::Refused { what, problem }),
            Err(_) => Err(ClientError::Strange { what, status: status.as_u16(), body }),
        }
    }

    fn unreachable(&self, source: reqwest::Error) -> ClientError {
        ClientError::Unreachable { server: self.server.clone(), source }
    }
}

/// A cursor as it may stand in a query.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect::<Vec<_>>().concat()
}
