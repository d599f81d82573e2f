//! Plans whose principal stands from the start: flat ones, and those given row by row (LENDING.md §5).

use crate::fractions::{Fraction, one, whole, zero};
use crate::plan::{Draft, NEGATIVE, Row};

impl Draft<'_> {
    pub(crate) fn flat(&self) -> Result<Vec<Row>, &'static str> {
        let (terms, financed) = (self.terms(), self.first_balance());
        let rounding = &terms.rounding;
        let amortizing = whole(i64::try_from(self.count() - terms.grace_principal).expect("few rows"));
        let interests: Vec<Fraction> =
            self.factors().iter().map(|f| rounding.interest(&financed * f)).collect();
        let mut part = &financed / &amortizing;
        if rounding.installment {
            part = rounding.round(&part);
        }
        if rounding.multiple_of.is_some() {
            let interest = &interests[terms.grace_principal];
            part = rounding.multiple(part + interest) - interest;
        }
        let left = self.count() - terms.grace_principal;
        part += self.respread_by(&(&financed - &part * &amortizing), left);
        // A single row repays all there is.
        if part.is_negative() && (left > 1 || rounding.remainder == "none") {
            return Err(NEGATIVE);
        }
        let (mut balance, mut waiting, mut rows) = (financed.clone(), zero(), Vec::new());
        for (k, interest) in interests.into_iter().enumerate() {
            let in_grace = k < terms.grace_interest;
            if in_grace && terms.grace_mode == "deferred" {
                waiting += &interest;
            }
            let first = k == terms.grace_principal && rounding.remainder == "first";
            let principal = if k < terms.grace_principal {
                zero()
            } else if k + 1 == self.count() && rounding.remainder != "none" {
                balance.clone()
            } else if first {
                self.at_most((&financed - &part * (&amortizing - one())).max(zero()), &balance)
            } else {
                self.at_most(part.clone(), &balance)
            };
            let earned = interest.clone();
            let interest = if in_grace { zero() } else { interest + std::mem::replace(&mut waiting, zero()) };
            let begins_with = balance.clone();
            balance -= &principal;
            rows.push(Row {
                principal,
                interest,
                capitalized: zero(),
                earned,
                begins_with,
                balance: balance.clone(),
                level: part.clone(),
            });
        }
        self.keep_total(&mut rows, &part);
        Ok(rows)
    }

    pub(crate) fn custom(&self) -> Vec<Row> {
        let terms = self.terms();
        let mut balance = self.first_balance();
        let row = |(k, listed): (usize, &crate::terms::CustomRow)| {
            let by_rate = || terms.rounding.interest(&balance * self.line.period_factor(k));
            let interest = listed.interest.clone().unwrap_or_else(by_rate);
            let begins_with = balance.clone();
            balance -= &listed.principal;
            Row {
                principal: listed.principal.clone(),
                earned: interest.clone(),
                begins_with,
                interest,
                capitalized: zero(),
                balance: balance.clone(),
                level: zero(),
            }
        };
        terms.custom.iter().enumerate().map(row).collect()
    }
}
