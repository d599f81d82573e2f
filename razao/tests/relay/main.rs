//! The relay as a process of its own against a real Kafka: nothing is lost, nothing overtakes, whatever is killed.
//!
//! `scripts/with-postgres.sh scripts/with-kafka.sh cargo test -p razao --test relay`
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod broker;
mod faults;
mod login;
mod mock;
mod publishing;
mod reading;
mod relay;
#[path = "../support/mod.rs"]
mod support;
mod writer;

/// A setting that `scripts/with-kafka.sh` gives.
fn of_kafka(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by scripts/with-kafka.sh"))
}

fn brokers() -> String {
    of_kafka("KAFKA_BROKERS")
}
