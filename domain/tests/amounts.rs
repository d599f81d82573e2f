//! Amounts and rounding against the decimals of `rust_decimal`, which are slower and somebody else's.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::Amount;
use domain::rounding::RoundingMode;
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

/// Amounts of one currency, and zeros that have no decimals yet.
fn alike() -> impl Strategy<Value = (Decimal, Decimal)> {
    let largest = 1_000_000_000_000_000_i64;
    let amount = move |decimals| {
        prop_oneof![
            1 => Just(Decimal::ZERO),
            4 => (-largest..=largest).prop_map(move |units| Decimal::new(units, decimals)),
            4 => (-300_i64..=300).prop_map(move |units| Decimal::new(units, decimals)),
        ]
    };
    prop_oneof![Just(0_u32), Just(2), Just(4)]
        .prop_flat_map(move |decimals| (amount(decimals), amount(decimals)))
}

fn hash(amount: Amount) -> u64 {
    let mut hasher = DefaultHasher::new();
    amount.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #[test]
    fn amounts_are_added_and_compared_as_decimals((a, b) in alike()) {
        let (one, two) = (Amount::from_checked(a), Amount::from_checked(b));
        let decimals = a.scale().max(b.scale());
        for (amount, decimal) in [(one.plus(two), a + b), (one.minus(two), a - b)] {
            prop_assert_eq!(amount.value(), decimal);
            prop_assert_eq!(amount.value().scale(), decimals);
        }
        prop_assert_eq!(one.cmp(&two), a.cmp(&b));
        prop_assert_eq!(one == two, a == b);
        prop_assert!(one != two || hash(one) == hash(two));
        prop_assert_eq!(one.negated().value(), -a);
        prop_assert_eq!(one.abs().value(), a.abs());
        prop_assert_eq!(
            [one.is_zero(), one.is_positive(), one.is_negative()],
            [a == Decimal::ZERO, a > Decimal::ZERO, a < Decimal::ZERO]
        );
    }

    #[test]
    fn amounts_are_written_and_read_as_decimals((a, _) in alike()) {
        let amount = Amount::from_checked(a);
        prop_assert_eq!(amount.to_string(), a.to_string());
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(&json, &format!("\"{a}\""));
        let read: Amount = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.value().scale(), a.scale());
        prop_assert_eq!(read, amount);
    }

    /// Beyond what is read and written the short way.
    #[test]
    fn figures_of_any_size_are_written_and_read(mantissa in any::<i128>(), zeros in 0_u32..38, scale in 0_u32..=28) {
        let a = Decimal::from_i128_with_scale((mantissa >> 32) / 10_i128.pow(zeros), scale);
        let amount = Amount::from_checked(a);
        prop_assert_eq!(amount.to_string(), a.to_string());
        let read: Amount = serde_json::from_str(&serde_json::to_string(&amount).unwrap()).unwrap();
        prop_assert_eq!(read.value(), a);
    }

    /// Dust is what stands behind 20 significant digits, and behind 14 decimals more than are asked for.
    #[test]
    fn figures_are_rounded_as_decimals_are(
        mantissa in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335,
        zeros in 0_u32..28,
        scale in 0_u32..=28,
        decimals in 0_u32..=6,
    ) {
        let value = Decimal::from_i128_with_scale(mantissa / 10_i128.pow(zeros), scale);
        let digits = i64::from(value.mantissa().unsigned_abs().checked_ilog10().unwrap_or(0)) + 1;
        let trusted = (20 - (digits - i64::from(scale))).min(i64::from(decimals) + 14);
        let is_cut = value.scale() > decimals;
        let clean = u32::try_from(trusted).ok().filter(|_| is_cut).map_or(value, |trusted| value.round_dp(trusted));
        for (mode, strategy) in [
            (RoundingMode::HalfEven, RoundingStrategy::MidpointNearestEven),
            (RoundingMode::HalfUp, RoundingStrategy::MidpointAwayFromZero),
            (RoundingMode::Down, RoundingStrategy::ToZero),
        ] {
            let rounded = mode.round(value, decimals);
            prop_assert_eq!(rounded, clean.round_dp_with_strategy(decimals, strategy));
            prop_assert!(!rounded.is_zero() || rounded.is_sign_positive());
        }
    }
}
