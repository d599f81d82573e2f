//! The first disbursement draws the plan, and so does a restructure that replaces it.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Outcome;
use super::contract::Contract;
use super::fold::{Basis, Engine};
use super::row::LiveRow;
use crate::Amount;
use crate::loan::facts::{Effect, Outlay};
use crate::schedule::{self, Installment, LoanPlan};
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
            let outlay = self.disburse_more(on, amount)?;
            self.hide_charges_of(on);
            outlay
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
        let rows = self.rows_of(&contract, &installments)?;
        if contract.terms.interest_basis != InterestBasis::Plan {
            contract.hold_days_ready()?;
        }
        let levels = match contract.terms.interest_basis {
            InterestBasis::DailyRest | InterestBasis::PeriodRest => {
                schedule::levels(&contract.terms, &contract.timeline, on, totals.financed)?
            }
            InterestBasis::Plan | InterestBasis::RunningBalance => Vec::new(),
        };
        self.basis = Basis::of(&contract, levels, &rows);
        self.contracts.push(Arc::new(contract));
        for row in &rows {
            self.open_principal = self.open_principal.plus(row.due.principal);
        }
        if self.rows.is_empty() {
            self.rows = rows;
        } else {
            for row in rows {
                self.insert(row);
            }
        }
        Ok(Outlay { principal: totals.financed, withheld: totals.withheld, tax: taxed })
    }

    fn rows_of(&mut self, contract: &Contract, installments: &[Installment]) -> Outcome<Vec<LiveRow>> {
        let zero = contract.zero();
        let grace = contract.terms.grace;
        let mut rows = Vec::with_capacity(installments.len());
        let (mut base, mut deferred) = (contract.financed, zero);
        for (index, installment) in installments.iter().enumerate() {
            let period = contract.period(index)?;
            let dates = [installment.from, period.to, installment.due_on];
            let mut row = LiveRow::new(
                self.new_id(),
                self.contracts.len(),
                Some(index),
                dates,
                &contract.terms.calendar,
            );
            row.due.principal = installment.principal;
            row.due.interest = installment.interest;
            row.due.fee = installment.fees.plus(installment.tax);
            row.tax = installment.tax;
            row.base = base;
            row.capitalized = installment.capitalized.unwrap_or(zero);
            if index < grace.interest as usize {
                row.earns = Some(match grace.mode {
                    GraceMode::Capitalized => row.capitalized,
                    GraceMode::Deferred => contract.interest(base, period.factor)?,
                    GraceMode::Free => zero,
                });
                deferred = if grace.mode == GraceMode::Deferred {
                    deferred.plus(row.earns.unwrap_or(zero))
                } else {
                    zero
                };
            } else if deferred.is_positive() {
                row.earns = Some(installment.interest.minus(deferred));
                deferred = zero;
            }
            base = installment.balance;
            rows.push(row);
        }
        Ok(rows)
    }
}
