//! One running balance, of which the plan says what is due when (LENDING.md §9).

use chrono::NaiveDate;

use crate::fractions::{Fraction, rounded, zero};
use crate::history::{Fact, Payment, What};
use crate::loan::{EVERYTHING, Loan, Receipt, Seer};
use crate::parts::{FEE, INTEREST, LATE_FEE, LATE_INTEREST, PENALTY, PRINCIPAL, Parts};
use crate::row::Row;
use crate::terms::Terms;

#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) loan: Loan,
    /// B.
    pub(crate) balance: Fraction,
    /// R.
    received: Fraction,
    /// c.
    charged_to: NaiveDate,
    fined: Vec<usize>,
    /// Rows whose interest was charged because they were past due.
    charged: Vec<usize>,
    /// Late charges and interest that were owed and not covered by a payment; fees due by that day are too.
    carried: Parts,
    paid_until: NaiveDate,
}

impl Running {
    pub(crate) fn replay(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Self {
        let (loan, order) = Loan::begin(terms, facts, Some(day));
        let mut running = Self {
            balance: loan.rows[0].begins_with.clone(),
            received: zero(),
            charged_to: loan.line.start,
            fined: Vec::new(),
            charged: Vec::new(),
            carried: Parts::nothing(),
            paid_until: loan.line.start,
            loan,
        };
        for at in order {
            running.happen(&facts[at], at);
        }
        running
    }

    fn happen(&mut self, fact: &Fact, at: usize) {
        let seer = (fact.on, at);
        match &fact.what {
            What::Payment(payment) => {
                let (allocation, left) = self.receive(payment, seer);
                self.loan.overpaid += &left;
                let balance = self.balance.clone();
                self.loan.receipts.push(Receipt { fact: at, allocation, balance, overpaid: left });
            }
            What::Charge { .. } => self.serve_overpaid(seer),
            What::Waiver { charge, amount } => self.loan.waive(charge, amount.as_ref()),
            other => panic!("outside of the oracle under running_balance: {other:?}"),
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
    fn reached(&self) -> usize {
        let mut sum = zero();
        for (k, row) in self.loan.rows.iter().filter(|row| row.period.is_some()).enumerate() {
            sum += &row.due[PRINCIPAL] + &row.due[INTEREST];
            if self.received < sum {
                return k;
            }
        }
        self.loan.line.periods.len() - 1
    }

    /// What a payment on a day owes, and the day to which interest is charged by it.
    pub(crate) fn owed(&self, seer: Seer, anticipates: bool) -> (Parts, NaiveDate, [Vec<usize>; 2]) {
        let (day, loan, terms) = (seer.0, &self.loan, &self.loan.terms);
        let rows: Vec<_> = loan.rows.iter().filter(|row| row.period.is_some()).collect();
        let is_repaid = !self.balance.is_positive();
        let j = self.reached();
        let due = rows[j].due_on;
        // What is late bears late interest in place of interest: that of an anticipation runs to the due date at most.
        let until = if anticipates { day.min(due) } else { due };
        let x = &self.balance * loan.line.factor(self.charged_to, until);
        // Interest of rows after j is charged once, like the fee.
        let past: Vec<usize> = (j..rows.len()).filter(|k| !is_repaid && rows[*k].due_on < day).collect();
        let later: Fraction = past
            .iter()
            .filter(|k| **k > j && !self.charged.contains(k))
            .map(|k| &rows[*k].due[INTEREST])
            .sum();
        let charged = past.iter().copied().filter(|k| *k > j).collect();
        let mut owed = self.carried.clone();
        owed[INTEREST] += terms.show(&(&x + later));
        let mut fined = Vec::new();
        if let Some(late) = &terms.late {
            fined = past.into_iter().filter(|k| !self.fined.contains(k)).collect();
            let base: Fraction =
                fined.iter().map(|k| &rows[*k].due[PRINCIPAL] + &rows[*k].due[INTEREST]).sum();
            owed[LATE_FEE] += rounded(&(&late.fee_rate * base), terms.rounding.decimals, late.mode);
            if day > due {
                let rate = late.by_rate.as_ref().expect("a rate of late interest");
                let g = loan.line.factor_by(rate, due.max(self.charged_to), day);
                owed[LATE_INTEREST] +=
                    rounded(&((&self.balance + &x) * g), terms.rounding.decimals, late.mode);
            }
        }
        for row in &loan.rows {
            for part in [FEE, PENALTY] {
                owed[part] += row.charges_open(day, part, seer);
            }
        }
        owed[PRINCIPAL] = self.balance.clone();
        (owed, until, [fined, charged])
    }

    /// What a payment on a day owes that claims the reduction of interest, and what is owed beside it: what it takes to
    /// settle.
    pub(crate) fn quote(&self, day: NaiveDate) -> [Fraction; 2] {
        let (owed, ..) = self.owed((day, EVERYTHING), true);
        let charges = |row: &Row| {
            let to_come = |part| {
                let by = |day| row.charges_open(day, part, (day, EVERYTHING));
                by(NaiveDate::MAX) - by(day)
            };
            to_come(FEE) + to_come(PENALTY)
        };
        let to_come: Fraction = self.loan.rows.iter().map(charges).sum();
        [owed.total() + to_come, owed[PRINCIPAL].clone()]
    }

    fn receive(&mut self, payment: &Payment, seer: Seer) -> (Parts, Fraction) {
        let (owed, until, [fined, charged]) = self.owed(seer, payment.anticipates);
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
        for part in [LATE_FEE, LATE_INTEREST, INTEREST] {
            self.carried[part] = &owed[part] - &allocation[part];
        }
        self.balance -= &allocation[PRINCIPAL];
        self.received += &allocation[INTEREST] + &allocation[PRINCIPAL];
        if !self.balance.is_positive() {
            self.received += &cash;
        }
        self.charged_to = self.charged_to.max(until).max(seer.0);
        self.fined.extend(fined);
        self.charged.extend(charged);
        (allocation, cash)
    }
}
