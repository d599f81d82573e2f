//! Reactions: what acts on the world, at least once, deduplicated by event id and never replayed by a rebuild; and what
//! issues commands by itself.
//!
//! - [`close_day`]: books the interest of a day; [`run`] does so for each day when it is over.
//!
//! The Kafka relay, webhooks and the payments saga each get one file here; they read `event-store` and never a read
//! table.

pub mod close_day;
mod priority;
mod schedule;

pub use schedule::run;
