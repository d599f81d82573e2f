//! Powers of decimals with any exponent, right to the last of a `Decimal`'s 28 digits.
//!
//! `rust_decimal`'s own power function is too coarse for interest: it stops at about eight digits. Here logarithms
//! and exponentials are computed with 57 decimals, and rounded once, at the end (docs/adr/0010).

mod wide;

use rust_decimal::Decimal;

use crate::exact::{OutOfRange, mul};
use wide::Wide;

/// The decimals of a `Decimal`, and the largest number that it writes them with.
const MOST_DECIMALS: u32 = Decimal::MAX_SCALE;
const LARGEST_MANTISSA: u128 = (1 << 96) - 1;
/// √2, roughly: from where on halving brings a number nearer to one.
const ROOT_OF_TWO: (u128, u128) = (1414, 1000);
/// e^x fits into a `Decimal` below this, and below e^-x nothing but zero is left of it.
const LARGEST_EXPONENT: u64 = 68;
/// The bits that a product may have before its point.
const PRODUCT_BITS: i32 = 63;
/// The exponential is found for a 256th of its argument and squared back as often.
const HALVINGS: u32 = 8;

/// A natural logarithm, or a multiple of one, far more exact than a `Decimal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logarithm {
    is_negative: bool,
    size: Wide,
}

/// `base` to the power of `exponent`, `base` being above zero: the nearest `Decimal`.
pub fn power(base: Decimal, exponent: Decimal) -> Result<Decimal, OutOfRange> {
    if base == Decimal::ONE || exponent.is_zero() {
        return Ok(Decimal::ONE);
    }
    Logarithm::of(base)?.times(exponent)?.exponential()
}

/// `base` multiplied with itself, `times` factors in all, each product rounded.
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
    let Logarithm { is_negative, size } = Logarithm::of(x)?;
    let mut found = nearest(size, 0).ok_or(OutOfRange)?;
    found.set_sign_negative(is_negative && !found.is_zero());
    Ok(found)
}

/// e to the power of `x`.
pub fn exp(x: Decimal) -> Result<Decimal, OutOfRange> {
    Logarithm { is_negative: false, size: Wide::ONE }.times(x)?.exponential()
}

impl Logarithm {
    /// The natural logarithm of `x`; a number that is not above zero has none.
    pub fn of(x: Decimal) -> Result<Self, OutOfRange> {
        if x <= Decimal::ZERO {
            return Err(OutOfRange);
        }
        // x = 2^doublings · numerator / denominator, the fraction lying between √½ and √2.
        let (mut numerator, mut denominator) = (x.mantissa().unsigned_abs(), ten_to(x.scale()));
        let mut doublings = bits(numerator) - bits(denominator);
        if doublings > 0 {
            denominator <<= doublings;
        } else {
            numerator <<= -doublings;
        }
        if numerator * ROOT_OF_TWO.1 > denominator * ROOT_OF_TWO.0 {
            denominator <<= 1;
            doublings += 1;
        } else if numerator * ROOT_OF_TWO.0 < denominator * ROOT_OF_TWO.1 {
            numerator <<= 1;
            doublings -= 1;
        }
        let z = Wide::ratio(numerator.abs_diff(denominator), numerator + denominator).ok_or(OutOfRange)?;
        let near_one = Self { is_negative: numerator < denominator, size: doubled_arctangent(z) };
        let whole = u128::from(doublings.unsigned_abs());
        let whole = Wide::LN_2.times(Wide::ratio(whole, 1).ok_or(OutOfRange)?);
        Ok(near_one.plus(Self { is_negative: doublings < 0, size: whole }))
    }

    /// The logarithm of the `factor`th power.
    pub fn times(self, factor: Decimal) -> Result<Self, OutOfRange> {
        let size = Wide::ratio(factor.mantissa().unsigned_abs(), ten_to(factor.scale())).ok_or(OutOfRange)?;
        let whole_bits = |size: Wide| bits(size.leading() >> u64::BITS);
        if whole_bits(self.size) + whole_bits(size) > PRODUCT_BITS {
            return Err(OutOfRange);
        }
        Ok(Self { is_negative: self.is_negative != factor.is_sign_negative(), size: self.size.times(size) })
    }

    /// What it is the logarithm of: the nearest `Decimal`, zero where nothing of it is left.
    pub fn exponential(self) -> Result<Decimal, OutOfRange> {
        if self.size.leading() >> u64::BITS >= u128::from(LARGEST_EXPONENT) {
            return if self.is_negative { Ok(Decimal::ZERO) } else { Err(OutOfRange) };
        }
        // x = doublings · ln 2 + rest, the rest lying between zero and ln 2.
        let mut whole = self.size.leading() / (Wide::LN_2.leading() + 1);
        let mut reached = Wide::LN_2.times(Wide::ratio(whole, 1).ok_or(OutOfRange)?);
        while reached.plus(Wide::LN_2).is_below(self.size) || self.is_negative && reached.is_below(self.size)
        {
            whole += 1;
            reached = reached.plus(Wide::LN_2);
        }
        let doublings = i32::try_from(whole).map_err(|_| OutOfRange)?;
        let (rest, doublings) = if self.is_negative {
            (reached.minus(self.size), -doublings)
        } else {
            (self.size.minus(reached), doublings)
        };
        nearest(small_exponential(rest), doublings).ok_or(OutOfRange)
    }

    pub const fn is_zero(self) -> bool {
        matches!(self.size, Wide::ZERO)
    }

    fn plus(self, other: Self) -> Self {
        if self.is_negative == other.is_negative {
            return Self { size: self.size.plus(other.size), ..self };
        }
        if self.size.is_below(other.size) {
            return Self { size: other.size.minus(self.size), ..other };
        }
        Self { size: self.size.minus(other.size), ..self }
    }
}

/// ln m = 2·(z + z³/3 + z⁵/5 + …) with z = (m − 1)/(m + 1), which is below 0.18.
fn doubled_arctangent(z: Wide) -> Wide {
    let square = z.times(z);
    let (mut sum, mut odd_power, mut odd) = (z, z, 3);
    loop {
        odd_power = odd_power.times(square);
        let term = odd_power.over(odd);
        if term.is_zero() {
            return sum.plus(sum);
        }
        sum = sum.plus(term);
        odd += 2;
    }
}

/// e^x for x from zero to one.
fn small_exponential(x: Wide) -> Wide {
    let part = x.halved(HALVINGS);
    let (mut sum, mut term, mut n) = (Wide::ONE, Wide::ONE, 1);
    loop {
        term = term.times(part).over(n);
        if term.is_zero() {
            break;
        }
        sum = sum.plus(term);
        n += 1;
    }
    for _ in 0..HALVINGS {
        sum = sum.times(sum);
    }
    sum
}

/// The `Decimal` nearest to `size · 2^doublings`, without idle zeros.
fn nearest(size: Wide, doublings: i32) -> Option<Decimal> {
    (0..=MOST_DECIMALS).rev().find_map(|decimals| {
        let mantissa = size.scaled(ten_to(decimals), doublings)?;
        let fits = mantissa <= LARGEST_MANTISSA;
        let mantissa = i128::try_from(mantissa).ok().filter(|_| fits)?;
        Some(Decimal::from_i128_with_scale(mantissa, decimals).normalize())
    })
}

fn ten_to(decimals: u32) -> u128 {
    10_u128.pow(decimals)
}

fn bits(number: u128) -> i32 {
    (u128::BITS - number.leading_zeros()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn logarithms_and_exponentials_are_right_to_the_last_digit() {
        assert_eq!(ln(decimal("1.0199")).unwrap(), decimal("0.0197045832743354017835019190"));
        assert_eq!(ln(decimal("1000")).unwrap(), decimal("6.9077552789821370520539743641"));
        assert_eq!(ln(decimal("0.001")).unwrap(), decimal("-6.9077552789821370520539743641"));
        assert_eq!(ln(decimal("2")).unwrap(), decimal("0.6931471805599453094172321215"));
        assert_eq!(ln(Decimal::ONE).unwrap(), Decimal::ZERO);
        assert_eq!(exp(decimal("1")).unwrap(), decimal("2.7182818284590452353602874714"));
        assert_eq!(exp(decimal("-3.7")).unwrap(), decimal("0.0247235264703393912027573830"));
        assert_eq!(exp(decimal("20.25")).unwrap(), decimal("622964442.19844548365393829138"));
    }

    #[test]
    fn a_power_that_is_a_short_decimal_is_exact() {
        assert_eq!(power(decimal("1.02"), decimal("2")).unwrap().to_string(), "1.0404");
        assert_eq!(power(decimal("2"), decimal("-2")).unwrap().to_string(), "0.25");
        assert_eq!(power(decimal("1.0404"), decimal("0.5")).unwrap().to_string(), "1.02");
        assert_eq!(power(decimal("10"), decimal("28")).unwrap(), decimal("10000000000000000000000000000"));
    }

    #[test]
    fn the_largest_and_the_smallest_numbers_have_logarithms() {
        let smallest = decimal("0.0000000000000000000000000001");
        assert_eq!(power(smallest, decimal("-1")).unwrap(), decimal("10000000000000000000000000000"));
        assert_eq!(power(Decimal::MAX, Decimal::ONE).unwrap(), Decimal::MAX);
        assert_eq!(exp(ln(Decimal::ONE + smallest).unwrap()).unwrap(), Decimal::ONE + smallest);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_vanishes_is_zero() {
        assert_eq!(exp(decimal("70")), Err(OutOfRange));
        assert_eq!(exp(decimal("67")), Err(OutOfRange));
        assert_eq!(power(decimal("40"), decimal("365")), Err(OutOfRange));
        assert_eq!(ln(Decimal::ZERO), Err(OutOfRange));
        assert_eq!(exp(decimal("-70")).unwrap(), Decimal::ZERO);
        assert_eq!(exp(decimal("-66")).unwrap(), Decimal::ZERO);
        assert_eq!(power(Decimal::TWO, Decimal::MAX), Err(OutOfRange));
    }

    #[test]
    fn the_constant_is_the_logarithm_of_two() {
        // ln 2 = 2·arctanh(1/3)
        let third = Wide::ratio(1, 3).unwrap();
        let found = doubled_arctangent(third);
        let error =
            if found.is_below(Wide::LN_2) { Wide::LN_2.minus(found) } else { found.minus(Wide::LN_2) };
        assert_eq!(error.leading(), 0);
        assert!(error.scaled(1 << 80, 100).unwrap() < 256, "{error:?}");
    }
}
