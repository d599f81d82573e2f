//! The components of what is owed, and an amount of each.

use std::ops::{Index, IndexMut};

use crate::fractions::{Fraction, zero};

pub(crate) const PARTS: [&str; 6] = ["late_fee", "late_interest", "penalty", "fee", "interest", "principal"];
pub(crate) const LATE_FEE: usize = 0;
pub(crate) const LATE_INTEREST: usize = 1;
pub(crate) const PENALTY: usize = 2;
pub(crate) const FEE: usize = 3;
pub(crate) const INTEREST: usize = 4;
pub(crate) const PRINCIPAL: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts([Fraction; 6]);

pub(crate) fn part_named(name: &str) -> usize {
    PARTS.iter().position(|part| *part == name).unwrap_or_else(|| panic!("no component: {name}"))
}

impl Parts {
    pub(crate) fn nothing() -> Self {
        Self(std::array::from_fn(|_| zero()))
    }

    pub(crate) fn total(&self) -> Fraction {
        self.0.iter().sum()
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|part| &self[part] + &other[part]))
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|part| &self[part] - &other[part]))
    }
}

impl Index<usize> for Parts {
    type Output = Fraction;

    fn index(&self, part: usize) -> &Fraction {
        &self.0[part]
    }
}

impl IndexMut<usize> for Parts {
    fn index_mut(&mut self, part: usize) -> &mut Fraction {
        &mut self.0[part]
    }
}
