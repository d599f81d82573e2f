//! A command on its way to a worker, and the id of the request for it.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the form in which commands wait.
const VERSION: u32 = 1;

/// Names a request. It follows from who asks, under which key, for what: the same asked again is the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub Uuid);

/// A command with all that its execution needs: it is executed as if it came by HTTP.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuedCommand {
    /// Of the form.
    version: u32,
    pub id: RequestId,
    /// Commands of one stream are executed in the order in which they were accepted.
    pub stream: Uuid,
    /// Whose idempotency keys count.
    pub client: Arc<str>,
    /// The idempotency key.
    pub key: Arc<str>,
    /// Who acts.
    pub subject: Arc<str>,
    /// What the subject was to the lender when the command was accepted.
    #[serde(default, skip_serializing_if = "no_roles")]
    pub roles: Arc<[Cow<'static, str>]>,
    pub correlation_id: String,
    /// The version that `If-Match` asks for.
    pub expected_version: Option<i64>,
    pub accepted_at: DateTime<Utc>,
    pub path: String,
    /// As it was sent.
    pub body: Box<RawValue>,
}

fn no_roles(roles: &Arc<[Cow<'static, str>]>) -> bool {
    roles.is_empty()
}

/// What waits is no command of this program's: why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undecodable(pub String);

impl RequestId {
    pub fn of(client: &str, key: &str, request_hash: &[u8; 32]) -> Self {
        // Keys have no zero byte; clients have none either, and what follows is of a fixed length.
        let hash = Sha256::new_with_prefix(b"request\0")
            .chain_update(client)
            .chain_update([0])
            .chain_update(key)
            .chain_update([0])
            .chain_update(request_hash)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl QueuedCommand {
    /// A command to be executed as if `path` were asked with `body`; the rest is filled in by whoever accepts it.
    #[expect(clippy::too_many_arguments, reason = "all that a command is made of")]
    pub fn new(
        (id, stream): (RequestId, Uuid),
        (client, key): (Arc<str>, Arc<str>),
        subject: Arc<str>,
        correlation_id: String,
        expected_version: Option<i64>,
        accepted_at: DateTime<Utc>,
        path: String,
        body: Box<RawValue>,
    ) -> Self {
        Self {
            version: VERSION,
            id,
            stream,
            client,
            key,
            subject,
            roles: [].into(),
            correlation_id,
            expected_version,
            accepted_at,
            path,
            body,
        }
    }

    /// The same, by somebody with these roles.
    #[must_use]
    pub fn by_roles(self, roles: Arc<[Cow<'static, str>]>) -> Self {
        Self { roles, ..self }
    }

    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).expect("a command is plain data")
    }

    pub(crate) fn decode(text: &[u8]) -> Result<Self, Undecodable> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let unreadable =
            |error: serde_json::Error| Undecodable(format!("the command cannot be read: {error}"));
        // First, so that a form of another version is called that.
        let Version { version } = serde_json::from_slice(text).map_err(unreadable)?;
        if version != VERSION {
            return Err(Undecodable(format!(
                "the command has version {version} of its form, and this program reads {VERSION}"
            )));
        }
        serde_json::from_slice(text).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> QueuedCommand {
        let id = RequestId::of("local", "k", &[7; 32]);
        let body = RawValue::from_string(r#"{"on" :"2026-01-02", "amount":"1.00"}"#.to_owned()).unwrap();
        let (path, correlation) = ("/v1/loans/1/repayments".to_owned(), "c".to_owned());
        let who = ("local".into(), "k".into());
        QueuedCommand::new(
            (id, Uuid::nil()),
            who,
            "s".into(),
            correlation,
            Some(3),
            DateTime::UNIX_EPOCH,
            path,
            body,
        )
    }

    #[test]
    fn a_command_comes_out_as_it_went_in() {
        let command = command();
        let read = QueuedCommand::decode(command.encode().as_bytes()).unwrap();
        assert_eq!(read.body.get(), command.body.get(), "to the letter");
        assert_eq!(read.encode(), command.encode());
    }

    #[test]
    fn a_command_keeps_the_roles_of_its_actor_and_one_of_before_has_none() {
        assert!(!command().encode().contains("roles"), "as commands were before roles were kept");
        let command = command().by_roles(["operator".into(), "approver".into()].into());
        let read = QueuedCommand::decode(command.encode().as_bytes()).unwrap();
        assert_eq!(read.roles, command.roles);
    }

    #[test]
    fn what_is_no_command_is_refused_with_the_reason() {
        let refused = |text: &str| QueuedCommand::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(refused("nonsense").starts_with("the command cannot be read"));
        assert!(refused(r#"{"version": 1}"#).contains("missing field"));
        assert_eq!(
            refused(r#"{"version": 2, "new": true}"#),
            "the command has version 2 of its form, and this program reads 1"
        );
    }

    #[test]
    fn a_request_is_named_by_client_key_and_what_is_asked() {
        let id = RequestId::of("a", "k", &[1; 32]);
        assert_eq!(id, RequestId::of("a", "k", &[1; 32]));
        for other in [
            RequestId::of("b", "k", &[1; 32]),
            RequestId::of("a", "l", &[1; 32]),
            RequestId::of("a", "k", &[2; 32]),
        ] {
            assert_ne!(id, other);
        }
        assert_eq!(id.0.get_version_num(), 8);
    }
}
