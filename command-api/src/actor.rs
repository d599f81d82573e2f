//! Who sends a command.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::http::Extensions;

/// Who acts, and the client whose idempotency keys count.
///
/// Whoever identifies a request puts one into its extensions. Without it the request is the local developer's: only
/// a server on loopback lets such a request come this far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub subject: Arc<str>,
    pub client: Arc<str>,
    /// What the subject is to the lender; none where nobody looked.
    pub roles: Arc<[Cow<'static, str>]>,
    /// Whether what other clients asked for is theirs to see too.
    pub oversees: bool,
}

static LOCAL_DEVELOPER: LazyLock<Actor> = LazyLock::new(|| Actor {
    subject: "local-developer".into(),
    client: "local".into(),
    roles: [].into(),
    oversees: true,
});

impl Actor {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().unwrap_or(&LOCAL_DEVELOPER).clone()
    }
}
