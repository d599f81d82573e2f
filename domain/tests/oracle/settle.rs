//! The settlement quote and what settles (LENDING.md §12).

use chrono::NaiveDate;
use num_traits::Zero;

use crate::fractions::{Fraction, kept, one, zero};
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
        let principal: Fraction = later.iter().map(|row| seen(row, PRINCIPAL)).sum();
        let future = match loan.terms.settlement.as_str() {
            "present_value" => {
                let (mut weight, mut value, mut first) = (one(), zero(), true);
                for row in &later {
                    let from = if first { row.from.max(day) } else { row.from };
                    weight = kept(weight / (one() + row.line.factor(from, row.to)));
                    value += (seen(row, PRINCIPAL) + row.open(INTEREST)) * &weight;
                    first = false;
                }
                loan.terms.show(&value)
            }
            "interest_to_date" => &principal + loan.interest_to_date(&later, &principal, day),
            _ => {
                let first = later.iter().find(|row| row.period.is_some());
                &principal + first.map_or_else(zero, |row| row.open(INTEREST))
            }
        };
        Quote { amount: &due + &future, interest: future - &principal, due, principal }
    }

    fn interest_to_date(&self, later: &[&Row], principal: &Fraction, day: NaiveDate) -> Fraction {
        let Some(row) = later.iter().find(|row| row.period.is_some()) else { return zero() };
        if principal.is_zero() {
            return zero();
        }
        let since = row.from.max(row.drawn_on);
        let to_date = self.terms.show(&(principal * row.line.factor(since, day.max(since))));
        (&row.accrued + to_date - &row.paid[INTEREST]).max(zero())
    }

    /// Settles where the amount is enough for the quote; what is beyond it is left.
    pub(crate) fn settle(&mut self, amount: &Fraction, seer: Seer) -> Option<(Parts, Fraction)> {
        let quote = self.quote(seer.0, seer.1);
        if *amount < quote.amount {
            return None;
        }
        // Rows whose interest was paid in advance may be worth less than their principal.
        self.is_unsaid |= quote.interest < zero();
        // Nor is it said how long a chargeback after the last due date is discounted.
        let joined_after =
            |row: &Row| row.period.is_none() && row.due_on > seer.0 && row.open(PRINCIPAL) > zero();
        self.is_unsaid |= self.rows.iter().any(joined_after);
        let mut first = true;
        for row in self.rows.iter_mut().filter(|row| row.due_on > seer.0) {
            let extra = if first && row.period.is_some() { quote.interest.clone() } else { zero() };
            first &= row.period.is_none();
            row.due[INTEREST] = &row.paid[INTEREST] + extra;
            row.due[FEE] = &row.paid[FEE] + &row.waived[FEE] + by_hand(row, FEE, (seer.0, EVERYTHING));
        }
        let (mut cash, mut allocation) = (amount.clone(), Parts::nothing());
        for at in 0..self.rows.len() {
            for part in Self::all_parts() {
                self.put(at, part, None, &mut cash, &mut allocation, seer);
            }
        }
        Some((allocation, cash))
    }
}

/// What is open of the charges entered by hand.
fn by_hand(row: &Row, part: usize, seer: Seer) -> Fraction {
    match part {
        FEE | PENALTY => row.charges_open(NaiveDate::MAX, part, seer).min(row.open(part)),
        _ => zero(),
    }
}
