//! What is wrong with a field of a request.

use serde::Serialize;
use utoipa::ToSchema;

/// A rule that a field breaks.
///
/// `code` is a refusal of LENDING.md §16, or one of `required`, `malformed`, `unknown_value`,
/// `unknown_currency`, `not_positive`, `too_many_decimals`, `too_large`, `out_of_range`, `inconsistent`,
/// `repeated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer from the terms, such as `/rate/value`.
    pub pointer: String,
    pub code: &'static str,
    /// Names the field, the rule and the offending value.
    pub detail: String,
}

/// The refusals of LENDING.md §16 that a check of terms can find.
const REFUSALS: [&str; 10] = [
    "grace_too_long",
    "grace_not_for_method",
    "due_dates_not_increasing",
    "first_due_before_disbursement",
    "custom_does_not_add_up",
    "method_needs_one_disbursement",
    "simulation_only",
    "excess_not_for_basis",
    "plan_cannot_be_drawn_again",
    "unknown_component",
];

/// The code that stands for all of `errors` in an answer: the first refusal of LENDING.md §16 among them, if
/// any.
pub fn leading_code(errors: &[FieldError]) -> Option<&'static str> {
    errors.iter().map(|error| error.code).find(|code| REFUSALS.contains(code))
}
