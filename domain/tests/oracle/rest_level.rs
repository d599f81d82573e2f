//! A found anew under a rest: for what is left, and for what is released later (LENDING.md §6, §9).

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, one, whole, zero};
use crate::plan::Release;
use crate::redraw::equal_level;
use crate::rest::Rest;

impl Rest {
    /// A anew on what is left: on the balance at the end of the grace.
    pub(crate) fn level_anew(&mut self) {
        let (line, terms) = (&self.loan.line, &self.loan.terms);
        // What was moved into rows is due on top of it.
        let mut balance = (&self.balance - self.moved[self.k..].iter().sum::<Fraction>()).max(zero());
        if terms.grace_mode == "capitalized" {
            for k in self.k..terms.grace_interest {
                balance += terms.show(&(&balance * line.period_factor(k)));
            }
        }
        let first = self.k.max(terms.grace_principal);
        let mut factors: Vec<Fraction> = (first..self.periods()).map(|k| line.period_factor(k)).collect();
        if let Some(equal) = line.equal_factor().filter(|_| terms.equal_periods) {
            factors.fill(equal);
        }
        let level = match terms.method.as_str() {
            "sac" => &balance / whole(i64::try_from(factors.len()).expect("few rows")),
            _ => equal_level(&balance, &factors, &terms.rounding),
        };
        self.level = terms.rounding.installment(level);
        // Nothing is ahead of what is left.
        self.ahead = zero();
    }

    pub(crate) fn disburse(&mut self, on: NaiveDate, amount: &Fraction) {
        let line = self.loan.line.clone();
        if self.is_over() || line.periods.last().is_none_or(|last| on >= last.to || on >= last.due_on) {
            self.loan.refused = Some("disbursement_after_last_due_date");
            return;
        }
        self.loan.releases.push((on, amount.clone()));
        let (end, from) = (self.end(), line.periods[self.k].from);
        if on == end {
            self.released_at_end += amount;
            return;
        }
        if on == from {
            self.balance += amount;
        } else {
            self.released_within += amount;
            self.releases.push((on, amount.clone()));
            if !self.daily {
                let interest = self.loan.terms.show(&kept(amount * line.factor(on, end)));
                self.interest += interest;
            }
        }
        // Principal of which A is found: what was charged back or moved is due on top of it.
        let releases: Vec<Release> = self.releases.clone();
        let released: Fraction = releases.iter().map(|(_, amount)| amount).sum();
        let on_top = self.moved[self.k..].iter().chain(self.charged_back.iter().map(|(_, amount)| amount));
        let all = &self.balance + &self.released_within - on_top.sum::<Fraction>();
        // What was paid ahead may leave less of it than was moved.
        let at_start = (all - &released).max(zero());
        let all = &at_start + released;
        if let Err(refusal) = self.loan.plan_from(self.k, &at_start, &releases) {
            self.loan.refused = Some(refusal);
            return;
        }
        if self.loan.terms.agreed.is_some() {
            return;
        }
        let terms = &self.loan.terms;
        let mut factors: Vec<Fraction> = (self.k..self.periods()).map(|k| line.period_factor(k)).collect();
        if let Some(equal) = line.equal_factor().filter(|_| terms.equal_periods) {
            factors.fill(equal);
        }
        let level = match terms.method.as_str() {
            "sac" => all / whole(i64::try_from(factors.len()).expect("few")),
            _ => {
                let mut owed = at_start * (one() + &factors[0]);
                for (day, amount) in &releases {
                    owed += amount * (one() + line.factor(*day, end));
                }
                // What is owed at the end of the period, as if it had been lent at its beginning.
                equal_level(&(owed / (one() + &factors[0])), &factors, &terms.rounding)
            }
        };
        self.level = terms.rounding.installment(level);
        self.ahead = zero();
    }
}
