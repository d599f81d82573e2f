//! A payment that claims the reduction of interest (LENDING.md §12; CDC art. 52 §2).

use chrono::NaiveDate;

use super::Outcome;
use super::fold::{Basis, Engine};
use super::redraw::Redraw;
use super::till::Till;
use crate::Amount;
use crate::component::Component;
use crate::terms::{Excess, Method};

impl Engine<'_> {
    /// After what is due: interest of the current period to the day, then principal; the rows not yet due are drawn
    /// again from the day.
    pub(super) fn anticipate(&mut self, till: &mut Till, excess: Excess) -> Outcome<()> {
        self.require_redrawable()?;
        let excess = if excess.draws_again() { excess } else { Excess::ReduceTerm };
        // A row whose period has ended is complete, though it is not yet due (`accrue_to: unshifted`).
        let mut first = self.first_due_after(till.on);
        while self.is_complete(first, till.on) {
            let order = self.now();
            self.serve_row(till, first, &order.allocation_in_advance)?;
            first += 1;
        }
        if till.is_empty() {
            return Ok(());
        }
        let rows = self.rows_to_draw(first);
        let Some(&here) = rows.first() else { return Ok(()) };
        let balance = self.to_repay(&rows);
        if !balance.is_positive() {
            return Ok(());
        }
        let row = &self.rows[here];
        let (id, end, paid) = (row.id, row.to, row.paid.interest);
        let period = row.period.unwrap_or(0);
        let since = row.cut.map_or(row.from, |cut| cut.on).max(row.from);
        let day = till.on.max(since);
        let grace = self.contract().terms.grace;
        let is_in_grace = period < grace.interest as usize && rows.len() > 1;
        let accrued = self.interest_on(balance, here, day)?;
        let to_interest = till.left.min(accrued.minus(paid).max(self.zero()));
        let in_grace =
            if is_in_grace { accrued.minus(paid).minus(to_interest).max(self.zero()) } else { self.zero() };
        let off = till.left.minus(to_interest).min(balance);
        let factor = self.contract().factor_in(period, day, end)?;
        self.redraw(
            &rows,
            &Redraw { balance: balance.minus(off), factor, excess, accrued, in_grace, cut_on: Some(day) },
        )?;
        let here = self.index_of(id);
        self.put(till, here, Component::Interest, to_interest);
        self.pay_ahead(till, here, off);
        self.drop_what_is_gone(here);
        Ok(())
    }

    /// Whether a row's period ended before `day`.
    fn is_complete(&self, index: usize, day: NaiveDate) -> bool {
        self.rows.get(index).is_some_and(|row| row.period.is_some() && row.to < day)
    }

    /// Interest accrued by `day` in the period that is running, and not yet due.
    pub(super) fn accrued_now(&self, day: NaiveDate) -> Outcome<Amount> {
        match &self.basis {
            Basis::Plan => {
                Ok(self.current_row(day).map_or(Ok(self.zero()), |index| self.accrued_in(index, day))?)
            }
            Basis::Rest(rest) => rest.accrued_by(self, day),
            Basis::Running(running) => running.accrued_by(self, day),
        }
    }

    /// The row whose period is running on `day`: begun before it and not ended.
    pub(super) fn current_row(&self, day: NaiveDate) -> Option<usize> {
        let contract = self.contracts.len().checked_sub(1)?;
        self.rows.iter().position(|row| {
            row.contract == contract && row.period.is_some() && row.from < day && day <= row.to
        })
    }

    /// Interest of a row's period up to a day in it, on the balance of the plan.
    pub(super) fn accrued_in(&self, index: usize, day: NaiveDate) -> Outcome<Amount> {
        let row = &self.rows[index];
        let balance = row.cut.filter(|cut| cut.on <= day).map_or(row.base, |cut| cut.balance);
        self.interest_on(balance, index, day)
    }

    /// Interest of a row's period up to a day in it, on a balance since the period was last cut.
    pub(super) fn interest_on(&self, balance: Amount, index: usize, day: NaiveDate) -> Outcome<Amount> {
        let row = &self.rows[index];
        let contract = &self.contracts[row.contract];
        let Some(period) = row.period else { return Ok(contract.zero()) };
        let cut = row.cut.filter(|cut| cut.on <= day);
        let accrued = cut.map_or_else(|| contract.zero(), |cut| cut.accrued);
        if row.is_free(contract) {
            return Ok(accrued);
        }
        let base = cut.map_or(balance, |cut| balance.plus(cut.bears));
        let since = cut.map_or(row.from, |cut| cut.on);
        // Days after its end, while it is not yet due, are days of the periods after it.
        let factor = if day <= row.to || contract.terms.method == Method::Bullet {
            contract.factor_in(period, since, day)?
        } else {
            contract.factor(since, day)?
        };
        Ok(accrued.plus(contract.interest(base, factor)?))
    }
}
