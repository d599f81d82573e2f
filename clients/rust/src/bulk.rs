//! Many commands in one request, a line each.

use futures::{Stream, StreamExt, stream};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, accepted, request, strange};
use crate::client::Client;
use crate::error::{Error, Problem};
use crate::models::BulkAnswer;
use crate::retry::Again;

const LINES: &str = "application/x-ndjson";

/// A command as a line of a bulk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    body: Value,
}

/// The answers to the lines of an atomic bulk, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkAnswers {
    /// Whether all lines are stored. Else none is, and the line that has another status than 424 says why.
    pub is_stored: bool,
    pub lines: Vec<BulkAnswer>,
}

impl Line {
    /// The command with this path, such as `/v1/loans/{id}/repayments`, under a key of its own.
    pub fn new(path: impl Into<String>, key: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_value(body).expect("bodies are plain data");
        Self { path: path.into(), idempotency_key: Some(key.into()), body }
    }
}

impl BulkAnswer {
    /// The problem of a line that was refused.
    pub fn problem(&self) -> Option<Problem> {
        if self.status < 400 {
            return None;
        }
        serde_json::from_value(self.body.clone()).ok()
    }
}

impl Client {
    /// Sends lines as the stream gives them, and gives their answers as they come, in any order. One that is refused stops
    /// no other. After an error send all lines again with the same keys: what was stored is answered again.
    ///
    /// # Errors
    /// Where the whole is refused. A line's own refusal stands in its answer.
    pub async fn send_bulk<S>(
        &self,
        lines: S,
    ) -> Result<impl Stream<Item = Result<BulkAnswer, Error>> + use<S>, Error>
    where
        S: Stream<Item = Line> + Send + 'static,
    {
        let what = "POST /v1/bulk".to_owned();
        let lines = lines.map(|line| Ok::<_, std::convert::Infallible>(text(&line)));
        let path = ["v1".to_owned(), "bulk".to_owned()];
        let sent = request(self, Method::POST, &path)?.header("content-type", LINES);
        let sent = sent.body(reqwest::Body::wrap_stream(lines)).send().await;
        let response = sent.map_err(|source| Error::Unreachable { what: what.clone(), source })?;
        let response = accepted(what.clone(), response).await?;
        Ok(answers(what, response))
    }

    /// Sends at most 1000 lines that are stored together or not at all.
    ///
    /// # Errors
    /// Where the whole is refused. A line's own refusal stands in its answer.
    pub async fn send_bulk_atomically(&self, lines: &[Line]) -> Result<BulkAnswers, Error> {
        let mut call = Call::post(&["v1", "bulk"]).query(&serde_json::json!({"atomic": true}));
        call.lines(lines.iter().map(text).collect());
        let (is_stored, status, body) = match call.send(self, Again::Harmless).await {
            Ok(answered) => {
                if let Some(position) = answered.header("razao-position").and_then(|text| text.parse().ok()) {
                    self.knows_of(position);
                }
                (true, answered.status, answered.body)
            }
            Err(Error::Lines { status, body, .. }) => (false, status, body),
            Err(error) => return Err(error),
        };
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines: Result<_, _> = lines.map(serde_json::from_slice).collect();
        let lines = lines.map_err(|_| strange(call.what(), status, &body))?;
        Ok(BulkAnswers { is_stored, lines })
    }
}

fn text(line: &Line) -> String {
    serde_json::to_string(line).expect("lines are plain data") + "\n"
}

/// Takes lines out of what comes.
fn answers(what: String, response: reqwest::Response) -> impl Stream<Item = Result<BulkAnswer, Error>> {
    let begin = (response, Vec::<u8>::new(), what);
    stream::try_unfold(begin, |(mut response, mut waiting, what)| async move {
        loop {
            if let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                let answer = serde_json::from_slice(&line).map_err(|_| strange(what.clone(), 200, &line))?;
                return Ok(Some((answer, (response, waiting, what))));
            }
            match response.chunk().await {
                Ok(Some(bytes)) => waiting.extend_from_slice(&bytes),
                Ok(None) => return Ok(None),
                Err(source) => return Err(Error::Unreachable { what, source }),
            }
        }
    })
}
