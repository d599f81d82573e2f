//! The facts of a loan without what each of them came to: all that the engine needs in order to say it anew.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::Derived;
use super::event::LoanEvent;
use super::facts::{Early, Fact, Payment, Purpose, Restructure, What};
use crate::Amount;
use crate::id::PaymentId;
use crate::iof::IofCollection;
use crate::terms::Terms;

/// The terms of a loan and its facts in the order of recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoanFacts {
    terms: Option<Arc<Terms>>,
    facts: Vec<Fact>,
    last_on: Option<NaiveDate>,
}

/// What an event added to the facts.
pub(super) enum Noted {
    /// One more fact, with the id that it goes by.
    Fact(Option<Uuid>),
    /// The one in this place was undone.
    Reversal(usize),
    Nothing,
}

impl LoanFacts {
    /// Adds what an event records.
    pub(super) fn record(&mut self, event: &LoanEvent) -> Noted {
        let on = event.days().map(|(on, _)| on);
        match event {
            LoanEvent::Applied(applied) => {
                self.agree(Arc::clone(&applied.terms));
                Noted::Nothing
            }
            LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => Noted::Nothing,
            LoanEvent::RepaymentReversed(reversed)
            | LoanEvent::CreditReversed(reversed)
            | LoanEvent::RecoveryReversed(reversed) => {
                let index = self.payment(reversed.payment_id);
                self.reverse(index, reversed.on);
                Noted::Reversal(index)
            }
            LoanEvent::WriteOffReversed(reversed) => {
                let index = self.write_off().expect("a write-off is undone that was recorded");
                self.reverse(index, reversed.on);
                Noted::Reversal(index)
            }
            _ => {
                let (id, fact) = fact_of(event).expect("every other event records a fact");
                self.push(fact, on.filter(|_| !matches!(event, LoanEvent::ChargeAdded(_))));
                Noted::Fact(id)
            }
        }
    }

    pub(super) fn agree(&mut self, terms: Arc<Terms>) {
        self.terms = Some(terms);
    }

    /// Adds a fact; a charge has no value date on which the loan is seen.
    pub(super) fn push(&mut self, fact: Fact, seen_on: Option<NaiveDate>) {
        self.facts.push(fact);
        self.last_on = self.last_on.max(seen_on);
    }

    /// Undoes a fact; `on` is the day on which that came to be known.
    pub(super) fn reverse(&mut self, index: usize, on: NaiveDate) {
        self.facts[index].reversed = true;
        self.last_on = self.last_on.max(Some(on));
    }

    fn payment(&self, id: PaymentId) -> usize {
        let is_it = |fact: &Fact| matches!(&fact.what, What::Payment(payment) if payment.id == id);
        self.facts.iter().position(is_it).expect("a payment is reversed that was recorded")
    }

    /// The terms of the disbursement.
    pub const fn terms(&self) -> Option<&Arc<Terms>> {
        self.terms.as_ref()
    }

    /// The terms in force on a day: those of the last restructuring by then that replaced them.
    pub fn terms_on(&self, day: NaiveDate) -> Option<&Arc<Terms>> {
        let replaced = self.facts.iter().filter(|fact| !fact.reversed && fact.on <= day);
        let replaced = replaced.filter_map(|fact| match &fact.what {
            What::Restructure(Restructure::Replace { terms, .. }) => Some((fact.on, terms)),
            _ => None,
        });
        // Of several on one day the one recorded last.
        replaced.max_by_key(|(on, _)| *on).map(|(_, terms)| terms).or(self.terms.as_ref())
    }

    /// How the tax is collected that a disbursement or a restructuring brings: by its own terms, or else by those of
    /// the day. Where only rows move, none joins the principal.
    pub fn tax_collected(&self, on: NaiveDate, what: &What) -> Option<IofCollection> {
        let terms = match what {
            What::Restructure(Restructure::Replace { terms, .. }) => Some(terms),
            What::Disbursement { .. } | What::Restructure(_) => self.terms_on(on),
            _ => None,
        };
        let collected = terms?.tax.as_ref()?.iof.collected;
        let moves_rows = matches!(what, What::Restructure(Restructure::ReAmortize));
        let in_rows = moves_rows && collected == IofCollection::Financed;
        Some(if in_rows { IofCollection::Installment } else { collected })
    }

    /// The facts in the order of recording.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The latest value date of anything but a charge: the day on which a standing is seen.
    pub const fn last_on(&self) -> Option<NaiveDate> {
        self.last_on
    }

    /// Whether the loan was disbursed by `day`.
    pub fn disbursed_by(&self, day: NaiveDate) -> bool {
        let mut disbursements =
            self.facts.iter().filter(|fact| matches!(fact.what, What::Disbursement { .. }));
        disbursements.any(|fact| fact.on <= day)
    }

    /// The write-off that stands, by its place among the facts.
    pub fn write_off(&self) -> Option<usize> {
        self.facts.iter().position(|fact| matches!(fact.what, What::WriteOff) && !fact.reversed)
    }

    /// Whether the loan is written off when a fact comes.
    pub fn is_written_off_at(&self, index: usize) -> bool {
        let Some(write_off) = self.write_off() else { return false };
        (self.facts[write_off].on, write_off) < (self.facts[index].on, index)
    }

    /// Principal that no money is behind, received or not.
    pub(super) fn capitalized(&self, derived: &Derived) -> Amount {
        let planned: Amount = derived.rows.iter().map(|row| row.due.principal).sum();
        let funded = self.facts.iter().zip(&derived.effects).filter_map(|(fact, effect)| {
            let effect = effect.as_ref()?;
            match &fact.what {
                What::Disbursement { .. } => effect.outlay.map(|outlay| outlay.principal),
                What::Chargeback { amount, .. } => Some(*amount),
                // What of it was taken back by a later fact is owed again.
                What::Refund { amount } => Some(amount.plus(effect.overpaid)),
                What::Restructure(_) => {
                    let collected = self.tax_collected(fact.on, &fact.what);
                    let financed = collected == Some(IofCollection::Financed);
                    effect.outlay.filter(|_| financed).map(|outlay| outlay.tax)
                }
                _ => None,
            }
        });
        planned.minus(funded.sum())
    }

    /// The terms of a loan from which something follows.
    pub(super) fn agreed(&self) -> &Terms {
        self.terms.as_ref().expect("a loan is applied for before anything follows from it")
    }
}

/// The fact that an event records, and the id that it goes by.
fn fact_of(event: &LoanEvent) -> Option<(Option<Uuid>, Fact)> {
    let (id, on, what) = match event {
        LoanEvent::Disbursed(event) => {
            let (id, amount) = (event.disbursement_id, event.amount);
            (Some(id.uuid()), event.on, What::Disbursement { id, amount })
        }
        LoanEvent::ChargeAdded(event) => {
            let (id, component, amount) = (event.charge_id, event.component, event.amount);
            (Some(id.uuid()), event.due_on, What::Charge { id, component, amount })
        }
        LoanEvent::ChargeWaived(event) => {
            let what = What::Waiver { charge: event.charge_id, amount: event.amount };
            (Some(event.waiver_id.uuid()), event.on, what)
        }
        LoanEvent::RepaymentChargedBack(event) => {
            let what = What::Chargeback { payment: event.repayment_id, amount: event.amount };
            (Some(event.chargeback_id.uuid()), event.on, what)
        }
        LoanEvent::OverpaymentRefunded(event) => {
            (Some(event.refund_id.uuid()), event.on, What::Refund { amount: event.amount })
        }
        LoanEvent::Restructured(event) => {
            let what = What::Restructure(event.restructure.clone());
            (Some(event.restructure_id.uuid()), event.on, what)
        }
        LoanEvent::WrittenOff(event) => (None, event.on, What::WriteOff),
        _ => {
            let (on, payment) = payment_of(event)?;
            (Some(payment.id.uuid()), on, What::Payment(payment))
        }
    };
    Some((id, Fact { on, what, reversed: false }))
}

fn payment_of(event: &LoanEvent) -> Option<(NaiveDate, Payment)> {
    let agreed =
        |id, purpose, amount| Payment { id, purpose, amount, early: Early::Installment, excess: None };
    Some(match event {
        LoanEvent::RepaymentRecorded(event) => {
            let (early, excess) = (event.early, event.excess);
            let payment = agreed(event.repayment_id, Purpose::Repayment, event.amount);
            (event.on, Payment { early, excess, ..payment })
        }
        LoanEvent::SettledEarly(event) => {
            (event.on, agreed(event.repayment_id, Purpose::Settlement, event.amount))
        }
        LoanEvent::CreditGranted(event) => {
            (event.on, agreed(event.credit_id, Purpose::Credit(event.kind), event.amount))
        }
        LoanEvent::RecoveryRecorded(event) => {
            (event.on, agreed(event.recovery_id, Purpose::Recovery, event.amount))
        }
        _ => return None,
    })
}
