//! Exact fractions, their rounding, and powers to ninety decimals.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use num_bigint::BigInt;
use num_traits::{Pow, Signed};

pub(crate) use crate::fraction::Fraction;

/// Beyond this a fraction is cut to [`KEPT_DECIMALS`]: chains of factors would grow without end.
const LONGEST_DENOMINATOR_BITS: u64 = 450;
const KEPT_DECIMALS: u32 = 90;
/// Decimals while a root is drawn: a power of it must still have the kept ones.
const ROOT_DECIMALS: u32 = 110;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    HalfEven,
    HalfUp,
    Down,
}

impl Mode {
    pub(crate) fn named(word: &str) -> Self {
        match word {
            "half_even" => Self::HalfEven,
            "half_up" => Self::HalfUp,
            "down" => Self::Down,
            other => panic!("no rounding mode: {other}"),
        }
    }
}

pub(crate) fn zero() -> Fraction {
    whole(0)
}

pub(crate) fn one() -> Fraction {
    whole(1)
}

pub(crate) fn whole(number: i64) -> Fraction {
    Fraction::from_integer(number.into())
}

pub(crate) fn part(numerator: i64, denominator: i64) -> Fraction {
    Fraction::new(numerator.into(), denominator.into())
}

/// A decimal text as the fraction that it is.
pub(crate) fn read(text: &str) -> Fraction {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{before}{after}").parse().unwrap_or_else(|_| panic!("no number: {text}"));
    Fraction::new(digits, ten_to(u32::try_from(after.len()).expect("a short text")))
}

/// The fraction as a text of so many decimals, which it must not exceed.
pub(crate) fn shown(value: &Fraction, decimals: u32) -> String {
    let scaled = value * Fraction::from_integer(ten_to(decimals));
    assert!(scaled.is_integer(), "{value} has more than {decimals} decimals");
    let digits = scaled.to_integer().abs().to_string();
    let digits = format!("{digits:0>width$}", width = decimals as usize + 1);
    let (before, after) = digits.split_at(digits.len() - decimals as usize);
    let sign = if scaled.is_negative() { "-" } else { "" };
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

pub(crate) fn rounded(value: &Fraction, decimals: u32, mode: Mode) -> Fraction {
    let power = ten_to(decimals);
    let nearest = value.nearest(&power, |half, is_odd| match (mode, half) {
        (Mode::Down, _) | (_, Ordering::Less) => false,
        (_, Ordering::Greater) | (Mode::HalfUp, Ordering::Equal) => true,
        (Mode::HalfEven, Ordering::Equal) => is_odd,
    });
    Fraction::new(nearest, power)
}

/// The fraction itself, or cut to ninety decimals where its denominator has grown out of hand.
pub(crate) fn kept(value: Fraction) -> Fraction {
    if matches!(value, Fraction::Small(_)) || value.denom().bits() <= LONGEST_DENOMINATOR_BITS {
        return value;
    }
    rounded(&value, KEPT_DECIMALS, Mode::HalfEven)
}

/// `base ^ exponent`: exact where the exponent is whole, else the root of the exponent's denominator first.
pub(crate) fn power(base: &Fraction, exponent: &Fraction) -> Fraction {
    let key = (base.clone(), exponent.clone());
    if let Some(known) = POWERS.with_borrow(|powers| powers.get(&key).cloned()) {
        return known;
    }
    let root = root(base, u32::try_from(exponent.denom()).expect("a small denominator"));
    let times = u32::try_from(exponent.numer()).expect("a small exponent that is not negative");
    let bits = root.denom().bits() * u64::from(times.max(1));
    let power = if bits <= LONGEST_DENOMINATOR_BITS {
        (0..times).fold(one(), |power, _| power * &root)
    } else {
        let scale = ten_to(ROOT_DECIMALS);
        let scaled = (root * Fraction::from_integer(scale.clone())).to_integer();
        kept(Fraction::new(fixed_power(&scaled, times, &scale), scale))
    };
    POWERS.with_borrow_mut(|powers| powers.insert(key, power.clone()));
    power
}

thread_local! {
    static POWERS: RefCell<HashMap<(Fraction, Fraction), Fraction>> = RefCell::new(HashMap::new());
    static ROOTS: RefCell<HashMap<(Fraction, u32), Fraction>> = RefCell::new(HashMap::new());
}

/// Forgets what was worked out for one loan before the next.
pub(crate) fn forget() {
    POWERS.with_borrow_mut(HashMap::clear);
    ROOTS.with_borrow_mut(HashMap::clear);
}

/// The `degree`-th root by Newton's method from above, which falls until it has arrived.
fn root(base: &Fraction, degree: u32) -> Fraction {
    if degree == 1 || base.is_one() {
        return base.clone();
    }
    let known = ROOTS.with_borrow(|roots| roots.get(&(base.clone(), degree)).cloned());
    if let Some(known) = known {
        return known;
    }
    let scale = ten_to(ROOT_DECIMALS);
    let target = (base * Fraction::from_integer(scale.clone())).to_integer();
    // 1 + (base - 1) / degree is never below the root (Bernoulli).
    let mut x = &scale + (&target - &scale) / degree + 1;
    loop {
        let below = fixed_power(&x, degree - 1, &scale);
        let next = (&x * (degree - 1) + &target * &scale / &below) / degree;
        if next >= x {
            break;
        }
        x = next;
    }
    let root = Fraction::new(x, scale);
    ROOTS.with_borrow_mut(|roots| roots.insert((base.clone(), degree), root.clone()));
    root
}

/// A power of `x / scale`, times `scale`.
pub(crate) fn fixed_power(x: &BigInt, exponent: u32, scale: &BigInt) -> BigInt {
    let (mut result, mut square, mut left) = (scale.clone(), x.clone(), exponent);
    while left > 0 {
        if left % 2 == 1 {
            result = result * &square / scale;
        }
        square = &square * &square / scale;
        left /= 2;
    }
    result
}

pub(crate) fn ten_to(decimals: u32) -> BigInt {
    Pow::pow(BigInt::from(10), decimals)
}

#[test]
fn roots_and_powers_agree_with_each_other() {
    let base = read("1.0215");
    assert_eq!(power(&base, &whole(3)), read("1.0215") * read("1.0215") * read("1.0215"));
    let daily = power(&base, &part(12, 365));
    let back = power(&daily, &part(365, 12));
    assert!((back - base).abs() < Fraction::new(1.into(), ten_to(80)));
}

#[test]
fn an_exact_half_goes_where_the_mode_says() {
    let round = |text: &str, mode| shown(&rounded(&read(text), 2, mode), 2);
    assert_eq!(round("0.125", Mode::HalfEven), "0.12");
    assert_eq!(round("0.135", Mode::HalfEven), "0.14");
    assert_eq!(round("-0.125", Mode::HalfUp), "-0.13");
    assert_eq!(round("-0.129", Mode::Down), "-0.12");
}
