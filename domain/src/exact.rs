//! Decimal arithmetic that says so instead of overflowing.

use rust_decimal::Decimal;

/// A figure grew beyond the 28 digits that a `Decimal` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a figure grows beyond what can be computed with")]
pub struct OutOfRange;

pub(crate) fn add(a: Decimal, b: Decimal) -> Result<Decimal, OutOfRange> {
    a.checked_add(b).ok_or(OutOfRange)
}

pub(crate) fn sub(a: Decimal, b: Decimal) -> Result<Decimal, OutOfRange> {
    a.checked_sub(b).ok_or(OutOfRange)
}

pub(crate) fn mul(a: Decimal, b: Decimal) -> Result<Decimal, OutOfRange> {
    a.checked_mul(b).ok_or(OutOfRange)
}

pub(crate) fn div(a: Decimal, b: Decimal) -> Result<Decimal, OutOfRange> {
    a.checked_div(b).ok_or(OutOfRange)
}
