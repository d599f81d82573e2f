//! Wiring: the command line, the settings, the roles of one process, the embedded Postgres.

pub mod cli;
pub mod embedded_postgres;
pub mod failure;
pub mod health;
pub mod rebuild;
pub mod roles;
pub mod schedule;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod up;
