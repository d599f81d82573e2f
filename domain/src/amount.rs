//! Amounts of money, exact to the decimals of their currency.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;

use rust_decimal::Decimal;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::currency::Currency;

/// The largest amount that a request may name: a trillion of any currency. It keeps every product of an amount
/// and a factor well inside the 28 digits of a `Decimal`.
pub const LARGEST_AMOUNT: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// More than the digits of any number of units, with a sign and a point.
const LONGEST_TEXT: usize = 44;

/// An amount of one currency, which its context names (the loan, the entry, the journal line).
///
/// It never holds more decimals than its currency has, and always holds that many, so it prints as `"1234.50"`.
/// Sums and differences of amounts of one currency keep this; nothing else is offered.
///
/// Engines add and compare amounts far more often than they multiply or print them. So what is held is the number of
/// smallest units and, in the lowest eight bits, how many decimals they have: those of equal decimals are added and
/// compared as they are.
#[derive(Clone, Copy)]
pub struct Amount(i128);

/// An amount together with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Money {
    pub amount: Amount,
    pub currency: Currency,
}

/// Why a number is not an amount of a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("{value} has more decimals than {currency} has ({decimals})")]
    TooManyDecimals { value: Decimal, currency: Currency, decimals: u32 },
    #[error("{value} is larger than {LARGEST_AMOUNT}")]
    TooLarge { value: Decimal },
    #[error("{value} is not positive")]
    NotPositive { value: Decimal },
}

impl Amount {
    /// Nothing, of whichever currency it is added to.
    pub const ZERO: Self = Self(0);

    /// Where the decimals are.
    const DECIMALS: i128 = 0xff;

    /// An amount that was checked before: a stored one, or a rounded result of arithmetic.
    pub const fn from_checked(value: Decimal) -> Self {
        Self::from_units(value.mantissa(), value.scale())
    }

    /// So many of the smallest units, each `10^-decimals`. A decimal has less than 2^96 of them, which leaves room for
    /// the sums of millions.
    #[inline]
    pub(crate) const fn from_units(units: i128, decimals: u32) -> Self {
        Self((units << 8) | decimals as i128)
    }

    #[inline]
    const fn units(self) -> i128 {
        self.0 >> 8
    }

    #[inline]
    const fn decimals(self) -> u32 {
        self.0.to_le_bytes()[0] as u32
    }

    /// What nearly all texts of amounts are: digits that fit into 64 bits, and decimals. Events are full of them.
    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let count = if digits.len() == whole.len() { 0 } else { u32::try_from(decimals.len()).ok()? };
        if whole.is_empty() || decimals.is_empty() || digits.len() > 18 {
            return None;
        }
        let mut units = 0_i64;
        for digit in whole.bytes().chain(decimals.bytes().take(count as usize)) {
            units = units * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        let signed = if digits.len() < text.len() { -units } else { units };
        Some(Self::from_units(i128::from(signed), count))
    }

    /// The number as text, at the end of `text`.
    fn write(self, text: &mut [u8; LONGEST_TEXT]) -> &str {
        let mut left = self.units().unsigned_abs();
        let mut at = text.len();
        let mut put = |byte| {
            at -= 1;
            text[at] = byte;
        };
        let mut written = 0;
        while left > 0 || written <= self.decimals() {
            if written == self.decimals() && written > 0 {
                put(b'.');
            }
            // Dividing 64 bits is much faster.
            let (rest, digit) = match u64::try_from(left) {
                Ok(left) => (u128::from(left / 10), (left % 10).to_le_bytes()[0]),
                Err(_) => (left / 10, (left % 10).to_le_bytes()[0]),
            };
            put(b'0' + digit);
            left = rest;
            written += 1;
        }
        if self.is_negative() {
            put(b'-');
        }
        std::str::from_utf8(&text[at..]).expect("digits")
    }

    /// The number with the decimals of its currency.
    pub fn value(self) -> Decimal {
        Decimal::from_i128_with_scale(self.units(), self.decimals())
    }

    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 & !Self::DECIMALS == 0
    }

    #[inline]
    pub const fn is_positive(self) -> bool {
        self.0 > Self::DECIMALS
    }

    #[inline]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum of two amounts of one currency.
    #[inline]
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (one, other) = self.alike(other);
        Self(one.0 + (other.0 & !Self::DECIMALS))
    }

    /// The difference of two amounts of one currency; it may be negative.
    #[inline]
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let (one, other) = self.alike(other);
        Self(one.0 - (other.0 & !Self::DECIMALS))
    }

    /// Both with the decimals of the one that has more: [`Amount::ZERO`] has none of its own.
    #[inline]
    const fn alike(self, other: Self) -> (Self, Self) {
        let (one, two) = (self.decimals(), other.decimals());
        if one == two {
            (self, other)
        } else if one < two {
            (self.with_decimals(two), other)
        } else {
            (self, other.with_decimals(one))
        }
    }

    /// The same with as many decimals or more.
    #[inline]
    const fn with_decimals(self, decimals: u32) -> Self {
        if self.is_zero() {
            return Self::from_units(0, decimals);
        }
        Self::from_units(self.units() * 10_i128.pow(decimals - self.decimals()), decimals)
    }

    /// What is left after taking `other` away, or `None` where that would be negative.
    #[inline]
    pub fn checked_less(self, other: Self) -> Option<Self> {
        let left = self.minus(other);
        (!left.is_negative()).then_some(left)
    }

    #[must_use]
    #[inline]
    pub fn negated(self) -> Self {
        Self::from_units(-self.units(), self.decimals())
    }

    /// The same number without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        if self.is_negative() { self.negated() } else { self }
    }
}

impl PartialEq for Amount {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Nearly all amounts that meet have the same decimals.
        self.0 == other.0 || self.decimals() != other.decimals() && self.cmp(other).is_eq()
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = self.alike(*other);
        one.0.cmp(&other.0)
    }
}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value().hash(state);
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LONGEST_TEXT];
        f.pad_integral(!self.is_negative(), "", self.abs().write(&mut text))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl PartialEq<Decimal> for Amount {
    fn eq(&self, other: &Decimal) -> bool {
        self.value() == *other
    }
}

impl PartialOrd<Decimal> for Amount {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        self.value().partial_cmp(other)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; LONGEST_TEXT];
        serializer.serialize_str(self.write(&mut text))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AmountText)
    }
}

/// Reads a text where it stands.
struct AmountText;

impl Visitor<'_> for AmountText {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount as a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
        if let Some(amount) = Amount::read(text) {
            return Ok(amount);
        }
        Decimal::from_str_exact(text).map(Amount::from_checked).map_err(E::custom)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$"))
            .description(Some("An amount with the decimals of its currency."))
            .examples(["1234.50"])
            .into()
    }
}

impl ToSchema for Amount {}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn an_amount_prints_with_the_decimals_of_its_currency() {
        assert_eq!(Currency::Brl.try_amount(decimal("100")).unwrap().to_string(), "100.00");
        assert_eq!(Currency::Jpy.try_amount(decimal("100.000")).unwrap().to_string(), "100");
    }

    #[test]
    fn more_decimals_than_the_currency_has_are_refused() {
        let refused = Currency::Brl.try_amount(decimal("0.001")).unwrap_err();
        assert_eq!(refused.to_string(), "0.001 has more decimals than BRL has (2)");
    }

    #[test]
    fn the_largest_amount_is_a_trillion() {
        assert_eq!(LARGEST_AMOUNT, decimal("1000000000000"));
        assert!(Currency::Brl.try_amount(decimal("1000000000000.01")).is_err());
    }

    #[test]
    fn nothing_added_to_nothing_keeps_the_decimals() {
        let zero = Currency::Brl.zero();
        for sum in
            [zero.plus(Amount::ZERO), Amount::ZERO.plus(zero), zero.minus(Amount::ZERO), zero.minus(zero)]
        {
            assert_eq!(sum.to_string(), "0.00");
        }
    }

    #[test]
    fn zero_is_not_positive() {
        assert!(matches!(Currency::Brl.try_positive(Decimal::ZERO), Err(AmountError::NotPositive { .. })));
    }
}
