//! The rules as sentences about the business: given what happened, when this is asked, then that follows.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod applications;
mod charges;
mod entries;
mod event_schemas;
mod invariants;
mod periods;
mod products;
mod properties;
mod repayments;
mod reversals;
mod settlements;
mod story;
mod support;
