//! Rows not yet due drawn again on a lower balance (LENDING.md §10, §12). What is paid of a row stays in it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::contract::Shape;
use super::fold::{Basis, Engine};
use super::pencil::Pencil;
use super::row::{Cut, LiveRow};
use super::{EngineError, Outcome};
use crate::Amount;
use crate::component::Component;
use crate::terms::{Excess, GraceMode};

pub(super) struct Redraw {
    /// What the rows repay.
    pub(super) balance: Amount,
    /// Of what is left of the first row's period.
    pub(super) factor: Decimal,
    pub(super) excess: Excess,
    /// Interest of the first row's period that accrued before.
    pub(super) accrued: Amount,
    /// What of it is neither due nor paid in the grace period: it goes the way of that period's interest.
    pub(super) in_grace: Amount,
    /// The day on which the first row's period is cut.
    pub(super) cut_on: Option<NaiveDate>,
}

impl Engine<'_> {
    pub(super) fn require_redrawable(&self) -> Outcome<()> {
        let contract = self.contract();
        match contract.shape {
            Shape::Fixed => Err(EngineError::PlanCannotBeDrawnAgain(contract.terms.method)),
            Shape::Installment | Shape::Part | Shape::AtTheEnd => Ok(()),
        }
    }

    /// Rows of the plan that holds from `first` on, but for those whose interest and principal are paid: they stay as
    /// they are. With one in grace nothing may fall due, and yet it bears interest, unless that was paid with the row to
    /// which it is deferred.
    pub(super) fn rows_to_draw(&self, first: usize) -> Vec<usize> {
        let contract = self.contracts.len() - 1;
        let grace = self.contract().terms.grace;
        let of_plan = |row: &LiveRow| row.contract == contract && row.period.is_some();
        let is_paid = |index: usize| {
            let row = &self.rows[index];
            row.open_of(Component::Interest).is_zero()
                && row.open_of(Component::Principal) == self.charged_back(index)
        };
        let takes_deferred = |row: &LiveRow| of_plan(row) && row.period == Some(grace.interest as usize);
        let is_deferred_paid = grace.mode == GraceMode::Deferred
            && self.rows.iter().position(takes_deferred).is_some_and(is_paid);
        let is_to_draw = |index: &usize| {
            let row = &self.rows[*index];
            let bears = row.earns.is_some() && row.is_in_grace(self.contract()) && !is_deferred_paid;
            of_plan(row) && (bears || !is_paid(*index))
        };
        (first..self.rows.len()).filter(is_to_draw).collect()
    }

    /// The principal that rows repay from now on: without what was charged back into them, and without interest that
    /// has yet to join it.
    pub(super) fn to_repay(&self, rows: &[usize]) -> Amount {
        rows.iter().fold(self.zero(), |sum, index| {
            let row = &self.rows[*index];
            let open = row.open_of(Component::Principal).minus(self.charged_back(*index));
            sum.plus(open).minus(row.capitalized)
        })
    }

    /// Draws `rows` (of the contract that holds) again.
    pub(super) fn redraw(&mut self, rows: &[usize], redraw: &Redraw) -> Outcome<()> {
        let mut periods = Vec::with_capacity(rows.len());
        for index in rows {
            let period = self.rows[*index].period.unwrap_or(0);
            let factor =
                if periods.is_empty() { redraw.factor } else { self.contract().period(period)?.factor };
            periods.push((period, factor));
        }
        let mut level = self.contract_mut().level()?;
        if redraw.excess == Excess::ReduceInstallment {
            let contract = self.contract();
            let balance = contract.balance_after_grace(redraw.balance, &periods, redraw.in_grace)?;
            level = contract.level_anew(balance, &periods)?;
            self.contract_mut().level = Some(level);
        }
        let deferred = self.deferred_before(rows[0], periods[0].0);
        let contract = self.contract_shared();
        let mut pencil = Pencil { contract: &contract, balance: redraw.balance, level, deferred };
        let mut tax_of_gone = self.zero();
        let mut last_drawn = rows[0];
        for (nth, (index, (period, factor))) in rows.iter().zip(&periods).enumerate() {
            let base = pencil.balance;
            let mut drawn = pencil.next(*period, *factor, nth + 1 == rows.len())?;
            let paid = self.rows[*index].paid;
            let mut accrued = self.zero();
            if nth == 0 {
                accrued = redraw.accrued.minus(redraw.in_grace);
                pencil.keep_in_grace(&mut drawn, redraw.in_grace);
                drawn.earns = drawn.earns.map(|earns| earns.plus(redraw.accrued));
            }
            let interest = drawn.interest.plus(accrued).max(paid.interest);
            // What was paid ahead of it beyond what it comes to now is earned all the same.
            let beyond = interest.minus(drawn.interest).minus(accrued);
            let charged_back = self.charged_back(*index);
            self.set_principal(*index, drawn.principal.plus(paid.principal).plus(charged_back));
            let is_gone = base.is_zero() && nth > 0;
            let fees = contract.fees_of(*period, drawn.principal.plus(drawn.interest), base)?;
            let by_hand = self.charged_by_hand(*index, Component::Fee);
            let row = &mut self.rows[*index];
            row.due.interest = interest;
            row.capitalized = drawn.capitalized;
            row.earns = drawn.earns.map(|earns| earns.plus(beyond));
            row.base = base;
            let cut_on = redraw.cut_on.filter(|_| nth == 0);
            row.cut = cut_on.map(|on| Cut::settling(on, redraw.accrued, base));
            if is_gone {
                tax_of_gone = tax_of_gone.plus(row.tax);
                row.tax = self.contracts[row.contract].zero();
            } else {
                last_drawn = *index;
            }
            row.due.fee = fees.plus(row.tax).plus(by_hand).max(row.paid.fee.plus(row.waived.fee));
        }
        let last = &mut self.rows[last_drawn];
        last.tax = last.tax.plus(tax_of_gone);
        last.due.fee = last.due.fee.plus(tax_of_gone);
        self.first_open = self.first_open.min(rows[0]);
        Ok(())
    }

    /// Takes out the rows from `first` on that nothing falls due with any more. One before the principal is due may
    /// bear interest all the same, or none by its rate.
    pub(super) fn drop_what_is_gone(&mut self, first: usize) {
        let mut index = 0;
        self.rows.retain(|row| {
            index += 1;
            index <= first || !row.is_nothing() || !row.base.is_zero() || !row.charges.is_empty()
        });
        self.passed = self.passed.min(first);
    }

    /// Interest of grace rows before one that is running, which is not yet due.
    pub(super) fn deferred_by(&self, index: usize) -> Amount {
        match (&self.basis, self.rows[index].period) {
            (Basis::Plan, Some(period)) => self.deferred_before(index, period),
            (Basis::Rest(rest), period) => {
                let here = self.running_row();
                if index < here {
                    // Its own period has ended too (`accrue_to: unshifted`), and what it earned is deferred with the rest.
                    let own = period.filter(|period| *period < self.contract().terms.grace.interest as usize);
                    return own.map_or_else(|| self.zero(), |_| self.deferred_of(&self.rows[..index]));
                }
                if index == here {
                    return rest.deferred;
                }
                // On the last day of a period in grace, what it earned is deferred to the rows after it.
                let earned = self.rows.get(here).and_then(|row| row.earns);
                match earned.filter(|_| self.contract().terms.grace.mode == GraceMode::Deferred) {
                    Some(earned) => rest.deferred.plus(earned),
                    None => self.zero(),
                }
            }
            (Basis::Plan | Basis::Running(_), _) => self.zero(),
        }
    }

    /// What rows in a deferring grace earned, where interest follows the balance.
    fn deferred_of(&self, rows: &[LiveRow]) -> Amount {
        let contract = self.contract();
        if contract.terms.grace.mode != GraceMode::Deferred {
            return self.zero();
        }
        let current = self.contracts.len() - 1;
        let in_grace = rows.iter().filter(|row| row.contract == current && row.is_in_grace(contract));
        in_grace.filter_map(|row| row.earns).fold(self.zero(), Amount::plus)
    }

    /// Interest of grace rows that falls due on top of the first row after them.
    pub(super) fn deferred_before(&self, index: usize, period: usize) -> Amount {
        let grace = self.contract().terms.grace;
        if grace.mode != GraceMode::Deferred || period > grace.interest as usize {
            return self.zero();
        }
        let contract = self.contracts.len() - 1;
        let is_in_grace = |row: &&LiveRow| row.contract == contract && row.is_in_grace(self.contract());
        let earned = self.rows[..index].iter().filter(is_in_grace);
        earned.fold(self.zero(), |sum, row| {
            // What was paid of it in advance is due in its row.
            sum.plus(row.earns.unwrap_or(row.due.interest)).minus(row.due.interest)
        })
    }
}
