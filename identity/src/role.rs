//! What somebody is to the lender.

use std::fmt;
use std::str::FromStr;

/// A role. [`permissions`](crate::permissions) says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A program of the lender's that posts: applications, repayments, entries.
    Integrator,
    /// Staff who serve borrowers: what an integrator may, and corrections.
    Operator,
    /// Staff who decide: approve, write off, restructure.
    Approver,
    /// Staff who keep the books: entries, accounting periods, refunds.
    Finance,
    /// Reads everything, changes nothing.
    Auditor,
    /// Looks after the system: products, dead letters. Moves no money.
    Admin,
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of integrator, operator, approver, finance, auditor, admin")]
pub struct UnknownRole(pub String);

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Integrator, Self::Operator, Self::Approver, Self::Finance, Self::Auditor, Self::Admin];

    /// As it is written in claims, settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integrator => "integrator",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Finance => "finance",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let role = Self::ALL.into_iter().find(|role| role.name() == name);
        role.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}
