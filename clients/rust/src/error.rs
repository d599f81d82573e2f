//! Why there is no answer.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// A refusal as the server tells it (RFC 9457). `docs/problems.md` of the server says what each code means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What always means the same, such as `not_active`.
    pub code: String,
    /// What it means, in words.
    #[serde(default)]
    pub title: String,
    /// What happened this time, in words for people.
    #[serde(default)]
    pub detail: String,
    /// The fields to blame.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
    /// When it makes sense to send it again, where the server says so.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldProblem {
    /// A JSON pointer into the body, such as `/terms/rate/value`, or the name of a parameter or a header.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.detail.is_empty() { &self.title } else { &self.detail };
        write!(f, "{} {}: {said}", self.status, self.code)?;
        let others = self.errors.iter().filter(|error| error.detail != *said);
        for error in others {
            write!(f, "; {}: {}", error.pointer, error.detail)?;
        }
        Ok(())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client itself is set up wrongly: an address or a token that cannot be sent.
    #[error("the client cannot be set up: {0}")]
    Setup(String),
    /// There was no whole answer, also after trying again. A command may have been done: send it again under its key.
    #[error("there was no answer to {what}")]
    Unreachable {
        what: String,
        #[source]
        source: reqwest::Error,
    },
    /// The server says no.
    #[error("{what} was answered with {problem}")]
    Refused { what: String, problem: Box<Problem> },
    /// It was accepted, but is not done yet: it waits for a second person, or in the queue.
    #[error("{what} was accepted and waits: see {location}")]
    Waits { what: String, location: String },
    /// An atomic bulk was refused; [`Client::send_bulk_atomically`](crate::Client::send_bulk_atomically) reads its lines.
    #[error("{what} was answered with {status} and a line for each line")]
    #[doc(hidden)]
    Lines { what: String, status: u16, body: Vec<u8> },
    /// An answer that is none of the API's, such as that of a proxy.
    #[error("{what} was answered with {status} and a body that is none of the API's: {body}")]
    Strange { what: String, status: u16, body: String },
}

impl Error {
    /// The problem, where the server refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// The code of the problem, such as `not_active`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// Whether there is no such thing, which is an answer too: `client.find_loan(…).await` says so by an error.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some("not_found")
    }
}
