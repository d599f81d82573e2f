//! Commands: done once under their key, however often they are sent.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::models::{AcceptedRequest, ProposalAnswer};
use crate::retry::Again;

/// A command that was not sent yet: `.await` sends it.
///
/// It is sent again under the same key where the connection breaks, the server is busy or a race was lost, so it is done
/// once. The same holds when you send it again yourself, also a month later.
#[must_use = "a command is sent by `.await`"]
pub struct Command<A> {
    client: Client,
    call: Call,
    answer: PhantomData<fn() -> A>,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<A> {
    pub outcome: Outcome<A>,
    /// Whether this is the answer of an earlier sending under the same key.
    pub replayed: bool,
    /// Where to read on, where the server says so.
    pub location: Option<String>,
    what: String,
}

/// What became of an accepted command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<A> {
    /// It was done.
    Executed(A),
    /// It is above its sender's approval limit, and waits for a second person.
    Proposed(ProposalAnswer),
    /// It waits in the queue, as was asked for: see [`Client::show_request`].
    Queued(AcceptedRequest),
}

impl<A> Command<A> {
    pub(crate) fn new(client: &Client, mut call: Call, key: &str) -> Self {
        // A preview has none.
        if !key.is_empty() {
            call.header("idempotency-key", key);
        }
        Self { client: client.clone(), call, answer: PhantomData }
    }

    /// Only if the loan, the entry or whatever it is for still has this version; else it is refused with
    /// `precondition_failed`.
    pub fn if_version(mut self, version: i64) -> Self {
        self.call.header("if-match", &format!("\"{version}\""));
        self
    }

    /// Stores this with the events as their correlation id.
    pub fn request_id(mut self, id: &str) -> Self {
        self.call.header("x-request-id", id);
        self
    }

    /// Lets it wait in the server's queue: the answer comes once it is durable, and is [`Outcome::Queued`].
    pub fn later(mut self) -> Self {
        self.call.header("prefer", "respond-async");
        self
    }
}

impl<A: DeserializeOwned> Command<A> {
    async fn send(self) -> Result<Done<A>, Error> {
        let Self { client, call, .. } = self;
        let what = call.what();
        let answered = call.send(&client, Again::Harmless).await?;
        if let Some(position) = answered.header("razao-position").and_then(|position| position.parse().ok()) {
            client.knows_of(position);
        }
        let outcome = if answered.status != 202 {
            Outcome::Executed(answered.read(what.clone())?)
        } else if answered.header("preference-applied").is_some() {
            Outcome::Queued(answered.read(what.clone())?)
        } else {
            Outcome::Proposed(answered.read(what.clone())?)
        };
        let replayed = answered.header("idempotency-replayed") == Some("true");
        let location = answered.header("location").map(ToOwned::to_owned);
        Ok(Done { outcome, replayed, location, what })
    }
}

impl<A: DeserializeOwned + 'static> IntoFuture for Command<A> {
    type Output = Result<Done<A>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<A> Done<A> {
    /// The answer of a command that was done.
    ///
    /// # Errors
    /// [`Error::Waits`] where it was accepted but is not done yet.
    pub fn done(self) -> Result<A, Error> {
        match self.outcome {
            Outcome::Executed(answer) => Ok(answer),
            Outcome::Proposed(proposal) => {
                let location = self.location.unwrap_or_else(|| format!("/v1/proposals/{}", proposal.id));
                Err(Error::Waits { what: self.what, location })
            }
            Outcome::Queued(request) => {
                let location = self.location.unwrap_or_else(|| format!("/v1/requests/{}", request.id));
                Err(Error::Waits { what: self.what, location })
            }
        }
    }
}
