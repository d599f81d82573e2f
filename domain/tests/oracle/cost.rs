//! The effective cost by bisection on the growth of one day (LENDING.md §7).

use num_bigint::BigInt;
use num_traits::Signed;

use crate::calendar::days_between;
use crate::fractions::{Fraction, Mode, fixed_power, one, part, power, rounded, shown, ten_to, whole};
use crate::plan::Release;

const DECIMALS: u32 = 40;

/// The yearly and the monthly rate of dated flows, the first of them at time zero.
pub(crate) fn effective_cost(flows: &[Release]) -> Option<(String, String)> {
    let scale = ten_to(DECIMALS);
    let scaled = |x: &Fraction| (x * Fraction::from_integer(scale.clone())).to_integer();
    let amounts: Vec<(u32, BigInt)> = flows
        .iter()
        .map(|(on, amount)| (u32::try_from(days_between(flows[0].0, *on)).expect("in order"), scaled(amount)))
        .collect();
    let value = |growth: &BigInt| -> BigInt {
        let discount = &scale * &scale / growth;
        amounts.iter().map(|(days, amount)| amount * fixed_power(&discount, *days, &scale) / &scale).sum()
    };
    let (mut low, mut high) = (scaled(&part(95, 100)), scaled(&part(14, 10)));
    if turns(flows) > 1 {
        (low, high) = around(scale.clone(), [low, high], &value)?;
    }
    if value(&low).is_positive() || value(&high).is_negative() {
        return None;
    }
    while &high - &low > BigInt::from(10) {
        let middle: BigInt = (&low + &high) / 2;
        if value(&middle).is_negative() { low = middle } else { high = middle }
    }
    let growth = Fraction::new(low, scale.clone());
    let yearly = power(&growth, &whole(365)) - one();
    let monthly = power(&growth, &part(365, 12)) - one();
    let text = |x: &Fraction| shown(&rounded(x, 4, Mode::HalfEven), 4);
    Some((text(&yearly), text(&monthly)))
}

/// How often money flows the other way than on the days before.
fn turns(flows: &[Release]) -> usize {
    let mut days: Vec<Release> = Vec::new();
    let mut flows = flows.to_vec();
    flows.sort_by_key(|(on, _)| *on);
    for (on, amount) in flows {
        match days.last_mut().filter(|(day, _)| *day == on) {
            Some(day) => day.1 += amount,
            None => days.push((on, amount)),
        }
    }
    days.retain(|(_, amount)| !amount.is_zero());
    days.windows(2).filter(|both| both[0].1.is_positive() != both[1].1.is_positive()).count()
}

/// Of several costs the one nearest to nothing counts: the first span, from no growth on, in which the value turns.
fn around(
    one: BigInt,
    [low, high]: [BigInt; 2],
    value: &dyn Fn(&BigInt) -> BigInt,
) -> Option<(BigInt, BigInt)> {
    let grows = value(&one).is_negative();
    let (mut step, mut before) = (&one / 2_000_000, one.clone());
    loop {
        let next = if grows { &one + &step } else { &one - &step };
        if next < low || next > high {
            return None;
        }
        if value(&next).is_negative() != grows {
            return Some(if grows { (before, next) } else { (next, before) });
        }
        (before, step) = (next, &step * 5 / 4);
    }
}
