//! Principal that joins under a rest: charged back, or refunded and owed again (LENDING.md §9, §10, §13).

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept};
use crate::parts::PRINCIPAL;
use crate::rest::Rest;

impl Rest {
    /// Principal that is lent again, and falls due with the row of the period; after the last that same day.
    pub(crate) fn charge_back(&mut self, on: NaiveDate, amount: &Fraction) {
        if self.is_over() {
            return self.owe(on, amount);
        }
        self.cut(on, true);
        self.released_within += amount;
        if !self.daily {
            let factor = self.loan.line.factor(on, self.end());
            self.interest += self.loan.terms.show(&kept(amount * factor));
        }
        self.charged_back.push((on, amount.clone()));
    }

    /// What was not there to be given back is owed again that day, and bears interest as overdue.
    pub(crate) fn refund(&mut self, on: NaiveDate, amount: &Fraction) {
        let covered = amount.clone().min(self.loan.overpaid.clone());
        self.loan.overpaid -= &covered;
        let short = amount - covered;
        if short.is_positive() {
            self.cut(on, true);
            self.owe(on, &short);
        }
    }

    fn owe(&mut self, on: NaiveDate, amount: &Fraction) {
        let row = self.loan.own_row(on);
        self.loan.rows[row].due[PRINCIPAL] += amount;
    }

    /// What was charged back into the row, or moved to it.
    pub(crate) fn on_top(&self) -> Fraction {
        &self.moved[self.k] + self.charged_back.iter().map(|(_, amount)| amount).sum::<Fraction>()
    }
}
