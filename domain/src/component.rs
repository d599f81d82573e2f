//! What an amount owed is made of, and an amount for each of those components.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Amount;

/// A part of what is owed. The order is the default order of allocation: the most burdensome first, interest
/// before principal (Código Civil arts. 354, 355).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    LateFee,
    LateInterest,
    Penalty,
    Fee,
    Interest,
    Principal,
}

/// An amount of each component; what is zero is left out of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Components {
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub late_fee: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub late_interest: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub penalty: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub fee: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub interest: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub principal: Amount,
}

impl Component {
    /// Every component, in the default order of allocation.
    pub const ALL: [Self; 6] =
        [Self::LateFee, Self::LateInterest, Self::Penalty, Self::Fee, Self::Interest, Self::Principal];

    pub const fn name(self) -> &'static str {
        match self {
            Self::LateFee => "late_fee",
            Self::LateInterest => "late_interest",
            Self::Penalty => "penalty",
            Self::Fee => "fee",
            Self::Interest => "interest",
            Self::Principal => "principal",
        }
    }

    /// An order of all components in which those that `named` leaves out come first.
    pub fn complete_order(named: &[Self]) -> Vec<Self> {
        let left_out = Self::ALL.into_iter().filter(|component| !named.contains(component));
        left_out.chain(named.iter().copied()).collect()
    }
}

impl Components {
    pub const NOTHING: Self = Self {
        late_fee: nothing(),
        late_interest: nothing(),
        penalty: nothing(),
        fee: nothing(),
        interest: nothing(),
        principal: nothing(),
    };

    #[inline]
    pub const fn of(&self, component: Component) -> Amount {
        match component {
            Component::LateFee => self.late_fee,
            Component::LateInterest => self.late_interest,
            Component::Penalty => self.penalty,
            Component::Fee => self.fee,
            Component::Interest => self.interest,
            Component::Principal => self.principal,
        }
    }

    #[inline]
    pub const fn of_mut(&mut self, component: Component) -> &mut Amount {
        match component {
            Component::LateFee => &mut self.late_fee,
            Component::LateInterest => &mut self.late_interest,
            Component::Penalty => &mut self.penalty,
            Component::Fee => &mut self.fee,
            Component::Interest => &mut self.interest,
            Component::Principal => &mut self.principal,
        }
    }

    pub fn add(&mut self, component: Component, amount: Amount) {
        let part = self.of_mut(component);
        *part = part.plus(amount);
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, Amount::plus)
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, Amount::minus)
    }

    pub fn total(self) -> Amount {
        self.iter().map(|(_, amount)| amount).sum()
    }

    pub fn is_nothing(self) -> bool {
        self.iter().all(|(_, amount)| amount.is_zero())
    }

    pub fn iter(self) -> impl Iterator<Item = (Component, Amount)> {
        Component::ALL.into_iter().map(move |component| (component, self.of(component)))
    }

    fn zip(self, other: Self, combine: fn(Amount, Amount) -> Amount) -> Self {
        Self {
            late_fee: combine(self.late_fee, other.late_fee),
            late_interest: combine(self.late_interest, other.late_interest),
            penalty: combine(self.penalty, other.penalty),
            fee: combine(self.fee, other.fee),
            interest: combine(self.interest, other.interest),
            principal: combine(self.principal, other.principal),
        }
    }
}

const fn nothing() -> Amount {
    Amount::from_checked(rust_decimal::Decimal::ZERO)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(amount: &Amount) -> bool {
    amount.is_zero()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_order_leaves_out_comes_first() {
        let order = Component::complete_order(&[Component::Principal, Component::Interest]);
        let names: Vec<_> = order.into_iter().map(Component::name).collect();
        assert_eq!(names, ["late_fee", "late_interest", "penalty", "fee", "principal", "interest"]);
    }

    #[test]
    fn what_is_zero_is_left_out_of_the_json() {
        let mut paid = Components::NOTHING;
        paid.add(Component::Interest, crate::Currency::Brl.try_amount("1.50".parse().unwrap()).unwrap());
        assert_eq!(serde_json::to_string(&paid).unwrap(), r#"{"interest":"1.50"}"#);
    }
}
