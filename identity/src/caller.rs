//! Who sends a request.

use std::sync::Arc;

use crate::Role;

/// Somebody whose token was found good, or the local developer. The [`gate`](crate::gate) puts one into the extensions
/// of every request that it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`: a person, or a program.
    pub subject: Arc<str>,
    /// The program that the token was given to (`azp`, else `client_id`, else the subject). Idempotency keys are
    /// apart by it.
    pub client: Arc<str>,
    /// In the order of [`Role::ALL`], each once.
    pub roles: Arc<[Role]>,
}

impl Caller {
    /// Whoever sends a request without a token to a server on loopback that has no issuer: has every role.
    pub fn local_developer() -> Self {
        Self { subject: "local-developer".into(), client: "local".into(), roles: Role::ALL.into() }
    }

    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
