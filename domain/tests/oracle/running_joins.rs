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

    fn rows_in_grace(&self) -> usize {
        self.loan.terms.grace_interest.min(self.loan.line.periods.len() - 1)
    }

    /// Whether no interest is owed yet.
    pub(crate) fn is_in_grace(&self) -> bool {
        self.plan[..self.rows_in_grace()].iter().any(|row| row.due > self.charged_to)
    }

    /// Interest of the grace rows due by a day: none of it falls due with them.
    pub(crate) fn pass_grace(&mut self, day: NaiveDate) {
        let terms = self.loan.terms.clone();
        for k in 0..self.rows_in_grace() {
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
                (row.total, row.interest) = (zero(), zero());
            }
            self.received = zero();
            self.charged_to = self.charged_to.max(on);
        } else if on > self.plan[self.reached()].due {
            // Late interest runs in place of interest: it is owed as with a payment.
            let (owed, until) = self.owed((on, EVERYTHING), false);
            self.charge(&owed, until, on);
        } else if on > self.charged_to {
            let interest = self.cut(on);
            self.pending += interest;
        }
        self.balance += amount;
    }

    /// Principal due on a day, as a row of its own.
    pub(crate) fn plan_own(&mut self, on: NaiveDate, amount: &Fraction) {
        let at = self.plan.iter().position(|row| row.due > on).unwrap_or(self.plan.len());
        self.plan.insert(at, Planned { is_joined: true, ..Planned::new(on, amount.clone(), zero()) });
    }
}
