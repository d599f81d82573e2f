//! The promises of what acts by itself, on a real Postgres with a fresh database for each test.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod close_day;
mod commands;
mod kept;
mod lender;
mod schedule;
