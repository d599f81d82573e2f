//! The lines of a statement: every one moves the balance by what it makes due or covers, so that the last balance is
//! what is owed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::component::{Component, Components};
use domain::loan::event::{CreditApplied, Effect, Share};
use domain::loan::facts::{Restructure, What};
use domain::{Amount, Currency};

use super::loan::EachComponent;
use super::seen_loan::{SeenFact, SeenLoan};
use super::statement::{StatementItem, StatementLine};
use super::transactions::TransactionView;
use crate::minor::exact;

/// A line before the balances are known.
struct Item {
    on: NaiveDate,
    order: Order,
    /// What falls due with it; below zero: what it covers.
    due: Amount,
    /// The principal after it, where it is one of the loan's facts.
    principal: Option<Amount>,
    what: StatementItem,
}

/// Of one day, what falls due comes before what is paid, so the balance is zero on a day paid in full.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Disbursed,
    Due,
    Charged,
    Paid,
}

pub(crate) fn lines(seen: &SeenLoan) -> Vec<StatementLine> {
    let currency = seen.currency();
    let facts = seen.facts();
    let mut items = charges(seen);
    let charged = charged_by_hand(seen, &mut items);
    items.extend(installments(seen, &charged));
    items.extend(late_charges(seen, &facts));
    items.extend(facts.iter().filter_map(|fact| Item::of_fact(fact, currency)));
    items.extend(applied(seen, &facts).map(|applied| Item::of_credit(applied, currency)));
    items.sort_by_key(|item| (item.on, item.order));
    let (mut principal, mut balance) = (currency.zero(), currency.zero());
    let lines = items.into_iter().map(|item| {
        principal = item.principal.unwrap_or(principal);
        balance = balance.plus(item.due);
        StatementLine { on: item.on, what: item.what, principal: exact(principal, currency), balance }
    });
    lines.collect()
}

/// The charges entered by hand, by due date. What they make due is found in the rows.
fn charges(seen: &SeenLoan) -> Vec<Item> {
    let facts = seen.book.history.facts().iter().zip(&seen.book.records).enumerate();
    let charges = facts.filter_map(|(index, (fact, record))| {
        let What::Charge { amount, .. } = &fact.what else { return None };
        let (kind, added_on) = record.charge?;
        let id = seen.book.history.id_of(index)?;
        let what = StatementItem::Charge { id, charge: kind.name(), added_on, amount: *amount };
        let due = seen.currency().zero();
        Some(Item { on: fact.on, order: Order::Charged, due, principal: None, what })
    });
    let mut charges: Vec<Item> = if seen.derived.is_some() { charges.collect() } else { Vec::new() };
    charges.sort_by_key(|item| item.on);
    charges
}

/// What of each row's dues was entered by hand. A charge is in the row of its period, unless a restructuring moved it to
/// a later one or made it principal.
fn charged_by_hand(seen: &SeenLoan, items: &mut [Item]) -> Vec<Components> {
    let rows = seen.rows();
    let mut charged = vec![Components::NOTHING; rows.len()];
    for item in items {
        let StatementItem::Charge { charge: kind, amount, .. } = &item.what else { continue };
        let component = if *kind == "penalty" { Component::Penalty } else { Component::Fee };
        let mut left = *amount;
        let first = rows.partition_point(|row| row.due_on < item.on);
        for (row, by_hand) in rows.iter().zip(&mut charged).skip(first) {
            let here = row.due.of(component).minus(by_hand.of(component)).min(left);
            if here.is_positive() {
                by_hand.add(component, here);
                left = left.minus(here);
            }
        }
        item.due = item.due.plus(*amount).minus(left);
    }
    charged
}

/// Rows as they fall due, without charges entered by hand and late charges.
fn installments(seen: &SeenLoan, charged: &[Components]) -> Vec<Item> {
    let currency = seen.currency();
    let rows = seen.rows().iter().zip(charged).filter_map(|(row, charged)| {
        let late = row.due.late_fee.plus(row.due.late_interest);
        let amount = exact(row.due.minus(*charged).total().minus(late), currency);
        let what = StatementItem::Installment { number: row.number, amount };
        let item = Item { on: row.due_on, order: Order::Due, due: amount, principal: None, what };
        (!amount.is_zero()).then_some(item)
    });
    rows.collect()
}

/// Late charges grow from day to day: a line for what each payment covered of them, and one for what is open.
fn late_charges(seen: &SeenLoan, facts: &[SeenFact<'_>]) -> Vec<Item> {
    let currency = seen.currency();
    let mut covered: BTreeMap<(NaiveDate, u32), Components> = BTreeMap::new();
    let mut cover = |on: NaiveDate, shares: &[Share]| {
        for Share { installment, allocation } in shares {
            let late = covered.entry((on, *installment)).or_insert(Components::NOTHING);
            *late = late.plus(only_late(*allocation));
        }
    };
    for fact in facts {
        if let Some(effect) = seen.derived_effect(fact) {
            cover(fact.fact.on, &effect.shares);
        }
    }
    applied(seen, facts).for_each(|applied| cover(applied.on, &applied.shares));
    for row in seen.rows() {
        let earlier = covered.iter().filter(|((_, number), _)| *number == row.number);
        let earlier = earlier.fold(Components::NOTHING, |sum, (_, late)| sum.plus(*late));
        let open = only_late(row.due).minus(earlier);
        let today = covered.entry((seen.day, row.number)).or_insert(Components::NOTHING);
        *today = today.plus(open);
    }
    let lines = covered.into_iter().filter(|(_, late)| !late.is_nothing());
    let lines = lines.map(|((on, number), late)| {
        let (late_fee, late_interest) = (exact(late.late_fee, currency), exact(late.late_interest, currency));
        let what = StatementItem::LateCharges { number, late_fee, late_interest };
        let due = exact(late.total(), currency);
        Item { on, order: Order::Charged, due, principal: None, what }
    });
    lines.collect()
}

fn only_late(components: Components) -> Components {
    let Components { late_fee, late_interest, .. } = components;
    Components { late_fee, late_interest, ..Components::NOTHING }
}

/// Credit that was applied on due dates, by facts and by time alone.
fn applied<'a>(seen: &'a SeenLoan, facts: &'a [SeenFact<'a>]) -> impl Iterator<Item = &'a CreditApplied> {
    let by_facts =
        facts.iter().filter_map(|fact| seen.derived_effect(fact)).flat_map(|effect| &effect.applied);
    by_facts.chain(seen.derived.iter().flat_map(|derived| &derived.applied))
}

impl Item {
    /// The line of a fact; charges have theirs from the rows.
    fn of_fact(seen: &SeenFact<'_>, currency: Currency) -> Option<Self> {
        let zero = currency.zero();
        let counts = |amount: Amount| if seen.fact.reversed { zero } else { zero.plus(amount) };
        let reason = seen.record.reason.clone();
        let transaction = || Some(StatementItem::Transaction(Box::new(TransactionView::of(seen, currency)?)));
        let (order, due, what) = match &seen.fact.what {
            What::Disbursement { .. } => (Order::Disbursed, zero, transaction()?),
            What::Payment(payment) => (Order::Paid, counts(payment.amount.negated()), transaction()?),
            // The principal that it takes back is in its row.
            What::Chargeback { .. } => (Order::Paid, zero, transaction()?),
            What::Refund { amount } => (Order::Paid, counts(*amount), transaction()?),
            What::Waiver { charge, .. } => {
                let amount = exact(seen.effect.map_or(zero, Effect::waived_in_all), currency);
                let (id, charge) = (seen.id?, charge.uuid());
                (Order::Paid, amount.negated(), StatementItem::Waiver { id, charge, amount, reason })
            }
            What::Restructure(restructure) => {
                let (id, mode) = (seen.id?, mode_of(restructure));
                (Order::Paid, zero, StatementItem::Restructuring { id, mode, reason })
            }
            What::WriteOff => {
                let reversal = seen.record.reversal.as_ref();
                let effect = seen.effect.or(reversal.map(|reversal| &reversal.undone));
                let open = effect.and_then(|effect| effect.write_off).map(|write_off| write_off.open.total());
                let (amount, reversed) = (exact(open.unwrap_or(zero), currency), seen.fact.reversed);
                (Order::Paid, zero, StatementItem::WriteOff { amount, reason, reversed })
            }
            What::Charge { .. } => return None,
        };
        Some(Self { on: seen.fact.on, order, due, principal: Some(seen.principal), what })
    }

    fn of_credit(applied: &CreditApplied, currency: Currency) -> Self {
        let shares = applied.shares.iter();
        let served = shares.fold(Components::NOTHING, |sum, share| sum.plus(share.allocation));
        let amount = exact(served.total(), currency);
        let allocation = EachComponent::of(served, currency);
        let what = StatementItem::CreditApplied { amount, allocation };
        Self { on: applied.on, order: Order::Paid, due: currency.zero(), principal: None, what }
    }
}

const fn mode_of(restructure: &Restructure) -> &'static str {
    match restructure {
        Restructure::Replace { .. } => "replace",
        Restructure::ReAge { .. } => "re_age",
        Restructure::ReAmortize => "re_amortize",
    }
}
