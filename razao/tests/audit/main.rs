//! What proves that nothing was changed: the sealer, the proofs, the auditor's pack and both of its verifiers, and what
//! each says of a log that somebody tampered with.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod book;
mod by_replica;
mod corpus;
mod lender;
mod packs;
mod proofs;
mod replays;
mod running;
mod sealing;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../../../projections/tests/it/standby.rs"]
mod standby;
#[path = "../support/mod.rs"]
mod support;
mod tampering;
