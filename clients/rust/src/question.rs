//! Requests that are no commands and no reads: what is calculated, and what is done to dead letters.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::retry::Again;

/// A request that takes no key: `.await` sends it. What was surely not done is sent again, nothing else.
#[must_use = "it is sent by `.await`"]
pub struct Question<A> {
    client: Client,
    call: Call,
    answer: PhantomData<fn() -> A>,
}

impl<A> Question<A> {
    pub(crate) fn new(client: &Client, call: Call) -> Self {
        Self { client: client.clone(), call, answer: PhantomData }
    }
}

impl<A: DeserializeOwned + 'static> IntoFuture for Question<A> {
    type Output = Result<A, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let answered = self.call.send(&self.client, Again::IfNotDone).await?;
            answered.read(self.call.what())
        })
    }
}
