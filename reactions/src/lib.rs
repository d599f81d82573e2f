//! Reactions: what acts on the world, at least once, deduplicated by event id and never replayed by a rebuild; and what
//! issues commands by itself.
//!
//! - [`close_day`]: books the interest of a day; [`run`] does so for each day when it is over.
//! - [`CommandWorkers`] execute the commands that wait in a queue.
//! - [`complete_proposals`] executes what was accepted before a crash.
//! - [`Relay`] publishes the log to Kafka, as [`kafka::KafkaSettings`] say; [`relay_status`] says how far it is.
//! - [`Sealer`] adds the log to the tree that proves it, and signs checkpoints; [`Anchors`] keep some elsewhere.
//! - [`migrate`] creates the tables in which reactions note how far they are.
//!
//! They read `event-store` and never a read table. Webhooks and the payments saga each get one file here.

mod anchors;
pub mod close_day;
mod commands;
mod error;
mod migrate;
mod priority;
mod proposals;
mod relay;
mod schedule;
mod seal;
mod session;
mod telemetry;

pub use anchors::{AnchorError, Anchors, Bucket, BucketError, BucketUrlError, Place};
pub use commands::{CommandWorkers, Execute};
pub use error::RelayError;
pub use migrate::migrate;
pub use proposals::{Complete, complete_proposals};
pub use relay::Relay;
pub use schedule::run;
pub use seal::{SealError, Sealer};
pub use session::{RelayStatus, relay_status};
