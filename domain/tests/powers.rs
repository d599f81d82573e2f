//! Powers and roots against exact fractions: each result, and half a unit of its last digit more and less, is raised
//! back in whole numbers of any length.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use domain::day_count::DayCount;
use domain::power::{Logarithm, power};
use domain::rate::{Compounding, Rate, RatePeriod};
use domain::rounding::RoundingMode;
use num_bigint::BigUint;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;

/// A fraction of whole numbers of any length.
struct Fraction {
    numerator: BigUint,
    denominator: BigUint,
}

impl Fraction {
    fn of(decimal: Decimal) -> Self {
        let numerator = BigUint::from(decimal.mantissa().unsigned_abs());
        Self { numerator, denominator: BigUint::from(10_u32).pow(decimal.scale()) }
    }

    fn to_the(&self, times: u32) -> Self {
        Self { numerator: self.numerator.pow(times), denominator: self.denominator.pow(times) }
    }

    fn at_most(&self, other: &Self) -> bool {
        &self.numerator * &other.denominator <= &other.numerator * &self.denominator
    }
}

/// `decimal` with as many decimals as it can have, as a multiple of half a unit of the last of them, plus `halves`.
fn moved(mut decimal: Decimal, halves: i8) -> Fraction {
    decimal.rescale(Decimal::MAX_SCALE);
    let exact = Fraction::of(decimal);
    let twice = exact.numerator * 2_u32;
    let size = BigUint::from(halves.unsigned_abs());
    let numerator = if halves < 0 { twice - size } else { twice + size };
    Fraction { numerator, denominator: exact.denominator * 2_u32 }
}

/// Whether `found` lies within `halves` halves of a unit of its last digit of the `root`th root of `base^times`.
fn is_root(found: Decimal, base: Decimal, times: u32, root: u32, halves: i8) -> bool {
    let exact = Fraction::of(base).to_the(times);
    moved(found, -halves).to_the(root).at_most(&exact) && exact.at_most(&moved(found, halves).to_the(root))
}

/// A number from 0.000001 to below 1000, of any length.
fn base() -> impl Strategy<Value = Decimal> {
    let short = (1..1_000_000_000_i64, 0..7_u32).prop_map(|(digits, more)| Decimal::new(digits, 6 + more));
    let long = (1..1_i128 << 92, 20..29_u32)
        .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits, scale));
    let like_a_rate =
        (0..1_i128 << 80).prop_map(|digits| Decimal::ONE + Decimal::from_i128_with_scale(digits, 28));
    prop_oneof![short, long, like_a_rate].prop_filter("not too small to be raised", |base| {
        *base > Decimal::new(1, 6) && *base < Decimal::from(1000)
    })
}

/// Exponents that are exact as decimals, as times and root.
fn exact_exponent() -> impl Strategy<Value = (u32, u32)> {
    (1..400_u32, select(vec![1_u32, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80, 100, 125]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_power_is_the_nearest_decimal(base in base(), (times, root) in exact_exponent()) {
        let exponent = Decimal::from(times) / Decimal::from(root);
        let Ok(found) = power(base, exponent) else { return Ok(()) };
        // Larger numbers have fewer decimals, and the smallest fewer digits.
        prop_assume!(found < Decimal::from(7) && found > Decimal::new(1, 20));
        prop_assert!(is_root(found, base, times, root, 1), "{}^({}/{}) is not {}", base, times, root, found);
    }

    #[test]
    fn what_is_raised_to_less_than_nothing_is_the_inverse(base in base(), (times, root) in exact_exponent()) {
        let exponent = Decimal::from(times) / Decimal::from(root);
        let Ok(found) = power(base, -exponent) else { return Ok(()) };
        prop_assume!(found < Decimal::from(7) && found > Decimal::new(1, 20));
        let Fraction { numerator, denominator } = Fraction::of(base).to_the(times);
        let inverse = Fraction { numerator: denominator, denominator: numerator };
        prop_assert!(moved(found, -1).to_the(root).at_most(&inverse), "{}^(-{}/{})", base, times, root);
        prop_assert!(inverse.at_most(&moved(found, 1).to_the(root)), "{}^(-{}/{})", base, times, root);
    }

    #[test]
    fn a_factor_of_days_is_right_to_the_last_digit(
        value in 1..200_000_i64, days in 1..800_u32, count in select(vec![DayCount::Actual365, DayCount::Business252]),
    ) {
        let rate = Rate {
            value: Decimal::new(value, 6), per: RatePeriod::Year, compounding: Compounding::Effective,
        };
        let growth = rate.growth(count, None, RoundingMode::HalfEven).unwrap();
        let year = count.days_a_year();
        let factor = growth.factor(Decimal::from(days) / Decimal::from(year)).unwrap();
        // The fraction of a year is itself rounded to 28 digits, which can move the last digit by one more.
        let base = Decimal::ONE + rate.value;
        prop_assert!(is_root(factor + Decimal::ONE, base, days, year, 3), "{} for {} days", base, days);
    }

    #[test]
    fn a_logarithm_leads_back(base in base()) {
        prop_assert_eq!(Logarithm::of(base).unwrap().exponential().unwrap(), base.normalize().round_dp(28));
    }
}
