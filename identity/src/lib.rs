//! Who asks, and what they may: bearer tokens of an `OpenID` Connect issuer, and one table of permissions.
//!
//! A request passes the [`gate`] before it reaches a route: its token is verified ([`Verifier`]) by keys that the issuer
//! publishes ([`RemoteIssuer`]) or that the development issuer made ([`DevelopmentIssuer`]); the token's claims say which
//! [`Role`]s its subject has ([`RoleMapping`]), and the table ([`permissions`]) which of them a route asks for. What the
//! route gets is a [`Caller`].

mod caller;
mod claims;
mod development;
pub mod gate;
mod issuer;
mod keys;
mod lender;
pub mod permissions;
mod rejection;
mod role;
mod verifier;

pub use caller::Caller;
pub use claims::RoleMapping;
pub use development::{DevelopmentIssuer, KeyFileError};
pub use issuer::{IssuerError, Pace, RemoteIssuer};
pub use lender::{LenderClaim, claimed};
pub use rejection::Rejection;
pub use role::{Role, UnknownRole};
pub use verifier::Verifier;
