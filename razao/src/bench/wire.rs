//! The cheapest HTTP/1.1 client that will do: one kept-alive connection, requests written as bytes, answers read only
//! as far as a benchmark needs. The load generator shares the machine with what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// A header's line, or nothing.
    authorization: String,
}

/// What a benchmark needs of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Razao-Position`, 0 where there is none.
    pub(super) position: i64,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (request, answer) = (Vec::new(), Vec::new());
        Ok(Self { stream, request, answer, authorization: String::new() })
    }

    /// The same with a token.
    pub(super) fn with_token(self, token: &str) -> Self {
        Self { authorization: format!("Authorization: Bearer {token}\r\n"), ..self }
    }

    /// Posts a command. Any answer but a success is an error.
    pub(super) async fn command(&mut self, path: &str, key: &str, body: &str) -> Result<Answer> {
        self.write_command(path, key, body);
        self.exchange().await
    }

    /// Posts a command that may be refused.
    pub(super) async fn try_command(&mut self, path: &str, key: &str, body: &str) -> Result<Answer> {
        self.write_command(path, key, body);
        self.exchange_whatever().await
    }

    fn write_command(&mut self, path: &str, key: &str, body: &str) {
        let length = body.len();
        self.request.clear();
        for part in [
            "POST ",
            path,
            " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
            &self.authorization,
            "Idempotency-Key: ",
            key,
            "\r\nContent-Length: ",
            &length.to_string(),
            "\r\n\r\n",
            body,
        ] {
            self.request.extend_from_slice(part.as_bytes());
        }
    }

    /// Posts a bulk: how many of its lines were answered with 201.
    pub(super) async fn bulk(&mut self, lines: &str) -> Result<usize> {
        let head = format!(
            "POST /v1/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n{}Content-Length: {}\r\n\r\n",
            self.authorization,
            lines.len()
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(lines.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        while !self.answer.ends_with(b"\r\n0\r\n\r\n") {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let answer = String::from_utf8_lossy(&self.answer);
        Ok(answer.matches("\"status\":201,").count())
    }

    /// Reads what is at least as new as `position`.
    pub(super) async fn read(&mut self, path: &str, position: i64) -> Result<Answer> {
        self.request.clear();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nRazao-Min-Position: {position}\r\n\r\n");
        self.request.extend_from_slice(request.as_bytes());
        self.exchange().await
    }

    async fn exchange_whatever(&mut self) -> Result<Answer> {
        let exchanged = tokio::time::timeout(PATIENCE, self.send_and_receive()).await;
        exchanged.map_err(|_| Error::from(ErrorKind::TimedOut))?
    }

    async fn exchange(&mut self) -> Result<Answer> {
        let answer = self.exchange_whatever().await?;
        if !(200..300).contains(&answer.status) {
            let request = String::from_utf8_lossy(&self.request);
            let said = String::from_utf8_lossy(&self.answer);
            return Err(Error::other(format!("{request}\nwas answered with\n{said}")));
        }
        Ok(answer)
    }

    async fn send_and_receive(&mut self) -> Result<Answer> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let mut whole = None;
        while whole.is_none_or(|(_, length)| self.answer.len() < length) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if whole.is_none() {
                whole = head(&self.answer)?;
            }
        }
        whole.map(|(answer, _)| answer).ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }
}

/// The head of an answer, and the length of the whole answer with its body. `None` while the head is not complete.
fn head(answer: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).map_err(Error::other)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| Error::other("an answer without a status"))?;
    let (mut length, mut position) = (None, 0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("razao-position") {
            position = value.trim().parse().map_err(Error::other)?;
        }
    }
    let length = length.ok_or_else(|| Error::other(format!("an answer of unknown length:\n{head}")))?;
    Ok(Some((Answer { status, position }, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_soon_as_its_head_is_complete() {
        let whole = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nRazao-Position: 17\r\n\r\n{}";
        assert_eq!(head(&whole[..30]).unwrap(), None);
        let answer = Answer { status: 201, position: 17 };
        assert_eq!(head(whole).unwrap(), Some((answer, whole.len())));
    }
}
