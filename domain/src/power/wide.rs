//! Fixed-point numbers with 57 decimals: wide enough that what is rounded to a `Decimal` in the end is right to its
//! last digit.

const LIMB_BITS: u32 = 64;
const LIMBS: usize = 4;
/// Limbs behind the point.
const FRACTION_LIMBS: usize = 3;
/// A quotient is found in steps of so many bits, for which a remainder below 2^104 leaves room in 128.
const STEP_BITS: u32 = 24;
const STEPS: u32 = 8;

/// A number from zero to below 2^64 as a multiple of 2^-192, least significant limb first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide([u64; LIMBS]);

impl Wide {
    pub(super) const ZERO: Self = Self([0; LIMBS]);
    pub(super) const ONE: Self = Self([0, 0, 0, 1]);
    /// ln 2, rounded to the nearest.
    pub(super) const LN_2: Self =
        Self([0x40f3_4326_7298_b62e, 0xc9e3_b398_03f2_f6af, 0xb172_17f7_d1cf_79ab, 0]);

    /// `numerator / denominator`, both below 2^104, cut behind its last digit; `None` where it is 2^64 or more.
    pub(super) fn ratio(numerator: u128, denominator: u128) -> Option<Self> {
        let integer = u64::try_from(numerator.checked_div(denominator)?).ok()?;
        let (mut digits, mut rest) = (Self::ZERO, numerator % denominator);
        for _ in 0..STEPS {
            rest <<= STEP_BITS;
            digits = digits.shifted_left(STEP_BITS);
            digits.0[0] |= low(rest / denominator);
            rest %= denominator;
        }
        digits.0[FRACTION_LIMBS] = integer;
        Some(digits)
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    pub(super) fn is_below(self, other: Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// The first 128 bits: 64 before the point and 64 behind it.
    pub(super) fn leading(self) -> u128 {
        join(self.0[3], self.0[2])
    }

    /// The sum, which must stay below 2^64.
    pub(super) fn plus(self, other: Self) -> Self {
        let (mut sum, mut carry) = (Self::ZERO, 0);
        for at in 0..LIMBS {
            let limb = u128::from(self.0[at]) + u128::from(other.0[at]) + carry;
            sum.0[at] = low(limb);
            carry = limb >> LIMB_BITS;
        }
        debug_assert_eq!(carry, 0, "what is added here stays small");
        sum
    }

    /// The difference; `other` must not be larger.
    pub(super) fn minus(self, other: Self) -> Self {
        let (mut left, mut borrow) = (Self::ZERO, false);
        for at in 0..LIMBS {
            let (limb, below) = self.0[at].overflowing_sub(other.0[at]);
            let (limb, below_again) = limb.overflowing_sub(u64::from(borrow));
            left.0[at] = limb;
            borrow = below || below_again;
        }
        debug_assert!(!borrow, "only the smaller is taken from the larger");
        left
    }

    /// The product, rounded to the nearest; it must stay below 2^64.
    pub(super) fn times(self, other: Self) -> Self {
        let mut product = [0; 2 * LIMBS];
        for (at, &limb) in self.0.iter().enumerate() {
            add_product(&mut product[at..], other.0, limb);
        }
        debug_assert_eq!(product[LIMBS + FRACTION_LIMBS], 0, "what is multiplied here stays small");
        let half = product[FRACTION_LIMBS - 1] >> (LIMB_BITS - 1);
        let kept = Self([product[3], product[4], product[5], product[6]]);
        kept.plus(Self([half, 0, 0, 0]))
    }

    /// The quotient, cut behind its last digit.
    pub(super) fn over(self, divisor: u64) -> Self {
        let (mut quotient, mut rest) = (Self::ZERO, 0);
        for at in (0..LIMBS).rev() {
            let limb = join(rest, self.0[at]);
            quotient.0[at] = low(limb / u128::from(divisor));
            rest = low(limb % u128::from(divisor));
        }
        quotient
    }

    /// Halved `times` times, fewer than 64.
    pub(super) fn halved(self, times: u32) -> Self {
        Self(shifted_right(self.0, times))
    }

    fn shifted_left(self, bits: u32) -> Self {
        let mut shifted = Self::ZERO;
        for at in 0..LIMBS {
            let below = if at > 0 { self.0[at - 1] } else { 0 };
            shifted.0[at] = low(join(self.0[at], below) >> (LIMB_BITS - bits));
        }
        shifted
    }

    /// The whole number nearest to `self · factor · 2^doublings`, there being at most 128 doublings either way and
    /// `factor` below 2^96; `None` where it is 2^127 or more.
    pub(super) fn scaled(self, factor: u128, doublings: i32) -> Option<u128> {
        let mut product = [0; LIMBS + 3];
        add_product(&mut product, self.0, low(factor));
        add_product(&mut product[1..], self.0, low(factor >> LIMB_BITS));
        // All digits behind the point but the one that rounds.
        let dropped = (LIMB_BITS * 3 - 1).checked_add_signed(-doublings)?;
        let whole_limbs = (dropped / LIMB_BITS) as usize;
        product.copy_within(whole_limbs.., 0);
        let vacated = product.len() - whole_limbs;
        product[vacated..].fill(0);
        let [first, second, beyond @ ..] = shifted_right(product, dropped % LIMB_BITS);
        let doubled = join(second, first);
        beyond.iter().all(|&limb| limb == 0).then_some((doubled >> 1) + (doubled & 1))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half is what is to be cut off")]
const fn low(both: u128) -> u64 {
    both as u64
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << LIMB_BITS) | u128::from(low)
}

/// Adds `limbs · factor` to the number that `sum` begins with; there is room for what is carried.
fn add_product(sum: &mut [u64], limbs: [u64; LIMBS], factor: u64) {
    let mut carry = 0;
    for (place, limb) in sum.iter_mut().zip(limbs) {
        let both = u128::from(limb) * u128::from(factor) + u128::from(*place) + carry;
        *place = low(both);
        carry = both >> LIMB_BITS;
    }
    sum[LIMBS] += low(carry);
}

fn shifted_right<const N: usize>(limbs: [u64; N], bits: u32) -> [u64; N] {
    std::array::from_fn(|at| low(join(limbs.get(at + 1).copied().unwrap_or(0), limbs[at]) >> bits))
}
