//! A loan under a rest as it is seen on a day (LENDING.md §9, §12).

use std::cmp::Ordering;
use std::rc::Rc;

use chrono::NaiveDate;

use crate::fractions::{Fraction, zero};
use crate::loan::Seer;
use crate::parts::INTEREST;
use crate::rest::Rest;
use crate::row::Row;
use crate::settle::Quote;

impl Rest {
    /// Draws the rows to come as they are seen on a day.
    pub(crate) fn lay_out(&mut self, day: NaiveDate) {
        let (current, waiting) = ((!self.is_over()).then_some(self.k), self.waiting.clone());
        self.accrued = self.accrued_by(day);
        self.project(day);
        (self.k, self.waiting) = (current.unwrap_or(self.k), waiting);
        self.loan.charge_late(day);
    }

    /// What settles it, as it is laid out; interest to the day is that of the balance as it was (§12).
    pub(crate) fn quote(&self, (day, fact): Seer) -> Quote {
        let quote = self.loan.quote(day, fact);
        if self.loan.terms.settlement != "interest_to_date" {
            return quote;
        }
        let interest = self.interest_to(day);
        Quote { amount: &quote.due + &quote.principal + &interest, interest, ..quote }
    }

    /// Unpaid interest to a day of what is not yet due, as it is laid out: of periods that have ended in full.
    pub(crate) fn interest_to(&self, day: NaiveDate) -> Fraction {
        let first = self.loan.rows.iter().find(|row| row.due_on > day && self.loan.holds(row));
        let Some(row) = first else { return zero() };
        let accrued = match row.period.cmp(&Some(self.k)) {
            Ordering::Less | Ordering::Equal => &self.accrued + &self.waiting + self.ended_since(row, day),
            Ordering::Greater if self.defers() => &self.accrued + &self.waiting,
            Ordering::Greater => zero(),
        };
        (accrued - &row.paid[INTEREST]).max(zero())
    }

    /// Interest of periods that have ended, from that of a row on, whose rows are not yet due; less what was paid of the
    /// rows after it.
    fn ended_since(&self, first: &Row, day: NaiveDate) -> Fraction {
        let rows = self.loan.rows.iter().filter(|row| row.due_on > day && self.loan.holds(row));
        let open = |row: &Row| {
            let ended =
                if row.period < Some(self.k) { &row.due[INTEREST] + &row.capitalized } else { zero() };
            let is_later = row.period > first.period && row.period <= Some(self.k);
            ended - if is_later { row.paid[INTEREST].clone() } else { zero() }
        };
        rows.map(open).sum()
    }

    /// The rows to come, seen on a day: after it what is overdue counts as nothing.
    pub(crate) fn project(&mut self, day: NaiveDate) {
        let mut first = true;
        while !self.is_over() {
            let start = self.loan.line.periods[self.k].from;
            let begun = start < day;
            let interest = if self.is_free() {
                zero()
            } else if self.daily {
                if first && begun && self.overdue().is_positive() && self.loan.write_off.is_none() {
                    self.cut(day, true);
                }
                let end = self.end();
                if self.since < end { &self.interest + self.span(end, false) } else { self.interest.clone() }
            } else {
                if !begun {
                    self.overdue_at_start = zero();
                }
                self.period_interest()
            };
            self.finish_row(&interest);
            self.overdue_at_start = zero();
            first = false;
        }
    }

    pub(crate) fn leave_out_what_is_void(&mut self) {
        let line = Rc::clone(&self.loan.line);
        let is_of_plan = |row: &Row| row.period.is_some() && Rc::ptr_eq(&row.line, &line);
        let is_kept = |row: &Row| {
            !is_of_plan(row)
                || !row.is_void()
                || row.begins_with.is_positive()
                || row.capitalized.is_positive()
        };
        self.loan.rows.retain(is_kept);
    }
}
