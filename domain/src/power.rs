//! Powers of decimals with any exponent, correct to at least 20 significant digits.
//!
//! `rust_decimal`'s own power function is too coarse for interest: it stops at about eight digits.

use rust_decimal::Decimal;

use crate::exact::{OutOfRange, add, div, mul, sub};

/// ln 2 to 28 decimals.
const LN_2: Decimal = Decimal::from_parts(0xaa7a_65bf, 0x81f5_2f01, 0x1665_943f, false, 28);
/// √2 and its inverse, roughly: where halving or doubling brings a number nearest to one.
const ROOT_OF_TWO: Decimal = Decimal::from_parts(1414, 0, 0, false, 3);
const INVERSE_ROOT: Decimal = Decimal::from_parts(707, 0, 0, false, 3);
/// e^95 still fits into a `Decimal` when taken as a power of two; what is smaller than 2^-95 has no digits
/// left.
const MOST_DOUBLINGS: i64 = 95;
/// Whole exponents up to this are multiplied out, which keeps short decimals exact.
const MULTIPLIED_OUT: u32 = 64;

/// `base` to the power of `exponent`, `base` being above zero.
pub fn power(base: Decimal, exponent: Decimal) -> Result<Decimal, OutOfRange> {
    if base == Decimal::ONE || exponent.is_zero() {
        return Ok(Decimal::ONE);
    }
    if exponent.is_integer()
        && exponent.abs() <= Decimal::from(MULTIPLIED_OUT)
        && let Ok(times) = u32::try_from(exponent.abs())
    {
        let product = whole_power(base, times)?;
        return if exponent.is_sign_negative() { div(Decimal::ONE, product) } else { Ok(product) };
    }
    exp(mul(ln(base)?, exponent)?)
}

/// `base` multiplied with itself, `times` factors in all.
pub fn whole_power(base: Decimal, times: u32) -> Result<Decimal, OutOfRange> {
    let (mut product, mut square, mut left) = (Decimal::ONE, base, times);
    while left > 0 {
        if left & 1 == 1 {
            product = mul(product, square)?;
        }
        left >>= 1;
        if left > 0 {
            square = mul(square, square)?;
        }
    }
    Ok(product)
}

/// The natural logarithm of `x`; a number that is not above zero has none.
pub fn ln(x: Decimal) -> Result<Decimal, OutOfRange> {
    if x <= Decimal::ZERO {
        return Err(OutOfRange);
    }
    let (mut near_one, mut doublings) = (x, 0_i64);
    while near_one > ROOT_OF_TWO {
        near_one = div(near_one, Decimal::TWO)?;
        doublings += 1;
    }
    while near_one < INVERSE_ROOT {
        near_one = mul(near_one, Decimal::TWO)?;
        doublings -= 1;
    }
    // ln m = 2·(z + z³/3 + z⁵/5 + …) with z = (m − 1)/(m + 1), |z| < 0.18
    let z = div(sub(near_one, Decimal::ONE)?, add(near_one, Decimal::ONE)?)?;
    let square = mul(z, z)?;
    let (mut sum, mut odd_power, mut odd) = (z, z, 3_i64);
    loop {
        odd_power = mul(odd_power, square)?;
        let term = div(odd_power, Decimal::from(odd))?;
        if term.is_zero() {
            break;
        }
        sum = add(sum, term)?;
        odd += 2;
    }
    add(mul(sum, Decimal::TWO)?, mul(LN_2, Decimal::from(doublings))?)
}

/// e to the power of `x`.
pub fn exp(x: Decimal) -> Result<Decimal, OutOfRange> {
    let doublings = i64::try_from(div(x, LN_2)?.round()).map_err(|_| OutOfRange)?;
    if doublings > MOST_DOUBLINGS {
        return Err(OutOfRange);
    }
    if doublings < -MOST_DOUBLINGS {
        return Ok(Decimal::ZERO);
    }
    // An eighth of the rest converges in a dozen terms and is squared back three times.
    let eighth = div(sub(x, mul(LN_2, Decimal::from(doublings))?)?, Decimal::from(8))?;
    let (mut sum, mut term, mut n) = (Decimal::ONE, Decimal::ONE, 1_i64);
    loop {
        term = div(mul(term, eighth)?, Decimal::from(n))?;
        if term.is_zero() {
            break;
        }
        sum = add(sum, term)?;
        n += 1;
    }
    for _ in 0..3 {
        sum = mul(sum, sum)?;
    }
    let scale = Decimal::from(1_u128 << doublings.unsigned_abs());
    if doublings < 0 { div(sum, scale) } else { mul(sum, scale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn assert_close(found: Decimal, expected: &str) {
        let expected = decimal(expected);
        let error = ((found - expected) / expected).abs();
        assert!(error < decimal("0.000000000000000000001"), "{found} is not {expected}");
    }

    #[test]
    fn logarithms_and_exponentials_are_correct_to_more_than_twenty_digits() {
        assert_close(ln(decimal("1.0199")).unwrap(), "0.0197045832743354017835019190202");
        assert_close(ln(decimal("1000")).unwrap(), "6.90775527898213705205397436405");
        assert_close(ln(decimal("0.001")).unwrap(), "-6.90775527898213705205397436405");
        assert_close(exp(decimal("1")).unwrap(), "2.71828182845904523536028747135");
        assert_close(exp(decimal("-3.7")).unwrap(), "0.0247235264703393912027573829834");
        assert_close(exp(decimal("20.25")).unwrap(), "622964442.19844548365393829138");
    }

    #[test]
    fn a_whole_exponent_keeps_a_short_decimal_exact() {
        assert_eq!(power(decimal("1.02"), decimal("2")).unwrap(), decimal("1.0404"));
        assert_eq!(power(decimal("2"), decimal("-2")).unwrap(), decimal("0.25"));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_vanishes_is_zero() {
        assert_eq!(exp(decimal("70")), Err(OutOfRange));
        assert_eq!(power(decimal("40"), decimal("365")), Err(OutOfRange));
        assert_eq!(ln(Decimal::ZERO), Err(OutOfRange));
        assert_eq!(exp(decimal("-70")).unwrap(), Decimal::ZERO);
    }
}
