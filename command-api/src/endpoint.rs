//! What distinguishes one command's endpoint from another's.

use axum::http::StatusCode;
use domain::staff::Operation;
use problems::Kind;

/// One kind of command.
pub(crate) struct Endpoint {
    /// Its name in the events' metadata, the metrics and the logs.
    pub(crate) command: &'static str,
    /// Its operation in the OpenAPI document: the name of its handler.
    pub(crate) operation: &'static str,
    /// 201 where it creates something, else 200; a repeat is answered with the same.
    pub(crate) status: StatusCode,
    /// The path under which the stream that it begins can be read.
    pub(crate) location: Option<&'static str>,
    /// Whether the server draws the id of the stream unless the body has one.
    pub(crate) draws_id: bool,
    /// What it can be refused with, beside what every command can.
    pub(crate) problems: &'static [&'static Kind],
    /// Of a command that staff may have limits for.
    limited: Option<Limited>,
}

/// What limits of staff say of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limited {
    pub(crate) operation: Operation,
    /// As in the table of permissions.
    pub(crate) route: &'static str,
}

impl Endpoint {
    /// A command that changes what is there.
    pub(crate) const fn changing(
        command: &'static str,
        operation: &'static str,
        problems: &'static [&'static Kind],
    ) -> Self {
        Self {
            command,
            operation,
            status: StatusCode::OK,
            location: None,
            draws_id: false,
            problems,
            limited: None,
        }
    }

    /// A command that adds something to a stream.
    pub(crate) const fn adding(
        command: &'static str,
        operation: &'static str,
        problems: &'static [&'static Kind],
    ) -> Self {
        Self {
            command,
            operation,
            status: StatusCode::CREATED,
            location: None,
            draws_id: false,
            problems,
            limited: None,
        }
    }

    /// A command that begins a stream, to be read at `location/{id}`.
    pub(crate) const fn beginning(
        command: &'static str,
        operation: &'static str,
        location: &'static str,
        problems: &'static [&'static Kind],
    ) -> Self {
        let (status, location) = (StatusCode::CREATED, Some(location));
        Self { command, operation, status, location, draws_id: true, problems, limited: None }
    }

    /// The same where staff may have limits for it.
    pub(crate) const fn limited_by(mut self, operation: Operation, route: &'static str) -> Self {
        self.limited = Some(Limited { operation, route });
        self
    }

    pub(crate) const fn is_limited(&self) -> bool {
        self.limited.is_some()
    }

    /// Of a command that is served as a limited one.
    pub(crate) const fn limited(&self) -> Limited {
        self.limited.expect("the endpoint of a limited command names its operation")
    }

    /// The same where the id of the stream follows from its name.
    pub(crate) const fn by_name(mut self) -> Self {
        self.draws_id = false;
        self
    }
}
