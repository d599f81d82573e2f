//! Restructuring (LENDING.md §13), mode replace: what is open becomes the principal of new terms.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Outcome;
use super::fold::{Basis, Engine};
use super::tax::{Taxed, complementary, until_it_stands_still};
use crate::Amount;
use crate::component::{Component, Components};
use crate::iof::IofCollection;
use crate::loan::facts::{Early, Effect, Outlay, Restructure};
use crate::schedule::{self, LoanPlan};
use crate::terms::{Disbursement, Terms};

impl Engine<'_> {
    pub(super) fn restructure(&mut self, on: NaiveDate, restructure: &Restructure) -> Outcome<Effect> {
        let outlay = match restructure {
            Restructure::Replace { terms, capitalize } => self.replace(on, terms, capitalize)?,
            Restructure::ReAge { installments, every, first_due_on } => {
                self.re_age(on, *installments, *every, *first_due_on)?
            }
            Restructure::ReAmortize => self.re_amortize(on)?,
        };
        self.hide_charges_of(on);
        let till = self.use_overpaid(on)?;
        let mut effect = self.effect_of(till);
        effect.outlay = Some(outlay);
        Ok(effect)
    }

    fn replace(&mut self, on: NaiveDate, terms: &Arc<Terms>, capitalize: &[Component]) -> Outcome<Outlay> {
        self.bring_to(on)?;
        let open = self.taxed();
        let owed = self.owed_on(on)?;
        let mut rest = owed;
        rest.principal = self.zero();
        let mut amount = owed.principal;
        for component in capitalize.iter().filter(|component| **component != Component::Principal) {
            amount = amount.plus(owed.of(*component));
            *rest.of_mut(*component) = self.zero();
        }
        if !amount.is_positive() {
            return Ok(self.no_outlay());
        }
        for component in capitalize.iter().filter(|component| **component != Component::Principal) {
            let capitalized = if *component == Component::Interest {
                &mut self.capitalized_interest
            } else {
                &mut self.capitalized_charges
            };
            *capitalized = capitalized.plus(owed.of(*component));
        }
        self.lift_charges_after(on);
        let charges = self.detach_charges_by(on, capitalize);
        self.keep_what_was_paid(on);
        if !rest.is_nothing() {
            let index = self.own_row(on);
            let row = &mut self.rows[index];
            row.due = row.due.plus(rest);
            // It was fined where it was due before.
            row.late.fined = true;
            self.first_open = self.first_open.min(index);
            self.attach_charges(index, charges);
        }
        self.end_accrual();
        let mut renewed = Terms::clone(terms);
        renewed.principal = amount;
        self.begin_again(on, renewed, amount, owed.principal, &open)
    }

    /// Begins a contract with `amount`, of which `before` was principal already.
    pub(super) fn begin_again(
        &mut self,
        on: NaiveDate,
        terms: Terms,
        amount: Amount,
        before: Amount,
        open: &[Taxed],
    ) -> Outcome<Outlay> {
        let (plan, by_row, tax) = draw_with_complement(&terms, on, amount, open)?;
        let collected = terms.tax.as_ref().map(|tax| tax.iof.collected);
        let first_id = self.peek_id();
        let mut outlay = self.begin_contract(Arc::new(terms), plan, on)?;
        if collected == Some(IofCollection::Installment) {
            for (id, tax) in (first_id..).zip(by_row) {
                let index = self.index_of(id);
                if let Some(row) = self.rows.get_mut(index) {
                    row.tax = row.tax.plus(tax);
                    row.due.fee = row.due.fee.plus(tax);
                }
            }
        }
        // What a further disbursement is taxed for comes on top of this.
        self.contract_mut().taxed = self.tax_of_all()?;
        self.lay_charges();
        outlay.principal = outlay.principal.minus(before);
        if outlay.principal.is_positive() {
            self.joined.push((on, outlay.principal));
        }
        if collected == Some(IofCollection::Withheld) {
            outlay.withheld = outlay.withheld.plus(tax);
        }
        outlay.tax = tax;
        Ok(outlay)
    }

    pub(super) fn no_outlay(&self) -> Outlay {
        let zero = self.zero();
        Outlay { principal: zero, withheld: zero, tax: zero }
    }

    /// All that is owed on a day: what is due, all principal, and interest of the current period to the day.
    fn owed_on(&self, on: NaiveDate) -> Outcome<Components> {
        let zero = self.zero();
        let end = self.first_due_after(on);
        let mut owed = Components::NOTHING;
        for row in self.rows[..end].iter().filter(|row| !row.gone) {
            owed = owed.plus(row.open());
        }
        let mut principal = zero.minus(self.capital_to_come(on)).minus(self.charged_back_later());
        for index in end..self.rows.len() {
            let row = &self.rows[index];
            principal = principal.plus(row.open_of(Component::Principal));
            owed.late_fee = owed.late_fee.plus(row.open_of(Component::LateFee));
            owed.late_interest = owed.late_interest.plus(row.open_of(Component::LateInterest));
            owed.penalty = owed.penalty.plus(self.charges_open(index, Component::Penalty, on));
            let tax = row.tax.min(row.open_of(Component::Fee)).max(zero);
            owed.fee = owed.fee.plus(self.charges_open(index, Component::Fee, on)).plus(tax);
        }
        owed.interest = owed.interest.plus(self.owed_interest(end, on, principal)?.interest);
        owed.principal = owed.principal.plus(principal).plus(zero);
        Ok(owed)
    }

    /// What rows not yet due owe of interest by the day; under one balance late charges that are carried with it.
    pub(super) fn owed_interest(&self, end: usize, on: NaiveDate, principal: Amount) -> Outcome<Components> {
        let mut owed = Components::NOTHING;
        owed.interest = match &self.basis {
            Basis::Running(running) => {
                let later = self.rows[end..].iter();
                for row in later {
                    owed.late_fee = owed.late_fee.plus(row.open_of(Component::LateFee));
                    owed.late_interest = owed.late_interest.plus(row.open_of(Component::LateInterest));
                }
                self.interest_of_running(running, end, on)?
            }
            Basis::Plan | Basis::Rest(_) => self.interest_to(end, on, principal)?,
        };
        Ok(owed)
    }

    /// Interest of the current period to the day, on the principal not yet due, less what was paid of it.
    fn interest_to(&self, end: usize, on: NaiveDate, principal: Amount) -> Outcome<Amount> {
        let zero = self.zero();
        let contract = self.contracts.len() - 1;
        let of_plan =
            |row: &&super::row::LiveRow| row.contract == contract && row.period.is_some() && !row.gone;
        let Some(row) = self.rows[end..].iter().find(of_plan) else { return Ok(zero) };
        let index = self.index_of(row.id);
        let accrued = match &self.basis {
            Basis::Rest(rest) => self.accrued_in_rest(rest, index, on)?,
            Basis::Plan | Basis::Running(_) if row.from >= on => self.deferred_by(index),
            Basis::Plan | Basis::Running(_) => {
                self.interest_on(principal, index, on)?.plus(self.deferred_by(index))
            }
        };
        Ok(accrued.minus(row.paid.interest).max(zero))
    }

    fn interest_of_running(
        &self,
        running: &super::running::Running,
        end: usize,
        on: NaiveDate,
    ) -> Outcome<Amount> {
        let contract = self.contract();
        let Some(first) = running.plan.get(running.first_uncovered()) else { return Ok(self.zero()) };
        if self.index_of(first.row) < end {
            return Ok(self.zero());
        }
        let owed = running.owed(contract, on, Early::Anticipation)?;
        Ok(running.carried.interest.plus(owed.x))
    }

    /// Old rows keep what was paid or waived of them; the others vanish.
    fn keep_what_was_paid(&mut self, on: NaiveDate) {
        for index in 0..self.rows.len() {
            let row = &self.rows[index];
            let kept = row.paid.plus(row.waived);
            self.set_principal(index, kept.principal);
            let row = &mut self.rows[index];
            row.due = kept;
            row.tax = row.tax.min(kept.fee);
            row.earns = None;
            // What joined the principal by then is part of what moves.
            if row.due_on > on {
                row.capitalized = kept.fee.minus(kept.fee);
            }
        }
        self.rows.retain(|row| !row.is_nothing() || !row.charges.is_empty() && !row.due.is_nothing());
        self.first_open = 0;
        self.passed = 0;
    }
}

/// The plan of `amount` with the complementary tax, by row and in all.
fn draw_with_complement(
    terms: &Terms,
    on: NaiveDate,
    amount: Amount,
    open: &[Taxed],
) -> Outcome<(LoanPlan, Vec<Amount>, Amount)> {
    let mut untaxed = terms.clone();
    untaxed.tax = None;
    let draw = |financed: Amount| {
        schedule::draw_for_servicing(&untaxed, &[Disbursement { on, amount: amount.plus(financed) }])
    };
    let tax_of = |plan: &LoanPlan| -> Outcome<(Vec<Amount>, Amount)> {
        let rows: Vec<_> = plan.installments.iter().map(|row| (row.due_on, row.principal)).collect();
        complementary(terms, open, &rows)
    };
    let zero = terms.currency.zero();
    let financed = match &terms.tax {
        Some(tax) if tax.iof.collected == IofCollection::Financed => {
            until_it_stands_still(zero, |tax| Ok(tax_of(&draw(tax)?)?.1))?
        }
        _ => zero,
    };
    let plan = draw(financed)?;
    let (by_row, total) = tax_of(&plan)?;
    let total = if financed.is_zero() { total } else { financed };
    Ok((plan, by_row, total))
}
