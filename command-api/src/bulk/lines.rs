//! The lines of a body that may have no end.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures::StreamExt;
use problems::{BODY_TOO_LARGE, Problem, REQUEST_TIMEOUT};

use crate::body::LARGEST;

/// A line has a body, and around it a path and a key.
const LONGEST: usize = LARGEST + 8 * 1024;
/// How long a client may be silent between two lines, or within one.
const SILENCE: Duration = Duration::from_secs(60);

/// Reads lines as they come, and no faster than they are asked for.
pub(super) struct Lines {
    body: BodyDataStream,
    /// What came and was not looked at yet.
    ahead: Bytes,
    /// The beginning of a line whose end has yet to come.
    begun: Vec<u8>,
    is_too_long: bool,
    number: usize,
    has_ended: bool,
    silence: Duration,
}

/// A line, or why there is none.
pub(super) struct Read {
    /// From 1.
    pub(super) number: usize,
    pub(super) text: Result<Bytes, Problem>,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            ahead: Bytes::new(),
            begun: Vec::new(),
            is_too_long: false,
            number: 0,
            has_ended: false,
            silence: SILENCE,
        }
    }

    /// The next line that is not empty. None after the last, or where the client has gone: what it began to say is not
    /// taken for a line then.
    pub(super) async fn next(&mut self) -> Option<Read> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let rest = self.ahead.split_off(end + 1);
                let last = std::mem::replace(&mut self.ahead, rest);
                if let Some(read) = self.complete(&last.slice(..end)) {
                    return Some(read);
                }
                continue;
            }
            self.begin();
            if self.has_ended {
                let is_empty = self.begun.is_empty() && !self.is_too_long;
                return if is_empty { None } else { self.complete(&Bytes::new()) };
            }
            match tokio::time::timeout(self.silence, self.body.next()).await {
                Ok(Some(Ok(chunk))) => self.ahead = chunk,
                Ok(None) => self.has_ended = true,
                Ok(Some(Err(error))) => {
                    tracing::debug!(%error, line = self.number + 1, "a bulk ended early");
                    return None;
                }
                Err(_) => return Some(self.silent()),
            }
        }
    }

    /// Keeps what is ahead as the beginning of a line, unless that is too long.
    fn begin(&mut self) {
        let begun = std::mem::take(&mut self.ahead);
        if self.begun.len() + begun.len() > LONGEST {
            self.is_too_long = true;
            self.begun = Vec::new();
        } else if !self.is_too_long {
            self.begun.extend_from_slice(&begun);
        }
    }

    fn complete(&mut self, end: &Bytes) -> Option<Read> {
        self.number += 1;
        let begun = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.is_too_long) || begun.len() + end.len() > LONGEST {
            let problem = BODY_TOO_LARGE.because(format!("the line has more than {LONGEST} bytes"));
            return Some(Read { number: self.number, text: Err(problem) });
        }
        let text = if begun.is_empty() { end.clone() } else { Bytes::from([&begun[..], &end[..]].concat()) };
        let is_empty = text.iter().all(u8::is_ascii_whitespace);
        (!is_empty).then_some(Read { number: self.number, text: Ok(text) })
    }

    fn silent(&mut self) -> Read {
        (self.has_ended, self.begun, self.is_too_long) = (true, Vec::new(), false);
        self.number += 1;
        let detail =
            format!("nothing came for {} s; what stood before this line was read", self.silence.as_secs());
        Read { number: self.number, text: Err(REQUEST_TIMEOUT.because(detail)) }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(
        chunks: Vec<Result<Vec<u8>, std::io::Error>>,
    ) -> Vec<(usize, Result<String, &'static str>)> {
        let mut lines = Lines::of(Body::from_stream(stream::iter(chunks)));
        lines.silence = Duration::from_millis(20);
        let mut all = Vec::new();
        while let Some(Read { number, text }) = lines.next().await {
            let text = text.map(|text| String::from_utf8(text.to_vec()).unwrap());
            all.push((number, text.map_err(|problem| problem.kind.code)));
        }
        all
    }

    #[tokio::test]
    async fn lines_are_told_apart_however_they_are_cut() {
        let text = b"one\n\n  \r\nfour\nfive";
        let expected =
            [(1, "one"), (4, "four"), (5, "five")].map(|(number, text)| (number, Ok(text.to_owned())));
        for size in 1..=text.len() {
            let chunks = text.chunks(size).map(|chunk| Ok(chunk.to_vec())).collect();
            assert_eq!(read(chunks).await, expected, "by {size}");
        }
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_refused_by_itself() {
        let long = vec![b'x'; LONGEST + 1];
        let chunks = long.chunks(65_536).map(|chunk| Ok(chunk.to_vec())).chain([Ok(b"\nnext\n".to_vec())]);
        let expected = [(1, Err("body_too_large")), (2, Ok("next".to_owned()))];
        assert_eq!(read(chunks.collect()).await, expected);
        let unended = long.chunks(65_536).map(|chunk| Ok(chunk.to_vec()));
        assert_eq!(read(unended.collect()).await, [(1, Err("body_too_large"))]);
    }

    #[tokio::test]
    async fn what_a_client_did_not_finish_is_no_line() {
        let gone = || Err(std::io::Error::other("gone"));
        let chunks = vec![Ok(b"one\ntw".to_vec()), gone()];
        assert_eq!(read(chunks).await, [(1, Ok("one".to_owned()))]);
    }

    #[tokio::test]
    async fn a_silent_client_is_told_so() {
        let chunks = stream::iter([Ok::<_, std::io::Error>(b"one\ntw".to_vec())]).chain(stream::pending());
        let mut lines = Lines::of(Body::from_stream(chunks));
        lines.silence = Duration::from_millis(20);
        assert!(lines.next().await.is_some_and(|read| read.text.is_ok()));
        let silent = lines.next().await.unwrap();
        assert_eq!((silent.number, silent.text.unwrap_err().kind.code), (2, "request_timeout"));
        assert!(lines.next().await.is_none());
    }
}
