//! A loan on its agreed plan, replayed fact by fact (LENDING.md §9 to §13).

use std::rc::Rc;

use chrono::NaiveDate;

use crate::answer::{self, Drawn};
use crate::calendar::days_between;
use crate::fractions::{Fraction, zero};
use crate::history::{Fact, Payment, What};
use crate::late;
use crate::parts::{FEE, INTEREST, PARTS, PRINCIPAL, Parts};
use crate::plan::Release;
use crate::row::{HandCharge, Row};
use crate::terms::Terms;
use crate::timeline::Timeline;

#[derive(Debug, Clone)]
pub(crate) struct Loan {
    pub(crate) terms: Terms,
    pub(crate) line: Rc<Timeline>,
    pub(crate) rows: Vec<Row>,
    pub(crate) overpaid: Fraction,
    pub(crate) credit: Fraction,
    pub(crate) write_off: Option<WriteOff>,
    pub(crate) receipts: Vec<Receipt>,
    /// A fact that the loan refuses.
    pub(crate) refused: Option<&'static str>,
    pub(crate) releases: Vec<Release>,
    today: NaiveDate,
}

#[derive(Debug, Clone)]
pub(crate) struct WriteOff {
    pub(crate) on: NaiveDate,
    pub(crate) open: Parts,
}

/// What a payment came to.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) fact: usize,
    pub(crate) allocation: Parts,
    pub(crate) balance: Fraction,
    pub(crate) overpaid: Fraction,
}

/// Who looks: a fact by its value date and its place in the order of recording.
pub(crate) type Seer = (NaiveDate, usize);
pub(crate) const EVERYTHING: usize = usize::MAX;

impl Loan {
    /// The loan after all facts, or seen on a day.
    pub(crate) fn replay(terms: &Terms, facts: &[Fact], day: Option<NaiveDate>) -> Self {
        let (mut loan, order) = Self::begin(terms, facts, day);
        for at in order {
            loan.happen(&facts[at], at);
        }
        if let Some(day) = day {
            loan.use_credit(day);
            loan.charge_late(day);
        }
        loan
    }

    /// The loan seen on a day in a range that ends later: chargebacks up to its end are known to payments before them.
    pub(crate) fn replay_in_range(terms: &Terms, facts: &[Fact], day: NaiveDate, end: NaiveDate) -> Self {
        let (mut loan, mut order) = Self::begin(terms, facts, Some(end));
        order.retain(|at| facts[*at].on <= day);
        for at in order {
            loan.happen(&facts[at], at);
        }
        loan.use_credit(day);
        loan.charge_late(day);
        loan
    }

    /// The loan as a fact of the day would find it: credit serves a due date only at its end.
    pub(crate) fn found_on(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Self {
        let (mut loan, order) = Self::begin(terms, facts, Some(day));
        for at in order {
            loan.happen(&facts[at], at);
        }
        loan.use_credit(day.pred_opt().expect("a day before"));
        loan.charge_late(day);
        loan
    }

    /// The loan as first disbursed, and the facts that follow in their order.
    pub(crate) fn begin(terms: &Terms, facts: &[Fact], day: Option<NaiveDate>) -> (Self, Vec<usize>) {
        let is_kept = |fact: &Fact| {
            let seen = day.is_none_or(|day| fact.on <= day || matches!(fact.what, What::Charge { .. }));
            !fact.reversed && seen
        };
        let mut order: Vec<usize> = (0..facts.len()).filter(|at| is_kept(&facts[*at])).collect();
        order.sort_by_key(|at| (facts[*at].on, *at));
        let first = order.iter().find_map(|at| match &facts[*at].what {
            What::Disbursement(amount) => Some((*at, (facts[*at].on, amount.clone()))),
            _ => None,
        });
        let (first, release) = first.expect("a disbursed loan");
        let mut loan = Self::disbursed(terms, release);
        for at in &order {
            loan.join_early(&facts[*at], *at);
        }
        order.retain(|at| *at != first && day.is_none_or(|day| facts[*at].on <= day));
        (loan, order)
    }

    fn disbursed(terms: &Terms, release: Release) -> Self {
        let releases = vec![release];
        let drawn = answer::draw(terms, &releases, true).expect("terms that can be drawn");
        let mut loan = Self {
            terms: terms.clone(),
            line: Rc::new(drawn.line.clone()),
            rows: Vec::new(),
            overpaid: zero(),
            credit: zero(),
            write_off: None,
            receipts: Vec::new(),
            refused: None,
            today: releases[0].0,
            releases,
        };
        loan.rows = loan.rows_of(&drawn);
        loan
    }

    pub(crate) fn rows_of(&self, drawn: &Drawn) -> Vec<Row> {
        let mut before = drawn.first_balance();
        let mut waiting = zero();
        let row = |(k, shown): (usize, answer::Shown)| {
            let mut row = Row::blank(&self.line, Some(k), [shown.from, shown.to, shown.due_on]);
            row.due[PRINCIPAL] = shown.principal;
            row.due[INTEREST] = shown.interest;
            row.due[FEE] = &shown.fees + &shown.tax;
            row.tax = shown.tax;
            row.capitalized = shown.capitalized;
            row.level = shown.level;
            row.begins_with = std::mem::replace(&mut before, shown.balance);
            if row.is_in_grace() {
                row.earns = Some(match drawn.terms().grace_mode.as_str() {
                    "capitalized" => row.capitalized.clone(),
                    "deferred" => drawn.terms().show(&(&row.begins_with * drawn.line.period_factor(k))),
                    _ => zero(),
                });
                if drawn.terms().grace_mode == "deferred" {
                    waiting += row.earned();
                }
            } else if waiting.is_positive() {
                row.earns = Some(&row.due[INTEREST] - std::mem::replace(&mut waiting, zero()));
            }
            row
        };
        drawn.shown().into_iter().enumerate().map(row).collect()
    }

    /// Charges and chargebacks are part of their row from the start; where interest follows the balance, principal
    /// charged back counts from its day on.
    fn join_early(&mut self, fact: &Fact, at: usize) {
        let (part, amount) = match &fact.what {
            What::Charge { part, amount } => (*part, amount),
            What::Chargeback { amount, .. } if self.terms.basis == "plan" => (PRINCIPAL, amount),
            _ => return,
        };
        self.join(fact, at, part, amount);
    }

    pub(crate) fn join(&mut self, fact: &Fact, at: usize, part: usize, amount: &Fraction) {
        let charge = HandCharge { part, ..HandCharge::new(fact, at, amount) };
        let row = self.row_for(fact.on);
        self.rows[row].join(charge);
    }

    /// Whether a row is one of the plan that holds now.
    pub(crate) fn holds(&self, row: &Row) -> bool {
        row.period.is_some() && Rc::ptr_eq(&row.line, &self.line)
    }

    /// The row in whose period a day falls, or that falls due for it if the period ended before; after the last one a row
    /// of its own.
    pub(crate) fn row_for(&mut self, day: NaiveDate) -> usize {
        let found = self.rows.iter().position(|row| self.holds(row) && day <= row.due_on);
        found.unwrap_or_else(|| self.own_row(day))
    }

    pub(crate) fn own_row(&mut self, day: NaiveDate) -> usize {
        if let Some(row) = self.rows.iter().position(|row| row.period.is_none() && row.due_on == day) {
            return row;
        }
        let at = self.rows.iter().position(|row| row.due_on > day).unwrap_or(self.rows.len());
        let same = |row: &&Row| row.due_on < day && Rc::ptr_eq(&row.line, &self.line);
        let before = self.rows.iter().rfind(same);
        let from = before.map_or(self.line.start, |before| before.to.min(day));
        self.rows.insert(at, Row::blank(&self.line, None, [from, day, day]));
        at
    }

    fn happen(&mut self, fact: &Fact, at: usize) {
        if self.refused.is_some() {
            return;
        }
        let (on, seer) = (fact.on, (fact.on, at));
        // Time passes only between the days of facts.
        if self.today < on {
            self.use_credit(on.pred_opt().expect("a day before"));
            self.today = on;
        }
        self.charge_late(on);
        match &fact.what {
            What::Disbursement(amount) => self.disburse(on, amount),
            What::Payment(payment) => self.receive(payment, at, seer),
            What::Charge { .. } | What::Chargeback { .. } => {}
            What::Waiver { charge, amount } => self.waive(charge, amount.as_ref()),
            What::Refund(amount) => self.refund(fact, at, amount),
            What::Restructure(body) => self.restructure(body, seer, None),
            What::WriteOff => self.take_off_the_books(seer),
        }
        self.serve_overpaid(seer);
        self.close_day(on);
    }

    pub(crate) fn close_day(&mut self, on: NaiveDate) {
        for row in &mut self.rows {
            if self.write_off.is_none() {
                late::close(row, on);
            }
            if row.settled_on.is_none() && !row.is_open() {
                row.settled_on = Some(on);
            } else if row.is_open() {
                row.settled_on = None;
            }
        }
    }

    pub(crate) fn charge_late(&mut self, day: NaiveDate) {
        // A debt that was written off bears nothing more.
        if self.write_off.is_some() {
            return;
        }
        for row in &mut self.rows {
            late::charge(row, day);
        }
    }

    fn receive(&mut self, payment: &Payment, at: usize, seer: Seer) {
        let (allocation, left) = if payment.settles {
            self.settle(&payment.amount, seer).unwrap_or_else(|| self.pay(payment, seer))
        } else {
            self.pay(payment, seer)
        };
        self.overpaid += &left;
        self.receipts.push(Receipt { fact: at, allocation, balance: self.balance(seer), overpaid: left });
    }

    /// Open principal, but for what joins only later.
    pub(crate) fn balance(&self, seer: Seer) -> Fraction {
        let open = |row: &Row| row.open(PRINCIPAL) - row.joins_later(seer) - row.capitalizes_after(seer.0);
        self.rows.iter().map(open).sum::<Fraction>().max(zero())
    }

    /// What was overpaid serves what has come to be owed.
    fn serve_overpaid(&mut self, seer: Seer) {
        if self.overpaid.is_positive() && self.rows.iter().any(Row::is_open) {
            let payment = Payment {
                command: String::new(),
                amount: std::mem::replace(&mut self.overpaid, zero()),
                settles: false,
                anticipates: false,
                excess: Some("next".to_owned()),
            };
            let (_, left) = self.pay(&payment, seer);
            self.overpaid += left;
        }
    }

    pub(crate) fn waive(&mut self, id: &str, amount: Option<&Fraction>) {
        for row in &mut self.rows {
            let Row { charges, waived, .. } = row;
            for charge in charges.iter_mut().filter(|charge| charge.id == id) {
                let taken = amount.map_or_else(|| charge.open(), |amount| amount.clone().min(charge.open()));
                charge.waived += &taken;
                waived[charge.part] += taken;
            }
        }
    }

    fn refund(&mut self, fact: &Fact, at: usize, amount: &Fraction) {
        let covered = amount.clone().min(self.overpaid.clone());
        self.overpaid -= &covered;
        let short = amount - covered;
        if short.is_positive() {
            // Owed again on that very day, so in a row of its own.
            let row = self.own_row(fact.on);
            let charge = HandCharge { part: PRINCIPAL, ..HandCharge::new(fact, at, &short) };
            self.rows[row].join(charge);
        }
    }

    pub(crate) fn take_off_the_books(&mut self, seer: Seer) {
        let (on, mut open) = (seer.0, Parts::nothing());
        for row in &self.rows {
            for part in Self::all_parts() {
                open[part] += row.open(part) - row.hidden(part, seer);
            }
        }
        self.write_off = Some(WriteOff { on, open });
    }

    /// Interest of the current period to a day.
    pub(crate) fn accrued_not_due(&self, day: NaiveDate) -> Fraction {
        let current = self.rows.iter().find(|row| self.holds(row) && row.from < day && day < row.to);
        let Some(row) = current else { return zero() };
        row.interest_on(&row.begins_with, day)
    }

    /// What was kept for the borrower serves each due date up to a day, at its end.
    pub(crate) fn use_credit(&mut self, day: NaiveDate) {
        for at in 0..self.rows.len() {
            if self.credit.is_positive() && self.rows[at].due_on <= day && self.rows[at].is_open() {
                let on = self.rows[at].due_on;
                let mut cash = std::mem::replace(&mut self.credit, zero());
                let mut allocation = Parts::nothing();
                for part in self.terms.order.clone() {
                    self.put(at, part, None, &mut cash, &mut allocation, (on, EVERYTHING));
                }
                self.credit = cash;
            }
        }
        if self.credit.is_positive() && !self.rows.iter().any(Row::is_open) {
            self.overpaid += std::mem::replace(&mut self.credit, zero());
        }
    }

    pub(crate) fn released_after(&self, day: NaiveDate) -> Fraction {
        // What a restructuring moved into new rows was lent before.
        self.releases.iter().skip(1).filter(|(on, _)| *on > day).map(|(_, amount)| amount).sum()
    }

    pub(crate) fn balances(&self) -> Parts {
        let open = |parts: Parts, row: &Row| parts.plus(&row.open_parts());
        self.rows.iter().fold(Parts::nothing(), open)
    }

    pub(crate) fn days_past_due(&self, day: NaiveDate) -> i64 {
        let oldest = self.rows.iter().filter(|row| row.is_open()).find(|row| row.is_late(day));
        oldest.map_or(0, |row| days_between(row.due_on, day))
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.write_off.is_some() {
            "written_off"
        } else if !self.balances().total().is_zero() {
            "active"
        } else if self.overpaid.is_positive() {
            "overpaid"
        } else {
            "settled"
        }
    }

    pub(crate) fn all_parts() -> std::ops::Range<usize> {
        0..PARTS.len()
    }
}
