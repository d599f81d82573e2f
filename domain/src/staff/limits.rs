//! Amounts by operation and currency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::{Amount, Currency};

/// An amount for each operation and currency that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limits(BTreeMap<Operation, BTreeMap<Currency, Amount>>);

impl Limits {
    /// With one more; an earlier one for the same gives way.
    #[must_use]
    pub fn with(mut self, operation: Operation, currency: Currency, amount: Amount) -> Self {
        self.0.entry(operation).or_default().insert(currency, amount);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of(&self, operation: Operation, currency: Currency) -> Option<Amount> {
        self.0.get(&operation)?.get(&currency).copied()
    }

    /// Whether there is an amount for the operation, in whatever currency.
    pub fn names(&self, operation: Operation) -> bool {
        self.0.contains_key(&operation)
    }
}
