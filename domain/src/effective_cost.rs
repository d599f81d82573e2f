//! The effective cost of a loan, custo efetivo total (Res. CMN 4.881/2020; LENDING.md §7).

mod guess;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::power::{power, whole_power};
use crate::rounding::RoundingMode;

/// What borrowing costs, as rates of interest: fractions with four decimals (a percentage with two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveCost {
    /// The x with Σ received/(1+x)^(d/365) = Σ paid/(1+x)^(d/365).
    pub yearly: Decimal,
    /// (1+x)^(1/12) − 1
    pub monthly: Decimal,
}

/// Money that moves on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    pub on: NaiveDate,
    pub amount: Decimal,
}

const DECIMALS: u32 = 4;
const MOST_STEPS: u32 = 200;
/// Steps of the daily discount factor shrink by squares: after one below this the factor is right to some 18
/// digits.
const SMALLEST_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 11);
/// The daily discount factor that is searched down to: it stands for a yearly cost of some 10^16.
const LOWEST_DISCOUNT: Decimal = Decimal::from_parts(9, 0, 0, false, 1);
/// And up to: a yearly cost of −99 %.
const HIGHEST_DISCOUNT: Decimal = Decimal::from_parts(10127, 0, 0, false, 4);
const FIRST_STRIDE: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// The effective cost of receiving `received` and paying `paid`; `None` where no rate makes them equal. Where several do, as
/// may be when money is received again after some was paid, it is the one nearest to zero.
pub fn effective_cost(received: &[Flow], paid: &[Flow]) -> Option<EffectiveCost> {
    let discount = daily_discount(received, paid)?;
    let yearly = yearly(discount).ok()?;
    let monthly =
        power(yearly.checked_add(Decimal::ONE)?, Decimal::ONE / Decimal::from(12)).ok()? - Decimal::ONE;
    let shown = |rate| RoundingMode::HalfEven.round(rate, DECIMALS);
    Some(EffectiveCost { yearly: shown(yearly), monthly: shown(monthly) })
}

/// The yearly rate itself, before rounding.
pub fn yearly_rate(received: &[Flow], paid: &[Flow]) -> Option<Decimal> {
    yearly(daily_discount(received, paid)?).ok()
}

fn yearly(discount: Decimal) -> Result<Decimal, OutOfRange> {
    sub(div(Decimal::ONE, whole_power(discount, 365)?)?, Decimal::ONE)
}

/// v with Σ paid·v^d = Σ received·v^d, d in days from the first of them.
fn daily_discount(received: &[Flow], paid: &[Flow]) -> Option<Decimal> {
    let balance = Balance::of(received, paid)?;
    let at_par = balance.at(Decimal::ONE).ok()?;
    if at_par.value.is_zero() {
        return Some(Decimal::ONE);
    }
    let found = if at_par.value <= Decimal::ZERO {
        let (low, high) = balance.first_turn(Decimal::ONE)?;
        balance.root_between(low, high, high)
    } else if balance.turns() > 1 {
        let (high, low) = balance.first_turn(Decimal::NEGATIVE_ONE)?;
        balance.root_between(low, high, high)
    } else {
        let guess =
            guess::root_below_one(&balance.gaps, &balance.terms).filter(|guess| *guess > LOWEST_DISCOUNT);
        balance.root_between(LOWEST_DISCOUNT, Decimal::ONE, guess.unwrap_or(Decimal::ONE))
    };
    // Steps that end at the lowest factor have found its edge, not a root.
    found.ok().flatten().filter(|v| *v > LOWEST_DISCOUNT + SMALLEST_STEP)
}

/// Σ paid·v^d − Σ received·v^d as a polynomial in the daily discount factor v.
struct Balance {
    /// The different numbers of days between flows, for each of which a power is worked out once.
    gaps: Vec<u32>,
    /// Which of them lies before the flow, and the net amount paid.
    terms: Vec<(usize, Decimal)>,
}

/// A polynomial's value and slope.
struct At {
    value: Decimal,
    slope: Decimal,
}

impl Balance {
    fn of(received: &[Flow], paid: &[Flow]) -> Option<Self> {
        let out = received.iter().map(|flow| (flow.on, -flow.amount));
        let mut flows: Vec<_> = out.chain(paid.iter().map(|flow| (flow.on, flow.amount))).collect();
        flows.sort_by_key(|flow| flow.0);
        let mut before = flows.first()?.0;
        let mut spaced = Vec::with_capacity(flows.len());
        for (on, amount) in flows {
            spaced.push((u32::try_from((on - before).num_days()).ok()?, amount));
            before = on;
        }
        let mut gaps: Vec<_> = spaced.iter().map(|flow| flow.0).collect();
        gaps.sort_unstable();
        gaps.dedup();
        let place = |(gap, amount)| Some((gaps.binary_search(&gap).ok()?, amount));
        let terms = spaced.into_iter().map(place).collect::<Option<_>>()?;
        Some(Self { gaps, terms })
    }

    /// By Horner's rule from the last flow back.
    fn at(&self, v: Decimal) -> Result<At, OutOfRange> {
        let powers = self.gaps.iter().map(|&gap| {
            let Some(less) = gap.checked_sub(1) else { return Ok((Decimal::ONE, Decimal::ZERO)) };
            let below = whole_power(v, less)?;
            Ok((mul(below, v)?, mul(below, Decimal::from(gap))?))
        });
        let powers = powers.collect::<Result<Vec<_>, OutOfRange>>()?;
        let (mut value, mut slope) = (Decimal::ZERO, Decimal::ZERO);
        for &(gap, amount) in self.terms.iter().rev() {
            value = add(value, amount)?;
            let (power, derivative) = powers[gap];
            slope = add(mul(slope, power)?, mul(value, derivative)?)?;
            value = mul(value, power)?;
        }
        Ok(At { value, slope })
    }

    /// How often money flows the other way than before. Where it turns but once, one factor at most makes both equal.
    fn turns(&self) -> usize {
        let mut days: Vec<Decimal> = Vec::with_capacity(self.terms.len());
        for &(gap, amount) in &self.terms {
            match days.last_mut().filter(|_| self.gaps[gap] == 0) {
                Some(day) => *day += amount,
                None => days.push(amount),
            }
        }
        days.retain(|day| !day.is_zero());
        days.windows(2).filter(|both| both[0].is_sign_negative() != both[1].is_sign_negative()).count()
    }

    /// Two discount factors, the nearer to one first, between which what is paid and received become equal: found in
    /// growing strides from one on, up or down.
    fn first_turn(&self, direction: Decimal) -> Option<(Decimal, Decimal)> {
        let (mut stride, mut before) = (FIRST_STRIDE, Decimal::ONE);
        loop {
            let v = Decimal::ONE + direction * stride;
            if !(LOWEST_DISCOUNT..=HIGHEST_DISCOUNT).contains(&v) {
                return None;
            }
            if (self.at(v).ok()?.value > Decimal::ZERO) == direction.is_sign_positive() {
                return Some((before, v));
            }
            (before, stride) = (v, stride * Decimal::TWO);
        }
    }

    /// Newton's steps from `start`, kept inside a shrinking bracket: the value is above zero at `high`, and
    /// below it at `low` if there is a root at all.
    fn root_between(
        &self,
        low: Decimal,
        high: Decimal,
        start: Decimal,
    ) -> Result<Option<Decimal>, OutOfRange> {
        let (mut low, mut high, mut v) = (low, high, start);
        for _ in 0..MOST_STEPS {
            let At { value, slope } = self.at(v)?;
            let side = if value > Decimal::ZERO { &mut high } else { &mut low };
            *side = v;
            let newton = if slope.is_zero() { None } else { sub(v, div(value, slope)?).ok() };
            let next = match newton {
                Some(next) if low <= next && next <= high => next,
                _ => div(add(low, high)?, Decimal::TWO)?,
            };
            if (next - v).abs() < SMALLEST_STEP {
                return Ok(Some(next));
            }
            v = next;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(on: &str, amount: i64) -> Flow {
        Flow { on: on.parse().unwrap(), amount: Decimal::from(amount) }
    }

    #[test]
    fn a_loan_without_interest_or_fee_costs_nothing() {
        let cost = effective_cost(&[flow("2026-01-01", 100)], &[flow("2026-07-01", 100)]).unwrap();
        assert_eq!((cost.yearly.to_string(), cost.monthly.to_string()), ("0.0000".into(), "0.0000".into()));
    }

    #[test]
    fn paying_back_less_than_was_received_costs_less_than_nothing() {
        let cost = effective_cost(&[flow("2026-01-01", 100)], &[flow("2027-01-01", 90)]).unwrap();
        assert_eq!(cost.yearly.to_string(), "-0.1000");
    }

    #[test]
    fn a_cost_that_is_an_exact_half_goes_to_the_even_digit() {
        let after_a_year = [Flow { on: "2027-01-01".parse().unwrap(), amount: Decimal::new(1_268_250, 2) }];
        let cost = effective_cost(&[flow("2026-01-01", 10_000)], &after_a_year).unwrap();
        assert_eq!(cost.yearly.to_string(), "0.2682");
    }

    #[test]
    fn a_cost_beyond_all_measure_is_still_found() {
        let cost = effective_cost(&[flow("2026-01-01", 100)], &[flow("2026-01-31", 200)]).unwrap();
        assert_eq!(cost.yearly.to_string(), "4596.6045");
    }

    #[test]
    fn of_several_costs_the_one_nearest_to_nothing_counts() {
        // Two others have ten digits and more.
        let lent = [flow("2029-05-19", 100), flow("2029-09-09", 39_110), flow("2029-10-26", 75_237)];
        let paid = [
            flow("2029-05-24", 160),
            flow("2029-07-10", 160),
            flow("2029-08-06", 160),
            flow("2029-09-15", 19_715),
            flow("2029-10-27", 94_952),
        ];
        let cost = effective_cost(&lent, &paid).unwrap();
        assert_eq!((cost.yearly.to_string(), cost.monthly.to_string()), ("0.2611".into(), "0.0195".into()));
    }

    #[test]
    fn there_is_no_cost_where_nothing_is_received() {
        assert_eq!(effective_cost(&[flow("2026-01-01", 0)], &[flow("2026-07-01", 100)]), None);
        assert_eq!(effective_cost(&[flow("2026-01-01", 100)], &[flow("2026-01-01", 110)]), None);
        assert_eq!(effective_cost(&[], &[]), None);
    }
}
