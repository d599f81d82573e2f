//! Where a payment goes under a rest: earlier rows first, then the row of the current period (LENDING.md §9, §12).

use chrono::NaiveDate;

use crate::fractions::{Fraction, zero};
use crate::history::Payment;
use crate::loan::Seer;
use crate::parts::{INTEREST, PRINCIPAL, Parts};
use crate::rest::Rest;
use crate::row::Row;

impl Rest {
    /// An anticipation draws the rows to come again in any case, if need be with the A that they have.
    pub(crate) fn choose_excess(&mut self, payment: &Payment) {
        let chosen = payment.excess.as_ref().unwrap_or(&self.loan.terms.excess).clone();
        if payment.anticipates && !chosen.starts_with("reduce") {
            "reduce_term".clone_into(&mut self.excess);
        } else if payment.excess.is_some() {
            self.excess = chosen;
        }
    }

    /// Spreads so much, of a payment or of what was overpaid before.
    pub(crate) fn receive(
        &mut self,
        amount: &Fraction,
        payment: Option<&Payment>,
        seer: Seer,
    ) -> (Parts, Fraction) {
        let (mut cash, mut allocation) = (amount.clone(), Parts::nothing());
        if self.is_over() {
            let earlier = self.earlier_rows(seer.0, false);
            self.loan.pay_rows(&earlier, &mut cash, &mut allocation, seer);
            self.pay_charges_to_come(&mut cash, &mut allocation, seer);
            return (allocation, cash);
        }
        let row = self.row(self.k);
        let at_the_end = seer.0 == self.end();
        let earned = if at_the_end || !self.daily { self.period_interest() } else { self.interest.clone() };
        let fixed = self.loan.rows[row].fixed.clone();
        self.loan.rows[row].due[INTEREST] = &fixed[INTEREST] + self.falls_due(&earned);
        let all = &fixed[PRINCIPAL] + &self.balance + &self.released_within;
        let earlier = self.earlier_rows(seer.0, at_the_end);
        if at_the_end {
            // The row as it stands by its order, then principal beyond it.
            let interest = self.period_interest();
            self.loan.rows[row].due[PRINCIPAL] = &fixed[PRINCIPAL] + self.principal_of_row(&interest);
            self.loan.pay_rows(&earlier, &mut cash, &mut allocation, seer);
            self.loan.rows[row].due[PRINCIPAL] = all;
            self.loan.put(row, PRINCIPAL, None, &mut cash, &mut allocation, seer);
            if cash.is_positive() && self.released_at_end.is_positive() {
                // Its row is paid: what was released that day is in the rows to come, and so is the payment's excess.
                self.close_period();
                if let Some(payment) = payment {
                    self.choose_excess(payment);
                }
                let (more, left) = self.receive(&cash, payment, seer);
                return (allocation.plus(&more), left);
            }
        } else {
            self.loan.rows[row].due[PRINCIPAL] = all;
            self.loan.pay_rows(&earlier, &mut cash, &mut allocation, seer);
            if payment.is_some_and(|payment| payment.anticipates) {
                for part in [INTEREST, PRINCIPAL] {
                    self.loan.put(row, part, None, &mut cash, &mut allocation, seer);
                }
            } else {
                self.loan.pay_in_advance(row, &mut cash, &mut allocation, seer);
            }
        }
        self.pay_charges_to_come(&mut cash, &mut allocation, seer);
        (allocation, cash)
    }

    /// Rows whose period has passed, whether due already or not (`accrue_to: unshifted`), at its end the current one too,
    /// and what is due of those that are none of the plan.
    fn earlier_rows(&self, day: NaiveDate, at_the_end: bool) -> Vec<usize> {
        let is_earlier = |row: &Row| match row.period {
            Some(k) if self.loan.holds(row) => k < self.k || at_the_end && k == self.k,
            _ => row.due_on <= day,
        };
        (0..self.loan.rows.len()).filter(|at| is_earlier(&self.loan.rows[*at])).collect()
    }

    /// Of rows to come only the charges can be paid in advance: what else they hold follows from the balance.
    fn pay_charges_to_come(&mut self, cash: &mut Fraction, allocation: &mut Parts, seer: Seer) {
        for at in 0..self.loan.rows.len() {
            for part in self.loan.terms.order_in_advance.clone() {
                let open = self.loan.rows[at].charges_open(NaiveDate::MAX, part, seer);
                self.loan.put(at, part, Some(open), cash, allocation, seer);
            }
        }
    }

    pub(crate) fn serve_overpaid(&mut self, seer: Seer) {
        if self.loan.overpaid.is_positive() {
            self.cut(seer.0, true);
            let amount = std::mem::replace(&mut self.loan.overpaid, zero());
            let (_, left) = self.receive(&amount, None, seer);
            self.loan.overpaid += left;
        }
    }
}
