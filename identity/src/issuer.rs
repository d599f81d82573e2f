//! An `OpenID` Connect issuer elsewhere: found by its discovery document, its keys read again and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey};
use recloser::{AsyncRecloser, Recloser};
use reqwest::{Client, Url, redirect};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, Semaphore};

use crate::Rejection;
use crate::keys::KeySet;

/// How long one answer of the issuer's may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for keys.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many requests wait for keys: an issuer that hangs takes no more of the server's room for requests than that.
const WAITING: usize = 32;
/// A longer document is not read.
const LARGEST: usize = 1 << 20;

/// When an issuer's keys are read, and for how long they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often the keys are read again, so that a removed one counts no longer.
    pub refresh: Duration,
    /// How soon they are, after that failed or for a key that is not known: a flood of strange tokens makes no flood of
    /// requests to the issuer.
    pub again: Duration,
    /// How long keys count that could not be read again.
    pub outage: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (refresh, again) = (Duration::from_secs(300), Duration::from_secs(1));
        Self { refresh, again, outage: Duration::from_secs(24 * 60 * 60) }
    }
}

/// Why an issuer's keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error("the issuer `{0}` is no URL with https (http will do for a loopback address)")]
    Name(String),
    #[error("{0} cannot be reached")]
    Unreachable(Url, #[source] reqwest::Error),
    #[error("{0} answered {1}")]
    Status(Url, u16),
    #[error("{0} answered more than {LARGEST} bytes")]
    TooLarge(Url),
    #[error("{0} answered no JSON")]
    NotJson(Url, #[source] serde_json::Error),
    #[error("the discovery document at {0} is of the issuer {1}, not of {2}")]
    AnotherIssuer(Box<Url>, String, String),
    #[error("the discovery document at {0} names no `jwks_uri` with https")]
    NoKeys(Url),
    #[error("{0} has no key for RS256, ES256 or EdDSA")]
    NoUsableKey(Url),
    #[error("{0} failed again and again, and is left alone for a while")]
    LeftAlone(String),
}

/// An issuer, and its keys as they were last read.
pub struct RemoteIssuer {
    name: String,
    discovery: Url,
    pace: Pace,
    http: Client,
    /// Open, it answers at once in place of an issuer that does not.
    breaker: AsyncRecloser,
    loaded: RwLock<Option<Loaded>>,
    /// Changes whenever other keys are read.
    generation: AtomicU64,
    /// When the keys were last asked for. Held while they are.
    asked: Mutex<Option<Instant>>,
    /// Places for requests that wait for keys.
    waiting: Semaphore,
}

struct Loaded {
    keys: Arc<KeySet>,
    /// As they were published, to tell a change.
    published: Value,
    at: Instant,
}

impl RemoteIssuer {
    /// An issuer by its name, which is the URL that tokens bear as `iss`. Nothing is asked of it yet.
    pub fn new(name: &str, pace: Pace) -> Result<Self, IssuerError> {
        let discovery = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        let discovery = Url::parse(&discovery).ok().filter(is_safe);
        let discovery = discovery.ok_or_else(|| IssuerError::Name(name.to_owned()))?;
        let http = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build();
        let http = http.expect("the client needs nothing from its surroundings");
        let (loaded, asked) = (RwLock::new(None), Mutex::new(None));
        Ok(Self {
            name: name.to_owned(),
            discovery,
            pace,
            http,
            breaker: breaker(pace.again),
            loaded,
            generation: AtomicU64::new(0),
            asked,
            waiting: Semaphore::new(WAITING),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the keys again and again, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        loop {
            let wait = match self.refresh().await {
                Ok(()) => self.pace.refresh,
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, issuer = self.name, "the keys of the token issuer were not read");
                    metrics::counter!("razao_issuer_failures_total").increment(1);
                    self.pace.again
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads the keys now.
    pub async fn refresh(&self) -> Result<(), IssuerError> {
        let asked = self.asked.lock().await;
        self.refresh_once(asked).await
    }

    async fn refresh_once(&self, mut asked: MutexGuard<'_, Option<Instant>>) -> Result<(), IssuerError> {
        // Before the answer: whoever waits for it may give up, and the next must not ask at once again.
        *asked = Some(Instant::now());
        let read = self.breaker.call(self.read()).await.map_err(|error| match error {
            recloser::Error::Inner(error) => error,
            recloser::Error::Rejected => IssuerError::LeftAlone(self.name.clone()),
        });
        let (published, keys) = read?;
        let mut loaded = self.loaded.write().expect("no holder of this lock panics");
        if loaded.as_ref().is_none_or(|before| before.published != published) {
            self.generation.fetch_add(1, Ordering::Release);
            tracing::info!(issuer = self.name, "the token issuer has other keys than before");
        }
        *loaded = Some(Loaded { keys: Arc::new(keys), published, at: Instant::now() });
        Ok(())
    }

    /// Stands for one reading of the keys, while they count; what was vouched for by an earlier one is to be verified anew.
    pub(crate) fn generation(&self) -> Option<u64> {
        let loaded = self.loaded.read().expect("no holder of this lock panics");
        self.counting(loaded.as_ref()).map(|_| self.generation.load(Ordering::Acquire))
    }

    /// Keys that could not be read again for too long count no longer.
    fn counting<'l>(&self, loaded: Option<&'l Loaded>) -> Option<&'l Loaded> {
        loaded.filter(|loaded| loaded.at.elapsed() < self.pace.outage)
    }

    /// The key of a token. One that is not known may be new, so the keys are read again, but not for every such token.
    pub(crate) async fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Rejection> {
        let known = self.known(id, algorithm);
        if known.is_ok() {
            return known;
        }
        let Ok(_place) = self.waiting.try_acquire() else { return Err(Rejection::IssuerUnavailable) };
        let _ = tokio::time::timeout(PATIENCE, self.refresh_unless_lately()).await;
        self.known(id, algorithm)
    }

    fn known(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Rejection> {
        let loaded = self.loaded.read().expect("no holder of this lock panics");
        self.counting(loaded.as_ref()).ok_or(Rejection::IssuerUnavailable)?.keys.find(id, algorithm)
    }

    async fn refresh_unless_lately(&self) {
        // Held from the question to the answer: of those who wait, the first asks for all.
        let asked = self.asked.lock().await;
        let lately = asked.is_some_and(|at| at.elapsed() < self.pace.again);
        if !lately && let Err(error) = self.refresh_once(asked).await {
            tracing::debug!(%error, "the keys of the token issuer were not read for an unknown key");
        }
    }

    async fn read(&self) -> Result<(Value, KeySet), IssuerError> {
        let discovered = self.get(&self.discovery).await?;
        let said = discovered.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if said != self.name {
            return Err(IssuerError::AnotherIssuer(
                Box::new(self.discovery.clone()),
                said.to_owned(),
                self.name.clone(),
            ));
        }
        let keys_at = discovered.get("jwks_uri").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        let keys_at = keys_at.filter(is_safe).ok_or_else(|| IssuerError::NoKeys(self.discovery.clone()))?;
        let published = self.get(&keys_at).await?;
        let keys = KeySet::from_jwks(&published).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or(IssuerError::NoUsableKey(keys_at))?;
        Ok((published, keys))
    }

    async fn get(&self, url: &Url) -> Result<Value, IssuerError> {
        let unreachable = |error: reqwest::Error| IssuerError::Unreachable(url.clone(), error.without_url());
        let mut response = self.http.get(url.clone()).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(IssuerError::Status(url.clone(), response.status().as_u16()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            document.extend_from_slice(&chunk);
            if document.len() > LARGEST {
                return Err(IssuerError::TooLarge(url.clone()));
            }
        }
        serde_json::from_slice(&document).map_err(|error| IssuerError::NotJson(url.clone(), error))
    }
}

/// Opens when half of the last four readings failed, and lets one try again after a few pauses.
fn breaker(again: Duration) -> AsyncRecloser {
    let breaker = Recloser::custom().error_rate(0.5).closed_len(4).half_open_len(1).open_wait(again * 4);
    breaker.build().into()
}

/// Keys that came over a line that others can write to would vouch for anyone.
fn is_safe(url: &Url) -> bool {
    let is_loopback =
        || url.host_str().is_some_and(|host| ["127.0.0.1", "[::1]", "localhost"].contains(&host));
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback())
}
