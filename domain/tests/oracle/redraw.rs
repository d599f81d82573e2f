//! Plans drawn again when principal is paid ahead (LENDING.md §10, §12).

use num_traits::Zero;

use crate::fractions::{Fraction, kept, one, whole, zero};
use crate::loan::{Loan, Seer};
use crate::parts::{FEE, INTEREST, PRINCIPAL, Parts};
use crate::row::Row;

impl Loan {
    /// Excess reduce_term or reduce_installment: the row of the current period as it stands, then principal
    /// from its end on.
    pub(crate) fn reduce(&mut self, how: &str, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        let day = seer.0;
        let is_current = |row: &Row| row.period.is_some() && row.from < day && day <= row.to;
        let first_to_come = || self.rows.iter().position(|row| row.period.is_some() && row.due_on > day);
        let Some(here) = self.rows.iter().position(is_current).or_else(first_to_come) else {
            return self.pay_the_rest(cash, allocation, seer);
        };
        self.pay_in_advance(here, cash, allocation, seer);
        let rows = self.redrawable(here + 1);
        if cash.is_zero() || rows.is_empty() {
            return self.pay_the_rest(cash, allocation, seer);
        }
        let balance: Fraction = rows.iter().map(|at| self.plan_principal(*at)).sum();
        let off = cash.clone().min(balance.clone());
        let first = &self.rows[rows[0]];
        let factor = first.line.factor(first.from, first.to);
        self.pay_ahead(here, &off, cash, allocation, seer);
        self.draw_again(&rows, &(balance - off), &factor, how, &zero());
        self.pay_the_rest(cash, allocation, seer);
    }

    /// Charges of later rows are left where no principal is.
    fn pay_the_rest(&mut self, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        for at in 0..self.rows.len() {
            if self.rows[at].due_on > seer.0 {
                self.pay_in_advance(at, cash, allocation, seer);
            }
        }
    }

    /// Rows of the plan from one on that are not settled.
    fn redrawable(&self, from: usize) -> Vec<usize> {
        let open = |at: &usize| self.rows[*at].period.is_some() && self.rows[*at].is_open();
        (from..self.rows.len()).filter(open).collect()
    }

    fn plan_principal(&self, at: usize) -> Fraction {
        self.rows[at].open(PRINCIPAL) - self.rows[at].joined_open()
    }

    /// Principal paid ahead shows in the row of its period.
    fn pay_ahead(
        &mut self,
        at: usize,
        off: &Fraction,
        cash: &mut Fraction,
        allocation: &mut Parts,
        seer: Seer,
    ) {
        let row = &mut self.rows[at];
        row.due[PRINCIPAL] += off;
        row.paid[PRINCIPAL] += off;
        *cash -= off;
        allocation[PRINCIPAL] += off;
        self.note_time(at, off, seer);
    }

    pub(crate) fn anticipate(&mut self, how: &str, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        let first = self.rows.iter().position(|row| row.due_on > seer.0).unwrap_or(self.rows.len());
        let rows = self.redrawable(first);
        let Some(here) = rows.first().copied() else { return self.pay_the_rest(cash, allocation, seer) };
        let balance: Fraction = rows.iter().map(|at| self.plan_principal(*at)).sum();
        let row = &self.rows[here];
        let since = row.from.max(row.drawn_on);
        let until = seer.0.max(since);
        let grown = self.terms.show(&(&balance * row.line.factor(since, until)));
        let accrued = &row.accrued + grown;
        let to_interest = (&accrued - &row.paid[INTEREST]).max(zero()).min(cash.clone());
        let off = (&*cash - &to_interest).min(balance.clone());
        let factor = row.line.factor(until, row.to);
        self.draw_again(&rows, &(&balance - &off), &factor, how, &accrued);
        // The row stands where it stood: only rows after it can have gone.
        self.rows[here].drawn_on = until;
        self.rows[here].accrued = accrued;
        self.rows[here].begins_with = &balance - &off;
        self.put(here, INTEREST, Some(to_interest), cash, allocation, seer);
        self.pay_ahead(here, &off, cash, allocation, seer);
        self.pay_the_rest(cash, allocation, seer);
    }

    /// Draws rows again on a balance; what is paid of a row stays in it.
    fn draw_again(
        &mut self,
        rows: &[usize],
        balance: &Fraction,
        first: &Fraction,
        how: &str,
        accrued: &Fraction,
    ) {
        let rounding = self.terms.rounding.clone();
        let factors: Vec<Fraction> = rows
            .iter()
            .enumerate()
            .map(|(n, at)| match n {
                0 => first.clone(),
                _ => self.rows[*at].line.factor(self.rows[*at].from, self.rows[*at].to),
            })
            .collect();
        if how == "reduce_installment" {
            let level = match self.terms.method.as_str() {
                "price" => equal_level(balance, &factors),
                _ => balance / whole(i64::try_from(rows.len()).expect("few rows")),
            };
            for at in rows {
                self.rows[*at].level = rounding.installment(level.clone());
            }
        }
        let (mut left, mut open) = (balance.clone(), balance.clone());
        for (n, at) in rows.iter().enumerate() {
            let row = &mut self.rows[*at];
            let interest = rounding.interest(&left * &factors[n]);
            let principal = match self.terms.method.as_str() {
                _ if n + 1 == rows.len() => left.clone(),
                "price" => &row.level - &interest,
                "sac" => row.level.clone(),
                _ => zero(),
            };
            let principal = principal.max(zero()).min(left.clone());
            left = kept(left - &principal);
            // In cents that add up (§4).
            let (total, is_last) = (rounding.round(&(&principal + &interest)), n + 1 == rows.len());
            let interest = rounding.round(&interest);
            let (principal, interest) = if is_last {
                (open.clone(), (total - &open).max(zero()))
            } else {
                (total - &interest, interest)
            };
            row.begins_with = open.clone();
            open -= &principal;
            row.due[PRINCIPAL] = principal + &row.paid[PRINCIPAL] + row.joined_open();
            let extra = if n == 0 { accrued.clone() } else { zero() };
            row.due[INTEREST] = (interest + extra).max(row.paid[INTEREST].clone());
        }
        let dropped: Vec<usize> =
            rows.iter().skip(1).copied().filter(|at| self.rows[*at].is_void()).collect();
        let mut at = 0;
        self.rows.retain(|_| {
            at += 1;
            !dropped.contains(&(at - 1))
        });
        for row in &mut self.rows {
            if row.period.is_some() && row.due[PRINCIPAL].is_zero() && row.due[INTEREST].is_zero() {
                let by_hand: Fraction = row.charges.iter().filter(|x| x.part == FEE).map(|x| &x.amount).sum();
                row.due[FEE] = by_hand.max(&row.paid[FEE] + &row.waived[FEE]);
            }
        }
    }
}

/// A for a balance and the factors of its rows: the balance closes as a straight line in A.
pub(crate) fn equal_level(balance: &Fraction, factors: &[Fraction]) -> Fraction {
    let close = |level: &Fraction| {
        factors.iter().fold(balance.clone(), |left, factor| kept(left * (one() + factor) - level))
    };
    let (nothing, unit) = (close(&zero()), close(&one()));
    kept(&nothing / (&nothing - unit))
}
