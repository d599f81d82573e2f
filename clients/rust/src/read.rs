//! Reads: fresh enough, page by page, or as files.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, TryStreamExt, stream};
use reqwest::header::{CONTENT_DISPOSITION, HeaderMap};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::models::AsOf;
use crate::retry::Again;

/// A read that was not sent yet: `.await` sends it.
#[must_use = "a read is sent by `.await`, `items` or `download`"]
pub struct Read<A> {
    client: Client,
    call: Call,
    min_position: Option<i64>,
    answer: PhantomData<fn() -> A>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to send as `after` for the next page; `None` at the end.
    pub next: Option<String>,
    pub as_of: AsOf,
}

/// A page, whatever else it has.
pub trait Paged {
    type Item;

    /// Its items, and what to send as `after` for the next page.
    fn into_parts(self) -> (Vec<Self::Item>, Option<String>);
}

impl<T> Paged for Page<T> {
    type Item = T;

    fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next)
    }
}

/// What a list can be downloaded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
    /// A loan's statement, for the borrower. The server has no other PDF, and answers JSON.
    Pdf,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }
}

/// A file that comes bit by bit.
#[derive(Debug)]
pub struct Download {
    /// What the server calls it.
    pub name: Option<String>,
    /// What it is as of.
    pub position: Option<i64>,
    response: reqwest::Response,
    what: String,
}

impl<A> Read<A> {
    pub(crate) fn new(client: &Client, call: Call) -> Self {
        let min_position = client.position().filter(|_| client.0.reads_its_writes);
        Self { client: client.clone(), call, min_position, answer: PhantomData }
    }

    /// Waits until the answer knows of the event at this position, in place of what this client was answered last.
    pub fn at_least(mut self, position: i64) -> Self {
        self.min_position = Some(position);
        self
    }

    /// Takes what is there, whatever this client wrote.
    pub fn as_it_is(mut self) -> Self {
        self.min_position = None;
        self
    }

    /// How long the server waits for the position: 2 s by default, 10 s at most.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.call.header("razao-max-wait-ms", &wait.as_millis().to_string());
        self
    }

    fn prepared(&mut self) {
        if let Some(position) = self.min_position {
            self.call.header("razao-min-position", &position.to_string());
        }
    }

    /// As a file: all of a list, whatever its pages are.
    ///
    /// # Errors
    /// Where there is no answer; `invalid_parameter` where the list is too long for a file without a `limit`.
    pub async fn download(mut self, format: Format) -> Result<Download, Error> {
        self.prepared();
        self.call.header("accept", format.media_type());
        let response = self.call.open(&self.client).await?;
        let headers = response.headers();
        let position = headers.get("razao-position").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Download { name: file_name(headers), position, what: self.call.what(), response })
    }
}

impl<A: DeserializeOwned> Read<A> {
    async fn send(&self) -> Result<A, Error> {
        self.call.send(&self.client, Again::Harmless).await?.read(self.call.what())
    }
}

impl<A: DeserializeOwned + Paged + 'static> Read<A> {
    /// All items from here on, page by page as they are taken.
    pub fn items(mut self) -> impl Stream<Item = Result<A::Item, Error>>
    where
        A::Item: 'static,
    {
        self.prepared();
        // Fewer requests where the caller does not mind.
        if !self.call.has("limit") {
            self.call.with("limit", "1000");
        }
        let pages = stream::try_unfold(Some(self), async |read| {
            let Some(mut read) = read else { return Ok::<_, Error>(None) };
            let (items, next) = read.send().await?.into_parts();
            let following = next.map(|next| {
                read.call.with("after", &next);
                read
            });
            Ok(Some((stream::iter(items.into_iter().map(Ok)), following)))
        });
        pages.try_flatten()
    }
}

impl<A: DeserializeOwned + 'static> IntoFuture for Read<A> {
    type Output = Result<A, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        self.prepared();
        Box::pin(async move { self.send().await })
    }
}

impl Download {
    /// All of it.
    ///
    /// # Errors
    /// Where it broke off.
    pub async fn bytes(self) -> Result<Vec<u8>, Error> {
        let Self { what, response, .. } = self;
        let bytes = response.bytes().await.map_err(|source| Error::Unreachable { what, source })?;
        Ok(bytes.into())
    }

    /// Bit by bit, as it comes.
    pub fn stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> {
        let Self { what, response, .. } = self;
        let unreachable = move |source| Error::Unreachable { what: what.clone(), source };
        response.bytes_stream().map_ok(Into::into).map_err(unreachable)
    }
}

fn file_name(headers: &HeaderMap) -> Option<String> {
    let disposition = headers.get(CONTENT_DISPOSITION)?.to_str().ok()?;
    let (_, name) = disposition.split_once("filename=\"")?;
    Some(name.split('"').next()?.to_owned())
}
