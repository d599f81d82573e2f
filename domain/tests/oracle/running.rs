//! One running balance, of which the plan says what is due when (LENDING.md §9).

use chrono::NaiveDate;

use crate::fractions::{Fraction, rounded, zero};
use crate::history::{Fact, Payment, What};
use crate::loan::{Loan, Receipt, Seer, WriteOff};
use crate::parts::{FEE, INTEREST, LATE_FEE, LATE_INTEREST, PENALTY, PRINCIPAL, Parts};
use crate::plan::Release;
use crate::row::Row;
use crate::terms::Terms;

#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) loan: Loan,
    /// What the plan says is due when, with what joined it.
    pub(crate) plan: Vec<Planned>,
    /// B.
    pub(crate) balance: Fraction,
    /// R.
    pub(crate) received: Fraction,
    /// c.
    pub(crate) charged_to: NaiveDate,
    /// Interest up to c on a balance that was another, and that of grace rows, which falls due with the next.
    pub(crate) pending: Fraction,
    pub(crate) deferred: Fraction,
    /// Late charges and interest that were owed and not covered by a payment; fees due by that day are too.
    pub(crate) carried: Parts,
    /// Released inside the period that is running, since the balance was last repaid.
    pub(crate) releases: Vec<Release>,
    paid_until: NaiveDate,
}

/// A row of the plan: T and I, and what of it was charged because it was past due.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) due: NaiveDate,
    pub(crate) total: Fraction,
    pub(crate) interest: Fraction,
    /// Of the total: principal charged back into it.
    pub(crate) joined: Fraction,
    /// None where it is no row of the plan, but principal owed again.
    pub(crate) period: Option<usize>,
    pub(crate) is_fined: bool,
    pub(crate) is_charged: bool,
}

impl Planned {
    pub(crate) fn new(due: NaiveDate, total: Fraction, interest: Fraction) -> Self {
        Self { due, total, interest, joined: zero(), period: None, is_fined: false, is_charged: false }
    }
}

impl Running {
    pub(crate) fn replay(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Self {
        let (loan, order) = Loan::begin(terms, facts, Some(day));
        let planned = |row: &Row| {
            let total = &row.due[PRINCIPAL] + &row.due[INTEREST];
            Planned { period: row.period, ..Planned::new(row.due_on, total, row.due[INTEREST].clone()) }
        };
        let mut running = Self {
            plan: loan.rows.iter().filter(|row| row.period.is_some()).map(planned).collect(),
            balance: loan.rows[0].begins_with.clone(),
            received: zero(),
            charged_to: loan.line.start,
            pending: zero(),
            deferred: zero(),
            carried: Parts::nothing(),
            releases: Vec::new(),
            paid_until: loan.line.start,
            loan,
        };
        for at in order {
            running.happen(&facts[at], at);
        }
        running.pass_grace(day);
        running
    }

    fn happen(&mut self, fact: &Fact, at: usize) {
        let seer = (fact.on, at);
        if self.loan.refused.is_some() {
            return;
        }
        self.pass_grace(fact.on);
        match &fact.what {
            What::Payment(payment) => {
                let (allocation, left) = self.receive(payment, seer);
                self.loan.overpaid += &left;
                let balance = self.balance.clone();
                self.loan.receipts.push(Receipt { fact: at, allocation, balance, overpaid: left });
            }
            What::Charge { .. } => self.serve_overpaid(seer),
            What::Waiver { charge, amount } => self.loan.waive(charge, amount.as_ref()),
            What::Refund(amount) => {
                let covered = amount.clone().min(self.loan.overpaid.clone());
                self.loan.overpaid -= &covered;
                let short = amount - covered;
                if short.is_positive() {
                    self.join(fact.on, &short);
                    self.plan_own(fact.on, &short);
                }
            }
            What::Chargeback { amount, .. } => {
                self.join(fact.on, amount);
                match self.plan.iter_mut().find(|row| row.period.is_some() && row.due >= fact.on) {
                    Some(row) => (row.total, row.joined) = (&row.total + amount, &row.joined + amount),
                    None => self.plan_own(fact.on, amount),
                }
                self.serve_overpaid(seer);
            }
            What::Disbursement(amount) => {
                self.release(fact.on, amount);
                self.serve_overpaid(seer);
            }
            // What it takes off is nowhere said of one balance: its rows are not.
            What::WriteOff => self.loan.write_off = Some(WriteOff { on: fact.on, open: Parts::nothing() }),
            What::Restructure(_) => panic!("outside of the oracle under running_balance"),
        }
    }

    /// What was overpaid serves what has come to be owed.
    fn serve_overpaid(&mut self, seer: Seer) {
        if self.loan.overpaid.is_positive() {
            let amount = std::mem::replace(&mut self.loan.overpaid, zero());
            let payment =
                Payment { command: String::new(), amount, settles: false, anticipates: false, excess: None };
            let (_, left) = self.receive(&payment, seer);
            self.loan.overpaid += left;
        }
    }

    /// The first row that the payments have not reached, else the last.
    pub(crate) fn reached(&self) -> usize {
        let mut sum = zero();
        for (k, row) in self.plan.iter().enumerate() {
            sum += &row.total;
            if self.received < sum {
                return k;
            }
        }
        self.plan.len() - 1
    }

    /// The day up to which charges for being late run: a write-off ends them.
    pub(crate) fn late_until(&self, day: NaiveDate) -> NaiveDate {
        self.loan.write_off.as_ref().map_or(day, |write_off| day.min(write_off.on))
    }

    /// What a payment on a day owes, and the day to which interest is charged by it.
    pub(crate) fn owed(&self, seer: Seer, anticipates: bool) -> (Parts, NaiveDate) {
        let (day, loan, terms) = (self.late_until(seer.0), &self.loan, &self.loan.terms);
        let rows = &self.plan;
        let is_repaid = !self.balance.is_positive();
        let j = self.reached();
        let due = rows[j].due;
        // What is late bears late interest in place of interest: that of an anticipation runs to the due date at most.
        let until = if anticipates { day.min(due) } else { due };
        // Nothing of a grace is owed before its end, nor does what is late bear interest twice.
        let in_grace = self.is_in_grace();
        let (until, x) = if in_grace {
            (self.charged_to, zero())
        } else {
            let x = &self.deferred + &self.pending + self.base() * loan.line.factor(self.charged_to, until);
            // On nothing no interest is charged to any day.
            (if is_repaid { self.charged_to } else { until }, x)
        };
        // Interest of rows after j is charged once, like the fee.
        let past: Vec<usize> = (j..rows.len()).filter(|k| !is_repaid && rows[*k].due < day).collect();
        let later: Fraction =
            past.iter().filter(|k| **k > j && !rows[**k].is_charged).map(|k| &rows[*k].interest).sum();
        let mut owed = self.carried.clone();
        owed[INTEREST] += terms.show(&(&x + later));
        if let Some(late) = &terms.late {
            let base: Fraction = past.iter().filter(|k| !rows[**k].is_fined).map(|k| &rows[*k].total).sum();
            owed[LATE_FEE] += rounded(&(&late.fee_rate * base), terms.rounding.decimals, late.mode);
            if day > due && !in_grace {
                let rate = late.by_rate.as_ref().expect("a rate of late interest");
                let g = loan.line.factor_by(rate, due.max(self.charged_to), day);
                owed[LATE_INTEREST] +=
                    rounded(&((&self.balance + &x) * g), terms.rounding.decimals, late.mode);
            }
        }
        for row in &loan.rows {
            for part in [FEE, PENALTY] {
                owed[part] += row.charges_open(seer.0, part, seer);
            }
        }
        owed[PRINCIPAL] = self.balance.clone();
        (owed, until)
    }

    /// What a payment on a day owes that claims the reduction of interest, and what is owed beside it: what it takes to
    /// settle.
    pub(crate) fn quote(&self, seer: Seer) -> [Fraction; 2] {
        let (day, (mut owed, _)) = (seer.0, self.owed(seer, true));
        owed[INTEREST] += self.interest_of_grace(day);
        let charges = |row: &Row| {
            let to_come = |part| {
                let by = |until| row.charges_open(until, part, seer);
                by(NaiveDate::MAX) - by(day)
            };
            to_come(FEE) + to_come(PENALTY)
        };
        let to_come: Fraction = self.loan.rows.iter().map(charges).sum();
        [owed.total() + to_come, owed[PRINCIPAL].clone()]
    }

    fn receive(&mut self, payment: &Payment, seer: Seer) -> (Parts, Fraction) {
        let settles = payment.settles && payment.amount >= self.quote(seer)[0];
        let anticipates = payment.anticipates || settles;
        if self.is_in_grace() {
            if settles {
                let interest = self.interest_of_grace(seer.0);
                self.carried[INTEREST] += interest;
                (self.pending, self.deferred) = (zero(), zero());
                self.charged_to = self.charged_to.max(seer.0);
            } else {
                self.cut_on(seer.0);
            }
        }
        let (owed, until) = self.owed(seer, anticipates);
        let (mut cash, mut allocation) = (payment.amount.clone(), Parts::nothing());
        let order: Vec<usize> = self.loan.terms.order.iter().copied().filter(|x| *x != PRINCIPAL).collect();
        // What was carried is owed first, then what is new, each by the order, then principal.
        let mut first = self.carried.clone();
        for part in [FEE, PENALTY] {
            let rows = self.loan.rows.iter();
            first[part] = rows.map(|row| row.charges_open(self.paid_until, part, seer)).sum();
        }
        for bundle in [&first, &owed] {
            for part in &order {
                let share = (&bundle[*part] - &allocation[*part]).max(zero()).min(cash.clone());
                allocation[*part] += &share;
                cash -= share;
            }
        }
        allocation[PRINCIPAL] = owed[PRINCIPAL].clone().min(cash.clone());
        cash -= &allocation[PRINCIPAL];
        self.paid_until = seer.0;
        for part in [FEE, PENALTY] {
            let mut left = allocation[part].clone();
            for at in 0..self.loan.rows.len() {
                let share = self.loan.rows[at].charges_open(seer.0, part, seer).min(left.clone());
                self.loan.rows[at].pay(part, &share, seer);
                left -= share;
            }
        }
        // What is left reaches charges that are not yet due, row after row.
        for at in 0..self.loan.rows.len() {
            for part in self.loan.terms.order_in_advance.clone() {
                let share = self.loan.rows[at].charges_open(NaiveDate::MAX, part, seer).min(cash.clone());
                self.loan.rows[at].pay(part, &share, seer);
                allocation[part] += &share;
                cash -= share;
            }
        }
        self.charge(&owed.minus(&allocation), until, self.late_until(seer.0));
        self.balance -= &allocation[PRINCIPAL];
        self.received += &allocation[INTEREST] + &allocation[PRINCIPAL];
        (allocation, cash)
    }

    /// What is owed on a day is charged, and `unpaid` of it carried.
    pub(crate) fn charge(&mut self, unpaid: &Parts, until: NaiveDate, day: NaiveDate) {
        for part in [LATE_FEE, LATE_INTEREST, INTEREST] {
            self.carried[part] = unpaid[part].clone();
        }
        let j = self.reached();
        for (k, row) in self.plan.iter_mut().enumerate().skip(j).filter(|(_, row)| row.due < day) {
            row.is_fined = true;
            row.is_charged |= k > j;
        }
        if !self.is_in_grace() {
            self.charged_to = self.charged_to.max(until).max(day);
            (self.pending, self.deferred) = (zero(), zero());
        }
    }
}
