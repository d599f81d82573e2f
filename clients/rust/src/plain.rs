//! Answers that are text or bytes.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::retry::Again;

/// A read that is answered with text or bytes.
#[must_use = "it is sent by `text` or `bytes`"]
pub struct Plain {
    client: Client,
    call: Call,
}

impl Plain {
    pub(crate) fn new(client: &Client, mut call: Call) -> Self {
        call.header("accept", "*/*");
        Self { client: client.clone(), call }
    }

    /// As text.
    ///
    /// # Errors
    /// Where there is no answer, or it is no text.
    pub async fn text(self) -> Result<String, Error> {
        let what = self.call.what();
        let bytes = self.bytes().await?;
        String::from_utf8(bytes).map_err(|error| crate::call::strange(what, 200, error.as_bytes()))
    }

    /// As bytes.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn bytes(self) -> Result<Vec<u8>, Error> {
        Ok(self.call.send(&self.client, Again::Harmless).await?.body)
    }
}
