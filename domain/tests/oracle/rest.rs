//! The rest bases: rows drawn again from the dated balance, period by period (LENDING.md §9).

use std::rc::Rc;

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, zero};
use crate::history::{Fact, What};
use crate::loan::{Loan, Receipt};
use crate::parts::{INTEREST, PRINCIPAL};
use crate::plan::Release;
use crate::row::Row;
use crate::terms::Terms;

/// A loan and where it stands in the current period.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) loan: Loan,
    pub(crate) daily: bool,
    /// The current period, counted from 0.
    pub(crate) k: usize,
    /// B: as if earlier rows had been paid when due.
    pub(crate) balance: Fraction,
    /// A, or the part of principal.
    pub(crate) level: Fraction,
    /// X.
    pub(crate) ahead: Fraction,
    /// Where excess goes that is paid in the current period: as the terms say, or the last payment in it.
    pub(crate) excess: String,
    /// Interest of the periods that have passed.
    pub(crate) earned: Fraction,
    /// Interest of the closed spans of the period, and where the open one begins.
    pub(crate) interest: Fraction,
    pub(crate) since: NaiveDate,
    /// O at the beginning of the period.
    pub(crate) overdue_at_start: Fraction,
    /// What joined the balance inside the period, and of that what was released.
    pub(crate) released_within: Fraction,
    pub(crate) releases: Vec<Release>,
    /// Released on its last day: it counts from the next period on.
    pub(crate) released_at_end: Fraction,
    /// Charged back inside it: released again, and due with its row on top of A.
    pub(crate) charged_back: Vec<Release>,
    /// Past due principal that was moved into rows to come, by period: due on top of A.
    pub(crate) moved: Vec<Fraction>,
    /// Of it, what became overdue inside the current period, and when it was moved.
    pub(crate) moved_within: Vec<Release>,
    /// Interest of a grace period that falls due on top of the next row.
    pub(crate) waiting: Fraction,
    /// Interest of the current period up to the day on which the loan is seen.
    pub(crate) accrued: Fraction,
}

impl Rest {
    /// The loan seen on a day.
    pub(crate) fn replay(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Self {
        let (loan, order) = Loan::begin(terms, facts, Some(day));
        let mut rest = Self::begin(loan);
        for at in order {
            rest.happen(&facts[at], at);
        }
        rest.go_to(day);
        rest.lay_out(day);
        rest.leave_out_what_is_void();
        rest
    }

    /// A loan whose plan begins.
    pub(crate) fn begin(mut loan: Loan) -> Self {
        let (line, start) = (Rc::clone(&loan.line), loan.line.start);
        let mut of_plan =
            loan.rows.iter_mut().filter(|row| row.period.is_some() && Rc::ptr_eq(&row.line, &line));
        let (mut balance, mut level) = (None, zero());
        // What falls due with a row follows from the balance, and not from the plan: nothing does before its period,
        // even if that is empty and due with the one before.
        for row in &mut of_plan {
            (row.due[PRINCIPAL], row.due[INTEREST]) = (zero(), zero());
            balance.get_or_insert_with(|| row.begins_with.clone());
            level.clone_from(&row.level);
        }
        Self {
            daily: loan.terms.basis == "daily_rest",
            k: 0,
            balance: balance.expect("a row"),
            level,
            ahead: zero(),
            excess: loan.terms.excess.clone(),
            earned: zero(),
            interest: zero(),
            since: start,
            overdue_at_start: zero(),
            released_within: zero(),
            releases: Vec::new(),
            released_at_end: zero(),
            charged_back: Vec::new(),
            moved: vec![zero(); line.periods.len()],
            moved_within: Vec::new(),
            waiting: zero(),
            accrued: zero(),
            loan,
        }
    }

    pub(crate) fn accrued_by(&self, day: NaiveDate) -> Fraction {
        if self.is_over() || self.is_free() {
            return zero();
        }
        let (start, end) = (self.loan.line.periods[self.k].from, self.end());
        let day = day.min(end);
        if self.daily {
            let open = if self.since < day { self.span(day, true) } else { zero() };
            return &self.interest + open;
        }
        let base = &self.balance + &self.overdue_at_start;
        let whole = self.loan.terms.show(&kept(base * self.loan.line.factor(start, day.max(start))));
        let joined = self.releases.iter().chain(&self.charged_back).chain(&self.moved_within);
        // What was charged back on its first day is among them.
        let within = joined.filter(|(on, _)| *on < day);
        within.fold(whole, |sum, (on, amount)| {
            sum + self.loan.terms.show(&kept(amount * self.loan.line.factor(*on, day)))
        })
    }

    pub(crate) fn periods(&self) -> usize {
        self.loan.line.periods.len()
    }

    pub(crate) fn end(&self) -> NaiveDate {
        self.loan.line.periods[self.k].to
    }

    pub(crate) fn is_over(&self) -> bool {
        self.k >= self.periods()
    }

    /// The row of a period; rows of their own stand between them.
    pub(crate) fn row(&self, k: usize) -> usize {
        let is_its = |row: &Row| row.period == Some(k) && self.loan.holds(row);
        self.loan.rows.iter().position(is_its).expect("a row for each period")
    }

    /// O: principal of earlier rows still unpaid, those of what was owed again among them.
    pub(crate) fn overdue(&self) -> Fraction {
        self.loan
            .rows
            .iter()
            .filter(|row| row.period.is_none_or(|k| k < self.k))
            .map(|row| row.open(PRINCIPAL))
            .sum()
    }

    /// V: principal paid in this period.
    fn paid(&self) -> Fraction {
        let row = &self.loan.rows[self.row(self.k)];
        &row.paid[PRINCIPAL] - &row.fixed[PRINCIPAL]
    }

    /// Closes the periods that end before a day.
    fn go_to(&mut self, day: NaiveDate) {
        while !self.is_over() && self.end() < day {
            self.close_period();
        }
    }

    fn happen(&mut self, fact: &Fact, at: usize) {
        if self.loan.refused.is_some() {
            return;
        }
        self.go_to(fact.on);
        self.loan.charge_late(fact.on);
        // Spans are cut at payments and disbursements, and at nothing else that happens.
        match &fact.what {
            What::Disbursement(amount) => {
                self.cut(fact.on, true);
                self.disburse(fact.on, amount);
                self.serve_overpaid((fact.on, at));
            }
            What::Payment(payment) => {
                let settled = payment.settles.then(|| self.settle(&payment.amount, (fact.on, at))).flatten();
                let (allocation, left) = settled.unwrap_or_else(|| {
                    self.cut(fact.on, true);
                    self.choose_excess(payment);
                    self.receive(&payment.amount, Some(payment), (fact.on, at))
                });
                self.loan.overpaid += &left;
                let balance = self.principal();
                self.loan.receipts.push(Receipt { fact: at, allocation, balance, overpaid: left });
            }
            What::Waiver { charge, amount } => self.loan.waive(charge, amount.as_ref()),
            What::Charge { .. } => self.serve_overpaid((fact.on, at)),
            What::Refund(amount) => self.refund(fact.on, amount),
            What::Chargeback { amount, .. } => {
                self.charge_back(fact.on, amount);
                self.serve_overpaid((fact.on, at));
            }
            What::Restructure(body) => self.restructure(body, (fact.on, at)),
            What::WriteOff => self.take_off_the_books((fact.on, at)),
        }
        self.loan.close_day(fact.on);
    }

    /// All principal that is open.
    pub(crate) fn principal(&self) -> Fraction {
        if self.is_over() {
            return self.overdue();
        }
        &self.balance + &self.released_within + &self.released_at_end + self.overdue() - self.paid()
    }

    /// Ends the span that is open on a day.
    pub(crate) fn cut(&mut self, day: NaiveDate, with_overdue: bool) {
        if !self.daily || self.is_over() || day.min(self.end()) <= self.since {
            return;
        }
        let day = day.min(self.end());
        let span = self.span(day, with_overdue);
        self.interest += span;
        self.since = day;
    }

    pub(crate) fn span(&self, day: NaiveDate, with_overdue: bool) -> Fraction {
        let terms = &self.loan.terms;
        let mut base = &self.balance + &self.released_within - self.paid();
        // What was written off bears nothing more.
        if with_overdue && self.loan.write_off.is_none() {
            base += self.overdue();
        }
        if terms.rate.effective {
            let row = &self.loan.rows[self.row(self.k)];
            base += (&self.interest + &row.fixed[INTEREST] - &row.paid[INTEREST]).max(zero());
        }
        terms.show(&kept(base * self.loan.line.factor(self.since, day)))
    }

    /// Whether no interest falls due with the row of the period, and whether none is ever charged for it (grace).
    fn is_in_grace(&self) -> bool {
        self.k < self.loan.terms.grace_interest
    }

    pub(crate) fn defers(&self) -> bool {
        self.is_in_grace() && self.loan.terms.grace_mode == "deferred"
    }

    pub(crate) fn is_free(&self) -> bool {
        self.is_in_grace() && self.loan.terms.grace_mode == "free"
    }

    /// What falls due with the row where its period earns so much.
    pub(crate) fn falls_due(&self, earned: &Fraction) -> Fraction {
        if self.is_in_grace() { zero() } else { earned + &self.waiting }
    }

    /// Interest of the whole period for what has happened in it; the open span runs to its end.
    pub(crate) fn period_interest(&self) -> Fraction {
        if self.is_free() {
            return zero();
        }
        if self.daily {
            return if self.since < self.end() {
                &self.interest + self.span(self.end(), true)
            } else {
                self.interest.clone()
            };
        }
        let base = &self.balance + &self.overdue_at_start;
        let start = self.loan.line.periods[self.k].from;
        self.loan.terms.show(&kept(base * self.loan.line.factor(start, self.end()))) + &self.interest
    }

    fn usual(&self, interest: &Fraction) -> Fraction {
        if self.k < self.loan.terms.grace_principal {
            return zero();
        }
        match self.loan.terms.method.as_str() {
            "price" => &self.level - interest,
            "sac" => self.level.clone(),
            _ => zero(),
        }
    }

    /// Principal of the current row, with the interest that it has.
    pub(crate) fn principal_of_row(&self, interest: &Fraction) -> Fraction {
        let all = &self.balance + &self.released_within;
        if self.k + 1 == self.periods() {
            return all;
        }
        ((self.usual(interest) - &self.ahead).max(zero()) + self.on_top()).max(self.paid()).min(all)
    }

    /// The row falls due with what it has come to; the next period begins.
    pub(crate) fn close_period(&mut self) {
        let interest = self.period_interest();
        self.finish_row(&interest);
        self.earned += interest;
        self.overdue_at_start = if self.loan.write_off.is_some() { zero() } else { self.overdue() };
    }

    /// Writes the current row and goes on to the next period.
    pub(crate) fn finish_row(&mut self, interest: &Fraction) {
        let (row, principal) = (self.row(self.k), self.principal_of_row(interest));
        self.loan.rows[row].due[INTEREST] = &self.loan.rows[row].fixed[INTEREST] + self.falls_due(interest);
        let mut capitalized = zero();
        self.waiting = match (self.is_in_grace(), self.loan.terms.grace_mode.as_str()) {
            (true, "deferred") => &self.waiting + interest,
            (true, "capitalized") => {
                capitalized = interest.clone();
                zero()
            }
            _ => zero(),
        };
        self.loan.rows[row].earns = self.is_in_grace().then(|| interest.clone());
        self.loan.rows[row].capitalized = &capitalized + &self.loan.rows[row].fixed_capital;
        self.loan.rows[row].due[PRINCIPAL] = &self.loan.rows[row].fixed[PRINCIPAL] + &principal;
        self.loan.rows[row].begins_with = self.balance.clone();
        let end = self.end();
        let more = &principal - self.on_top() - self.usual(interest);
        self.balance = &self.balance + &self.released_within - &principal + capitalized;
        self.released_within = zero();
        self.releases.clear();
        self.charged_back.clear();
        self.moved_within.clear();
        self.k += 1;
        (self.interest, self.since) = (zero(), end);
        let released = std::mem::replace(&mut self.released_at_end, zero());
        self.balance += &released;
        let excess = std::mem::replace(&mut self.excess, self.loan.terms.excess.clone());
        match excess.as_str() {
            _ if released.is_positive() && self.loan.terms.agreed.is_none() => self.level_anew(),
            "next" => self.ahead = (&self.ahead + &more).max(zero()),
            "reduce_installment" if more.is_positive() && !self.is_over() => self.level_anew(),
            _ => {}
        }
    }
}
