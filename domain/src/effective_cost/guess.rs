//! A close guess of the daily discount factor in whole numbers, which are some thirty times quicker than
//! decimals. Only where the search begins depends on it, never what it finds.

use rust_decimal::Decimal;

/// Factors have so many binary digits behind the point.
const POINT: u32 = 60;
const ONE: i128 = 1 << POINT;
/// Money is scaled to stay below 2^62, slopes are held without their last 16 digits: then no product passes
/// 2^127.
const MONEY_BITS: u32 = 62;
const SLOPE_SHIFT: u32 = 16;
const LOWEST: i128 = ONE / 10 * 9;
const MOST_STEPS: u32 = 40;
/// The longest gap between two flows for which the bounds above hold, some 89 years.
const LONGEST_GAP: u32 = 1 << 15;

/// A root in (0.9, 1) of Σ amount·v^days, near enough to start from; each flow names which of the `gaps` of days lies
/// before it.
pub(super) fn root_below_one(gaps: &[u32], flows: &[(usize, Decimal)]) -> Option<Decimal> {
    if gaps.iter().any(|gap| *gap >= LONGEST_GAP) {
        return None;
    }
    let whole = whole_amounts(flows)?;
    let (mut low, mut high, mut v) = (LOWEST, ONE, ONE);
    for _ in 0..MOST_STEPS {
        let (value, slope) = at(gaps, &whole, v);
        let side = if value > 0 { &mut high } else { &mut low };
        *side = v;
        let step = (value << (POINT - SLOPE_SHIFT)).checked_div(slope).unwrap_or(0);
        let next = if (low..=high).contains(&(v - step)) { v - step } else { low.midpoint(high) };
        if (next - v).abs() <= 4 {
            break;
        }
        v = next;
    }
    Decimal::try_from_i128_with_scale(v, 0).ok()?.checked_div(Decimal::from(ONE))
}

/// Amounts as whole numbers, as large as the bounds allow for.
fn whole_amounts(flows: &[(usize, Decimal)]) -> Option<Vec<(usize, i128)>> {
    let scale = flows.iter().map(|flow| flow.1.scale()).max()?;
    let mut whole = Vec::with_capacity(flows.len());
    for (gap, amount) in flows {
        let mut amount = *amount;
        amount.rescale(scale);
        if amount.scale() != scale {
            return None;
        }
        whole.push((*gap, amount.mantissa()));
    }
    let sum = whole.iter().try_fold(0_u128, |sum, flow| sum.checked_add(flow.1.unsigned_abs()))?;
    let bits = u128::BITS - sum.leading_zeros();
    let shift = MONEY_BITS.checked_sub(bits)?;
    for flow in &mut whole {
        flow.1 <<= shift;
    }
    Some(whole)
}

/// Value and slope by Horner's rule from the last flow back.
fn at(gaps: &[u32], flows: &[(usize, i128)], v: i128) -> (i128, i128) {
    let (mut value, mut slope) = (0_i128, 0_i128);
    let powers: Vec<_> = gaps
        .iter()
        .map(|&gap| match gap.checked_sub(1) {
            None => (ONE, 0),
            Some(less) => {
                let below = power(v, less);
                ((below * v) >> POINT, below * i128::from(gap))
            }
        })
        .collect();
    for &(gap, amount) in flows.iter().rev() {
        value += amount;
        let (power, derivative) = powers[gap];
        slope = ((slope * power) >> POINT) + (((value >> SLOPE_SHIFT) * derivative) >> POINT);
        value = (value * power) >> POINT;
    }
    (value, slope)
}

fn power(v: i128, times: u32) -> i128 {
    let (mut product, mut square, mut left) = (ONE, v, times);
    while left > 0 {
        if left & 1 == 1 {
            product = (product * square) >> POINT;
        }
        square = (square * square) >> POINT;
        left >>= 1;
    }
    product
}
