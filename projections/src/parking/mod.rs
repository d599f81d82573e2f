//! What becomes of an event that a read model cannot take: its stream is parked, and all others go on.
//!
//! - [`aside`]: what is set aside. [`standing`]: what is parked already. [`store`] writes it down.
//! - [`settle`] finds out which event is to blame; [`refusal`] says whether an event is to blame at all.
//! - [`redrive`] applies a parked stream in order, or what is left once its event was discarded.
//! - [`retry`] does so by itself for a while; then the stream is a dead letter. [`letters`] shows them, [`publish`] sends
//!   them to Kafka where there is one.

pub(crate) mod aside;
pub(crate) mod letters;
pub(crate) mod publish;
pub(crate) mod redrive;
pub(crate) mod refusal;
pub(crate) mod retry;
pub(crate) mod settle;
pub(crate) mod standing;
pub(crate) mod store;

/// Creates the tables.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");
