//! A further disbursement: the rows from its period on are drawn again (LENDING.md §6).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::contract::Shape;
use super::fold::{Basis, Engine};
use super::pencil::Pencil;
use super::row::{Cut, LiveRow};
use super::tax::until_it_stands_still;
use crate::Amount;
use crate::component::Component;
use crate::exact::div;
use crate::iof::IofCollection;
use crate::loan::facts::Outlay;
use crate::schedule::{self, PlanError, RestRow};
use crate::terms::{Disbursement, GraceMode};

/// Rows as they will be, and the level that they were drawn with.
struct Further {
    rows: Vec<FurtherRow>,
    level: Option<Amount>,
}

struct FurtherRow {
    /// All that is due of principal, what was paid or charged back with it.
    principal: Amount,
    interest: Amount,
    capitalized: Amount,
    /// What the period earns, where that is not `interest`.
    earns: Option<Amount>,
    /// Principal at the start of the period.
    base: Amount,
    /// Principal and interest that fees are a fraction of.
    installment: Amount,
}

impl Engine<'_> {
    pub(super) fn disburse_more(&mut self, on: NaiveDate, amount: Amount) -> Outcome<Outlay> {
        let contract = self.contract();
        let Some(last) = contract.timeline.periods.last() else {
            return Err(PlanError::NothingDisbursed.into());
        };
        if on >= last.to || on >= last.due_on {
            let last_due_on = last.due_on;
            return Err(PlanError::DisbursementAfterLastDueDate { at: 0, on, last_due_on }.into());
        }
        // One on a due date counts from the next period on.
        let first = contract.timeline.periods.partition_point(|period| period.to <= on);
        let collected = contract.terms.tax.as_ref().map(|tax| tax.iof.collected);
        let tax = self.further_tax(first, on, amount, collected)?;
        let joined = if collected == Some(IofCollection::Financed) { amount.plus(tax) } else { amount };
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
        let withheld = if collected == Some(IofCollection::Withheld) { tax } else { self.zero() };
        Ok(Outlay { principal: joined, withheld, tax })
    }

    /// The IOF of all disbursements and this one, less what was charged before.
    fn further_tax(
        &self,
        first: usize,
        on: NaiveDate,
        amount: Amount,
        collected: Option<IofCollection>,
    ) -> Outcome<Amount> {
        let zero = self.zero();
        let tax_of = |joined: Amount| -> Outcome<Amount> {
            let rows = self.repaid_with(first, on, joined)?;
            Ok(self.tax_with((on, joined), &rows)?.1.minus(self.contract().taxed).max(zero))
        };
        match collected {
            None => Ok(zero),
            Some(IofCollection::Financed) => until_it_stands_still(zero, |tax| tax_of(amount.plus(tax))),
            Some(_) => tax_of(amount),
        }
    }

    /// The rows of the contract that holds, from the period at `first` on.
    pub(super) fn rows_from(&self, first: usize) -> Vec<usize> {
        let contract = self.contracts.len() - 1;
        let of_plan = |row: &LiveRow| row.contract == contract && row.period.is_some_and(|at| at >= first);
        (0..self.rows.len()).filter(|index| of_plan(&self.rows[*index])).collect()
    }

    /// What the rows would repay with a further disbursement.
    fn repaid_with(&self, first: usize, on: NaiveDate, joined: Amount) -> Outcome<Vec<(NaiveDate, Amount)>> {
        let rows = self.rows_from(0);
        let before = rows.len() - self.rows_from(first).len();
        let mut repaid: Vec<_> =
            rows.iter().map(|index| (self.rows[*index].due_on, self.rows[*index].due.principal)).collect();
        let further = self.drawn_with(first, on, joined)?;
        for (repaid, drawn) in repaid[before..].iter_mut().zip(&further.rows) {
            repaid.1 = drawn.principal;
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

    /// The rows from `first` on with `joined` released on `on`.
    fn drawn_with(&self, first: usize, on: NaiveDate, joined: Amount) -> Outcome<Further> {
        let rows = self.rows_from(first);
        let contract = self.contract();
        if contract.shape == Shape::Fixed || self.is_as_drawn(&rows, first, on)? {
            let further = self.drawn_from_plan(&rows, first, on, joined)?;
            let is_paid_beyond = further
                .rows
                .iter()
                .zip(&rows)
                .any(|(drawn, index)| drawn.principal < self.rows[*index].paid.principal);
            if !is_paid_beyond {
                return Ok(further);
            }
        }
        self.drawn_from_what_is_open(&rows, on, joined)
    }

    /// Whether rows repay what they bear interest on: none is gone, and the first was cut by nothing but releases.
    fn is_as_drawn(&self, rows: &[usize], first: usize, on: NaiveDate) -> Outcome<bool> {
        let contract = self.contract();
        let Some(here) = rows.first().map(|index| &self.rows[*index]) else { return Ok(false) };
        let released = self.released_inside(first, on)?;
        let base = released.iter().fold(here.base, |base, release| base.plus(release.amount));
        Ok(rows.len() == contract.timeline.periods.len() - first
            && here.ahead.is_zero()
            && here.cut.is_none_or(|cut| cut.is_release)
            && base == self.planned(rows))
    }

    /// The principal of rows by the plan, whatever was paid of it.
    fn planned(&self, rows: &[usize]) -> Amount {
        rows.iter().fold(self.zero(), |sum, index| {
            let row = &self.rows[*index];
            sum.plus(row.due.principal).minus(row.capitalized).minus(self.charged_back_in_all(*index))
        })
    }

    /// What was released inside a period up to a day.
    fn released_inside(&self, period: usize, on: NaiveDate) -> Outcome<Vec<Disbursement>> {
        let contract = self.contract();
        let begins = contract.period(period)?.from;
        let inside = contract.released.iter().filter(|(day, _)| begins < *day && *day <= on);
        let release = |(on, amount): &(NaiveDate, Decimal)| Disbursement {
            on: *on,
            amount: self.zero().plus(Amount::from_checked(*amount)),
        };
        Ok(inside.map(release).collect())
    }

    /// Rows that are as the plan was drawn: V is what the plan owes at the end of the period.
    fn drawn_from_plan(
        &self,
        rows: &[usize],
        first: usize,
        on: NaiveDate,
        joined: Amount,
    ) -> Outcome<Further> {
        let contract = self.contract();
        let zero = self.zero();
        let deferred = rows.first().map_or(zero, |index| self.deferred_before(*index, first));
        // What was released inside the period before is drawn with it again.
        let mut released = self.released_inside(first, on)?;
        let balance = released.iter().fold(self.planned(rows), |left, release| left.minus(release.amount));
        released.push(Disbursement { on, amount: joined });
        let rest =
            schedule::draw_rest(&contract.terms, &contract.timeline, first, (balance, deferred), &released)?;
        let is_at_start = contract.period(first)?.from >= on;
        let (mut base, mut deferred) = (if is_at_start { balance.plus(joined) } else { balance }, deferred);
        let mut drawn = Vec::with_capacity(rows.len());
        for (nth, (row, index)) in rest.rows.iter().zip(rows).enumerate() {
            let released: &[Disbursement] = if nth == 0 && !is_at_start { &released } else { &[] };
            let inside = released.iter().fold(zero, |sum, release| sum.plus(release.amount));
            let earns = self.earned_in_grace(first + nth, base, released, row, &mut deferred)?;
            drawn.push(FurtherRow {
                principal: row.principal.plus(self.charged_back_in_all(*index)),
                interest: row.interest,
                capitalized: row.capitalized,
                earns,
                base,
                installment: row.principal.plus(row.interest),
            });
            base = base.minus(row.principal).plus(row.capitalized).plus(inside);
        }
        Ok(Further { rows: drawn, level: rest.levels.last().copied() })
    }

    /// What a row's period earns, where that is not what falls due with it.
    fn earned_in_grace(
        &self,
        period: usize,
        base: Amount,
        released: &[Disbursement],
        row: &RestRow,
        deferred: &mut Amount,
    ) -> Outcome<Option<Amount>> {
        let contract = self.contract();
        let grace = contract.terms.grace;
        if period >= grace.interest as usize {
            let on_top = std::mem::replace(deferred, contract.zero());
            return Ok(Some(row.interest.minus(on_top)).filter(|_| on_top.is_positive()));
        }
        Ok(Some(match grace.mode {
            GraceMode::Capitalized => row.capitalized,
            GraceMode::Free => contract.zero(),
            GraceMode::Deferred => {
                let earned = self.earned_in_spans(period, base, released)?;
                *deferred = deferred.plus(earned);
                earned
            }
        }))
    }

    /// Interest of a period that is cut where something is released (LENDING.md §3).
    fn earned_in_spans(&self, period: usize, base: Amount, released: &[Disbursement]) -> Outcome<Amount> {
        let contract = self.contract();
        let (mut earned, mut balance, mut since) = (contract.zero(), base, contract.period(period)?.from);
        let end = Disbursement { on: contract.period(period)?.to, amount: contract.zero() };
        for Disbursement { on, amount } in released.iter().chain([&end]) {
            let base = if contract.timeline.compounds() { balance.plus(earned) } else { balance };
            earned = earned.plus(contract.interest(base, contract.factor_in(period, since, *on)?)?);
            (balance, since) = (balance.plus(*amount), *on);
        }
        Ok(earned)
    }

    /// Rows that were drawn again or paid ahead: what is open of them, and what they owe at the end of the period.
    fn drawn_from_what_is_open(&self, rows: &[usize], on: NaiveDate, joined: Amount) -> Outcome<Further> {
        let contract = self.contract();
        let Some(&here) = rows.first() else {
            let last_due_on = contract.timeline.last_due_on().unwrap_or(on);
            return Err(PlanError::DisbursementAfterLastDueDate { at: 0, on, last_due_on }.into());
        };
        let row = &self.rows[here];
        let period = row.period.unwrap_or(0);
        let of_joined = contract.interest(joined, contract.factor_in(period, on.max(row.from), row.to)?)?;
        // What was paid of it in the grace period is due in its row.
        let is_in_grace = row.is_in_grace(contract) && rows.len() > 1;
        let kept = if is_in_grace { row.due.interest } else { contract.zero() };
        let earned = row.earns.unwrap_or(row.due.interest).minus(kept).plus(of_joined);
        let owed = self.to_repay(rows).plus(joined);
        let mut periods: Vec<(usize, Decimal)> = Vec::with_capacity(rows.len());
        for index in rows {
            let period = self.rows[*index].period.unwrap_or(0);
            periods.push((period, contract.period(period)?.factor));
        }
        // The first row's interest is what it was, and that of what is released.
        periods[0].1 = if owed.is_zero() { Decimal::ZERO } else { div(earned.value(), owed.value())? };
        let agreed = contract.terms.installment_amount.filter(|_| contract.shape == Shape::Installment);
        let grown = contract.balance_after_grace(owed, &periods, contract.zero())?;
        let level = agreed.map_or_else(|| contract.level_anew(grown, &periods), Ok)?;
        let deferred = self.deferred_before(here, periods[0].0);
        let mut pencil = Pencil { contract, balance: owed, level, deferred };
        let mut drawn = Vec::with_capacity(rows.len());
        for (nth, (index, (period, factor))) in rows.iter().zip(&periods).enumerate() {
            let base = pencil.balance;
            let mut next = pencil.next(*period, *factor, nth + 1 == periods.len())?;
            if nth == 0 {
                next.interest = next.interest.plus(kept);
                next.earns = next.earns.map(|earns| earns.plus(kept));
            }
            let kept = self.rows[*index].paid.principal.plus(self.charged_back(*index));
            drawn.push(FurtherRow {
                principal: next.principal.plus(kept),
                interest: next.interest,
                capitalized: next.capitalized,
                earns: next.earns,
                base,
                installment: next.principal.plus(next.interest),
            });
        }
        Ok(Further { rows: drawn, level: Some(level) })
    }

    fn draw_more(&mut self, first: usize, on: NaiveDate, joined: Amount) -> Outcome<()> {
        let rows = self.rows_from(first);
        let further = self.drawn_with(first, on, joined)?;
        self.contract_mut().level = further.level;
        let contract = self.contract_shared();
        for (nth, (index, drawn)) in rows.iter().zip(further.rows).enumerate() {
            let (from, to) = (self.rows[*index].from, self.rows[*index].to);
            if nth == 0 && from < on && on < to {
                let accrued = self.accrued_in(*index, on)?;
                let bears = if contract.timeline.compounds() { accrued } else { contract.zero() };
                let row = &mut self.rows[*index];
                let is_release = row.cut.is_none_or(|cut| cut.is_release);
                let balance = row.cut.map_or(row.base, |cut| cut.balance).plus(joined);
                row.cut = Some(Cut { on, accrued, bears, balance, is_release });
            } else {
                let row = &mut self.rows[*index];
                row.base = drawn.base;
                // One that was drawn again before it began has another balance now, and nothing has run in it.
                if let Some(cut) = &mut row.cut {
                    (cut.balance, cut.accrued) = (drawn.base, contract.zero());
                }
            }
            let period = self.rows[*index].period.unwrap_or(0);
            let fees = contract.fees_of(period, drawn.installment, drawn.base)?;
            let by_hand = self.charged_by_hand(*index, Component::Fee);
            // A row may fall due before its period ends (`preceding` with `unshifted`), and be late with what it was.
            self.charge_late(*index, on)?;
            let before = self.late_base(*index);
            self.set_principal(*index, drawn.principal);
            let row = &mut self.rows[*index];
            row.gone = false;
            row.due.interest = drawn.interest.max(row.paid.interest);
            row.capitalized = drawn.capitalized;
            let beyond = row.due.interest.minus(drawn.interest);
            row.earns = drawn.earns.map(|earns| earns.plus(beyond));
            row.due.fee = fees.plus(row.tax).plus(by_hand).max(row.paid.fee.plus(row.waived.fee));
            self.end_stretch(*index, before, on);
        }
        Ok(())
    }
}
