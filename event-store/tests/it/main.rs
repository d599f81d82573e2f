//! The promises of the log, on a real Postgres with a fresh database for each test.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod append_only;
mod begin;
mod bundles;
mod commands;
mod counter;
mod feed;
mod migrations;
mod periods;
mod stock;
mod tail;
mod turns;

use event_store::{Log, Streams};
use sqlx::PgPool;
use uuid::Uuid;

use counter::Counter;

pub(crate) const CACHE_BYTES: u64 = 16 << 20;

pub(crate) async fn log_on(pool: &PgPool) -> Log {
    let options = (*pool.connect_options()).clone();
    Log::migrate(&options).await.expect("the schema is created");
    Log::connect(&options).await.expect("the log is reached")
}

pub(crate) async fn counters_on(pool: &PgPool) -> Streams<Counter> {
    Streams::new(log_on(pool).await, CACHE_BYTES)
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}
