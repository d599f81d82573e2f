//! Money while it is being spread over installments.

use chrono::NaiveDate;

use super::fold::Engine;
use crate::Amount;
use crate::component::{Component, Components};

#[derive(Debug)]
pub(super) struct Till {
    pub(super) on: NaiveDate,
    pub(super) left: Amount,
    /// What it covered, by the ids of rows.
    pub(super) shares: Vec<(u32, Components)>,
}

impl Till {
    pub(super) const fn new(on: NaiveDate, amount: Amount) -> Self {
        Self { on, left: amount, shares: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.left.is_positive()
    }

    /// What it covered of a component so far.
    pub(super) fn covered(&self, component: Component) -> Amount {
        self.shares.iter().map(|(_, allocation)| allocation.of(component)).sum()
    }

    fn note(&mut self, row: u32, component: Component, amount: Amount) {
        let known = self.shares.iter().rposition(|(id, _)| *id == row);
        let index = known.unwrap_or_else(|| {
            self.shares.push((row, Components::NOTHING));
            self.shares.len() - 1
        });
        self.shares[index].1.add(component, amount);
    }
}

impl Engine<'_> {
    /// Pays up to `limit` of a component of a row, whatever is due of it.
    pub(super) fn put(
        &mut self,
        till: &mut Till,
        index: usize,
        component: Component,
        limit: Amount,
    ) -> Amount {
        let part = limit.min(till.left);
        if !part.is_positive() {
            return Amount::ZERO;
        }
        let row = &mut self.rows[index];
        row.paid.add(component, part);
        if till.on < row.due_on {
            row.paid_in_advance = row.paid_in_advance.plus(part);
        } else if till.on > row.on_time_until {
            row.paid_late = row.paid_late.plus(part);
        }
        row.settled_on = Some(till.on);
        till.note(row.id, component, part);
        if !row.charges.is_empty() {
            self.pay_charges(index, component, part);
        }
        if component == Component::Principal {
            self.open_principal = self.open_principal.minus(part);
        }
        till.left = till.left.minus(part);
        part
    }

    /// Takes back interest that was paid ahead.
    pub(super) fn take_back(&mut self, till: &mut Till, index: usize, amount: Amount) {
        let row = &mut self.rows[index];
        row.paid.add(Component::Interest, amount.negated());
        row.paid_in_advance = row.paid_in_advance.minus(amount).max(amount.minus(amount));
        till.note(row.id, Component::Interest, amount.negated());
        till.left = till.left.plus(amount);
    }
}
