//! Several lenders in one process: a log, databases, keys, topics, caches, limits and threads each; only the listener
//! and the binary are the same (ADR 0029).
//!
//! A request is a lender's before anything looks at it: `choice` finds which, by the host or by the token's claim, and
//! hands it to that lender's own gate and routes, at that lender's `place`.

mod apart;
mod choice;
mod host;
mod operator;
mod place;
mod serve;
mod up;

pub use serve::serve;
pub use up::up;
