//! What a backdated command needs of a loan's past, and the derivation of the present from it.
//!
//! State is that of all facts by value date, then by order of recording (LENDING §9). A fact recorded later with an
//! earlier date, or a reversal, derives what follows again: allocations move, ids and received amounts stay.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::allocate::spread;
use super::event::{Allocation, ChargeAdded, LoanEvent, Reallocation};
use super::servicing::Servicing;
use super::settlement::{quote, settle};
use crate::Amount;
use crate::id::PaymentId;
use crate::terms::Terms;

/// Everything that happened to a disbursed loan, in the order of recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoanHistory {
    terms: Option<Arc<Terms>>,
    agreed: Option<Box<Servicing>>,
    charges: Vec<Charge>,
    payments: Vec<Payment>,
}

/// A charge, and how many payments had been recorded before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Charge {
    added: ChargeAdded,
    payments_before: usize,
}

/// A repayment or a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How many payments had been recorded before it.
    number: usize,
    pub id: PaymentId,
    pub on: NaiveDate,
    pub amount: Amount,
    pub purpose: Purpose,
    pub allocation: Allocation,
    pub reversed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    Repay,
    /// Settles the loan early where the amount still is enough for it; else it repays.
    Settle,
}

/// The loan as it follows from all facts, and the payments that this spreads otherwise than was decided before.
#[derive(Debug)]
pub struct Derived {
    pub loan: Servicing,
    pub reallocated: Vec<Reallocation>,
    allocations: HashMap<PaymentId, Allocation>,
}

impl Derived {
    /// How a payment is spread now.
    pub fn allocation_of(&self, payment: PaymentId) -> Option<&Allocation> {
        self.allocations.get(&payment)
    }
}

impl LoanHistory {
    pub fn record(&mut self, event: &LoanEvent) {
        for moved in event.reallocated() {
            let payment = self.payments.iter_mut().find(|payment| payment.id == moved.repayment_id);
            payment.expect("a reallocation names a payment that was recorded").allocation =
                moved.after.clone();
        }
        match event {
            LoanEvent::Applied(applied) => self.terms = Some(Arc::clone(&applied.terms)),
            LoanEvent::Disbursed(disbursed) => {
                let terms = self.terms.clone().expect("a loan is applied for before it is disbursed");
                self.agreed = Some(Box::new(Servicing::of(terms, disbursed)));
            }
            LoanEvent::ChargeAdded(charge) => self.charge(charge.clone()),
            LoanEvent::RepaymentRecorded(repayment) => self.payments.push(Payment {
                number: self.payments.len(),
                id: repayment.repayment_id,
                on: repayment.on,
                amount: repayment.amount,
                purpose: Purpose::Repay,
                allocation: repayment.spread(),
                reversed: false,
            }),
            LoanEvent::SettledEarly(settlement) => self.payments.push(Payment {
                number: self.payments.len(),
                id: settlement.repayment_id,
                on: settlement.on,
                amount: settlement.amount,
                purpose: Purpose::Settle,
                allocation: settlement.spread(),
                reversed: false,
            }),
            LoanEvent::RepaymentReversed(reversed) => {
                let payment = self.payments.iter_mut().find(|payment| payment.id == reversed.repayment_id);
                payment.expect("a reversal names a payment that was recorded").reversed = true;
            }
            LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => {}
        }
    }

    pub fn find_payment(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    /// The history in which one more payment was made, not yet spread.
    #[must_use]
    pub fn with_payment(&self, id: PaymentId, on: NaiveDate, amount: Amount, purpose: Purpose) -> Self {
        let mut with = self.clone();
        let overpaid = amount.minus(amount);
        let allocation = Allocation { shares: Vec::new(), overpaid, interest_changes: Vec::new() };
        let number = with.payments.len();
        with.payments.push(Payment { number, id, on, amount, purpose, allocation, reversed: false });
        with
    }

    #[must_use]
    pub fn with_charge(&self, charge: ChargeAdded) -> Self {
        let mut with = self.clone();
        with.charge(charge);
        with
    }

    /// The history in which a payment was never made.
    #[must_use]
    pub fn without_payment(&self, id: PaymentId) -> Self {
        let mut without = self.clone();
        for payment in without.payments.iter_mut().filter(|payment| payment.id == id) {
            payment.reversed = true;
        }
        without
    }

    /// The history of the facts dated up to `day`; charges stay, since they are part of their rows.
    #[must_use]
    pub fn up_to(&self, day: NaiveDate) -> Self {
        let mut until = self.clone();
        until.payments.retain(|payment| payment.on <= day);
        until
    }

    fn charge(&mut self, added: ChargeAdded) {
        self.charges.push(Charge { added, payments_before: self.payments.len() });
    }

    /// The loan without the charges that a payment does not see: of two facts of one day the one recorded first does
    /// not see the other.
    fn as_seen_by<'a>(&self, payment: &Payment, loan: &'a Servicing) -> Cow<'a, Servicing> {
        let mut seen = Cow::Borrowed(loan);
        for charge in &self.charges {
            if charge.added.due_on == payment.on && charge.payments_before > payment.number {
                seen.to_mut().uncharge(&charge.added);
            }
        }
        seen
    }

    /// Whether the loan was disbursed by `day`.
    pub fn disbursed_by(&self, day: NaiveDate) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.disbursed_on <= day)
    }

    /// Plays all facts in the order of their dates. `None` before the disbursement.
    pub fn derive(&self) -> Option<Derived> {
        let mut loan = self.agreed.as_deref()?.clone();
        for charge in &self.charges {
            loan.charge(&charge.added);
        }
        let mut counted: Vec<&Payment> = self.payments.iter().filter(|payment| !payment.reversed).collect();
        // A stable sort: payments of one day stay in the order of their recording.
        counted.sort_by_key(|payment| payment.on);
        let mut allocations = HashMap::with_capacity(counted.len());
        for payment in &counted {
            let allocation = allocate(&self.as_seen_by(payment, &loan), payment);
            loan.take_in(&allocation);
            loan.last_on = loan.last_on.max(payment.on);
            allocations.insert(payment.id, allocation);
        }
        loan.restate();
        let moved = counted.iter().filter_map(|payment| {
            let after = allocations.get(&payment.id).filter(|after| **after != payment.allocation)?;
            let (before, after) = (payment.allocation.clone(), after.clone());
            Some(Reallocation { repayment_id: payment.id, on: payment.on, before, after })
        });
        let reallocated = moved.collect();
        Some(Derived { loan, reallocated, allocations })
    }
}

fn allocate(loan: &Servicing, payment: &Payment) -> Allocation {
    let quote = match payment.purpose {
        Purpose::Repay => None,
        Purpose::Settle => Some(quote(loan, payment.on)),
    };
    match quote.and_then(|quote| Some((quote, payment.amount.checked_less(quote.amount)?))) {
        Some((quote, beyond)) => {
            let mut allocation = settle(loan, &quote);
            allocation.overpaid = beyond;
            allocation
        }
        None => spread(loan, payment.on, payment.amount),
    }
}
