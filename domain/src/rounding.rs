//! The one place that rounds, by a named mode.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::exact::{self, OutOfRange};

/// Significant digits that a computed figure is trusted to have (LENDING.md asks for 20). What a power or a
/// division leaves behind them is dust: without it 12.345 stays an exact half instead of
/// 12.34500000000000000000000003.
const TRUSTED_DIGITS: i64 = 20;
/// Decimals beyond the rounded ones in which dust is looked for in small figures, left over where large ones
/// cancel.
const GUARD_DECIMALS: i64 = 14;

/// What becomes of the digits that are dropped (LENDING.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// An exact half goes to the even digit (ABNT NBR 5891).
    #[default]
    HalfEven,
    /// An exact half goes away from zero.
    HalfUp,
    /// Cut toward zero.
    Down,
}

impl RoundingMode {
    /// `value` with exactly `decimals` decimals. Zero never has a sign.
    pub fn round(self, value: Decimal, decimals: u32) -> Decimal {
        let scale = value.scale();
        if scale <= decimals {
            let mut same = value;
            // Most figures that are rounded once more have their decimals already.
            if scale < decimals {
                same.rescale(decimals);
            }
            if same.is_zero() {
                same.set_sign_positive(true);
            }
            return same;
        }
        let mantissa = value.mantissa();
        let (trusted, digits) = without_dust(mantissa.unsigned_abs(), scale, decimals);
        let units = self.cut(digits, trusted.saturating_sub(decimals));
        let units = i128::try_from(units).expect("fewer digits than a decimal holds");
        let mut rounded = Decimal::from_i128_with_scale(mantissa.signum() * units, trusted.min(decimals));
        rounded.rescale(decimals);
        rounded
    }

    /// A number without its last digits, `dropped` of them.
    fn cut(self, digits: u128, dropped: u32) -> u128 {
        let unit = 10_u128.pow(dropped);
        let (kept, rest) = (digits / unit, digits % unit);
        let up = match self {
            Self::Down => false,
            Self::HalfUp => dropped > 0 && rest >= unit / 2,
            Self::HalfEven => rest > unit / 2 || dropped > 0 && rest == unit / 2 && kept % 2 == 1,
        };
        kept + u128::from(up)
    }

    /// The multiple of `unit` (above zero) that is nearest to `value` in this mode.
    pub fn to_multiple(self, value: Decimal, unit: Decimal) -> Result<Decimal, OutOfRange> {
        exact::mul(self.round(exact::div(value, unit)?, 0), unit)
    }
}

/// How many decimals of a figure can be trusted, and its digits up to there, to the nearest.
fn without_dust(digits: u128, scale: u32, decimals: u32) -> (u32, u128) {
    let Some(last_digit) = digits.checked_ilog10() else {
        return (scale, digits);
    };
    let integer_digits = i64::from(last_digit) + 1 - i64::from(scale);
    let trusted = (TRUSTED_DIGITS - integer_digits).min(i64::from(decimals) + GUARD_DECIMALS);
    // A figure too large to have 20 digits and its decimals too is past every amount that is accepted.
    match u32::try_from(trusted) {
        Ok(trusted) if trusted < scale => (trusted, RoundingMode::HalfEven.cut(digits, scale - trusted)),
        _ => (scale, digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn dust_behind_an_exact_half_does_not_tip_it() {
        let dusty = decimal("12.345000000000000000000000003");
        assert_eq!(RoundingMode::HalfEven.round(dusty, 2), decimal("12.34"));
        assert_eq!(RoundingMode::Down.round(decimal("12.349999999999999999999999"), 2), decimal("12.35"));
    }

    #[test]
    fn a_digit_that_can_be_trusted_does_tip_a_half() {
        assert_eq!(RoundingMode::HalfEven.round(decimal("12.34500000000001"), 2), decimal("12.35"));
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(RoundingMode::HalfEven.round(decimal("-0.001"), 2).to_string(), "0.00");
    }
}
