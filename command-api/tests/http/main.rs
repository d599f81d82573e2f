//! The command API over HTTP, on the real router with a real PostgreSQL and a fresh database for each test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod applications;
mod bad_input;
mod bulk;
mod concurrency;
mod document;
mod entries;
mod faults;
mod later;
mod life_of_a_loan;
mod periods;
mod products;
mod proposals;
mod refusals;
mod restructures;
mod schedules;
mod servicing;
mod servicing_refusals;
mod simulations;
mod support;
mod worked_cases;
