//! The crash tests: under load with known keys the server, or what it needs, is killed at random moments. Then what was
//! acknowledged is there exactly once, and everything adds up.
//!
//! - [`embedded`]: `razao up`, with its Postgres.
//! - [`apart`]: each role as a process of its own, with one Kafka and one Postgres.
//!
//! `CRASHES` sets how often something is killed (`make crash`: 20 times), `CRASH_SEED` the moments.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod apart;
#[path = "../relay/broker.rs"]
mod broker;
mod checks;
mod embedded;
mod load;
#[path = "../relay/reading.rs"]
mod reading;
#[path = "../relay/relay.rs"]
mod relay;
#[path = "../support/mod.rs"]
mod support;

use fastrand::Rng;

/// How often something is killed, and by which moments.
fn rounds_and_moments(usual: u64) -> (u64, Rng) {
    let setting = |name| std::env::var(name).ok().map(|value| value.parse().expect("a number"));
    let rounds = setting("CRASHES").unwrap_or(usual);
    let seed = setting("CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{rounds} kills, CRASH_SEED={seed}");
    (rounds, Rng::with_seed(seed))
}
