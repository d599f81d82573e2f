//! Currencies, with the decimals of their smallest units.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::{Amount, AmountError, LARGEST_AMOUNT};

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
        Amount::from_units(0, self.decimals())
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
        Ok(Amount::from_checked(exact))
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
