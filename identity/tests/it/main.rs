//! Tokens and the gate, with an issuer that the tests can spoil.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod gate;
mod issuer;
mod outages;
mod tokens;
