//! Amounts of money, exact to the decimals of their currency, and the currencies themselves.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The largest amount that a request may name: a trillion of any currency. It keeps every product of an amount
/// and a factor well inside the 28 digits of a `Decimal`.
pub const LARGEST_AMOUNT: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// A currency by its ISO 4217 code, with the decimals that ISO 4217 gives it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Ars,
    #[default]
    Brl,
    Chf,
    Clp,
    Cop,
    Czk,
    Eur,
    Gbp,
    Jpy,
    Mxn,
    Pen,
    Pyg,
    Usd,
    Uyu,
}

/// An amount of one currency, which its context names (the loan, the entry, the journal line).
///
/// It never holds more decimals than its currency has, and always holds that many, so it prints as `"1234.50"`.
/// Sums and differences of amounts of one currency keep this; nothing else is offered.
#[derive(Debug, Clone, Copy)]
pub struct Amount(Decimal);

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

/// A text that is no currency code known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no currency that is known here")]
pub struct UnknownCurrency(pub String);

impl Currency {
    pub const ALL: [Self; 14] = [
        Self::Ars,
        Self::Brl,
        Self::Chf,
        Self::Clp,
        Self::Cop,
        Self::Czk,
        Self::Eur,
        Self::Gbp,
        Self::Jpy,
        Self::Mxn,
        Self::Pen,
        Self::Pyg,
        Self::Usd,
        Self::Uyu,
    ];

    /// The decimals of its smallest unit.
    pub const fn decimals(self) -> u32 {
        match self {
            Self::Clp | Self::Jpy | Self::Pyg => 0,
            _ => 2,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Ars => "ARS",
            Self::Brl => "BRL",
            Self::Chf => "CHF",
            Self::Clp => "CLP",
            Self::Cop => "COP",
            Self::Czk => "CZK",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Mxn => "MXN",
            Self::Pen => "PEN",
            Self::Pyg => "PYG",
            Self::Usd => "USD",
            Self::Uyu => "UYU",
        }
    }

    /// Nothing of this currency.
    pub fn zero(self) -> Amount {
        Amount(Decimal::new(0, self.decimals()))
    }

    /// `value` as an amount: no more decimals than the currency has, not beyond [`LARGEST_AMOUNT`] either way.
    pub fn try_amount(self, value: Decimal) -> Result<Amount, AmountError> {
        let decimals = self.decimals();
        if value.abs() > LARGEST_AMOUNT {
            return Err(AmountError::TooLarge { value });
        }
        if value.normalize().scale() > decimals {
            return Err(AmountError::TooManyDecimals { value, currency: self, decimals });
        }
        let mut exact = value;
        exact.rescale(decimals);
        Ok(Amount(exact))
    }

    /// `value` as an amount above zero.
    pub fn try_positive(self, value: Decimal) -> Result<Amount, AmountError> {
        if value <= Decimal::ZERO {
            return Err(AmountError::NotPositive { value });
        }
        self.try_amount(value)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|currency| currency.code() == text);
        found.ok_or_else(|| UnknownCurrency(text.to_owned()))
    }
}

impl Amount {
    /// Nothing, of whichever currency it is added to.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount that was checked before: a stored one, or a rounded result of arithmetic.
    pub const fn from_checked(value: Decimal) -> Self {
        Self(value)
    }

    pub const fn value(self) -> Decimal {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub const fn is_positive(self) -> bool {
        self.0.is_sign_positive() && !self.0.is_zero()
    }

    pub const fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The sum of two amounts of one currency.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        if let Some(units) = self.units_of_both(other, i64::checked_add) {
            return units;
        }
        let sum = self.0.checked_add(other.0).expect("amounts stay below 10^15, so their sum has room");
        self.with_decimals_of(other, sum)
    }

    /// The difference of two amounts of one currency; it may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        if let Some(units) = self.units_of_both(other, i64::checked_sub) {
            return units;
        }
        let left =
            self.0.checked_sub(other.0).expect("amounts stay below 10^15, so their difference has room");
        self.with_decimals_of(other, left)
    }

    /// Nearly all amounts that meet have the same decimals and fit into 64 bits, where this is some times faster.
    fn units_of_both(self, other: Self, combine: fn(i64, i64) -> Option<i64>) -> Option<Self> {
        let scale = self.0.scale().max(other.0.scale());
        let units = |amount: Self| {
            let mantissa = i64::try_from(amount.0.mantissa()).ok()?;
            (mantissa == 0 || amount.0.scale() == scale).then_some(mantissa)
        };
        Some(Self(Decimal::new(combine(units(self)?, units(other)?)?, scale)))
    }

    /// [`Amount::ZERO`] has no decimals of its own, and a decimal zero forgets those of the other side.
    fn with_decimals_of(self, other: Self, mut result: Decimal) -> Self {
        let decimals = self.0.scale().max(other.0.scale());
        if result.scale() < decimals {
            result.rescale(decimals);
        }
        Self(result)
    }

    /// What is left after taking `other` away, or `None` where that would be negative.
    pub fn checked_less(self, other: Self) -> Option<Self> {
        let left = self.minus(other);
        (!left.is_negative()).then_some(left)
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The same number without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.scale() == other.0.scale() {
            return self.0.mantissa().cmp(&other.0.mantissa());
        }
        self.0.cmp(&other.0)
    }
}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(Decimal::ZERO), Self::plus)
    }
}

impl PartialEq<Decimal> for Amount {
    fn eq(&self, other: &Decimal) -> bool {
        self.0 == *other
    }
}

impl PartialOrd<Decimal> for Amount {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        self.0.partial_cmp(other)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Decimal::from_str_exact(&text).map(Self).map_err(serde::de::Error::custom)
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
