//! The rules as sentences about the business: given what happened, when this is asked, then that follows.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod accruals;
mod applications;
mod chargebacks;
mod charges;
mod closed_periods;
mod credits;
mod day_closes;
mod draw_downs;
mod early;
mod entries;
mod event_document;
mod event_schemas;
mod invariants;
mod periods;
mod products;
mod properties;
mod proposals;
mod repayments;
mod restructures;
mod reversals;
mod settlements;
mod staff;
mod story;
mod support;
mod waivers;
mod write_offs;
