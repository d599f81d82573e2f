//! Disbursements: the first draws the plan; each later one draws the rows from its period on again (LENDING.md §6).

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::contract::{Contract, Shape};
use super::fold::{Basis, Engine};
use super::pencil::{Drawn, Pencil};
use super::row::{Cut, LiveRow};
use super::tax::until_it_stands_still;
use crate::Amount;
use crate::component::Component;
use crate::exact::{add, div};
use crate::iof::IofCollection;
use crate::loan::facts::{Effect, Outlay};
use crate::schedule::{self, LoanPlan, PlanError};
use crate::terms::{Disbursement, GraceMode, InterestBasis, Terms};

impl Engine<'_> {
    pub(super) fn disburse(&mut self, on: NaiveDate, amount: Amount) -> Outcome<Effect> {
        let outlay = if self.contracts.is_empty() {
            let plan = schedule::draw_for_servicing(&self.terms, &[Disbursement { on, amount }])?;
            let terms = Arc::clone(&self.terms);
            let outlay = self.begin_contract(terms, plan, on)?;
            self.lay_charges();
            outlay
        } else {
            self.disburse_more(on, amount)?
        };
        let till = self.use_overpaid(on)?;
        let mut effect = self.effect_of(till);
        effect.outlay = Some(outlay);
        Ok(effect)
    }

    /// Adds the rows of a plan drawn for the loan, from `on` on.
    pub(super) fn begin_contract(
        &mut self,
        terms: Arc<Terms>,
        plan: LoanPlan,
        on: NaiveDate,
    ) -> Outcome<Outlay> {
        let LoanPlan { timeline, installments, totals, tax } = plan;
        let mut contract = Contract::new(terms, timeline, on, totals.financed)?;
        let taxed = tax.map_or_else(|| contract.zero(), |tax| tax.total);
        contract.released.push((on, totals.financed.value()));
        contract.taxed = taxed;
        let number = self.contracts.len();
        let mut rows = Vec::with_capacity(installments.len());
        let first = self.rows.len();
        let (mut base, mut deferred) = (totals.financed, contract.zero());
        let grace = contract.terms.grace;
        for (index, installment) in installments.iter().enumerate() {
            let to = contract.period(index)?.to;
            let id = self.new_id();
            let dates = [installment.from, to, installment.due_on];
            let mut row = LiveRow::new(id, number, Some(index), dates, &contract.terms.calendar);
            row.due.principal = installment.principal;
            row.due.interest = installment.interest;
            row.due.fee = installment.fees.plus(installment.tax);
            row.tax = installment.tax;
            row.base = base;
            row.capitalized = installment.capitalized.unwrap_or_else(|| contract.zero());
            if index < grace.interest as usize {
                let earned = match grace.mode {
                    GraceMode::Capitalized => row.capitalized,
                    GraceMode::Deferred => contract.interest(base, contract.period(index)?.factor)?,
                    GraceMode::Free => contract.zero(),
                };
                if grace.mode == GraceMode::Deferred {
                    deferred = deferred.plus(earned);
                }
                row.earns = Some(earned);
            } else if deferred.is_positive() {
                row.earns = Some(installment.interest.minus(deferred));
                deferred = contract.zero();
            }
            base = installment.balance;
            self.open_principal = self.open_principal.plus(row.due.principal);
            rows.push(row);
        }
        let first_id = rows.first().map_or(0, |row| row.id);
        let levels = match contract.terms.interest_basis {
            InterestBasis::DailyRest | InterestBasis::PeriodRest => {
                schedule::levels(&contract.terms, &contract.timeline, on, totals.financed)?
            }
            _ => Vec::new(),
        };
        self.basis = self.basis_of(&contract, levels, first_id)?;
        self.contracts.push(Arc::new(contract));
        if let Basis::Running(running) = &mut self.basis {
            running.learn(&rows);
        }
        if first == 0 {
            self.rows = rows;
        } else {
            for row in rows {
                self.insert(row);
            }
        }
        Ok(Outlay { principal: totals.financed, withheld: totals.withheld, tax: taxed })
    }

    fn disburse_more(&mut self, on: NaiveDate, amount: Amount) -> Outcome<Outlay> {
        let contract = self.contract();
        let Some(last) = contract.timeline.periods.last() else {
            return Err(PlanError::NothingDisbursed.into());
        };
        if on >= last.to || on >= last.due_on {
            let last_due_on = last.due_on;
            return Err(PlanError::DisbursementAfterLastDueDate { at: 0, on, last_due_on }.into());
        }
        let zero = self.zero();
        // One on a due date counts from the next period on.
        let first = contract.timeline.periods.partition_point(|period| period.to <= on);
        let collected = contract.terms.tax.as_ref().map(|tax| tax.iof.collected);
        let tax_of = |engine: &Self, joined: Amount| -> Outcome<(Vec<Amount>, Amount)> {
            let rows = engine.repaid_with(first, on, joined)?;
            engine.tax_with((on, joined), &rows)
        };
        let (joined, tax) = match collected {
            None => (amount, zero),
            Some(IofCollection::Financed) => {
                let before = self.contract().taxed;
                let tax = until_it_stands_still(zero, |tax| {
                    Ok(tax_of(self, amount.plus(tax))?.1.minus(before).max(zero))
                })?;
                (amount.plus(tax), tax)
            }
            Some(_) => {
                let (_, total) = tax_of(self, amount)?;
                (amount, total.minus(self.contract().taxed).max(zero))
            }
        };
        match self.basis {
            Basis::Plan => self.draw_more(first, on, joined)?,
            Basis::Rest(_) => self.release_rest(first, on, joined)?,
            Basis::Running(_) => self.release_running(first, on, joined)?,
        }
        if collected == Some(IofCollection::Installment) {
            self.add_tax_by_row(on, joined)?;
        }
        self.joined.push((on, joined));
        let contract = self.contract_mut();
        contract.financed = contract.financed.plus(joined);
        contract.released.push((on, joined.value()));
        contract.taxed = contract.taxed.plus(tax);
        let withheld = if collected == Some(IofCollection::Withheld) { tax } else { zero };
        Ok(Outlay { principal: joined, withheld, tax })
    }

    /// The rows of the contract that holds, from the period at `first` on.
    pub(super) fn rows_from(&self, first: usize) -> Vec<usize> {
        let contract = self.contracts.len() - 1;
        let of_plan = |row: &LiveRow| row.contract == contract && row.period.is_some_and(|at| at >= first);
        (0..self.rows.len()).filter(|index| of_plan(&self.rows[*index])).collect()
    }

    /// What the rows would repay with a further disbursement.
    fn repaid_with(&self, first: usize, on: NaiveDate, joined: Amount) -> Outcome<Vec<(NaiveDate, Amount)>> {
        let contract = self.contracts.len() - 1;
        let rows = self.rows.iter().filter(|row| row.contract == contract && row.period.is_some());
        let mut repaid: Vec<_> = rows.map(|row| (row.due_on, row.due.principal)).collect();
        let before = repaid.len() - self.rows_from(first).len();
        for (nth, drawn) in self.drawn_with(first, on, joined)?.0.iter().enumerate() {
            if let Some(row) = repaid.get_mut(before + nth) {
                row.1 = drawn.principal;
            }
        }
        Ok(repaid)
    }

    fn add_tax_by_row(&mut self, on: NaiveDate, joined: Amount) -> Outcome<()> {
        let rows = self.rows_from(0);
        let repaid: Vec<_> =
            rows.iter().map(|index| (self.rows[*index].due_on, self.rows[*index].due.principal)).collect();
        let (by_row, _) = self.tax_with((on, joined), &repaid)?;
        for (index, tax) in rows.into_iter().zip(by_row) {
            let row = &mut self.rows[index];
            if row.due_on > on && tax > row.tax {
                row.due.fee = row.due.fee.plus(tax.minus(row.tax));
                row.tax = tax;
            }
        }
        Ok(())
    }

    /// The rows from `first` on with `joined` released on `on`, and their levels.
    pub(super) fn drawn_with(
        &self,
        first: usize,
        on: NaiveDate,
        joined: Amount,
    ) -> Outcome<(Vec<Drawn>, Vec<Amount>)> {
        let rows = self.rows_from(first);
        let contract = self.contract();
        let is_as_drawn = rows.len() == contract.timeline.periods.len() - first
            && rows.iter().all(|index| self.rows[*index].cut.is_none() && self.rows[*index].ahead.is_zero());
        if !is_as_drawn && contract.shape != Shape::Fixed {
            return self.drawn_after_changes(&rows, on, joined);
        }
        let balance = rows.iter().fold(self.zero(), |sum, index| {
            let row = &self.rows[*index];
            sum.plus(row.due.principal).minus(row.capitalized).minus(self.charged_back(*index))
        });
        let deferred = rows.first().map_or(self.zero(), |index| self.deferred_before(*index, first));
        let released = [Disbursement { on, amount: joined }];
        let rest =
            schedule::draw_rest(&contract.terms, &contract.timeline, first, (balance, deferred), &released)?;
        let drawn = rest.rows.iter().map(|row| Drawn {
            principal: row.principal,
            interest: row.interest,
            capitalized: row.capitalized,
            earns: None,
        });
        Ok((drawn.collect(), rest.levels))
    }

    /// The same where rows were drawn again before: V is what they owe at the end of the period.
    fn drawn_after_changes(
        &self,
        rows: &[usize],
        on: NaiveDate,
        joined: Amount,
    ) -> Outcome<(Vec<Drawn>, Vec<Amount>)> {
        let contract = self.contract();
        let Some(&here) = rows.first() else {
            let last_due_on = contract.timeline.last_due_on().unwrap_or(on);
            return Err(PlanError::DisbursementAfterLastDueDate { at: 0, on, last_due_on }.into());
        };
        let row = &self.rows[here];
        let period = row.period.unwrap_or(0);
        let to_end = contract.factor_in(period, on.max(row.from), row.to)?;
        let interest = row.due.interest.plus(contract.interest(joined, to_end)?);
        let owed = self.to_repay(rows).plus(joined);
        let mut periods = Vec::with_capacity(rows.len());
        let mut weight = Decimal::ONE;
        let mut weights = weight;
        for index in rows {
            let period = self.rows[*index].period.unwrap_or(0);
            let factor = contract.period(period)?.factor;
            if !periods.is_empty() {
                weight = div(weight, add(Decimal::ONE, factor)?)?;
                weights = add(weights, weight)?;
            }
            periods.push((period, factor));
        }
        let level = match (contract.shape, contract.terms.installment_amount) {
            (Shape::Installment, Some(agreed)) => agreed,
            (Shape::Installment, None) => contract.level_of(div(owed.plus(interest).value(), weights)?)?,
            _ => contract.level_anew(owed, &periods)?,
        };
        let deferred = self.deferred_before(here, periods[0].0);
        let mut pencil = Pencil { contract, balance: owed, level, deferred };
        let mut drawn = Vec::with_capacity(rows.len());
        for (nth, (period, factor)) in periods.iter().enumerate() {
            // The first row's interest is what it was, and that of what is released.
            let factor = if nth == 0 {
                if owed.is_zero() { Decimal::ZERO } else { div(interest.value(), owed.value())? }
            } else {
                *factor
            };
            drawn.push(pencil.next(*period, factor, nth + 1 == periods.len())?);
        }
        let levels = vec![level; rows.len()];
        for (drawn, index) in drawn.iter_mut().zip(rows) {
            drawn.principal = drawn.principal.plus(self.rows[*index].paid.principal);
        }
        Ok((drawn, levels))
    }

    fn draw_more(&mut self, first: usize, on: NaiveDate, joined: Amount) -> Outcome<()> {
        let rows = self.rows_from(first);
        let (drawn, levels) = self.drawn_with(first, on, joined)?;
        let contract = self.contract_mut();
        contract.level = levels.last().copied();
        let contract = self.contract_shared();
        let mut base = rows.first().map_or_else(|| self.zero(), |index| self.rows[*index].base);
        for (nth, (index, drawn)) in rows.iter().zip(drawn).enumerate() {
            let charged_back = self.charged_back(*index);
            let (from, to) = (self.rows[*index].from, self.rows[*index].to);
            if nth == 0 && from < on && on < to {
                let accrued = self.accrued_in(*index, on)?;
                let unpaid = if contract.timeline.compounds() { accrued } else { contract.zero() };
                let balance = self.rows[*index].cut.map_or(base, |cut| cut.balance);
                self.rows[*index].cut = Some(Cut { on, accrued, balance: balance.plus(joined).plus(unpaid) });
            } else if nth == 0 {
                base = base.plus(joined);
            }
            let period = self.rows[*index].period.unwrap_or(0);
            let fees = contract.fees_of(period, [drawn.principal.plus(drawn.interest), base], false)?;
            let fees = fees.plus(self.charged_by_hand(*index, Component::Fee));
            self.set_principal(*index, drawn.principal.plus(charged_back));
            let row = &mut self.rows[*index];
            row.base = base;
            row.due.interest = drawn.interest.max(row.paid.interest);
            row.capitalized = drawn.capitalized;
            row.due.fee = fees.plus(row.tax).max(row.paid.fee.plus(row.waived.fee));
            base = base.minus(drawn.principal).plus(drawn.capitalized);
            if nth == 0 && row.cut.is_some_and(|cut| cut.on == on) {
                base = base.plus(joined);
            }
        }
        Ok(())
    }
}
