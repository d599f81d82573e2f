//! Read models that are fed by Kafka, each role as a process of its own against a real broker: whatever is killed, hangs
//! or comes twice, they equal those that are rebuilt from the log, byte for byte.
//!
//! `scripts/with-postgres.sh scripts/with-kafka.sh cargo test -p razao --test consumers`
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod bad_input;
mod dead_letters;
mod faults;
mod feeding;
mod lender;
mod mock;
#[path = "../relay/relay.rs"]
mod relay;
#[path = "../support/mod.rs"]
mod support;
mod together;

fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS is not set: run this by scripts/with-kafka.sh")
}
