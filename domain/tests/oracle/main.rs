//! An independent oracle: the rules of LENDING.md once more, slow and obvious, in exact fractions.
//!
//! It shares no arithmetic with the crate under test: it reads terms and commands from their JSON, has its own
//! calendar, powers and rounding, and replays a whole history for every question.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::struct_excessive_bools,
    clippy::match_same_arms,
    clippy::if_same_then_else,
    clippy::needless_pass_by_value,
    clippy::needless_for_each,
    clippy::manual_is_multiple_of,
    clippy::single_match_else,
    clippy::doc_markdown,
    reason = "it is written as the text of the rules is: their letters, their cases one by one, nothing shortened"
)]

mod accrual;
mod answer;
mod calendar;
mod cases;
mod cost;
mod disburse;
mod fraction;
mod fractions;
mod generate;
mod generate_terms;
mod history;
mod in_cents;
mod late;
mod loan;
mod parts;
mod pay;
mod plan;
mod plan_fixed;
mod redraw;
mod requests;
mod rest;
mod rest_ends;
mod rest_joins;
mod rest_level;
mod rest_pay;
mod rest_view;
mod restructure;
mod row;
mod running;
mod running_joins;
mod schedules;
mod servicing;
mod settle;
mod tax;
mod terms;
mod timeline;
mod views;
