//! Settling early (LENDING.md §12): the quote of a day, and what a payment of just that comes to.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::fold::{Basis, Engine};
use super::rest::Rest;
use super::row::{Cut, LiveRow};
use super::till::Till;
use super::{EngineError, Outcome};
use crate::Amount;
use crate::component::{Component, Components};
use crate::exact::{add, div, mul};
use crate::loan::settlement::SettlementQuote;
use crate::terms::{GraceMode, Settlement};
use rust_decimal::Decimal;

impl Engine<'_> {
    /// What settles the loan on a day, from the facts taken in so far, none of which is dated after it.
    pub fn quote(&self, on: NaiveDate) -> Outcome<SettlementQuote> {
        self.clone().into_quote(on)
    }

    /// The same where the loan is not needed any more.
    pub(super) fn into_quote(mut self, on: NaiveDate) -> Outcome<SettlementQuote> {
        if self.contracts.is_empty() {
            return Err(EngineError::NothingDisbursed(on));
        }
        self.pass_days_before(on)?;
        self.quote_now(on)
    }

    pub(super) fn quote_now(&mut self, on: NaiveDate) -> Outcome<SettlementQuote> {
        if let Basis::Running(_) = self.basis {
            return self.quote_running(on);
        }
        self.bring_to(on)?;
        let end = self.first_due_after(on);
        let zero = self.zero();
        let first = self.first_open().min(end);
        let past = self.rows[first..end].iter().filter(|row| !row.gone);
        let due = past.fold(zero, |sum, row| sum.plus(row.open().total()));
        // Interest that has yet to join the principal is none of it.
        let (mut by_hand, mut principal) = (zero, zero.minus(self.capital_to_come(on)));
        for index in end..self.rows.len() {
            by_hand = by_hand.plus(self.owed_all_the_same(index).total());
            principal = principal.plus(self.rows[index].open_of(Component::Principal));
        }
        let future = match self.contract().terms.settlement {
            Settlement::PresentValue => {
                // It takes off interest, never principal.
                let paid_ahead: Amount = self.rows[end..].iter().map(|row| row.paid.interest).sum();
                self.present_value(end, on)?.max(principal.minus(paid_ahead))
            }
            Settlement::InterestToDate => self.to_date(end, on, principal)?,
            Settlement::InterestToDueDate => {
                principal.plus(self.plan_row_from(end).map_or(zero, |index| self.interest_of_period(index)))
            }
        };
        let due = due.plus(by_hand);
        Ok(SettlementQuote {
            on,
            amount: due.plus(future),
            due,
            principal,
            interest: future.minus(principal),
        })
    }

    /// All that is due, all principal, and the quote's interest in the first row not yet due.
    pub(super) fn settle(&mut self, till: &mut Till, quote: &SettlementQuote) -> Outcome<()> {
        if let Basis::Running(_) = self.basis {
            return self.settle_running(till);
        }
        let end = self.first_due_after(till.on);
        self.serve_due(till)?;
        let here = self.running_row().max(end);
        let capitalized: Amount = self.rows[end..here].iter().map(|row| row.capitalized).sum();
        self.waive_capital_to_come(end);
        let mut interest = quote.interest.max(self.zero());
        let first = self.plan_row_from(end);
        // Where interest follows the balance a row due today may belong to the period that is running.
        let (running, deferred) = match &self.basis {
            Basis::Rest(rest) => (self.running_row(), rest.deferred.plus(capitalized)),
            Basis::Plan | Basis::Running(_) => {
                (end, first.map_or(self.zero(), |index| self.deferred_by(index)))
            }
        };
        self.return_interest(till, end, quote.interest.negated());
        for index in end..self.rows.len() {
            let owed = self.owed_all_the_same(index);
            let of_row = if Some(index) == first {
                std::mem::replace(&mut interest, self.zero())
            } else {
                self.zero()
            };
            let row = &mut self.rows[index];
            let paid_and_waived = row.paid.plus(row.waived);
            let before = row.due.interest;
            row.due.interest = paid_and_waived.interest.plus(of_row).max(paid_and_waived.interest);
            if index < running || row.counted {
                self.earned = self.earned.plus(row.due.interest).minus(before);
            }
            row.due.fee = paid_and_waived.fee.plus(owed.fee);
            let nothing = of_row.minus(of_row);
            (row.earns, row.base) = (None, nothing);
            row.cut = Some(Cut::settling(till.on.max(row.from), row.due.interest, nothing));
            self.put(till, index, Component::Penalty, owed.penalty);
            self.put(till, index, Component::Fee, owed.fee);
            self.put(till, index, Component::Interest, of_row);
            let principal = self.rows[index].open_of(Component::Principal);
            self.put(till, index, Component::Principal, principal);
        }
        self.keep_capitalized(running, end);
        self.count_settled(running, deferred);
        self.end_deferral(running);
        self.settle_rest();
        // A later disbursement may need the rows again.
        if matches!(self.basis, Basis::Plan) {
            for row in &mut self.rows[end..] {
                row.gone = row.is_nothing() && row.charges.is_empty();
            }
        }
        Ok(())
    }

    /// Under a rest a row that is due shows what its period capitalizes, though that has yet to end: the principal that was
    /// settled has it.
    fn keep_capitalized(&mut self, running: usize, end: usize) {
        let Basis::Rest(_) = &self.basis else { return };
        let contract = self.contracts.len() - 1;
        let of_plan = |row: &&mut LiveRow| row.contract == contract && row.period.is_some();
        for row in self.rows[running.min(end)..end].iter_mut().filter(of_plan) {
            self.earned = self.earned.plus(row.capitalized).minus(row.capital_ahead);
            row.capital_ahead = row.capitalized;
        }
    }

    /// What rows before `end` deferred is paid: it falls due with no other row any more.
    fn end_deferral(&mut self, end: usize) {
        if self.contract().terms.grace.mode != GraceMode::Deferred {
            return;
        }
        let (contract, is_plan) = (self.contracts.len() - 1, matches!(self.basis, Basis::Plan));
        for row in self.rows[..end].iter_mut().filter(|row| row.contract == contract) {
            let Some(earned) = row.earns.take() else { continue };
            if is_plan && !row.counted {
                self.earned = self.earned.plus(earned).minus(row.interest_ahead);
                row.counted = true;
            }
        }
    }

    /// Where interest was paid ahead, discounting can make the amount less than the principal: then so much of that
    /// interest serves principal instead.
    fn return_interest(&mut self, till: &mut Till, end: usize, amount: Amount) {
        let mut left = amount;
        for index in end..self.rows.len() {
            let part = left.min(self.rows[index].paid.interest);
            if part.is_positive() {
                self.take_back(till, index, part);
                left = left.minus(part);
            }
        }
    }

    /// What a row not yet due owes even when the loan is settled early: charges entered by hand, and tax. Fees of the
    /// terms are not owed (CDC art. 52 §2).
    pub(super) fn owed_all_the_same(&self, index: usize) -> Components {
        let row = &self.rows[index];
        let mut owed = Components::NOTHING;
        let open = |component| row.open_of(component).max(self.zero());
        owed.add(Component::Penalty, open(Component::Penalty));
        let by_hand = row.charges.iter().map(|at| &self.charges[*at]);
        let paid_of_it: Amount = by_hand.map(|charge| charge.paid_of(Component::Fee)).sum();
        let tax = row.tax.minus(row.paid.fee.minus(paid_of_it)).max(self.zero());
        let fee = self.charges_open(index, Component::Fee, NaiveDate::MAX).plus(tax);
        owed.add(Component::Fee, fee.min(open(Component::Fee)));
        owed
    }

    /// The first row of the plan at `end` or after it: c.
    fn plan_row_from(&self, end: usize) -> Option<usize> {
        let contract = self.contracts.len() - 1;
        let of_plan = |row: &LiveRow| row.contract == contract && row.period.is_some() && !row.gone;
        self.rows[end..].iter().position(of_plan).map(|at| end + at)
    }

    /// Open principal and interest of each row, discounted row by row, rounded as a whole.
    fn present_value(&self, end: usize, on: NaiveDate) -> Outcome<Amount> {
        let (mut weight, mut value) = (Decimal::ONE, Decimal::ZERO);
        let mut is_first = true;
        for row in self.rows[end..].iter().filter(|row| !row.gone) {
            let contract = &self.contracts[row.contract];
            if row.contract + 1 == self.contracts.len() {
                let from = if is_first { on.max(row.from) } else { row.from };
                let factor = match row.period {
                    // Where nothing is charged for waiting, nothing is taken off for not waiting.
                    Some(_) if row.is_free(contract) => Decimal::ZERO,
                    Some(period) => contract.factor_in(period, from, row.to)?,
                    None => contract.factor(from, row.to)?,
                };
                weight = div(weight, add(Decimal::ONE, factor)?)?;
                is_first = false;
            }
            let open = row.open_of(Component::Principal).plus(row.open_of(Component::Interest));
            if !open.is_zero() {
                value = add(value, mul(open.value(), weight)?)?;
            }
        }
        Ok(self.contract().cents(value)?)
    }

    /// B and its interest from the start of c to the day, less interest of c already paid, not below B.
    fn to_date(&self, end: usize, on: NaiveDate, principal: Amount) -> Outcome<Amount> {
        let Some(index) = self.plan_row_from(end) else { return Ok(principal) };
        let row = &self.rows[index];
        let accrued = match &self.basis {
            Basis::Rest(rest) => self.accrued_in_rest(rest, index, on)?,
            Basis::Plan | Basis::Running(_) => {
                self.interest_on(principal, index, on.max(row.from))?.plus(self.deferred_by(index))
            }
        };
        Ok(principal.plus(accrued.minus(row.paid.interest).max(self.zero())))
    }

    /// Interest by a day of a row that is not yet due, where it follows the balance.
    pub(super) fn accrued_in_rest(&self, rest: &Rest, index: usize, day: NaiveDate) -> Outcome<Amount> {
        Ok(match index.cmp(&self.running_row()) {
            Ordering::Equal => rest.accrued_by(self, day)?.plus(rest.deferred),
            // Its period has ended, or that of a row due today is still to end.
            Ordering::Less => {
                let here = self.running_row();
                let of_ended = self.rows[index..here]
                    .iter()
                    .fold(self.zero(), |sum, row| sum.plus(row.due.interest).plus(row.capitalized));
                let end = self.rows.len().min(here + 1);
                let paid: Amount = self.rows[index + 1..end].iter().map(|row| row.paid.interest).sum();
                of_ended.plus(rest.accrued_by(self, day)?).plus(rest.deferred).minus(paid)
            }
            // The running row is due today, or has nothing else of its own: what it bears is deferred to this one.
            Ordering::Greater if self.defers(self.running_row()) => {
                rest.accrued_by(self, day)?.plus(rest.deferred)
            }
            Ordering::Greater => self.deferred_by(index),
        })
    }

    fn defers(&self, index: usize) -> bool {
        let contract = self.contract();
        contract.terms.grace.mode == GraceMode::Deferred && self.rows[index].is_in_grace(contract)
    }

    /// Open interest of the current period, whether it falls due with its row or not.
    fn interest_of_period(&self, index: usize) -> Amount {
        let row = &self.rows[index];
        if row.is_in_grace(self.contract()) && !self.basis.is_running() {
            let earned = row.earns.unwrap_or(row.due.interest).plus(self.deferred_by(index));
            return earned.minus(row.paid.interest).max(self.zero());
        }
        row.open_of(Component::Interest)
    }

    /// What has yet to join the principal of rows from `end` on never does: the last rows repay so much less.
    fn waive_capital_to_come(&mut self, end: usize) {
        let mut left = self.zero();
        for row in &mut self.rows[end..] {
            left = left.plus(std::mem::replace(&mut row.capitalized, left.minus(left)));
        }
        for index in (end..self.rows.len()).rev() {
            let part = left.min(self.rows[index].open_of(Component::Principal));
            if part.is_positive() {
                let principal = self.rows[index].due.principal.minus(part);
                self.set_principal(index, principal);
                left = left.minus(part);
            }
        }
    }
}
