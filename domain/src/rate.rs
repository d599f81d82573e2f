//! Rates and the interest factors that follow from them (LENDING.md §3).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::day_count::DayCount;
use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::power::{Logarithm, power};
use crate::rounding::RoundingMode;

/// A rate of interest: `value` is a fraction (0.0199 is 1.99 %) for each `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Rate {
    pub value: Decimal,
    pub per: RatePeriod,
    pub compounding: Compounding,
}

/// The time that a rate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatePeriod {
    Year,
    #[default]
    Month,
    /// One of the N days that the day count gives a year.
    Day,
}

/// Whether interest bears interest inside a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compounding {
    /// Simple inside a period: the yearly rate is a multiple of the rate.
    Nominal,
    /// Compound: the yearly rate is a power.
    #[default]
    Effective,
}

/// How money grows at a rate under a day count: gives the interest factor of any year fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Y·t
    Simple { yearly: Decimal },
    /// (1 + Y)^t − 1, Y being held as ln(1 + Y)
    Compound { yearly_logarithm: Logarithm },
}

impl Rate {
    /// The highest `value` that terms may name: 10 000 % a year, 100 % a month, 5 % a day.
    pub const fn highest(per: RatePeriod) -> Decimal {
        match per {
            RatePeriod::Year => Decimal::ONE_HUNDRED,
            RatePeriod::Month => Decimal::ONE,
            RatePeriod::Day => Decimal::from_parts(5, 0, 0, false, 2),
        }
    }

    /// Y: the rate of a year.
    pub fn yearly(&self, day_count: DayCount) -> Result<Decimal, OutOfRange> {
        let times = self.times_a_year(day_count);
        match self.compounding {
            Compounding::Nominal => mul(self.value, times),
            Compounding::Effective => sub(power(add(Decimal::ONE, self.value)?, times)?, Decimal::ONE),
        }
    }

    /// How money grows at this rate. With `daily_decimals` the rate of one day is rounded to so many decimals
    /// first.
    pub fn growth(
        &self,
        day_count: DayCount,
        daily_decimals: Option<u32>,
        mode: RoundingMode,
    ) -> Result<Growth, OutOfRange> {
        let days = Decimal::from(day_count.days_a_year());
        let times = self.times_a_year(day_count);
        match (self.compounding, daily_decimals) {
            (Compounding::Nominal, None) => Ok(Growth::Simple { yearly: mul(self.value, times)? }),
            (Compounding::Nominal, Some(decimals)) => {
                let daily = mode.round(div(mul(self.value, times)?, days)?, decimals);
                Ok(Growth::Simple { yearly: mul(daily, days)? })
            }
            (Compounding::Effective, None) => {
                let logarithm = Logarithm::of(add(Decimal::ONE, self.value)?)?;
                Ok(Growth::Compound { yearly_logarithm: logarithm.times(times)? })
            }
            (Compounding::Effective, Some(decimals)) => {
                let whole_days = div(times, days)?;
                let grown = power(add(Decimal::ONE, self.value)?, whole_days)?;
                let daily = mode.round(sub(grown, Decimal::ONE)?, decimals);
                let logarithm = Logarithm::of(add(Decimal::ONE, daily)?)?;
                Ok(Growth::Compound { yearly_logarithm: logarithm.times(days)? })
            }
        }
    }

    fn times_a_year(&self, day_count: DayCount) -> Decimal {
        match self.per {
            RatePeriod::Year => Decimal::ONE,
            RatePeriod::Month => Decimal::from(12),
            RatePeriod::Day => Decimal::from(day_count.days_a_year()),
        }
    }
}

impl Growth {
    /// The interest factor of `years`, a fraction: what one unit of money earns.
    pub fn factor(&self, years: Decimal) -> Result<Decimal, OutOfRange> {
        match self {
            Self::Simple { yearly } => mul(*yearly, years),
            Self::Compound { yearly_logarithm } => {
                if years.is_zero() || yearly_logarithm.is_zero() {
                    return Ok(Decimal::ZERO);
                }
                sub(yearly_logarithm.times(years)?.exponential()?, Decimal::ONE)
            }
        }
    }

    /// Whether interest of an earlier span bears interest in a later one of the same period.
    pub const fn compounds(&self) -> bool {
        matches!(self, Self::Compound { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_a_monthly_rate_is_that_rate() {
        let rate =
            Rate { value: Decimal::new(199, 4), per: RatePeriod::Month, compounding: Compounding::Effective };
        let growth = rate.growth(DayCount::Thirty360, None, RoundingMode::HalfEven).unwrap();
        let month = growth.factor(Decimal::ONE / Decimal::from(12)).unwrap();
        assert_eq!(RoundingMode::HalfEven.round(month, 20), RoundingMode::HalfEven.round(rate.value, 20));
    }
}
