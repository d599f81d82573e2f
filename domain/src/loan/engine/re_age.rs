//! Restructuring (LENDING.md §13), modes `re_age` and `re_amortize`: principal moves to other rows.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::fold::{Basis, Engine};
use super::row::{Cut, LiveRow};
use super::tax::complementary;
use super::{EngineError, Outcome};
use crate::Amount;
use crate::component::Component;
use crate::exact::div;
use crate::iof::IofCollection;
use crate::loan::facts::Outlay;
use crate::terms::{DueDates, Every, Grace, InstallmentPeriods, Method, Remainder, RoundingPlace, Terms};

impl Engine<'_> {
    /// All open principal moves to new rows. Interest and charges past due stay due in the old ones; interest of the
    /// current period up to the day falls due that day as a row of its own, as with a replaced contract.
    pub(super) fn re_age(
        &mut self,
        on: NaiveDate,
        installments: u32,
        every: Every,
        first_due_on: NaiveDate,
    ) -> Outcome<Outlay> {
        self.bring_to(on)?;
        let taxed = self.taxed();
        let zero = self.zero();
        let end = self.first_due_after(on);
        let open =
            |rows: &[LiveRow]| rows.iter().map(|row| row.open_of(Component::Principal)).sum::<Amount>();
        let later = self.capital_to_come(on).plus(self.charged_back_later());
        let moved = zero.plus(open(&self.rows)).minus(later);
        if !moved.is_positive() {
            return Ok(self.no_outlay());
        }
        self.lift_charges_after(on);
        let not_due = open(&self.rows[end..]).minus(self.capital_to_come(on));
        let accrued = self.owed_interest(end, on, not_due)?;
        for index in 0..self.rows.len() {
            let row = &self.rows[index];
            let paid = row.paid.plus(row.waived);
            let before = self.late_base(index);
            self.set_principal(index, paid.principal);
            if index < end {
                self.end_stretch(index, before, on);
                continue;
            }
            let owed_fee = self.owed_all_the_same(index).fee;
            let row = &mut self.rows[index];
            row.due.interest = paid.interest;
            (row.due.late_fee, row.due.late_interest) = (paid.late_fee, paid.late_interest);
            row.due.fee = paid.fee.plus(owed_fee);
            row.capitalized = zero;
            (row.earns, row.base) = (None, zero);
        }
        self.drop_what_is_gone(end);
        if !accrued.is_nothing() {
            let index = self.own_row(on);
            let row = &mut self.rows[index];
            row.due = row.due.plus(accrued);
            self.first_open = self.first_open.min(index);
        }
        self.end_accrual();
        let terms = re_aged(
            &self.now(),
            moved,
            DueDates::Regular { installments, every, first_due_on: Some(first_due_on) },
        );
        self.begin_again(on, terms, moved, moved, &taxed)
    }

    /// Principal past due moves to the rows due on or after the day.
    pub(super) fn re_amortize(&mut self, on: NaiveDate) -> Outcome<Outlay> {
        if self.basis.is_running() {
            return Err(EngineError::NotForBasis(self.now().interest_basis));
        }
        self.bring_to(on)?;
        let open = self.taxed();
        let end = self.rows.partition_point(|row| row.due_on < on);
        let contract = self.contracts.len() - 1;
        // Where interest follows the balance a row whose period has ended is complete, though it may not be due yet.
        let begun = if let Basis::Rest(rest) = &self.basis { rest.period } else { 0 };
        let targets: Vec<usize> = (end..self.rows.len())
            .filter(|index| {
                let row = &self.rows[*index];
                row.contract == contract && row.period.is_some_and(|period| period >= begun) && !row.gone
            })
            .collect();
        if targets.is_empty() {
            return Err(EngineError::NothingToMoveTo(on));
        }
        let mut past_due: Vec<(NaiveDate, Amount)> = Vec::new();
        for index in 0..end {
            let past = self.rows[index].open_of(Component::Principal);
            if past.is_positive() {
                self.charge_late(index, on)?;
                let before = self.late_base(index);
                past_due.push((self.rows[index].due_on, past));
                let principal = self.rows[index].due.principal.minus(past);
                self.set_principal(index, principal);
                self.end_stretch(index, before, on);
            }
        }
        let moved = sum(past_due.iter());
        if moved.is_zero() {
            return Ok(self.no_outlay());
        }
        let rows = Decimal::from(targets.len() as u64);
        let part = self.contract().level_of(div(moved.value(), rows)?)?;
        let mut left = moved;
        let mut parts = Vec::with_capacity(targets.len());
        for nth in 0..targets.len() {
            let part = if nth + 1 == targets.len() { left } else { part.min(left) };
            left = left.minus(part);
            parts.push(part);
        }
        match self.basis {
            Basis::Rest(_) => self.move_in_rest(on, &past_due, &targets, &parts)?,
            Basis::Plan | Basis::Running(_) => self.move_in_plan(on, moved, &targets, &parts)?,
        }
        self.complement(on, &open)
    }

    fn move_in_plan(
        &mut self,
        on: NaiveDate,
        moved: Amount,
        targets: &[usize],
        parts: &[Amount],
    ) -> Outcome<()> {
        let contract = self.contract_shared();
        let mut left = moved;
        for (nth, (index, part)) in targets.iter().zip(parts).enumerate() {
            let row = &self.rows[*index];
            let (period, base) = (row.period.unwrap_or(0), row.base);
            if nth == 0 && row.from < on {
                // What moved bears interest from the day.
                let accrued = self.accrued_in(*index, on)?;
                let more = contract.interest(left, contract.factor_in(period, on, row.to)?)?;
                let bears = if contract.timeline.compounds() { accrued } else { contract.zero() };
                let row = &mut self.rows[*index];
                let balance = row.cut.map_or(base, |cut| cut.balance).plus(left);
                row.cut = Some(Cut { on, accrued, bears, balance, is_release: false });
                row.due.interest = row.due.interest.plus(more);
            } else {
                let interest = contract.interest(base.plus(left), contract.period(period)?.factor)?;
                let row = &mut self.rows[*index];
                row.base = base.plus(left);
                if row.capitalized.is_zero() && row.earns.is_none() {
                    row.due.interest = interest.max(row.paid.interest);
                }
            }
            let principal = self.rows[*index].due.principal.plus(*part);
            self.set_principal(*index, principal);
            left = left.minus(*part);
        }
        Ok(())
    }

    fn move_in_rest(
        &mut self,
        on: NaiveDate,
        past_due: &[(NaiveDate, Amount)],
        targets: &[usize],
        parts: &[Amount],
    ) -> Outcome<()> {
        let contract = self.contract_shared();
        let moved = sum(past_due.iter());
        self.add_overdue(on, moved.negated())?;
        let periods: Vec<Option<usize>> = targets.iter().map(|index| self.rows[*index].period).collect();
        let Basis::Rest(rest) = &mut self.basis else { return Ok(()) };
        // By whole periods what was overdue at the start bears its interest for all of this one already.
        let (from, to) = (contract.period(rest.period)?.from, contract.period(rest.period)?.to);
        let borne = sum(past_due.iter().filter(|(due_on, _)| !rest.is_daily && *due_on <= from));
        rest.joined.push((to, borne));
        rest.joined.push((on, moved.minus(borne)));
        for (period, part) in periods.into_iter().zip(parts) {
            if let Some(extra) = period.and_then(|period| rest.extra.get_mut(period)) {
                *extra = extra.plus(*part);
            }
        }
        Ok(())
    }

    /// The complementary IOF of what now falls due later, collected as the terms say; financed, it falls due with the
    /// rows that it was computed on.
    fn complement(&mut self, on: NaiveDate, open: &[super::tax::Taxed]) -> Outcome<Outlay> {
        let zero = self.zero();
        let terms = self.now();
        let later: Vec<usize> =
            (0..self.rows.len()).filter(|index| self.rows[*index].period.is_some()).collect();
        let rows: Vec<_> = later
            .iter()
            .map(|index| (self.rows[*index].due_on, self.rows[*index].open_of(Component::Principal)))
            .collect();
        let (by_row, tax) = complementary(&terms, open, &rows)?;
        let collected = terms.tax.as_ref().map(|tax| tax.iof.collected);
        if matches!(collected, Some(IofCollection::Financed | IofCollection::Installment)) {
            for (index, tax) in later.into_iter().zip(by_row) {
                let row = &mut self.rows[index];
                if row.due_on >= on {
                    row.tax = row.tax.plus(tax);
                    row.due.fee = row.due.fee.plus(tax);
                }
            }
        }
        let withheld = if collected == Some(IofCollection::Withheld) { tax } else { zero };
        Ok(Outlay { principal: zero, withheld, tax })
    }
}

fn sum<'p>(past_due: impl Iterator<Item = &'p (NaiveDate, Amount)>) -> Amount {
    past_due.map(|(_, past)| *past).sum()
}

/// The terms of new rows with equal parts of principal.
fn re_aged(terms: &Terms, moved: Amount, due: DueDates) -> Terms {
    let mut terms = terms.clone();
    terms.principal = moved;
    terms.due = due;
    terms.method = Method::Sac;
    terms.grace = Grace { principal: 0, interest: 0, ..terms.grace };
    terms.installment_amount = None;
    terms.installment_periods = InstallmentPeriods::Actual;
    terms.charges.clear();
    terms.rounding.remainder = Remainder::Last;
    terms.rounding.places = [RoundingPlace::Installment, RoundingPlace::Interest].into();
    terms
}
