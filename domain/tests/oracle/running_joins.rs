//! What makes one running balance larger: grace, chargebacks, refunds owed again (LENDING.md §5, §9, §10, §13).

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, zero};
use crate::loan::EVERYTHING;
use crate::running::{Planned, Running};

impl Running {
    /// On what interest runs: B, with effective compounding what is pending too (§3).
    pub(crate) fn base(&self) -> Fraction {
        let pending = if self.loan.terms.rate.effective { self.pending.clone() } else { zero() };
        &self.balance + pending
    }

    /// Ends a span of interest on a day.
    fn cut(&mut self, day: NaiveDate) -> Fraction {
        let interest = kept(self.base() * self.loan.line.factor(self.charged_to, day));
        self.charged_to = day;
        self.loan.terms.show(&interest)
    }

    pub(crate) fn cut_on(&mut self, day: NaiveDate) {
        if day > self.charged_to {
            let interest = self.cut(day);
            self.pending += interest;
        }
    }

    fn rows_in_grace(&self) -> Vec<usize> {
        let count = self.loan.terms.grace_interest.min(self.loan.line.periods.len() - 1);
        (0..self.plan.len()).filter(|at| self.plan[*at].period.is_some_and(|k| k < count)).collect()
    }

    /// Whether no interest is owed yet.
    pub(crate) fn is_in_grace(&self) -> bool {
        self.rows_in_grace().iter().any(|at| self.plan[*at].due > self.charged_to)
    }

    /// Interest up to a day that is not owed yet, but with a settlement.
    pub(crate) fn interest_of_grace(&self, day: NaiveDate) -> Fraction {
        if !self.is_in_grace() || self.loan.terms.grace_mode == "free" {
            return zero();
        }
        let mut seen = self.clone();
        seen.cut_on(day);
        seen.pending + seen.deferred
    }

    /// Interest of the grace rows due by a day: none of it falls due with them.
    pub(crate) fn pass_grace(&mut self, day: NaiveDate) {
        let terms = self.loan.terms.clone();
        for k in self.rows_in_grace() {
            let due = self.plan[k].due;
            if due > day || due <= self.charged_to {
                continue;
            }
            let interest = self.cut(due) + std::mem::replace(&mut self.pending, zero());
            match terms.grace_mode.as_str() {
                "capitalized" => self.balance += interest,
                "deferred" => self.deferred += interest,
                _ => {}
            }
        }
    }

    /// Principal joins the balance.
    pub(crate) fn join(&mut self, on: NaiveDate, amount: &Fraction) {
        if !self.balance.is_positive() {
            // The balance was repaid: no row of its plan is due any more.
            for row in &mut self.plan {
                (row.total, row.interest, row.joined) = (zero(), zero(), zero());
            }
            self.releases.clear();
            self.received = zero();
            self.charged_to = self.charged_to.max(on);
        } else if self.late_until(on) > self.plan[self.reached()].due && !self.is_in_grace() {
            // Late interest runs in place of interest: it is owed as with a payment.
            let (owed, until) = self.owed((on, EVERYTHING), false);
            self.charge(&owed, until, self.late_until(on));
            self.charged_to = self.charged_to.max(on);
        } else {
            // What was written off bears nothing beyond the due date, since nothing comes in place of it.
            let due = self.plan[self.reached()].due;
            let until = if self.loan.write_off.is_some() { on.min(due.max(self.charged_to)) } else { on };
            self.cut_on(until);
            self.charged_to = self.charged_to.max(on);
        }
        self.balance += amount;
    }

    /// Principal due on a day, as a row of its own.
    pub(crate) fn plan_own(&mut self, on: NaiveDate, amount: &Fraction) {
        let at = self.plan.iter().position(|row| row.due > on).unwrap_or(self.plan.len());
        self.plan.insert(at, Planned::new(on, amount.clone(), zero()));
    }

    /// A further disbursement: what the plan says from its period on is drawn again (§6), and the balance grows.
    pub(crate) fn release(&mut self, on: NaiveDate, amount: &Fraction) {
        let line = self.loan.line.clone();
        let last_due = line.periods.last().expect("a period").due_on;
        let Some(first) = line.periods.iter().position(|period| period.to > on).filter(|_| on < last_due)
        else {
            self.loan.refused = Some("disbursement_after_last_due_date");
            return;
        };
        self.join(on, amount);
        let begins = line.periods[first].from;
        self.releases.retain(|(day, _)| begins < *day);
        let inside: Fraction = self.releases.iter().map(|(_, amount)| amount).sum();
        let rows: Vec<usize> =
            (0..self.plan.len()).filter(|at| self.plan[*at].period.is_some_and(|k| k >= first)).collect();
        let of_plan = |row: &Planned| &row.total - &row.interest - &row.joined;
        let before = rows.iter().map(|at| of_plan(&self.plan[*at])).sum::<Fraction>() - inside;
        let mut releases = self.releases.clone();
        releases.push((on, amount.clone()));
        let drawn = match self.loan.plan_from(first, &before, &releases) {
            Ok(drawn) => drawn,
            Err(refusal) => {
                self.loan.refused = Some(refusal);
                return;
            }
        };
        for (at, drawn) in rows.into_iter().zip(drawn) {
            let row = &mut self.plan[at];
            row.total = drawn.principal + &drawn.interest + &row.joined;
            row.interest = drawn.interest;
        }
        if begins < on {
            self.releases = releases;
        }
    }
}
