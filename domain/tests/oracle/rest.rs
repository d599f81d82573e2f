//! The rest bases: rows drawn again from the dated balance, period by period (LENDING.md §9).

use std::cmp::Ordering;

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, one, whole, zero};
use crate::history::{Fact, What};
use crate::loan::{EVERYTHING, Loan, Receipt, Seer};
use crate::parts::{INTEREST, PRINCIPAL, Parts};
use crate::redraw::equal_level;
use crate::settle::Quote;
use crate::terms::Terms;

/// A loan and where it stands in the current period.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) loan: Loan,
    daily: bool,
    /// The current period, counted from 0.
    k: usize,
    /// B: as if earlier rows had been paid when due.
    balance: Fraction,
    /// A, or the part of principal.
    level: Fraction,
    /// X.
    ahead: Fraction,
    /// Interest of the closed spans of the period, and where the open one begins.
    interest: Fraction,
    since: NaiveDate,
    /// O at the beginning of the period.
    overdue_at_start: Fraction,
    /// Released inside the period.
    released_within: Fraction,
    /// Interest of the current period up to the day on which the loan is seen.
    accrued: Fraction,
}

impl Rest {
    /// The loan seen on a day.
    pub(crate) fn replay(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Self {
        let (mut loan, order) = Loan::begin(terms, facts, Some(day));
        let (start, balance) = (loan.line.start, loan.rows[0].begins_with.clone());
        let level = loan.rows[0].level.clone();
        // What falls due with a row follows from the balance, and not from the plan: nothing does before its period,
        // even if that is empty and due with the one before.
        for row in &mut loan.rows {
            (row.due[PRINCIPAL], row.due[INTEREST]) = (zero(), zero());
        }
        let mut rest = Self {
            daily: terms.basis == "daily_rest",
            k: 0,
            balance,
            level,
            ahead: zero(),
            interest: zero(),
            since: start,
            overdue_at_start: zero(),
            released_within: zero(),
            accrued: zero(),
            loan,
        };
        for at in order {
            rest.happen(&facts[at], at);
        }
        rest.go_to(day);
        let current = (!rest.is_over()).then_some(rest.k);
        rest.accrued = rest.accrued_by(day);
        rest.project(day);
        rest.k = current.unwrap_or(rest.k);
        rest.loan.charge_late(day);
        rest
    }

    /// What settles it; interest to the day is that of the balance as it was (§12).
    pub(crate) fn quote(&self, day: NaiveDate) -> Quote {
        let loan = &self.loan;
        let quote = loan.quote(day, EVERYTHING);
        let first = loan.rows.iter().find(|row| row.due_on > day && row.period.is_some());
        let Some(row) = first.filter(|_| loan.terms.settlement == "interest_to_date") else { return quote };
        let accrued = match row.period.cmp(&Some(self.k)) {
            Ordering::Less => row.due[INTEREST].clone(),
            Ordering::Equal => self.accrued.clone(),
            Ordering::Greater => zero(),
        };
        let interest = (accrued - &row.paid[INTEREST]).max(zero());
        Quote { amount: &quote.due + &quote.principal + &interest, interest, ..quote }
    }

    fn accrued_by(&self, day: NaiveDate) -> Fraction {
        if self.is_over() {
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
        let within = self.loan.releases.iter().filter(|(on, _)| start < *on && *on < day);
        within.fold(whole, |sum, (on, amount)| {
            sum + self.loan.terms.show(&kept(amount * self.loan.line.factor(*on, day)))
        })
    }

    fn periods(&self) -> usize {
        self.loan.line.periods.len()
    }

    fn end(&self) -> NaiveDate {
        self.loan.line.periods[self.k].to
    }

    fn is_over(&self) -> bool {
        self.k >= self.periods()
    }

    /// The row of a period; rows of their own stand between them.
    fn row(&self, k: usize) -> usize {
        self.loan.rows.iter().position(|row| row.period == Some(k)).expect("a row for each period")
    }

    /// O: principal of earlier rows still unpaid.
    fn overdue(&self) -> Fraction {
        self.loan
            .rows
            .iter()
            .filter(|row| row.period.is_some_and(|k| k < self.k))
            .map(|row| row.open(PRINCIPAL))
            .sum()
    }

    /// V: principal paid in this period.
    fn paid(&self) -> Fraction {
        self.loan.rows[self.row(self.k)].paid[PRINCIPAL].clone()
    }

    /// Closes the periods that end before a day.
    fn go_to(&mut self, day: NaiveDate) {
        while !self.is_over() && self.end() < day {
            self.close_period();
        }
    }

    fn happen(&mut self, fact: &Fact, at: usize) {
        self.go_to(fact.on);
        self.loan.charge_late(fact.on);
        // Spans are cut at payments and disbursements, and at nothing else that happens.
        if !self.is_over() && matches!(fact.what, What::Payment(_) | What::Disbursement(_)) {
            self.cut(fact.on, true);
        }
        match &fact.what {
            What::Disbursement(amount) => self.disburse(fact.on, amount),
            What::Payment(payment) => {
                let (allocation, left) = self.receive(&payment.amount, (fact.on, at));
                self.loan.overpaid += &left;
                let balance = self.principal();
                self.loan.receipts.push(Receipt { fact: at, allocation, balance, overpaid: left });
            }
            What::Waiver { charge, amount } => self.loan.waive(charge, amount.as_ref()),
            What::Charge { .. } => self.serve_overpaid((fact.on, at)),
            What::Refund(amount) => {
                assert!(
                    *amount <= self.loan.overpaid,
                    "outside of the oracle: owed again under a rest basis"
                );
                self.loan.overpaid -= amount;
            }
            other => panic!("outside of the oracle under a rest basis: {other:?}"),
        }
        self.loan.close_day(fact.on);
    }

    /// All principal that is open.
    pub(crate) fn principal(&self) -> Fraction {
        if self.is_over() {
            return self.overdue();
        }
        &self.balance + &self.released_within + self.overdue() - self.paid()
    }

    /// Ends the span that is open on a day.
    fn cut(&mut self, day: NaiveDate, with_overdue: bool) {
        let day = day.min(self.end());
        if !self.daily || day <= self.since {
            return;
        }
        let span = self.span(day, with_overdue);
        self.interest += span;
        self.since = day;
    }

    fn span(&self, day: NaiveDate, with_overdue: bool) -> Fraction {
        let terms = &self.loan.terms;
        let mut base = &self.balance + &self.released_within - self.paid();
        if with_overdue {
            base += self.overdue();
        }
        if terms.rate.effective {
            let paid = &self.loan.rows[self.row(self.k)].paid[INTEREST];
            base += (&self.interest - paid).max(zero());
        }
        terms.show(&kept(base * self.loan.line.factor(self.since, day)))
    }

    /// Interest of the whole period for what has happened in it; the open span runs to its end.
    fn period_interest(&self) -> Fraction {
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
        match self.loan.terms.method.as_str() {
            "price" => &self.level - interest,
            "sac" => self.level.clone(),
            _ => zero(),
        }
    }

    /// Principal of the current row, with the interest that it has.
    fn principal_of_row(&self, interest: &Fraction) -> Fraction {
        let all = &self.balance + &self.released_within;
        if self.k + 1 == self.periods() {
            return all;
        }
        (self.usual(interest) - &self.ahead).max(self.paid()).max(zero()).min(all)
    }

    /// The row falls due with what it has come to; the next period begins.
    fn close_period(&mut self) {
        let interest = self.period_interest();
        self.finish_row(&interest);
        self.overdue_at_start = self.overdue();
    }

    /// Writes the current row and goes on to the next period.
    fn finish_row(&mut self, interest: &Fraction) {
        let (row, principal) = (self.row(self.k), self.principal_of_row(interest));
        self.loan.rows[row].due[INTEREST] = interest.clone();
        self.loan.rows[row].due[PRINCIPAL] = principal.clone();
        self.loan.rows[row].begins_with = self.balance.clone();
        let end = self.end();
        let more = &principal - self.usual(interest);
        self.balance = &self.balance + &self.released_within - &principal;
        self.released_within = zero();
        self.k += 1;
        (self.interest, self.since) = (zero(), end);
        match self.loan.terms.excess.as_str() {
            "next" => self.ahead = (&self.ahead + &more).max(zero()),
            "reduce_installment" if more.is_positive() && !self.is_over() => self.level_anew(),
            _ => {}
        }
    }

    fn level_anew(&mut self) {
        let (line, terms) = (&self.loan.line, &self.loan.terms);
        let mut factors: Vec<Fraction> = (self.k..self.periods()).map(|k| line.period_factor(k)).collect();
        if let Some(equal) = line.equal_factor().filter(|_| terms.equal_periods) {
            factors.fill(equal);
        }
        let level = match terms.method.as_str() {
            "sac" => &self.balance / whole(i64::try_from(factors.len()).expect("few rows")),
            _ => equal_level(&self.balance, &factors, &terms.rounding),
        };
        self.level = terms.rounding.installment(level);
    }

    fn disburse(&mut self, on: NaiveDate, amount: &Fraction) {
        self.loan.releases.push((on, amount.clone()));
        if on == self.end() {
            self.close_period();
        }
        let line = self.loan.line.clone();
        let (end, from) = (self.end(), line.periods[self.k].from);
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
    }

    fn receive(&mut self, amount: &Fraction, seer: Seer) -> (Parts, Fraction) {
        let (mut cash, mut allocation) = (amount.clone(), Parts::nothing());
        if self.is_over() {
            self.loan.pay_due(&mut cash, &mut allocation, seer);
            self.pay_charges_to_come(0, &mut cash, &mut allocation, seer);
            return (allocation, cash);
        }
        let row = self.row(self.k);
        let on_the_due_date = seer.0 == self.end();
        if on_the_due_date || !self.daily {
            self.loan.rows[row].due[INTEREST] = self.period_interest();
        } else {
            self.loan.rows[row].due[INTEREST] = self.interest.clone();
        }
        let all = &self.balance + &self.released_within;
        if on_the_due_date {
            // The row as it stands by its order, then principal beyond it.
            let interest = self.period_interest();
            self.loan.rows[row].due[PRINCIPAL] = self.principal_of_row(&interest);
            self.loan.pay_due(&mut cash, &mut allocation, seer);
            self.loan.rows[row].due[PRINCIPAL] = all;
            self.loan.put(row, PRINCIPAL, None, &mut cash, &mut allocation, seer);
        } else {
            self.loan.rows[row].due[PRINCIPAL] = all;
            self.loan.pay_due(&mut cash, &mut allocation, seer);
            self.loan.pay_in_advance(row, &mut cash, &mut allocation, seer);
        }
        self.pay_charges_to_come(row + 1, &mut cash, &mut allocation, seer);
        (allocation, cash)
    }

    /// Of rows to come only the charges can be paid in advance: what else they hold follows from the balance.
    fn pay_charges_to_come(&mut self, from: usize, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        for at in from..self.loan.rows.len() {
            for part in self.loan.terms.order_in_advance.clone() {
                let open = self.loan.rows[at].charges_open(NaiveDate::MAX, part, seer);
                self.loan.put(at, part, Some(open), cash, allocation, seer);
            }
        }
    }

    fn serve_overpaid(&mut self, seer: Seer) {
        if self.loan.overpaid.is_positive() {
            let amount = std::mem::replace(&mut self.loan.overpaid, zero());
            let (_, left) = self.receive(&amount, seer);
            self.loan.overpaid += left;
        }
    }

    /// The rows to come, seen on a day: after it what is overdue counts as nothing.
    fn project(&mut self, day: NaiveDate) {
        let mut first = true;
        while !self.is_over() {
            let start = self.loan.line.periods[self.k].from;
            let begun = start < day;
            let interest = if self.daily {
                if first && begun && self.overdue().is_positive() {
                    self.cut(day, true);
                }
                let end = self.end();
                if self.since < end { &self.interest + self.span(end, false) } else { self.interest.clone() }
            } else {
                if !begun {
                    self.overdue_at_start = zero();
                }
                self.period_interest()
            };
            self.finish_row(&interest);
            self.overdue_at_start = zero();
            first = false;
        }
        self.loan.rows.retain(|row| row.period.is_none() || !row.is_void());
    }
}
