//! Everything that happened to a loan, as the commands that reach into the past need it.
//!
//! State is that of all facts by value date, then by order of recording (LENDING.md §9). The history keeps the facts
//! and what each of them was decided to come to; the engine says what they come to together.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::{self, Derived, EngineError};
use super::event::{FactKind, LoanEvent, Rederived};
use super::facts::{Early, Effect, Fact, Payment, Purpose, Restructure, What};
use super::settlement::SettlementQuote;
use crate::Amount;
use crate::id::{ChargeId, PaymentId};
use crate::iof::IofCollection;
use crate::terms::Terms;

/// The facts of a loan in the order of recording, each with what it was decided to come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoanHistory {
    terms: Option<Arc<Terms>>,
    facts: Vec<Fact>,
    /// One for each fact.
    recorded: Vec<Recorded>,
    last_on: Option<NaiveDate>,
}

/// What was recorded with a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recorded {
    id: Option<Uuid>,
    /// As decided last; of the first disbursement none, since its installments say it.
    effect: Option<Effect>,
}

/// A payment of the loan.
#[derive(Debug, Clone, Copy)]
pub struct RecordedPayment<'a> {
    pub on: NaiveDate,
    pub payment: &'a Payment,
    pub reversed: bool,
    /// What it comes to, unless it is reversed.
    pub effect: Option<&'a Effect>,
    /// Its place among the facts.
    pub index: usize,
}

impl LoanHistory {
    /// Adds what an event records.
    pub fn record(&mut self, event: &LoanEvent) {
        if let Some(outcome) = event.outcome() {
            for moved in &outcome.rederived {
                self.recorded[moved.fact as usize - 1].effect.clone_from(&moved.after);
            }
        }
        match event {
            LoanEvent::Applied(applied) => self.terms = Some(Arc::clone(&applied.terms)),
            LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => return,
            LoanEvent::RepaymentReversed(reversed)
            | LoanEvent::CreditReversed(reversed)
            | LoanEvent::RecoveryReversed(reversed) => self.reverse_payment(reversed.payment_id),
            LoanEvent::WriteOffReversed(_) => {
                let index = self.write_off().expect("a write-off is undone that was recorded");
                self.reverse(index);
            }
            _ => {
                let (id, fact) = fact_of(event).expect("every other event records a fact");
                self.push(id, fact, event.effect().cloned());
            }
        }
        if let (Some((on, _)), false) = (event.days(), matches!(event, LoanEvent::ChargeAdded(_))) {
            self.last_on = self.last_on.max(Some(on));
        }
    }

    /// The terms of the disbursement.
    pub fn terms(&self) -> Option<&Arc<Terms>> {
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

    /// What each fact was decided to come to, in the order of recording.
    pub fn effects(&self) -> impl Iterator<Item = Option<&Effect>> {
        self.recorded.iter().map(|recorded| recorded.effect.as_ref())
    }

    /// The id under which a fact was recorded, where it has one.
    pub fn id_of(&self, index: usize) -> Option<Uuid> {
        self.recorded.get(index).and_then(|recorded| recorded.id)
    }

    /// The latest value date of anything but a charge: the day on which a standing is seen.
    pub fn last_on(&self) -> Option<NaiveDate> {
        self.last_on
    }

    /// Whether the loan was disbursed by `day`.
    pub fn disbursed_by(&self, day: NaiveDate) -> bool {
        let mut disbursements =
            self.facts.iter().filter(|fact| matches!(fact.what, What::Disbursement { .. }));
        disbursements.any(|fact| fact.on <= day)
    }

    /// The loan seen on a day, from the facts dated up to it and every charge.
    pub fn derive(&self, day: NaiveDate) -> Result<Derived, EngineError> {
        engine::derive(self.agreed(), &self.facts, day)
    }

    /// What settles the loan on a day.
    pub fn quote(&self, on: NaiveDate) -> Result<SettlementQuote, EngineError> {
        engine::quote(self.agreed(), &self.facts, on)
    }

    /// The loan at its last fact, and every fact that comes to something else than was recorded: none, where the
    /// calculation is the one that decided.
    pub fn rederive(&self) -> Result<(Derived, Vec<Rederived>), EngineError> {
        let derived = self.derive_last()?;
        let moved = self.rederived(self, &derived);
        Ok((derived, moved))
    }

    pub fn find_payment(&self, id: PaymentId) -> Option<RecordedPayment<'_>> {
        self.facts.iter().zip(&self.recorded).enumerate().find_map(|(index, (fact, recorded))| {
            let What::Payment(payment) = &fact.what else { return None };
            let effect = recorded.effect.as_ref();
            let (on, reversed) = (fact.on, fact.reversed);
            (payment.id == id).then_some(RecordedPayment { on, payment, reversed, effect, index })
        })
    }

    pub fn has_charge(&self, charge: ChargeId) -> bool {
        self.facts.iter().any(|fact| matches!(fact.what, What::Charge { id, .. } if id == charge))
    }

    /// What of a repayment was charged back.
    pub fn charged_back(&self, repayment: PaymentId) -> Amount {
        let amounts = self.facts.iter().filter_map(|fact| match &fact.what {
            What::Chargeback { payment, amount } if *payment == repayment && !fact.reversed => Some(*amount),
            _ => None,
        });
        amounts.sum()
    }

    /// The write-off that stands, by its place among the facts.
    pub fn write_off(&self) -> Option<usize> {
        self.facts.iter().position(|fact| matches!(fact.what, What::WriteOff) && !fact.reversed)
    }

    /// The date of the last write-off that was undone.
    pub fn undone_write_off(&self) -> Option<NaiveDate> {
        let mut undone = self.facts.iter().rev();
        undone.find(|fact| matches!(fact.what, What::WriteOff) && fact.reversed).map(|fact| fact.on)
    }

    /// Whether the loan is written off when a fact comes.
    pub fn is_written_off_at(&self, index: usize) -> bool {
        let Some(write_off) = self.write_off() else { return false };
        (self.facts[write_off].on, write_off) < (self.facts[index].on, index)
    }

    /// The history with one more fact, which is not derived yet.
    pub(super) fn with(&self, id: Option<Uuid>, fact: Fact) -> Self {
        let mut with = self.clone();
        if !matches!(fact.what, What::Charge { .. }) {
            with.last_on = with.last_on.max(Some(fact.on));
        }
        with.push(id, fact, None);
        with
    }

    /// The history in which a fact never was; `on` is the day on which that came to be known.
    pub(super) fn without(&self, index: usize, on: NaiveDate) -> Self {
        let mut without = self.clone();
        without.last_on = without.last_on.max(Some(on));
        without.reverse(index);
        without
    }

    /// What a fact was decided to come to.
    pub(super) fn effect_of(&self, index: usize) -> Option<&Effect> {
        self.recorded.get(index)?.effect.as_ref()
    }

    /// The loan seen on the latest value date.
    pub(super) fn derive_last(&self) -> Result<Derived, EngineError> {
        self.derive(self.last_on.expect("a disbursed loan has a value date"))
    }

    /// Every fact of this history that comes to something else in `derived`, which follows from `now`.
    pub(super) fn rederived(&self, now: &Self, derived: &Derived) -> Vec<Rederived> {
        let before = self.facts.iter().zip(&self.recorded).enumerate();
        let moved = before.filter_map(|(index, (fact, recorded))| {
            let after = &derived.effects[index];
            if now.facts[index].reversed || index == self.first_disbursement() || fact.reversed {
                return None;
            }
            let (written_off_before, written_off_after) =
                (self.is_written_off_at(index), now.is_written_off_at(index));
            if is_same(fact, recorded.effect.as_ref(), after.as_ref())
                && written_off_before == written_off_after
            {
                return None;
            }
            Some(Rederived {
                fact: u32::try_from(index + 1).expect("a loan has fewer facts"),
                kind: kind_of(&fact.what),
                id: recorded.id,
                on: fact.on,
                before: recorded.effect.clone(),
                after: after.clone(),
                written_off_before,
                written_off_after,
            })
        });
        moved.collect()
    }

    /// Capitalized income that is not received yet: principal without money behind it, received last.
    pub(super) fn deferred(&self, derived: &Derived) -> Amount {
        let zero = self.agreed().currency.zero();
        if self.write_off().is_some() {
            return zero;
        }
        zero.plus(self.capitalized(derived).min(derived.balances.principal).max(Amount::ZERO))
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

    fn agreed(&self) -> &Terms {
        self.terms.as_ref().expect("a loan is applied for before anything follows from it")
    }

    fn first_disbursement(&self) -> usize {
        self.facts
            .iter()
            .position(|fact| matches!(fact.what, What::Disbursement { .. }))
            .unwrap_or(usize::MAX)
    }

    fn push(&mut self, id: Option<Uuid>, fact: Fact, effect: Option<Effect>) {
        self.facts.push(fact);
        self.recorded.push(Recorded { id, effect });
    }

    fn reverse(&mut self, index: usize) {
        self.facts[index].reversed = true;
        self.recorded[index].effect = None;
    }

    fn reverse_payment(&mut self, id: PaymentId) {
        let index = self.find_payment(id).expect("a payment is reversed that was recorded").index;
        self.reverse(index);
    }
}

/// A charge has no balance of its own to show, and comes to nothing before its due date.
fn is_same(fact: &Fact, before: Option<&Effect>, after: Option<&Effect>) -> bool {
    if !matches!(fact.what, What::Charge { .. }) {
        return before == after;
    }
    match (before, after) {
        (Some(before), Some(after)) => *before == Effect { balance: before.balance, ..after.clone() },
        (None, Some(only)) | (Some(only), None) => only.moves_nothing(),
        (None, None) => true,
    }
}

pub(super) fn kind_of(what: &What) -> FactKind {
    match what {
        What::Disbursement { .. } => FactKind::Disbursement,
        What::Payment(payment) => match payment.purpose {
            Purpose::Repayment => FactKind::Repayment,
            Purpose::Settlement => FactKind::Settlement,
            Purpose::Credit(_) => FactKind::Credit,
            Purpose::Recovery => FactKind::Recovery,
        },
        What::Charge { .. } => FactKind::Charge,
        What::Waiver { .. } => FactKind::Waiver,
        What::Chargeback { .. } => FactKind::Chargeback,
        What::Refund { .. } => FactKind::Refund,
        What::Restructure(_) => FactKind::Restructure,
        What::WriteOff => FactKind::WriteOff,
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
