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
use super::facts::{Effect, Fact, Payment, Purpose, What};
use super::known::{LoanFacts, Noted};
use super::settlement::SettlementQuote;
use crate::Amount;
use crate::id::{ChargeId, PaymentId};
use crate::terms::Terms;

/// The facts of a loan in the order of recording, each with what it was decided to come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoanHistory {
    known: LoanFacts,
    /// One for each fact.
    recorded: Vec<Recorded>,
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
        match self.known.record(event) {
            Noted::Fact(id) => self.recorded.push(Recorded { id, effect: event.effect().cloned() }),
            Noted::Reversal(index) => self.recorded[index].effect = None,
            Noted::Nothing => {}
        }
    }

    /// The same without what it came to.
    pub const fn known(&self) -> &LoanFacts {
        &self.known
    }

    /// The terms of the disbursement.
    pub const fn terms(&self) -> Option<&Arc<Terms>> {
        self.known.terms()
    }

    /// The facts in the order of recording.
    pub fn facts(&self) -> &[Fact] {
        self.known.facts()
    }

    /// The latest value date of anything but a charge: the day on which a standing is seen.
    pub const fn last_on(&self) -> Option<NaiveDate> {
        self.known.last_on()
    }

    /// What each fact was decided to come to, in the order of recording.
    pub fn effects(&self) -> impl Iterator<Item = Option<&Effect>> {
        self.recorded.iter().map(|recorded| recorded.effect.as_ref())
    }

    /// The id under which a fact was recorded, where it has one.
    pub fn id_of(&self, index: usize) -> Option<Uuid> {
        self.recorded.get(index).and_then(|recorded| recorded.id)
    }

    /// The loan seen on a day, from the facts dated up to it and every charge.
    pub fn derive(&self, day: NaiveDate) -> Result<Derived, EngineError> {
        engine::derive(self.known.agreed(), self.facts(), day)
    }

    /// What settles the loan on a day.
    pub fn quote(&self, on: NaiveDate) -> Result<SettlementQuote, EngineError> {
        engine::quote(self.known.agreed(), self.facts(), on)
    }

    /// The loan at its last fact, and every fact that comes to something else than was recorded: none, where the
    /// calculation is the one that decided.
    pub fn rederive(&self) -> Result<(Derived, Vec<Rederived>), EngineError> {
        let derived = self.derive_last()?;
        let moved = self.rederived(self, &derived);
        Ok((derived, moved))
    }

    pub fn find_payment(&self, id: PaymentId) -> Option<RecordedPayment<'_>> {
        self.facts().iter().zip(&self.recorded).enumerate().find_map(|(index, (fact, recorded))| {
            let What::Payment(payment) = &fact.what else { return None };
            let effect = recorded.effect.as_ref();
            let (on, reversed) = (fact.on, fact.reversed);
            (payment.id == id).then_some(RecordedPayment { on, payment, reversed, effect, index })
        })
    }

    pub fn has_charge(&self, charge: ChargeId) -> bool {
        self.facts().iter().any(|fact| matches!(fact.what, What::Charge { id, .. } if id == charge))
    }

    /// What of a repayment was charged back.
    pub fn charged_back(&self, repayment: PaymentId) -> Amount {
        let amounts = self.facts().iter().filter_map(|fact| match &fact.what {
            What::Chargeback { payment, amount } if *payment == repayment && !fact.reversed => Some(*amount),
            _ => None,
        });
        amounts.sum()
    }

    /// The date of the last write-off that was undone.
    pub fn undone_write_off(&self) -> Option<NaiveDate> {
        let mut undone = self.facts().iter().rev();
        undone.find(|fact| matches!(fact.what, What::WriteOff) && fact.reversed).map(|fact| fact.on)
    }

    /// The history with one more fact, which is not derived yet.
    pub(super) fn with(&self, id: Option<Uuid>, fact: Fact) -> Self {
        let mut with = self.clone();
        let on = Some(fact.on).filter(|_| !matches!(fact.what, What::Charge { .. }));
        with.known.push(fact, on);
        with.recorded.push(Recorded { id, effect: None });
        with
    }

    /// The history in which a fact never was; `on` is the day on which that came to be known.
    pub(super) fn without(&self, index: usize, on: NaiveDate) -> Self {
        let mut without = self.clone();
        without.known.reverse(index, on);
        without.recorded[index].effect = None;
        without
    }

    /// What a fact was decided to come to.
    pub(super) fn effect_of(&self, index: usize) -> Option<&Effect> {
        self.recorded.get(index)?.effect.as_ref()
    }

    /// The loan seen on the latest value date.
    pub(super) fn derive_last(&self) -> Result<Derived, EngineError> {
        self.derive(self.last_on().expect("a disbursed loan has a value date"))
    }

    /// Every fact of this history that comes to something else in `derived`, which follows from `now`.
    pub(super) fn rederived(&self, now: &Self, derived: &Derived) -> Vec<Rederived> {
        let before = self.facts().iter().zip(&self.recorded).enumerate();
        let moved = before.filter_map(|(index, (fact, recorded))| {
            let after = &derived.effects[index];
            if now.facts()[index].reversed || index == self.first_disbursement() || fact.reversed {
                return None;
            }
            let (written_off_before, written_off_after) =
                (self.known.is_written_off_at(index), now.known.is_written_off_at(index));
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
        let zero = self.known.agreed().currency.zero();
        if self.known.write_off().is_some() {
            return zero;
        }
        zero.plus(self.known.capitalized(derived).min(derived.balances.principal).max(Amount::ZERO))
    }

    fn first_disbursement(&self) -> usize {
        self.facts()
            .iter()
            .position(|fact| matches!(fact.what, What::Disbursement { .. }))
            .unwrap_or(usize::MAX)
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
