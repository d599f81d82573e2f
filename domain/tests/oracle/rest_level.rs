//! A found anew under a rest: for what is left, and for what is released later (LENDING.md §6, §9).

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, one, whole, zero};
use crate::redraw::equal_level;
use crate::rest::Rest;

impl Rest {
    /// A anew on what is left: on the balance at the end of the grace.
    pub(crate) fn level_anew(&mut self) {
        let (line, terms) = (&self.loan.line, &self.loan.terms);
        // What was moved into rows is due on top of it.
        let mut balance = &self.balance - self.moved[self.k..].iter().sum::<Fraction>();
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
            if !self.daily {
                let interest = self.loan.terms.show(&kept(amount * line.factor(on, end)));
                self.interest += interest;
            }
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
            "sac" => {
                (&self.balance + &self.released_within) / whole(i64::try_from(factors.len()).expect("few"))
            }
            _ => {
                let mut owed = &self.balance * (one() + &factors[0]);
                for (day, amount) in self.loan.releases.iter().filter(|(day, _)| from < *day && *day < end) {
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
