//! Where a payment goes (LENDING.md §10, §12).

use crate::fractions::{Fraction, whole};
use crate::history::Payment;
use crate::loan::{Loan, Seer};
use crate::parts::{FEE, PENALTY, PRINCIPAL, Parts};

impl Loan {
    /// Serves what is owed; what is left exceeds everything.
    pub(crate) fn pay(&mut self, payment: &Payment, seer: Seer) -> (Parts, Fraction) {
        let (mut cash, mut allocation) = (payment.amount.clone(), Parts::nothing());
        self.pay_due(&mut cash, &mut allocation, seer);
        if cash.is_zero() {
            return (allocation, cash);
        }
        let excess = payment.excess.clone().unwrap_or_else(|| self.terms.excess.clone());
        let can_be_drawn_again = ["price", "sac", "interest_only"].contains(&self.terms.method.as_str());
        if (payment.anticipates || excess.starts_with("reduce")) && !can_be_drawn_again {
            self.refused = Some("plan_cannot_be_drawn_again");
            return (allocation, cash);
        }
        if payment.anticipates {
            let how = if excess == "reduce_installment" { "reduce_installment" } else { "reduce_term" };
            self.anticipate(how, &mut cash, &mut allocation, seer);
            return (allocation, cash);
        }
        let later: Vec<usize> = (0..self.rows.len()).filter(|at| self.rows[*at].due_on > seer.0).collect();
        match excess.as_str() {
            "last" => {
                for at in later.into_iter().rev() {
                    self.pay_in_advance(at, &mut cash, &mut allocation, seer);
                }
            }
            "equal" => self.pay_equally(&later, &mut cash, &mut allocation, seer),
            "credit" if later.iter().any(|at| self.falls_due(*at)) => {
                self.credit += std::mem::replace(&mut cash, crate::fractions::zero());
            }
            "reduce_term" | "reduce_installment" => {
                self.reduce(&excess, &mut cash, &mut allocation, seer);
            }
            _ => {
                for at in later {
                    self.pay_in_advance(at, &mut cash, &mut allocation, seer);
                }
            }
        }
        (allocation, cash)
    }

    /// Whether its due date is one that is still to come: restructuring leaves old rows without anything.
    fn falls_due(&self, at: usize) -> bool {
        self.holds(&self.rows[at]) || self.rows[at].due != Parts::nothing()
    }

    /// Rows past due and due on the day, then charges already due of the first row that is not.
    pub(crate) fn pay_due(&mut self, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        let is_due = |at: &usize| self.rows[*at].due_on <= seer.0;
        let due: Vec<usize> = (0..self.rows.len()).filter(is_due).collect();
        self.pay_rows(&due, cash, allocation, seer);
    }

    /// Rows in turn, then charges already due of the others.
    pub(crate) fn pay_rows(
        &mut self,
        due: &[usize],
        cash: &mut Fraction,
        allocation: &mut Parts,
        seer: Seer,
    ) {
        let others: Vec<usize> = (0..self.rows.len()).filter(|at| !due.contains(at)).collect();
        let order = self.terms.order.clone();
        // Component by component over all rows, or row by row.
        let passes = if self.terms.scope_loan { order.chunks(1) } else { order.chunks(order.len()) };
        for parts in passes {
            for at in due {
                for part in parts {
                    self.put(*at, *part, None, cash, allocation, seer);
                }
            }
            for at in &others {
                for part in parts {
                    self.pay_due_charges(*at, *part, cash, allocation, seer);
                }
            }
        }
    }

    fn pay_due_charges(
        &mut self,
        at: usize,
        part: usize,
        cash: &mut Fraction,
        allocation: &mut Parts,
        seer: Seer,
    ) {
        if [FEE, PENALTY].contains(&part) {
            let most = self.rows[at].charges_open(seer.0, part, seer);
            self.put(at, part, Some(most), cash, allocation, seer);
        }
    }

    pub(crate) fn pay_in_advance(
        &mut self,
        at: usize,
        cash: &mut Fraction,
        allocation: &mut Parts,
        seer: Seer,
    ) {
        for part in self.terms.order_in_advance.clone() {
            self.put(at, part, None, cash, allocation, seer);
        }
    }

    fn pay_equally(&mut self, later: &[usize], cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        loop {
            let sees = |at: &&usize| {
                let row = &self.rows[**at];
                (row.open(PRINCIPAL) - row.hidden(PRINCIPAL, seer)).is_positive()
            };
            let open: Vec<usize> = later.iter().filter(sees).copied().collect();
            if cash.is_zero() || open.is_empty() {
                break;
            }
            let count = i64::try_from(open.len()).expect("few rows");
            let share = self.terms.show(&(&*cash / whole(count))).max(self.terms.rounding.cent());
            for at in open {
                self.put(at, PRINCIPAL, Some(share.clone()), cash, allocation, seer);
            }
        }
        // Interest and fees of these rows are all that is left to pay.
        for at in later {
            self.pay_in_advance(*at, cash, allocation, seer);
        }
    }

    /// Pays a part of a row, at most `most`.
    pub(crate) fn put(
        &mut self,
        at: usize,
        part: usize,
        most: Option<Fraction>,
        cash: &mut Fraction,
        allocation: &mut Parts,
        seer: Seer,
    ) {
        let row = &mut self.rows[at];
        let open = row.open(part) - row.hidden(part, seer);
        let share = most.unwrap_or_else(|| open.clone()).min(open).min(cash.clone());
        if !share.is_positive() {
            return;
        }
        *cash -= &share;
        allocation[part] += &share;
        row.pay(part, &share, seer);
        self.note_time(at, &share, seer);
    }

    pub(crate) fn note_time(&mut self, at: usize, share: &Fraction, (on, _): Seer) {
        let row = &mut self.rows[at];
        if on < row.due_on {
            row.in_advance += share;
        } else if row.is_late(on) {
            row.late += share;
        }
    }
}
