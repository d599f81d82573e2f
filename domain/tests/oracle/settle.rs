//! The settlement quote and what settles (LENDING.md §12).

use std::rc::Rc;

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, one, shown, zero};
use crate::loan::{EVERYTHING, Loan, Seer};
use crate::parts::{FEE, INTEREST, PENALTY, PRINCIPAL, Parts};
use crate::row::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) amount: Fraction,
    pub(crate) due: Fraction,
    pub(crate) principal: Fraction,
    pub(crate) interest: Fraction,
}

impl Quote {
    pub(crate) fn shown(&self) -> String {
        let figures = [&self.amount, &self.due, &self.principal, &self.interest].map(|x| shown(x, 2));
        format!("quote {}", figures.join(" "))
    }
}

impl Loan {
    /// What settles on a day, as it is seen by a fact of that day.
    pub(crate) fn quote(&self, day: NaiveDate, fact: usize) -> Quote {
        let mut loan = self.clone();
        loan.charge_late(day);
        let seer = (day, fact);
        let seen = |row: &Row, part: usize| row.open(part) - row.hidden(part, seer);
        let mut due = zero();
        for row in &loan.rows {
            for part in Self::all_parts() {
                due += if row.due_on <= day { seen(row, part) } else { by_hand(row, part, seer) };
            }
        }
        let later: Vec<&Row> = loan.rows.iter().filter(|row| row.due_on > day).collect();
        let capital_to_come: Fraction = later.iter().map(|row| row.capitalizes_after(day)).sum();
        let principal = later.iter().map(|row| seen(row, PRINCIPAL)).sum::<Fraction>() - capital_to_come;
        let current = loan.rows.iter().position(|row| row.due_on > day && loan.holds(row));
        let future = match loan.terms.settlement.as_str() {
            "present_value" => {
                let (mut weight, mut value, mut first) = (one(), zero(), true);
                for row in &later {
                    if Rc::ptr_eq(&row.line, &loan.line) {
                        let from = if first { row.from.max(day) } else { row.from };
                        // Where nothing is charged for waiting, nothing is taken off for not waiting.
                        let factor = if row.is_free() { zero() } else { row.line.factor(from, row.to) };
                        weight = kept(weight / (one() + factor));
                        first = false;
                    }
                    value += (seen(row, PRINCIPAL) + row.open(INTEREST)) * &weight;
                }
                // It takes off interest, never principal.
                let paid_ahead: Fraction = later.iter().map(|row| &row.paid[INTEREST]).sum();
                loan.terms.show(&value).max(&principal - paid_ahead)
            }
            "interest_to_date" => {
                &principal + current.map_or_else(zero, |at| loan.interest_to_date(at, &principal, day))
            }
            _ => &principal + current.map_or_else(zero, |at| loan.interest_of_period(at)),
        };
        Quote { amount: &due + &future, interest: future - &principal, due, principal }
    }

    fn interest_to_date(&self, at: usize, principal: &Fraction, day: NaiveDate) -> Fraction {
        let row = &self.rows[at];
        let deferred = self.deferred_before(at);
        let accrued = row.interest_on(principal, day);
        (accrued + deferred - &row.paid[INTEREST]).max(zero())
    }

    /// Open interest of the current period, due or not.
    fn interest_of_period(&self, at: usize) -> Fraction {
        let row = &self.rows[at];
        if row.is_in_grace() {
            return (row.earned() + self.deferred_before(at) - &row.paid[INTEREST]).max(zero());
        }
        row.open(INTEREST)
    }

    /// Settles where the amount is enough for the quote; what is beyond it is left.
    pub(crate) fn settle(&mut self, amount: &Fraction, seer: Seer) -> Option<(Parts, Fraction)> {
        let quote = self.quote(seer.0, seer.1);
        (*amount >= quote.amount).then(|| self.settle_by(&quote, amount, seer))
    }

    /// All that is due, all principal, and the quote's interest in the first row not yet due.
    pub(crate) fn settle_by(&mut self, quote: &Quote, amount: &Fraction, seer: Seer) -> (Parts, Fraction) {
        let (mut cash, mut allocation) = (amount.clone(), Parts::nothing());
        let (mut first, mut back, mut joins) = (true, (-&quote.interest).max(zero()), zero());
        let line = Rc::clone(&self.line);
        // What was deferred is paid with it, and falls due with no row any more.
        let is_ended = |row: &&mut Row| row.due_on <= seer.0 && row.line.terms.grace_mode == "deferred";
        for row in self.rows.iter_mut().filter(is_ended).filter(|row| row.is_in_grace()) {
            row.earns = None;
        }
        for row in self.rows.iter_mut().filter(|row| row.due_on > seer.0) {
            // Where less is owed than the principal, so much of the interest paid ahead serves principal.
            let returned = back.clone().min(row.paid[INTEREST].clone());
            row.paid[INTEREST] -= &returned;
            row.in_advance = (&row.in_advance - &returned).max(zero());
            allocation[INTEREST] -= &returned;
            (back, cash) = (back - &returned, cash + &returned);
            let is_there = row.begins_with.is_positive() || !row.is_void();
            let is_current = first && is_there && row.period.is_some() && Rc::ptr_eq(&row.line, &line);
            first &= !is_current;
            let extra = if is_current { quote.interest.clone().max(zero()) } else { zero() };
            row.due[INTEREST] = &row.paid[INTEREST] + extra;
            row.due[FEE] = &row.paid[FEE] + &row.waived[FEE] + by_hand(row, FEE, (seer.0, EVERYTHING));
            (row.earns, row.is_redrawn, row.begins_with) = (None, true, zero());
            // What its period bears from now on comes on top.
            (row.drawn_on, row.accrued, row.bears) =
                (seer.0.max(row.from), row.due[INTEREST].clone(), zero());
            joins += std::mem::replace(&mut row.capitalized, zero());
        }
        // Interest that has yet to join the principal never does: the last rows repay so much less.
        for row in self.rows.iter_mut().rev().filter(|row| row.due_on > seer.0) {
            let less = joins.clone().min(row.open(PRINCIPAL)).max(zero());
            row.due[PRINCIPAL] -= &less;
            joins -= less;
        }
        for at in 0..self.rows.len() {
            for part in Self::all_parts() {
                self.put(at, part, None, &mut cash, &mut allocation, seer);
            }
        }
        (allocation, cash)
    }
}

/// What is open of the charges entered by hand.
fn by_hand(row: &Row, part: usize, seer: Seer) -> Fraction {
    match part {
        FEE | PENALTY => row.charges_open(NaiveDate::MAX, part, seer).min(row.open(part)),
        _ => zero(),
    }
}
