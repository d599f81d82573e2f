//! Reactions: what acts on the world, at least once, deduplicated by event id and never replayed by a rebuild; and what
//! issues commands by itself.
//!
//! - [`close_day`]: books the interest of a day; [`run`] does so for each day when it is over.
//! - [`Relay`] publishes the log to Kafka, as [`kafka::KafkaSettings`] say; [`relay_status`] says how far it is.
//! - [`migrate`] creates the tables in which reactions note how far they are.
//!
//! They read `event-store` and never a read table. Command workers, webhooks and the payments saga each get one file
//! here.

pub mod close_day;
mod error;
mod migrate;
mod priority;
mod relay;
mod schedule;
mod session;
mod telemetry;

pub use error::RelayError;
pub use migrate::migrate;
pub use relay::Relay;
pub use schedule::run;
pub use session::{RelayStatus, relay_status};
