//! Reactions: what acts on the world, at least once, deduplicated by event id and never replayed by a rebuild.
//!
//! - [`Relay`] publishes the log to Kafka, as [`KafkaSettings`] say; [`relay_status`] says how far it is.
//! - [`migrate`] creates the tables in which reactions note how far they are.
//!
//! They read the feed of `event-store` and never a read table. Command workers, webhooks and the payments saga each
//! get one file here.

mod deliveries;
mod error;
mod kafka;
mod migrate;
mod relay;
mod session;
mod settings;
mod telemetry;

pub use error::RelayError;
pub use migrate::migrate;
pub use relay::Relay;
pub use session::{RelayStatus, relay_status};
pub use settings::KafkaSettings;
