//! The client: where the server is, who asks, and what this client knows of the log.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::retry::Patience;

/// A client of one server. Clones share its connections and what it knows of the log.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) http: reqwest::Client,
    pub(crate) server: reqwest::Url,
    pub(crate) token: Option<Token>,
    pub(crate) patience: Patience,
    pub(crate) reads_its_writes: bool,
    /// The highest position that a command was answered with.
    position: AtomicI64,
}

type Token = Box<dyn Fn() -> String + Send + Sync>;

/// What a client is made of.
pub struct Builder {
    server: String,
    token: Option<Token>,
    patience: Patience,
    timeout: Duration,
    reads_its_writes: bool,
    http: Option<reqwest::Client>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.0.server.as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    /// Begins a client of the server at an address such as `http://127.0.0.1:8080`.
    pub fn builder(server: impl Into<String>) -> Builder {
        Builder {
            server: server.into(),
            token: None,
            patience: Patience::default(),
            timeout: Duration::from_secs(30),
            reads_its_writes: true,
            http: None,
        }
    }

    /// A client that shows no token.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn new(server: impl Into<String>) -> Result<Self, Error> {
        Self::builder(server).build()
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        self.0.server.as_str().trim_end_matches('/')
    }

    /// The highest position that this client was answered with: what its reads wait for.
    pub fn position(&self) -> Option<i64> {
        Some(self.0.position.load(Ordering::Relaxed)).filter(|position| *position > 0)
    }

    /// Lets reads wait for a position that somebody else was answered with.
    pub fn knows_of(&self, position: i64) {
        self.0.position.fetch_max(position, Ordering::Relaxed);
    }
}

impl Builder {
    /// Shows this bearer token with every request.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.token_from(move || token.clone())
    }

    /// Asks for the bearer token before every request: for tokens that somebody renews meanwhile.
    #[must_use]
    pub fn token_from(mut self, token: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.token = Some(Box::new(token));
        self
    }

    /// How often, and how long, requests are sent again. Default: eight times in half a minute.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// How long one attempt may take. Default: 30 s. Downloads and bulks take what they take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether reads wait until they know of all that this client was answered. Default: yes.
    #[must_use]
    pub fn reads_its_writes(mut self, reads_its_writes: bool) -> Self {
        self.reads_its_writes = reads_its_writes;
        self
    }

    /// Uses these connections: for a proxy, or roots of one's own. Its own timeout holds, not that of this builder.
    #[must_use]
    pub fn http(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// Where the address is none, or the connections cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let server = reqwest::Url::parse(&self.server)
            .map_err(|error| Error::Setup(format!("the address `{}`: {error}", self.server)))?;
        if !matches!(server.scheme(), "http" | "https") || server.host_str().is_none() {
            let detail = "the address is to begin with http:// or https://, as in http://127.0.0.1:8080";
            return Err(Error::Setup(format!("`{server}`: {detail}")));
        }
        let made =
            || reqwest::Client::builder().read_timeout(self.timeout).connect_timeout(self.timeout).build();
        let http = self.http.map_or_else(made, Ok).map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Client(Arc::new(Inner {
            http,
            server,
            token: self.token,
            patience: self.patience,
            reads_its_writes: self.reads_its_writes,
            position: AtomicI64::new(0),
        })))
    }
}
