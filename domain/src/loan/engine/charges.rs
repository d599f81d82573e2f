//! Charges entered by hand and principal charged back (LENDING.md §9, §13): part of their rows for every payment, but
//! for one of the same day that was recorded before.

use chrono::NaiveDate;

use super::fold::{Basis, Engine};
use super::row::LiveRow;
use super::till::Till;
use super::{EngineError, Outcome};
use crate::Amount;
use crate::component::{Component, Components};
use crate::id::ChargeId;
use crate::loan::facts::{Effect, Fact, Share, What};

#[derive(Debug, Clone)]
pub(super) struct LiveCharge {
    fact: usize,
    /// None: principal charged back.
    id: Option<ChargeId>,
    on: NaiveDate,
    component: Component,
    amount: Amount,
    /// Of a charge entered by hand; principal charged back is paid after that of the plan.
    paid: Amount,
    waived: Amount,
    /// What facts recorded before it on its day do not see.
    hidden: Amount,
    /// Its fact was taken in.
    taken: bool,
    row: Option<u32>,
    /// It became part of something else: principal of a new contract.
    ended: bool,
}

impl LiveCharge {
    /// Every charge, whatever its date, and the chargebacks up to `day`; by date, then by recording.
    pub(super) fn all(facts: &[Fact], day: NaiveDate) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (fact, Fact { on, what, .. }) in facts.iter().enumerate().filter(|(_, fact)| !fact.reversed) {
            let (id, component, amount) = match what {
                What::Charge { id, component, amount } => (Some(*id), *component, *amount),
                What::Chargeback { amount, .. } if *on <= day => (None, Component::Principal, *amount),
                _ => continue,
            };
            let nothing = amount.minus(amount);
            all.push(Self {
                fact,
                id,
                on: *on,
                component,
                amount,
                paid: nothing,
                waived: nothing,
                hidden: nothing,
                taken: false,
                row: None,
                ended: false,
            });
        }
        all.sort_by_key(|charge| charge.on);
        all
    }

    pub(super) const fn is_chargeback(&self) -> bool {
        self.id.is_none()
    }

    /// Whether it counts after a fact of `day`.
    fn is_after(&self, day: NaiveDate) -> bool {
        self.on > day || self.on == day && !self.taken
    }

    /// As far as it is seen.
    fn net(&self) -> Amount {
        self.amount.minus(self.waived).minus(self.hidden)
    }

    fn open(&self) -> Amount {
        self.net().minus(self.paid)
    }

    pub(super) fn paid_of(&self, component: Component) -> Amount {
        if self.component == component { self.paid } else { Amount::ZERO }
    }
}

impl Engine<'_> {
    /// Puts charges into their rows: that of the period in which they fall due, or after the last a row of their own.
    pub(super) fn lay_charges(&mut self) {
        for at in 0..self.charges.len() {
            // Where interest follows the balance, principal charged back counts from its day on.
            let is_early = self.charges[at].id.is_none() && !matches!(self.basis, Basis::Plan);
            if self.charges[at].row.is_none() && !self.charges[at].ended && !is_early {
                let LiveCharge { on, component, amount, taken, .. } = self.charges[at];
                let index = self.row_for(on);
                if self.reached == Some(on) && !taken {
                    self.charges[at].hidden = amount;
                } else {
                    self.add_due(index, component, amount);
                }
                self.rows[index].charges.push(at);
                self.charges[at].row = Some(self.rows[index].id);
            }
        }
    }

    /// The row in whose period `day` falls; after the last a row of its own.
    pub(super) fn row_for(&mut self, day: NaiveDate) -> usize {
        let contract = self.contracts.len() - 1;
        let from = self.rows.partition_point(|row| row.due_on < day);
        let of_plan = |row: &LiveRow| row.contract == contract && row.period.is_some() && !row.gone;
        if let Some(at) = self.rows[from..].iter().position(of_plan) {
            return from + at;
        }
        self.own_row(day)
    }

    /// A row of its own, due on `day`.
    pub(super) fn own_row(&mut self, day: NaiveDate) -> usize {
        let from = self.rows.partition_point(|row| row.due_on < day);
        if let Some(at) = self.rows[from..].iter().position(|row| row.due_on == day && row.period.is_none()) {
            return from + at;
        }
        self.fresh_row(day)
    }

    /// A new row of its own, due on `day`.
    pub(super) fn fresh_row(&mut self, day: NaiveDate) -> usize {
        let contract = self.contracts.len() - 1;
        let before = self.rows.iter().rfind(|row| row.due_on < day && row.contract == contract);
        let start = before.map_or(day, |before| before.to.min(day));
        let id = self.new_id();
        let row = LiveRow::new(id, contract, None, [start, day, day], &self.contract().terms.calendar);
        self.insert(row)
    }

    pub(super) fn add_due(&mut self, index: usize, component: Component, amount: Amount) {
        if component == Component::Principal {
            let principal = self.rows[index].due.principal.plus(amount);
            self.set_principal(index, principal);
        } else {
            self.rows[index].due.add(component, amount);
            self.first_open = self.first_open.min(index);
            self.first_fee = self.first_fee.min(index);
        }
    }

    /// Hides what is unpaid of the charges of `day` from the facts recorded before them: when the day begins, and again
    /// when more principal comes into rows on it, since what was charged back is paid after that.
    pub(super) fn hide_charges_of(&mut self, day: NaiveDate) {
        let first = self.charges.partition_point(|charge| charge.on < day);
        let end = self.charges.partition_point(|charge| charge.on <= day);
        // Of what was charged back into a row the oldest is paid first.
        for at in (first..end).rev() {
            let (component, Some(row)) = (self.charges[at].component, self.charges[at].row) else { continue };
            let index = self.index_of(row);
            if index < self.rows.len() && !self.charges[at].taken {
                let unpaid = self.unpaid(index, at);
                self.add_due(index, component, unpaid.negated());
                self.charges[at].hidden = self.charges[at].hidden.plus(unpaid);
            }
        }
    }

    /// Notes that a charge's own moment has come.
    pub(super) fn take_charge(&mut self, fact: usize) -> Option<usize> {
        let at = self.charges.iter().position(|charge| charge.fact == fact)?;
        let hidden = self.charges[at].hidden;
        self.charges[at].hidden = self.zero();
        self.charges[at].taken = true;
        if let (Some(row), true) = (self.charges[at].row, hidden.is_positive()) {
            let index = self.index_of(row);
            if index < self.rows.len() {
                self.add_due(index, self.charges[at].component, hidden);
            }
        }
        Some(at)
    }

    /// A charge's own moment: what was overpaid serves it.
    pub(super) fn charge(&mut self, fact: usize, on: NaiveDate) -> Outcome<Effect> {
        self.take_charge(fact);
        let till = self.use_overpaid(on)?;
        Ok(self.effect_of(till))
    }

    pub(super) fn charge_back(&mut self, fact: usize, on: NaiveDate, amount: Amount) -> Outcome<Effect> {
        let mut joins = amount;
        if let Some(at) = self.take_charge(fact) {
            // Part of it may have been paid ahead, in a row that is no longer there.
            joins = self.charges[at].net();
            self.charges[at].ended = self.charges[at].row.is_none();
        }
        match self.basis {
            Basis::Plan => {}
            Basis::Rest(_) => self.join_rest(on, joins)?,
            Basis::Running(_) => self.join_running(on, joins)?,
        }
        self.joined.push((on, joins));
        let till = self.use_overpaid(on)?;
        Ok(self.effect_of(till))
    }

    /// Takes off what is unpaid of a charge, or `amount` of it.
    pub(super) fn waive(&mut self, on: NaiveDate, id: ChargeId, amount: Option<Amount>) -> Outcome<Effect> {
        let found = self.charges.iter().position(|charge| charge.id == Some(id));
        let at = found.ok_or(EngineError::ChargeUnknown(id))?;
        let mut effect = self.effect_of(Till::new(on, self.zero()));
        let index = self.charges[at].row.map_or(self.rows.len(), |row| self.index_of(row));
        if index >= self.rows.len() {
            return Ok(effect);
        }
        self.charge_late(index, on)?;
        let before = self.late_base(index);
        let unpaid = self.unpaid(index, at);
        let waived = amount.map_or(unpaid, |amount| amount.min(unpaid));
        let component = self.charges[at].component;
        self.charges[at].waived = self.charges[at].waived.plus(waived);
        let row = &mut self.rows[index];
        row.waived.add(component, waived);
        if row.is_settled() {
            row.settled_on = Some(on);
        }
        self.end_stretch(index, before, on);
        if waived.is_positive() {
            let mut allocation = Components::NOTHING;
            allocation.add(component, waived);
            effect.waived.push(Share { installment: self.rows[index].id, allocation });
        }
        Ok(effect)
    }

    /// What is unpaid of a charge.
    fn unpaid(&self, index: usize, at: usize) -> Amount {
        let charge = &self.charges[at];
        if charge.is_chargeback() {
            // A row that a restructuring took out holds nothing of it.
            let open = self.rows.get(index).map_or(self.zero(), |row| row.open_of(charge.component));
            charge.net().min(open).max(self.zero())
        } else {
            charge.open()
        }
    }

    /// Notes what was paid of a component of a row: charges entered by hand come first, the oldest of them first.
    pub(super) fn pay_charges(&mut self, index: usize, component: Component, paid: Amount) {
        let mut left = paid;
        for at in &self.rows[index].charges {
            let charge = &mut self.charges[*at];
            if charge.component == component && !charge.is_chargeback() {
                let part = charge.open().min(left);
                charge.paid = charge.paid.plus(part);
                left = left.minus(part);
            }
        }
    }

    /// What is open of a component's charges in a row that fell due by `day`.
    pub(super) fn charges_open(&self, index: usize, component: Component, day: NaiveDate) -> Amount {
        let row = &self.rows[index];
        let due = row.charges.iter().map(|at| &self.charges[*at]);
        let due = due.filter(|charge| charge.component == component && charge.on <= day);
        let open: Amount = due.map(LiveCharge::open).sum();
        open.min(row.open_of(component).max(self.zero()))
    }

    /// What was charged by hand of a component in a row, as far as it is seen.
    pub(super) fn charged_by_hand(&self, index: usize, component: Component) -> Amount {
        let charges = self.rows[index].charges.iter().map(|at| &self.charges[*at]);
        charges
            .filter(|charge| charge.component == component && charge.id.is_some())
            .map(|charge| charge.amount.minus(charge.hidden))
            .fold(self.zero(), Amount::plus)
    }

    /// Open principal of a row that was charged back into it.
    pub(super) fn charged_back(&self, index: usize) -> Amount {
        let row = &self.rows[index];
        if row.charges.is_empty() {
            return self.zero();
        }
        let charges = row.charges.iter().map(|at| &self.charges[*at]);
        let back = charges.filter(|charge| charge.id.is_none()).map(LiveCharge::net);
        back.fold(self.zero(), Amount::plus).min(row.open_of(Component::Principal)).max(self.zero())
    }

    /// All that was charged back into a row, paid or not.
    pub(super) fn charged_back_in_all(&self, index: usize) -> Amount {
        let charges = self.rows[index].charges.iter().map(|at| &self.charges[*at]);
        let back = charges.filter(|charge| charge.id.is_none()).map(LiveCharge::net);
        back.fold(self.zero(), Amount::plus)
    }

    /// Open principal that is charged back only later: it is in a row, but not yet owed.
    pub(super) fn charged_back_later(&self) -> Amount {
        if !self.has_chargebacks {
            return self.zero();
        }
        let later = |at: &&usize| self.charges[**at].is_chargeback() && !self.charges[**at].taken;
        let rows = self.rows.iter().filter(|row| !row.charges.is_empty());
        rows.fold(self.zero(), |sum, row| {
            let later = row.charges.iter().filter(later).map(|at| self.charges[*at].net());
            let later = later.fold(self.zero(), Amount::plus);
            sum.plus(later.min(row.open_of(Component::Principal)).max(self.zero()))
        })
    }

    /// Takes what is unpaid of the charges up to `day` out of the list of their rows, whose dues are being moved as a
    /// whole: those of `components` end, the others are to be put into one row.
    pub(super) fn detach_charges_by(&mut self, day: NaiveDate, components: &[Component]) -> Vec<usize> {
        let mut kept = Vec::new();
        for at in 0..self.charges.len() {
            let charge = &self.charges[at];
            let (component, false, Some(row)) = (charge.component, charge.is_after(day), charge.row) else {
                continue;
            };
            let index = self.index_of(row);
            let unpaid = self.unpaid(index, at);
            if !unpaid.is_positive() || index >= self.rows.len() {
                continue;
            }
            let moves = self.charges[at].id.is_some() && !components.contains(&component);
            self.rows[index].charges.retain(|other| *other != at);
            let charge = &mut self.charges[at];
            charge.amount = unpaid;
            (charge.paid, charge.waived) = (unpaid.minus(unpaid), unpaid.minus(unpaid));
            charge.row = None;
            charge.ended = true;
            if moves {
                kept.push(at);
            }
        }
        kept
    }

    /// Lists charges, which are in the dues of a row already.
    pub(super) fn attach_charges(&mut self, index: usize, charges: Vec<usize>) {
        for at in charges {
            self.charges[at].row = Some(self.rows[index].id);
            self.rows[index].charges.push(at);
        }
    }

    /// Takes what is unpaid of the charges that come after a fact of `day` out of their rows, to be put into others.
    pub(super) fn lift_charges_after(&mut self, day: NaiveDate) {
        // Of what was charged back into a row the oldest is paid first.
        for at in (0..self.charges.len()).rev() {
            let charge = &self.charges[at];
            let (component, true, Some(row)) = (charge.component, charge.is_after(day), charge.row) else {
                continue;
            };
            let index = self.index_of(row);
            let unpaid = self.unpaid(index, at);
            if index < self.rows.len() {
                self.add_due(index, component, unpaid.negated());
                self.rows[index].charges.retain(|other| *other != at);
            }
            // What was paid or waived of it stays where it is.
            let nothing = self.zero();
            let charge = &mut self.charges[at];
            charge.amount = unpaid.plus(charge.hidden);
            (charge.paid, charge.waived, charge.hidden) = (nothing, nothing, nothing);
            charge.row = None;
            // Nothing of it is left to fall due with another row.
            charge.ended = charge.amount.is_zero();
        }
    }
}
