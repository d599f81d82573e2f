//! Two lenders in one process, and everything that one of them could try to get at the other: by every route, by host,
//! token, key, cursor, tag, bulk, queue, topic and proof.
//!
//! `scripts/with-postgres.sh scripts/with-kafka.sh cargo test --workspace --test lenders`

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod book;
mod chosen;
mod clients;
mod command_line;
mod deployment;
mod every_route;
mod kafka;
mod one_redis;
mod over_tls;
#[path = "../relay/reading.rs"]
mod reading;
mod refused;
mod shared_nothing;
#[path = "../support/mod.rs"]
mod support;
