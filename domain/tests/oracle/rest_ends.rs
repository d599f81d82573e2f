//! What ends a plan under a rest, or moves its principal: settlement, write-off, restructuring (LENDING.md §12, §13).

use std::rc::Rc;

use chrono::NaiveDate;
use serde_json::Value;

use crate::fractions::{Fraction, kept, zero};
use crate::loan::Seer;
use crate::parts::{PRINCIPAL, Parts};
use crate::rest::Rest;
use crate::row::Row;
use crate::terms::word;

impl Rest {
    /// The loan as a fact of a day sees it.
    fn seen(&self, day: NaiveDate) -> Self {
        let mut seen = self.clone();
        seen.lay_out(day);
        seen
    }

    /// Settles where the amount is enough for the quote; what is beyond it is left.
    pub(crate) fn settle(&mut self, amount: &Fraction, seer: Seer) -> Option<(Parts, Fraction)> {
        let mut seen = self.seen(seer.0);
        let mut quoted = seen.clone();
        quoted.leave_out_what_is_void();
        let quote = quoted.quote(seer);
        if *amount < quote.amount {
            return None;
        }
        let settled = seen.loan.settle_by(&quote, amount, seer);
        for row in &mut seen.loan.rows {
            if row.period.is_some_and(|k| k >= self.k) && Rc::ptr_eq(&row.line, &seen.loan.line) {
                row.fixed = row.paid.clone();
                if row.due_on <= seer.0 {
                    // The principal that was settled has it.
                    row.fixed_capital = row.capitalized.clone();
                }
            }
        }
        self.loan = seen.loan;
        // No principal is left to bear interest.
        (self.balance, self.released_within, self.overdue_at_start) = (zero(), zero(), zero());
        self.released_at_end = zero();
        (self.interest, self.waiting, self.since) = (zero(), zero(), self.since.max(seer.0));
        self.releases.clear();
        self.charged_back.clear();
        self.moved_within.clear();
        self.moved.fill(zero());
        Some(settled)
    }

    pub(crate) fn take_off_the_books(&mut self, seer: Seer) {
        let mut seen = self.seen(seer.0);
        seen.loan.take_off_the_books(seer);
        if self.overdue().is_positive() {
            self.cut(seer.0, true);
        }
        self.loan.write_off = seen.loan.write_off;
    }

    pub(crate) fn restructure(&mut self, body: &Value, seer: Seer) {
        if word(&body["mode"], "replace") == "re_amortize" {
            self.move_overdue(seer.0);
        } else {
            let mut seen = self.seen(seer.0);
            let (line, accrued) = (Rc::clone(&seen.loan.line), seen.interest_to(seer.0));
            seen.loan.restructure(body, seer, Some(&accrued));
            if seen.loan.refused.is_some() {
                self.loan.refused = seen.loan.refused;
            } else if !Rc::ptr_eq(&line, &seen.loan.line) {
                *self = Self::begin(seen.loan);
            }
        }
        self.serve_overpaid(seer);
    }

    /// Principal past due joins what the rows due on or after the day repay, and bears interest as before.
    fn move_overdue(&mut self, on: NaiveDate) {
        let mut seen = self.seen(on);
        seen.leave_out_what_is_void();
        let to = seen.loan.rows.iter().filter(|row| row.due_on >= on && seen.loan.holds(row));
        // A row whose period has ended is complete, though it may not be due yet.
        let to: Vec<usize> = to.filter_map(|row| row.period).filter(|k| *k >= self.k).collect();
        if to.is_empty() {
            self.loan.refused = Some("nothing_to_move_to");
            return;
        }
        let all: Fraction =
            self.loan.rows.iter().filter(|row| row.due_on < on).map(|row| row.open(PRINCIPAL)).sum();
        if !all.is_positive() {
            return;
        }
        self.cut(on, true);
        let (start, end) = (self.loan.line.periods[self.k].from, self.end());
        let is_within = |row: &&Row| start < row.due_on && row.due_on < on;
        let within: Fraction = self.loan.rows.iter().filter(is_within).map(|row| row.open(PRINCIPAL)).sum();
        if !self.daily && within.is_positive() {
            // By whole periods it bore nothing yet; what was overdue at the beginning bears it for all of this one.
            self.interest += self.loan.terms.show(&kept(&within * self.loan.line.factor(on, end)));
            self.moved_within.push((on, within));
        }
        for row in self.loan.rows.iter_mut().filter(|row| row.due_on < on) {
            row.due[PRINCIPAL] = row.paid[PRINCIPAL].clone();
        }
        for (k, share) in to.iter().zip(self.loan.shares(&all, to.len())) {
            self.moved[*k] += share;
        }
        self.released_within += all;
    }
}
