//! A flood of commands that wait in a queue: whatever is killed, each is executed once, in the order of its loan.
//!
//! `scripts/with-postgres.sh scripts/with-kafka.sh cargo test -p razao --test queued_commands`
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod flood;
mod processes;
mod queue;
#[path = "../support/mod.rs"]
mod support;

/// A broker of `scripts/with-kafka.sh`.
fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS is not set: run this by scripts/with-kafka.sh")
}
