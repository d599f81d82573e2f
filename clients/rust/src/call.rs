//! One request and the one way that all requests go: sent, sent again, and its answer taken apart.

use std::time::Duration;

use backon::Retryable;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::{Error, Problem};
use crate::retry::{Again, is_passing};

pub(crate) const JSON: &str = "application/json";
const LONGEST_BODY_SHOWN: usize = 500;

/// A request that was not sent yet. What cannot be sent is told when it is.
pub(crate) struct Call {
    pub(crate) method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<String>,
    wrong: Option<String>,
}

/// An answer that says yes, with its whole body.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&segment| segment.to_owned()).collect();
        Self { method, path, query: Vec::new(), headers: HeaderMap::new(), body: None, wrong: None }
    }

    pub(crate) fn query(mut self, parameters: &impl Serialize) -> Self {
        let pairs = serde_json::to_value(parameters).expect("parameters are plain data");
        for (name, value) in pairs.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            self.query.push((name.clone(), text));
        }
        self
    }

    /// Sets a parameter, in place of what it was.
    pub(crate) fn with(&mut self, name: &str, value: &str) {
        self.query.retain(|(there, _)| there != name);
        self.query.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(there, _)| there == name)
    }

    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_string(body).expect("bodies are plain data"));
        self
    }

    /// Lines as the body.
    pub(crate) fn lines(&mut self, lines: String) {
        self.body = Some(lines);
        self.header("content-type", "application/x-ndjson");
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        match HeaderValue::from_str(value) {
            Ok(value) => _ = self.headers.insert(HeaderName::from_static(name), value),
            Err(_) => self.wrong = Some(format!("`{value}` cannot stand in the header {name}")),
        }
    }

    pub(crate) fn what(&self) -> String {
        format!("{} /{}", self.method, self.path.join("/"))
    }

    /// Sends it, and again for as long as that makes sense and the client's patience lasts.
    pub(crate) async fn send(&self, client: &Client, again: Again) -> Result<Answered, Error> {
        let patience = client.0.patience;
        let once = || async { whole(self.what(), self.once(client).await?).await };
        let retried = once.retry(patience.pauses()).when(|error: &Error| is_passing(error, again));
        retried.adjust(move |error, pause| patience.adjusted(error, pause)).await
    }

    /// The same where the answer's body is read bit by bit.
    pub(crate) async fn open(&self, client: &Client) -> Result<Response, Error> {
        let patience = client.0.patience;
        let once = || self.once(client);
        let retried = once.retry(patience.pauses()).when(|error: &Error| is_passing(error, Again::Harmless));
        retried.adjust(move |error, pause| patience.adjusted(error, pause)).await
    }

    async fn once(&self, client: &Client) -> Result<Response, Error> {
        if let Some(wrong) = &self.wrong {
            return Err(Error::Setup(wrong.clone()));
        }
        let mut request = request(client, self.method.clone(), &self.path)?;
        request = request.query(&self.query).headers(self.headers.clone());
        if !self.headers.contains_key(ACCEPT) {
            request = request.header(ACCEPT, JSON);
        }
        if let Some(body) = &self.body {
            if !self.headers.contains_key(CONTENT_TYPE) {
                request = request.header(CONTENT_TYPE, JSON);
            }
            request = request.body(body.clone());
        }
        let response = request.send().await;
        accepted(self.what(), response.map_err(|source| Error::Unreachable { what: self.what(), source })?)
            .await
    }
}

/// A request to a path, whose segments may hold anything.
pub(crate) fn request(client: &Client, method: Method, path: &[String]) -> Result<RequestBuilder, Error> {
    let mut url = client.0.server.clone();
    let cannot = |()| Error::Setup(format!("`{}` takes no paths", client.0.server));
    url.path_segments_mut().map_err(cannot)?.pop_if_empty().extend(path);
    let request = client.0.http.request(method, url);
    let Some(token) = &client.0.token else { return Ok(request) };
    let mut token = HeaderValue::try_from(format!("Bearer {}", token()))
        .map_err(|_| Error::Setup("the token has characters that no header takes".to_owned()))?;
    token.set_sensitive(true);
    Ok(request.header("authorization", token))
}

/// The answer where it says yes, else the problem.
pub(crate) async fn accepted(what: String, response: Response) -> Result<Response, Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let has_lines =
        response.headers().get(CONTENT_TYPE).is_some_and(|media| media.as_bytes().ends_with(b"ndjson"));
    let body = response.bytes().await.map_err(|source| Error::Unreachable { what: what.clone(), source })?;
    if has_lines {
        return Err(Error::Lines { what, status: status.as_u16(), body: body.into() });
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => {
            let problem = Problem { retry_after: retry_after.map(Duration::from_secs), ..problem };
            Err(Error::Refused { what, problem: Box::new(problem) })
        }
        Err(_) => Err(strange(what, status.as_u16(), &body)),
    }
}

async fn whole(what: String, response: Response) -> Result<Answered, Error> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(|source| Error::Unreachable { what, source })?;
    Ok(Answered { status, headers, body: body.into() })
}

pub(crate) fn strange(what: String, status: u16, body: &[u8]) -> Error {
    let body = String::from_utf8_lossy(body).chars().take(LONGEST_BODY_SHOWN).collect();
    Error::Strange { what, status, body }
}

impl Answered {
    pub(crate) fn read<T: DeserializeOwned>(&self, what: String) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|_| strange(what, self.status, &self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
