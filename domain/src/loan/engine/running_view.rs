//! The rows as they are seen on a day, where there is one running balance (LENDING.md §9): what the plan says is due,
//! with the interest that follows the balance.

use chrono::NaiveDate;

use super::Outcome;
use super::contract::Contract;
use super::fold::{Basis, Engine};
use super::running::{Planned, Running};
use crate::Amount;
use crate::component::{Component, Components};
use crate::loan::facts::Early;

impl Engine<'_> {
    pub(super) fn draw_running_rows(&mut self, day: NaiveDate) -> Outcome<()> {
        self.fix_fees(day)?;
        let contract = self.contract_shared();
        let Basis::Running(running) = &self.basis else { return Ok(()) };
        let mut running = running.clone();
        // What has yet to join the balance in the grace period, as if nothing were paid before.
        for (row, interest) in running.pass_grace(&contract, NaiveDate::MAX)? {
            let index = self.index_of(row);
            self.rows[index].capitalized = interest;
        }
        let open = running.open_rows(&contract, day, NaiveDate::MAX)?;
        for (planned, (open, base)) in running.plan.iter().zip(open) {
            let index = self.index_of(planned.row);
            if !planned.has_fees {
                self.set_fees(index, &contract, open.principal.plus(open.interest), base)?;
            }
            let paid = self.rows[index].paid;
            self.set_principal(index, paid.principal.plus(open.principal));
            let row = &mut self.rows[index];
            for component in [Component::LateFee, Component::LateInterest, Component::Interest] {
                *row.due.of_mut(component) = paid.of(component).plus(open.of(component));
            }
            row.base = base;
            row.gone = open.is_nothing() && base.is_zero() && row.is_nothing();
        }
        Ok(())
    }

    /// Fees stand as they are when their row falls due; before, they follow the balance.
    pub(super) fn fix_fees(&mut self, day: NaiveDate) -> Outcome<()> {
        let contract = self.contract_shared();
        let Basis::Running(running) = &self.basis else { return Ok(()) };
        let falls_due = |row: &Planned| row.due_on <= day && !row.has_fees;
        if contract.terms.charges.is_empty() || !running.plan.iter().any(falls_due) {
            return Ok(());
        }
        let mut running = running.clone();
        let open = running.open_rows(&contract, day, day)?;
        let balance = running.balance;
        for (planned, (open, base)) in running.plan.iter_mut().zip(open) {
            if falls_due(planned) {
                planned.has_fees = true;
                // A row that was covered in advance falls due all the same, as long as anything is owed.
                let is_covered = open.is_nothing() && balance.is_positive();
                let (owed, base) = if is_covered {
                    (planned.total, balance)
                } else {
                    (open.principal.plus(open.interest), base)
                };
                let index = self.index_of(planned.row);
                self.set_fees(index, &contract, owed, base)?;
            }
        }
        self.basis = Basis::Running(running);
        Ok(())
    }

    fn set_fees(&mut self, index: usize, contract: &Contract, owed: Amount, base: Amount) -> Outcome<()> {
        let fees = match self.rows[index].period {
            Some(period) => contract.fees_of(period, owed, base)?,
            None => contract.zero(),
        };
        let by_hand = self.charged_by_hand(index, Component::Fee);
        let row = &mut self.rows[index];
        row.due.fee = fees.plus(row.tax).plus(by_hand).max(row.paid.fee.plus(row.waived.fee));
        self.first_fee = self.first_fee.min(index);
        self.first_open = self.first_open.min(index);
        Ok(())
    }
}

impl Running {
    /// What is open of each row due up to `until`, and the balance before it.
    fn open_rows(
        &self,
        contract: &Contract,
        day: NaiveDate,
        until: NaiveDate,
    ) -> Outcome<Vec<(Components, Amount)>> {
        let zero = contract.zero();
        let first = self.first_uncovered();
        let mut open = vec![(Components::NOTHING, zero); self.plan.len()];
        let is_repaid = !self.balance.is_positive();
        if self.plan.is_empty() || !self.bears() && self.carried.is_nothing() {
            return Ok(open);
        }
        let owed = self.owed(contract, day, Early::Installment)?;
        let mut after = self.clone();
        after.take(contract, &owed, day);
        let mut balance = self.balance;
        let mut charged_to = after.charged_to;
        let mut covered = self.plan[..first].iter().fold(zero, |sum, row| sum.plus(row.total));
        for (index, planned) in self.plan.iter().enumerate().skip(first) {
            if planned.due_on > until {
                break;
            }
            let base = balance;
            let mut row = Components::NOTHING;
            if index == first {
                row = after.carried;
            } else if planned.due_on >= day {
                let factor = contract.factor(charged_to, planned.due_on)?;
                row.add(Component::Interest, contract.interest(balance, factor)?);
                charged_to = charged_to.max(planned.due_on);
            } else if !planned.was_charged() && !is_repaid {
                row.add(Component::Interest, planned.interest);
            }
            // Interest of a row that fell due was taken with that of the first.
            if index == first {
                let later = self.plan[first..].iter().skip(1);
                let later = later.filter(|row| row.due_on < day && !row.was_charged() && !is_repaid);
                row.interest = later.fold(row.interest, |sum, row| sum.minus(row.interest));
            }
            // What R covers of the first of them already counts.
            let total = covered.plus(planned.total).minus(self.received.max(covered));
            covered = covered.plus(planned.total);
            let principal = if index + 1 == self.plan.len() {
                balance
            } else {
                total.minus(row.interest).max(zero).min(balance)
            };
            row.add(Component::Principal, principal);
            balance = balance.minus(principal);
            open[index] = (row, base);
        }
        Ok(open)
    }
}
