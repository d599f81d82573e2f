//! Wiring: the command line, the settings, the roles of one process, the embedded Postgres; and the clients of a
//! running server that come with it.

pub mod audit;
pub mod bench;
pub mod cli;
pub mod client;
pub mod close_day;
pub mod databases;
pub mod dead_letters;
pub mod demo;
pub mod embedded_postgres;
pub mod failure;
pub mod health;
pub mod identification;
pub mod kafka_settings;
pub mod keys;
pub mod lenders;
pub mod reading;
pub mod rebuild;
pub mod replay;
pub mod roles;
mod running;
pub mod schedule;
pub mod server;
pub mod settings;
pub mod snapshot;
pub mod telemetry;
pub mod up;
pub mod verify;
