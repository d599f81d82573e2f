//! Plans drawn again when principal is paid ahead (LENDING.md §10, §12).

use std::rc::Rc;

use crate::fractions::{Fraction, kept, one, rounded, whole, zero};
use crate::loan::{Loan, Seer};
use crate::parts::{FEE, INTEREST, PRINCIPAL, Parts};
use crate::row::Row;
use crate::terms::Rounding;

impl Loan {
    /// Excess reduce_term or reduce_installment: the row of the current period as it stands, then principal
    /// from its end on.
    pub(crate) fn reduce(&mut self, how: &str, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        let day = seer.0;
        let is_current = |row: &Row| self.holds(row) && row.from < day && day <= row.to;
        let first_to_come = || self.rows.iter().position(|row| self.holds(row) && row.due_on > day);
        let Some(here) = self.rows.iter().position(is_current).or_else(first_to_come) else {
            return self.pay_the_rest(cash, allocation, seer);
        };
        self.pay_in_advance(here, cash, allocation, seer);
        let rows = self.redrawable(here + 1);
        if cash.is_zero() || rows.is_empty() {
            return self.pay_the_rest(cash, allocation, seer);
        }
        let balance: Fraction = rows.iter().map(|at| self.plan_principal(*at)).sum();
        if !balance.is_positive() {
            return self.pay_the_rest(cash, allocation, seer);
        }
        let off = cash.clone().min(balance.clone());
        let first = &self.rows[rows[0]];
        let factor = first.line.factor(first.from, first.to);
        self.pay_ahead(here, &off, cash, allocation, seer);
        self.draw_again(&rows, &(balance - off), Cut { factor, accrued: zero(), unpaid: zero() }, how);
        self.drop_void(rows[0]);
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

    /// Rows of the plan from one on that are not settled. What is deferred is paid with the row that it falls due with.
    fn redrawable(&self, from: usize) -> Vec<usize> {
        let takes_deferred = |row: &&Row| self.holds(row) && row.period == Some(self.terms.grace_interest);
        let taker = self.rows.iter().find(takes_deferred);
        let deferred_is_paid =
            self.terms.grace_mode == "deferred" && taker.is_some_and(|row| row.is_done(false));
        let open = |at: &usize| self.holds(&self.rows[*at]) && !self.rows[*at].is_done(deferred_is_paid);
        (from..self.rows.len()).filter(open).collect()
    }

    /// What rows repay from now on, without interest that has yet to join it.
    pub(crate) fn plan_principal(&self, at: usize) -> Fraction {
        let row = &self.rows[at];
        row.open(PRINCIPAL) - row.joined_open() - &row.capitalized
    }

    /// Interest of grace periods before a row that falls due on top of the first row after them.
    pub(crate) fn deferred_before(&self, at: usize) -> Fraction {
        let row = &self.rows[at];
        let terms = &row.line.terms;
        if terms.grace_mode != "deferred" || row.period.is_none_or(|k| k > terms.grace_interest) {
            return zero();
        }
        let same = |other: &&Row| Rc::ptr_eq(&other.line, &row.line) && other.is_in_grace();
        self.rows[..at].iter().filter(same).map(|row| row.earned() - &row.due[INTEREST]).sum()
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
        row.is_redrawn |= off.is_positive();
        row.due[PRINCIPAL] += off;
        row.paid[PRINCIPAL] += off;
        *cash -= off;
        allocation[PRINCIPAL] += off;
        self.note_time(at, off, seer);
    }

    pub(crate) fn anticipate(&mut self, how: &str, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        // A row whose period has ended is complete, though it is not yet due: nothing of it is drawn again.
        let to_come = self.rows.iter().position(|row| row.due_on > seer.0).unwrap_or(self.rows.len());
        let is_ended = |row: &&Row| self.holds(row) && row.to < seer.0;
        let first = to_come + self.rows[to_come..].iter().take_while(is_ended).count();
        for at in to_come..first {
            self.pay_in_advance(at, cash, allocation, seer);
        }
        let rows = if cash.is_zero() { Vec::new() } else { self.redrawable(first) };
        let Some(here) = rows.first().copied() else { return self.pay_the_rest(cash, allocation, seer) };
        let balance: Fraction = rows.iter().map(|at| self.plan_principal(*at)).sum();
        if !balance.is_positive() {
            return self.pay_the_rest(cash, allocation, seer);
        }
        let row = &self.rows[here];
        let in_grace = row.is_in_grace() && rows.len() > 1;
        let since = row.from.max(row.drawn_on);
        let until = seer.0.max(since);
        let accrued = row.interest_on(&balance, until);
        let to_interest = (&accrued - &row.paid[INTEREST]).max(zero()).min(cash.clone());
        let off = (&*cash - &to_interest).min(balance.clone());
        // In a grace period what is not paid of it goes the way of that period's interest.
        let unpaid = (&accrued - &row.paid[INTEREST] - &to_interest).max(zero());
        let factor = row.line.factor(until, row.to);
        let cut = Cut { factor, accrued: accrued.clone(), unpaid: if in_grace { unpaid } else { zero() } };
        self.draw_again(&rows, &(&balance - &off), cut, how);
        // The row stands where it stood: only rows after it can have gone.
        self.drop_void(here + 1);
        self.rows[here].drawn_on = until;
        self.rows[here].accrued = accrued;
        self.rows[here].bears = zero();
        self.rows[here].is_redrawn = true;
        self.rows[here].begins_with = &balance - &off;
        self.put(here, INTEREST, Some(to_interest), cash, allocation, seer);
        self.pay_ahead(here, &off, cash, allocation, seer);
        self.pay_the_rest(cash, allocation, seer);
    }

    /// Draws rows again on a balance; what is paid of a row stays in it.
    fn draw_again(&mut self, rows: &[usize], balance: &Fraction, cut: Cut, how: &str) {
        let terms = self.terms.clone();
        let rounding = &terms.rounding;
        let mut factors: Vec<Fraction> = rows
            .iter()
            .map(|at| self.rows[*at].line.factor(self.rows[*at].from, self.rows[*at].to))
            .collect();
        factors[0] = cut.factor.clone();
        if how == "reduce_installment" {
            let level = rounding.installment(self.level_anew(rows, balance, &factors, &cut.unpaid));
            for row in &mut self.rows {
                row.level = level.clone();
            }
        }
        self.write_rows(rows, balance, &factors, &cut);
    }

    /// Gives rows their principal and interest, one after another.
    pub(crate) fn write_rows(&mut self, rows: &[usize], balance: &Fraction, factors: &[Fraction], cut: &Cut) {
        let terms = self.terms.clone();
        let rounding = &terms.rounding;
        let mut waiting = self.deferred_before(rows[0]);
        let mut left = balance.clone();
        for (n, at) in rows.iter().enumerate() {
            let is_last = n + 1 == rows.len();
            let row = &mut self.rows[*at];
            let earned = rounding.round(&(&left * &factors[n]));
            let (accrued, unpaid) =
                if n == 0 { (cut.accrued.clone(), cut.unpaid.clone()) } else { (zero(), zero()) };
            row.begins_with = left.clone();
            // Nothing has run in it yet, but in the first where that is cut.
            (row.drawn_on, row.accrued, row.bears) = (row.from, zero(), zero());
            row.capitalized = zero();
            row.earns = None;
            let (principal, interest);
            let amortizes = row.period.is_some_and(|k| k >= terms.grace_principal) && !is_last;
            if terms.method == "price" && amortizes && left.is_positive() && row.level < earned {
                self.refused = Some("negative_amortization");
            }
            if row.is_in_grace() && !is_last {
                let free = terms.grace_mode == "free";
                row.earns = Some(if free { zero() } else { &earned + &accrued });
                match terms.grace_mode.as_str() {
                    "capitalized" => row.capitalized = earned + &unpaid,
                    "deferred" => waiting += earned + &unpaid,
                    _ => {}
                }
                (principal, interest) = (zero(), accrued - unpaid);
            } else {
                principal = match terms.method.as_str() {
                    _ if is_last => left.clone(),
                    _ if row.period.is_some_and(|k| k < terms.grace_principal) => zero(),
                    "price" => (&row.level - &earned).max(zero()).min(left.clone()),
                    "sac" => row.level.clone().min(left.clone()),
                    _ => zero(),
                };
                if waiting.is_positive() {
                    row.earns = Some(&earned + &accrued);
                }
                interest = earned + accrued + std::mem::replace(&mut waiting, zero());
            }
            left += &row.capitalized;
            left -= &principal;
            row.due[PRINCIPAL] = principal + &row.paid[PRINCIPAL] + row.joined_open();
            // What was paid ahead of it beyond what it comes to now is earned all the same.
            row.due[INTEREST] = interest.clone().max(row.paid[INTEREST].clone());
            row.earns = row.earns.take().map(|earns| earns + &row.due[INTEREST] - interest);
        }
    }

    /// A for rows drawn again: found on the balance at the end of the grace.
    pub(crate) fn level_anew(
        &self,
        rows: &[usize],
        balance: &Fraction,
        factors: &[Fraction],
        more: &Fraction,
    ) -> Fraction {
        let (terms, mut balance) = (&self.terms, balance.clone());
        let mut left: Vec<Fraction> = Vec::new();
        for (n, at) in rows.iter().enumerate() {
            let row = &self.rows[*at];
            if row.is_in_grace() && n + 1 < rows.len() && terms.grace_mode == "capitalized" {
                balance += terms.show(&(&balance * &factors[n]));
                if n == 0 {
                    balance += more;
                }
            }
            if row.period.is_some_and(|k| k >= terms.grace_principal) {
                left.push(factors[n].clone());
            }
        }
        match terms.method.as_str() {
            _ if left.is_empty() => zero(),
            "price" => equal_level(&balance, &left, &terms.rounding),
            _ => balance / whole(i64::try_from(left.len()).expect("few rows")),
        }
    }

    /// Takes out rows with which nothing falls due any more, and fees that nobody owes any more.
    fn drop_void(&mut self, first: usize) {
        let is_gone = |at: &usize| {
            let row = &self.rows[*at];
            self.holds(row) && row.is_void() && row.begins_with.is_zero()
        };
        let dropped: Vec<usize> = (first..self.rows.len()).filter(is_gone).collect();
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

/// What is left of the first row's period when rows are drawn again.
pub(crate) struct Cut {
    pub(crate) factor: Fraction,
    /// Its interest up to the cut, and what of that is neither due nor paid in a grace period.
    pub(crate) accrued: Fraction,
    pub(crate) unpaid: Fraction,
}

/// A for a balance and the factors of its rows: the balance closes as a straight line in A. Where the v_k are rounded, A is
/// the balance over their sum (§4).
pub(crate) fn equal_level(balance: &Fraction, factors: &[Fraction], rounding: &Rounding) -> Fraction {
    if let Some(decimals) = rounding.factor_decimals {
        let mut product = one();
        let mut next = |factor: &Fraction| {
            product = kept(&product / (one() + factor));
            rounded(&product, decimals, rounding.mode)
        };
        return balance / factors.iter().map(&mut next).sum::<Fraction>();
    }
    let close = |level: &Fraction| {
        factors.iter().fold(balance.clone(), |left, factor| kept(left * (one() + factor) - level))
    };
    let (nothing, unit) = (close(&zero()), close(&one()));
    kept(&nothing / (&nothing - unit))
}
