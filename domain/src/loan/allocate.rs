//! How a payment is spread over installments and components (LENDING §10).

use chrono::NaiveDate;

use super::event::Share;
use super::servicing::{Row, Servicing};
use crate::Amount;
use crate::component::{Component, Components};
use crate::terms::AllocationScope;

/// Spreads `amount`, received on `on`: first what is due by then, oldest first; then charges already due of the
/// row that is due next; then the rows not yet due, in turn. What exceeds everything is overpaid.
pub(super) fn spread(loan: &Servicing, on: NaiveDate, amount: Amount) -> (Vec<Share>, Amount) {
    let terms = &loan.terms;
    let (due_order, in_advance) = (&terms.allocation, &terms.allocation_in_advance);
    let (due, not_due) = loan.rows.split_at(loan.rows.partition_point(|row| row.state.due_on <= on));
    let mut payment = Payment { left: amount, shares: Vec::with_capacity(2) };

    match terms.allocation_scope {
        AllocationScope::Installment => {
            for row in due {
                payment.serve(row, due_order);
            }
            if let Some(next) = not_due.first() {
                payment.serve_charges(next, due_order, on);
            }
        }
        AllocationScope::Loan => {
            for component in due_order {
                for row in due {
                    payment.serve(row, &[*component]);
                }
                if let Some(next) = not_due.first() {
                    payment.serve_charges(next, &[*component], on);
                }
            }
        }
    }
    for row in not_due {
        payment.serve(row, in_advance);
    }
    let Payment { left, mut shares } = payment;
    shares.sort_by_key(|share| share.installment);
    (shares, left)
}

struct Payment {
    left: Amount,
    shares: Vec<Share>,
}

impl Payment {
    fn serve(&mut self, row: &Row, order: &[Component]) {
        if self.left.is_zero() || row.is_settled() {
            return;
        }
        let open = row.open();
        for component in order {
            self.cover(row.number, *component, open.of(*component));
        }
    }

    fn serve_charges(&mut self, row: &Row, order: &[Component], on: NaiveDate) {
        if self.left.is_zero() || row.charges.is_empty() {
            return;
        }
        for component in order {
            self.cover(row.number, *component, row.charged_by(on, *component));
        }
    }

    /// Covers up to `open` of a component of an installment, less what this payment covered of it already.
    fn cover(&mut self, installment: u32, component: Component, open: Amount) {
        if !open.is_positive() || self.left.is_zero() {
            return;
        }
        let known = self.shares.iter().position(|share| share.installment == installment);
        let covered = known.map_or(Amount::ZERO, |index| self.shares[index].allocation.of(component));
        let part = open.minus(covered).min(self.left);
        if !part.is_positive() {
            return;
        }
        let index = known.unwrap_or_else(|| {
            self.shares.push(Share { installment, allocation: Components::NOTHING });
            self.shares.len() - 1
        });
        self.shares[index].allocation.add(component, part);
        self.left = self.left.minus(part);
    }
}
