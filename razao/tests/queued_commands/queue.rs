//! Sending commands that wait, and asking what became of them.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// A flood takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A command that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) key: String,
    pub(crate) location: String,
}

/// A client of a server's queue.
#[derive(Clone)]
pub(crate) struct QueueClient {
    http: reqwest::Client,
    server: String,
}

impl QueueClient {
    pub(crate) fn of(server: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, server: server.to_owned() }
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.server)).json(body);
        let request = request.header("Idempotency-Key", key).header("Prefer", "respond-async");
        request.send().await.unwrap()
    }

    /// Sends a command until it is accepted.
    pub(crate) async fn accept(&self, path: &str, key: &str, body: &Value) -> Accepted {
        let patience = Instant::now() + PATIENCE;
        loop {
            let answer = self.post(path, key, body).await;
            if answer.status() == StatusCode::ACCEPTED {
                assert_eq!(answer.headers()["preference-applied"], "respond-async");
                let location = answer.headers()["location"].to_str().unwrap().to_owned();
                return Accepted { key: key.to_owned(), location };
            }
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{key}: {text}");
            assert!(Instant::now() < patience, "{key} is never accepted: {text}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) async fn find(&self, accepted: &Accepted) -> (StatusCode, Value) {
        let answer = self.http.get(format!("{}{}", self.server, accepted.location)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// What became of a command, once it is finished.
    pub(crate) async fn ended(&self, accepted: &Accepted) -> Value {
        let patience = Instant::now() + PATIENCE;
        loop {
            let (status, shown) = self.find(accepted).await;
            assert_eq!(status, StatusCode::OK, "{} was accepted: {shown}", accepted.key);
            if shown["status"] != "queued" {
                return shown;
            }
            assert!(Instant::now() < patience, "{} still waits", accepted.key);
            sleep(Duration::from_millis(50)).await;
        }
    }
}
