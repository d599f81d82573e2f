//! Reactions: what acts on the world, at least once, deduplicated by event id and never replayed by a rebuild.
//!
//! Nothing acts on the world yet. The Kafka relay, command workers, webhooks and the payments saga each get one file
//! here; they read the feed of `event-store` and never a read table.
