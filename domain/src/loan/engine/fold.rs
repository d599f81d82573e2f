//! Taking in one fact after another, in the order of their value dates.

use std::sync::Arc;

use chrono::NaiveDate;

use super::charges::LiveCharge;
use super::contract::Contract;
use super::rest::Rest;
use super::row::LiveRow;
use super::running::Running;
use super::till::Till;
use super::{EngineError, Outcome};
use crate::Amount;
use crate::component::Components;
use crate::loan::facts::{Effect, Fact, What, WriteOff};
use crate::terms::{InterestBasis, Terms};

/// A loan while its facts are taken in.
#[derive(Debug, Clone)]
pub struct Engine<'f> {
    pub(super) terms: Arc<Terms>,
    pub(super) facts: &'f [Fact],
    /// The facts that count, by value date and then by recording.
    order: Vec<usize>,
    taken: usize,
    /// The value date of the fact taken in last.
    pub(super) reached: Option<NaiveDate>,
    pub(super) contracts: Vec<Arc<Contract>>,
    pub(super) rows: Vec<LiveRow>,
    next_id: u32,
    /// No row before it is open.
    pub(super) first_open: usize,
    /// Open principal of all rows, chargebacks to come with it.
    pub(super) open_principal: Amount,
    /// Principal that came after the first disbursement, by day: what a row's balance looks ahead to.
    pub(super) joined: Vec<(NaiveDate, Amount)>,
    pub(super) charges: Vec<LiveCharge>,
    pub(super) has_chargebacks: bool,
    /// No row before it has an open fee or penalty.
    pub(super) first_fee: usize,
    pub(super) basis: Basis,
    pub(super) overpaid: Amount,
    pub(super) credit: Amount,
    /// Credit applied since the last fact.
    pub(super) applied: Vec<(NaiveDate, Vec<(u32, Components)>)>,
    pub(super) write_off: Option<WriteOff>,
    /// Other charges than interest that became principal.
    pub(super) capitalized_charges: Amount,
    /// One for each fact, unless nobody will ask.
    pub(super) effects: Vec<Option<Effect>>,
    /// Interest of the periods that have passed; no row before `passed` is still to be counted.
    pub(super) earned: Amount,
    pub(super) passed: usize,
    /// Interest that became principal of another contract.
    pub(super) capitalized_interest: Amount,
}

/// What interest follows (LENDING.md §9).
#[derive(Debug, Clone)]
pub(super) enum Basis {
    Plan,
    Rest(Box<Rest>),
    Running(Box<Running>),
}

impl Basis {
    pub(super) fn of(contract: &Contract, levels: Vec<Amount>, rows: &[LiveRow]) -> Self {
        match contract.terms.interest_basis {
            InterestBasis::Plan => Self::Plan,
            InterestBasis::DailyRest | InterestBasis::PeriodRest => {
                let first = rows.first().map_or(0, |row| row.id);
                Self::Rest(Box::new(Rest::begin(contract, levels, first)))
            }
            InterestBasis::RunningBalance => Self::Running(Box::new(Running::begin(contract, rows))),
        }
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }
}

impl<'f> Engine<'f> {
    /// The loan before any fact, knowing those dated up to `day` and every charge.
    pub fn begin(terms: &Terms, facts: &'f [Fact], day: NaiveDate) -> Self {
        Self { effects: vec![None; facts.len()], ..Self::begin_forgetful(terms, facts, day) }
    }

    /// The same where nobody will ask what each fact came to.
    fn begin_forgetful(terms: &Terms, facts: &'f [Fact], day: NaiveDate) -> Self {
        let counts = |index: &usize| !facts[*index].reversed && facts[*index].on <= day;
        let mut order: Vec<usize> = (0..facts.len()).filter(counts).collect();
        // A stable sort: facts of one day stay in the order of their recording.
        order.sort_by_key(|index| facts[*index].on);
        let zero = terms.currency.zero();
        let charges = LiveCharge::all(facts, day);
        Self {
            terms: Arc::new(terms.clone()),
            facts,
            order,
            taken: 0,
            reached: None,
            contracts: Vec::with_capacity(1),
            rows: Vec::new(),
            next_id: 0,
            first_open: 0,
            open_principal: zero,
            joined: Vec::new(),
            has_chargebacks: charges.iter().any(LiveCharge::is_chargeback),
            first_fee: 0,
            charges,
            basis: Basis::Plan,
            overpaid: zero,
            credit: zero,
            applied: Vec::new(),
            write_off: None,
            capitalized_charges: zero,
            effects: Vec::new(),
            earned: zero,
            passed: 0,
            capitalized_interest: zero,
        }
    }

    /// The loan after all facts dated up to `day`.
    pub fn after(terms: &Terms, facts: &'f [Fact], day: NaiveDate) -> Outcome<Self> {
        Self::begin(terms, facts, day).through()
    }

    /// The same where nobody will ask what each fact came to.
    pub(super) fn after_forgetful(terms: &Terms, facts: &'f [Fact], day: NaiveDate) -> Outcome<Self> {
        Self::begin_forgetful(terms, facts, day).through()
    }

    fn through(mut self) -> Outcome<Self> {
        while self.next_on().is_some() {
            self.take_next()?;
        }
        Ok(self)
    }

    /// The value date of the fact to be taken in next.
    pub fn next_on(&self) -> Option<NaiveDate> {
        Some(self.facts[*self.order.get(self.taken)?].on)
    }

    /// Takes in the next fact.
    pub fn take_next(&mut self) -> Outcome<()> {
        let facts = self.facts;
        let Some(&index) = self.order.get(self.taken) else { return Ok(()) };
        let fact = &facts[index];
        let (overpaid, credit) = (self.overpaid, self.credit);
        if self.reached != Some(fact.on) {
            self.pass_days_before(fact.on)?;
            self.hide_charges_of(fact.on);
        }
        self.reached = Some(fact.on);
        let mut effect = self.take(index, fact)?;
        effect.applied = self.applied_since();
        effect.overpaid = self.overpaid.minus(overpaid);
        let served = effect.applied.iter().flat_map(|applied| &applied.shares);
        let served: Amount = served.map(|share| share.allocation.total()).sum();
        effect.credit = self.credit.minus(credit).plus(served);
        effect.balance = self.balance_on(fact.on);
        if let Some(kept) = self.effects.get_mut(index) {
            *kept = Some(effect);
        }
        self.taken += 1;
        Ok(())
    }

    fn take(&mut self, index: usize, fact: &Fact) -> Outcome<Effect> {
        let on = fact.on;
        let is_begun = !self.contracts.is_empty();
        match &fact.what {
            What::Disbursement { amount, .. } => self.disburse(on, *amount),
            // A charge may be dated before the loan began: then its rows are yet to be drawn.
            What::Charge { .. } if !is_begun => {
                self.take_charge(index);
                Ok(self.effect_of(Till::new(on, self.zero())))
            }
            _ if !is_begun => Err(EngineError::NothingDisbursed(on)),
            What::Payment(payment) => self.receive(on, payment),
            What::Charge { .. } => self.charge(index, on),
            What::Waiver { charge, amount } => self.waive(on, *charge, *amount),
            What::Chargeback { amount, .. } => self.charge_back(index, on, *amount),
            What::Refund { amount } => self.refund(on, *amount),
            What::Restructure(restructure) => self.restructure(on, restructure),
            What::WriteOff => self.take_off_the_books(on),
        }
    }

    /// What follows from time alone up to the end of the day before `day`.
    pub(super) fn pass_days_before(&mut self, day: NaiveDate) -> Outcome<()> {
        if self.contracts.is_empty() {
            return Ok(());
        }
        self.apply_credit(day)?;
        self.pass_interest(day);
        match self.basis {
            Basis::Plan => Ok(()),
            Basis::Rest(_) => self.roll(day),
            // Interest joins the balance on the due date, before what is paid that day.
            Basis::Running(_) => self.pass_running(day),
        }
    }

    /// What a fact comes to, but for the sums that [`Self::take_next`] takes.
    pub(super) fn effect_of(&self, till: Till) -> Effect {
        let zero = self.zero();
        Effect {
            shares: self.shares(till.shares),
            applied: Vec::new(),
            overpaid: zero,
            credit: zero,
            waived: Vec::new(),
            outlay: None,
            balance: zero,
            write_off: None,
        }
    }

    pub(super) fn zero(&self) -> Amount {
        self.terms.currency.zero()
    }

    /// The contract that holds now.
    pub(super) fn contract(&self) -> &Contract {
        &self.contracts[self.contracts.len() - 1]
    }

    pub(super) fn contract_mut(&mut self) -> &mut Contract {
        let last = self.contracts.len() - 1;
        Arc::make_mut(&mut self.contracts[last])
    }

    /// The same, to be looked at while rows change.
    pub(super) fn contract_shared(&self) -> Arc<Contract> {
        Arc::clone(&self.contracts[self.contracts.len() - 1])
    }

    /// The terms that hold now.
    pub(super) fn now(&self) -> Arc<Terms> {
        Arc::clone(&self.contract().terms)
    }

    pub(super) fn new_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// The id that the next row gets.
    pub(super) const fn peek_id(&self) -> u32 {
        self.next_id + 1
    }

    /// The first row due after `day`.
    pub(super) fn first_due_after(&self, day: NaiveDate) -> usize {
        self.rows.partition_point(|row| row.due_on <= day)
    }

    pub(super) fn index_of(&self, id: u32) -> usize {
        // Most rows stand where they were drawn first, and a look costs less than a search.
        let drawn_at = (id as usize).wrapping_sub(1);
        if self.rows.get(drawn_at).is_some_and(|row| row.id == id) {
            return drawn_at;
        }
        self.rows.iter().position(|row| row.id == id).unwrap_or(self.rows.len())
    }

    /// Puts a row in its place by due date, after those due that day.
    pub(super) fn insert(&mut self, row: LiveRow) -> usize {
        let index = self.first_due_after(row.due_on);
        self.first_open = self.first_open.min(index);
        self.first_fee = self.first_fee.min(index);
        self.passed = self.passed.min(index);
        self.rows.insert(index, row);
        index
    }

    pub(super) fn set_principal(&mut self, index: usize, principal: Amount) {
        let row = &mut self.rows[index];
        let more = principal.minus(row.due.principal);
        row.due.principal = principal;
        self.open_principal = self.open_principal.plus(more);
        self.first_open = self.first_open.min(index);
    }

    /// The first row that is open, and how far that goes.
    pub(super) fn first_open(&mut self) -> usize {
        while self.rows.get(self.first_open).is_some_and(|row| row.gone || row.is_settled()) {
            self.first_open += 1;
        }
        self.first_open
    }
}
