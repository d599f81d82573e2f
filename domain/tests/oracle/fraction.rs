//! A fraction in machine words as long as it fits them. Nearly all amounts do, and integers without end are slow.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use num_bigint::BigInt;
use num_rational::{BigRational, Ratio};
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Small wherever it can be, so that equal fractions are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fraction {
    Small(Ratio<i128>),
    Big(Box<BigRational>),
}

use Fraction::{Big, Small};

impl Fraction {
    pub(crate) fn new(numerator: BigInt, denominator: BigInt) -> Self {
        BigRational::new(numerator, denominator).into()
    }

    pub(crate) fn from_integer(number: BigInt) -> Self {
        BigRational::from_integer(number).into()
    }

    fn big(&self) -> BigRational {
        match self {
            Small(ratio) => BigRational::new_raw((*ratio.numer()).into(), (*ratio.denom()).into()),
            Big(ratio) => (**ratio).clone(),
        }
    }

    pub(crate) fn numer(&self) -> BigInt {
        self.big().numer().clone()
    }

    pub(crate) fn denom(&self) -> BigInt {
        self.big().denom().clone()
    }

    pub(crate) fn is_integer(&self) -> bool {
        match self {
            Small(ratio) => ratio.is_integer(),
            Big(ratio) => ratio.is_integer(),
        }
    }

    /// Cut toward zero.
    pub(crate) fn to_integer(&self) -> BigInt {
        match self {
            Small(ratio) => ratio.to_integer().into(),
            Big(ratio) => ratio.to_integer(),
        }
    }

    /// The whole number nearest to `times` it, what is left decided by `away`: how that compares with a half, and
    /// whether the number cut is odd.
    pub(crate) fn nearest(&self, times: &BigInt, away: impl Fn(Ordering, bool) -> bool) -> BigInt {
        if let (Small(ratio), Some(times)) = (self, times.to_i128())
            && let Some(scaled) = ratio.numer().checked_mul(times)
        {
            return nearest(scaled, *ratio.denom(), away).into();
        }
        nearest(self.numer() * times, self.denom(), away)
    }

    pub(crate) fn is_positive(&self) -> bool {
        match self {
            Small(ratio) => ratio.is_positive(),
            Big(ratio) => ratio.is_positive(),
        }
    }

    pub(crate) fn is_negative(&self) -> bool {
        match self {
            Small(ratio) => ratio.is_negative(),
            Big(ratio) => ratio.is_negative(),
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        matches!(self, Small(ratio) if ratio.is_zero())
    }

    pub(crate) fn is_one(&self) -> bool {
        matches!(self, Small(ratio) if ratio.is_one())
    }

    pub(crate) fn abs(&self) -> Self {
        if self.is_negative() { -self.clone() } else { self.clone() }
    }
}

fn nearest<T: Signed + Ord + Clone>(scaled: T, whole: T, away: impl Fn(Ordering, bool) -> bool) -> T {
    let cut = scaled.clone() / whole.clone();
    let rest = (scaled.clone() % whole.clone()).abs();
    let is_odd = !(cut.clone() % (T::one() + T::one())).is_zero();
    let half = rest.cmp(&(whole - rest.clone()));
    if !rest.is_zero() && away(half, is_odd) { cut + scaled.signum() } else { cut }
}

impl From<BigRational> for Fraction {
    fn from(ratio: BigRational) -> Self {
        match (ratio.numer().to_i128(), ratio.denom().to_i128()) {
            (Some(numerator), Some(denominator)) => Small(Ratio::new_raw(numerator, denominator)),
            _ => Big(Box::new(ratio)),
        }
    }
}

/// The greatest common divisor of two words, the first of them not zero.
fn divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        // Of two short words, as nearly all are, the remainder is found at once.
        let rest = match (u64::try_from(a), u64::try_from(b)) {
            (Ok(a), Ok(b)) => u128::from(a % b),
            _ => a % b,
        };
        (a, b) = (b, rest);
    }
    i128::try_from(a).expect("no more than the first")
}

/// A small fraction in its lowest terms.
fn reduced(numerator: i128, denominator: i128) -> Fraction {
    let divisor = divisor(denominator, numerator);
    let sign = denominator.signum();
    Small(Ratio::new_raw(sign * numerator / divisor, sign * denominator / divisor))
}

/// Sum or difference, if it fits machine words.
fn sum(one: &Ratio<i128>, other: &Ratio<i128>, sign: i128) -> Option<Fraction> {
    let (a, b) = (*one.denom(), *other.denom());
    let other = sign * other.numer();
    if a == b {
        return Some(reduced(one.numer().checked_add(other)?, a));
    }
    let numerator = one.numer().checked_mul(b)?.checked_add(other.checked_mul(a)?)?;
    Some(reduced(numerator, a.checked_mul(b)?))
}

fn product(a: (&i128, &i128), b: (&i128, &i128)) -> Option<Fraction> {
    Some(reduced(a.0.checked_mul(*b.0)?, a.1.checked_mul(*b.1)?))
}

/// A big fraction times one of words, neither of them zero: what they have in common is found with one division each.
fn times(big: &BigRational, numerator: i128, denominator: i128) -> Fraction {
    let common =
        |long: &BigInt, word: i128| divisor(word, (long % word).to_i128().expect("less than a word"));
    let (above, below) = (common(big.numer(), denominator), common(big.denom(), numerator));
    let sign = denominator.signum();
    let numerator = big.numer() / above * (sign * numerator / below);
    let denominator = big.denom() / below * (sign * denominator / above);
    BigRational::new_raw(numerator, denominator).into()
}

/// A big fraction and a whole number: it stays in its lowest terms.
fn plus(big: &BigRational, whole: i128) -> Fraction {
    BigRational::new_raw(big.numer() + big.denom() * whole, big.denom().clone()).into()
}

impl Add for &Fraction {
    type Output = Fraction;
    fn add(self, other: Self) -> Fraction {
        match (self, other) {
            (Small(one), other) if one.is_zero() => Some(other.clone()),
            (one, Small(other)) if other.is_zero() => Some(one.clone()),
            (Small(one), Small(other)) => sum(one, other, 1),
            (Small(word), Big(big)) | (Big(big), Small(word)) if word.is_integer() => {
                Some(plus(big, *word.numer()))
            }
            _ => None,
        }
        .unwrap_or_else(|| (self.big() + other.big()).into())
    }
}

impl Sub for &Fraction {
    type Output = Fraction;
    fn sub(self, other: Self) -> Fraction {
        match (self, other) {
            (one, Small(other)) if other.is_zero() => Some(one.clone()),
            (Small(one), Small(other)) => sum(one, other, -1),
            (Big(big), Small(word)) if word.is_integer() => Some(plus(big, -word.numer())),
            _ => None,
        }
        .unwrap_or_else(|| (self.big() - other.big()).into())
    }
}

impl Mul for &Fraction {
    type Output = Fraction;
    fn mul(self, other: Self) -> Fraction {
        let both = match (self, other) {
            (Small(one), Small(other)) => product((one.numer(), one.denom()), (other.numer(), other.denom())),
            (Small(word), Big(big)) | (Big(big), Small(word)) if !word.is_zero() => {
                Some(times(big, *word.numer(), *word.denom()))
            }
            _ => None,
        };
        both.unwrap_or_else(|| (self.big() * other.big()).into())
    }
}

impl Div for &Fraction {
    type Output = Fraction;
    fn div(self, other: Self) -> Fraction {
        let both = match (self, other) {
            (Small(one), Small(other)) if !other.is_zero() => {
                product((one.numer(), one.denom()), (other.denom(), other.numer()))
            }
            (Big(big), Small(word)) if !word.is_zero() => Some(times(big, *word.denom(), *word.numer())),
            _ => None,
        };
        both.unwrap_or_else(|| (self.big() / other.big()).into())
    }
}

macro_rules! forward {
    ($($trait:ident $operation:ident),*) => {$(
        impl $trait<&Self> for Fraction {
            type Output = Self;
            fn $operation(self, other: &Self) -> Self {
                (&self).$operation(other)
            }
        }
        impl $trait<Fraction> for &Fraction {
            type Output = Fraction;
            fn $operation(self, other: Fraction) -> Fraction {
                self.$operation(&other)
            }
        }
        impl $trait for Fraction {
            type Output = Self;
            fn $operation(self, other: Self) -> Self {
                (&self).$operation(&other)
            }
        }
    )*};
}

forward!(Add add, Sub sub, Mul mul, Div div);

impl AddAssign<Fraction> for Fraction {
    fn add_assign(&mut self, other: Self) {
        *self = &*self + &other;
    }
}

impl AddAssign<&Fraction> for Fraction {
    fn add_assign(&mut self, other: &Self) {
        *self = &*self + other;
    }
}

impl SubAssign<Fraction> for Fraction {
    fn sub_assign(&mut self, other: Self) {
        *self = &*self - &other;
    }
}

impl SubAssign<&Fraction> for Fraction {
    fn sub_assign(&mut self, other: &Self) {
        *self = &*self - other;
    }
}

impl Neg for Fraction {
    type Output = Self;
    fn neg(self) -> Self {
        Small(Ratio::zero()) - self
    }
}

impl Neg for &Fraction {
    type Output = Fraction;
    fn neg(self) -> Fraction {
        Small(Ratio::zero()) - self
    }
}

impl Sum for Fraction {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Small(Ratio::zero()), |sum, one| sum + one)
    }
}

impl<'a> Sum<&'a Self> for Fraction {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Small(Ratio::zero()), |sum, one| sum + one)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Small(one), Small(other)) => one.cmp(other),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.big().fmt(formatter)
    }
}

#[test]
fn a_fraction_is_the_same_in_machine_words_and_beyond() {
    let big = |numerator: i128| Fraction::new(numerator.into(), 7.into());
    let (most, one) = (big(i128::MAX), big(1));
    let beyond = &most + &one;
    assert!(matches!((&most, &beyond), (Small(_), Big(_))));
    assert_eq!(&beyond - &one, most);
    assert_eq!(&(&most * &most) / &most, most);
    assert!(beyond > most && -&beyond < -&most);
    let word = Fraction::new((-21).into(), 10.into());
    assert_eq!(&beyond * &word, (beyond.big() * word.big()).into());
    assert_eq!(&beyond / &word, (beyond.big() / word.big()).into());
    assert_eq!(&(&beyond - big(14)) + big(14), beyond);
    let half_away = |half: Ordering, _| half.is_ge();
    assert_eq!(Fraction::new((-5).into(), 2.into()).nearest(&BigInt::one(), half_away), (-3).into());
    assert_eq!(most.nearest(&BigInt::from(7), half_away), i128::MAX.into());
}
