//! What holds after every event.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::component::Components;
use domain::journal::{Side, loan_postings};
use domain::loan::event::Effect;
use domain::loan::{Loan, LoanEvent, Servicing, Status};
use domain::{Amount, loan::event::FactKind};
use rust_decimal::Decimal;

use crate::support::*;

pub(crate) fn servicing(loan: &Loan) -> &Servicing {
    let Loan::Disbursed(servicing) = loan else { panic!("disbursed") };
    servicing
}

/// What a fact comes to adds up to the money behind it.
pub(crate) fn check_event(event: &LoanEvent, amounts: &mut HashMap<uuid::Uuid, Amount>) {
    for posting in loan_postings(event) {
        let side = |side| posting.lines.iter().filter(move |line| line.side == side).map(|line| line.amount);
        let (debits, credits) = (side(Side::Debit).sum::<Amount>(), side(Side::Credit).sum::<Amount>());
        assert_eq!(debits, credits, "each posting balances: {event:?}");
        assert!(posting.lines.iter().all(|line| line.amount.is_positive()), "lines are above zero");
    }
    let (id, amount) = match event {
        LoanEvent::RepaymentRecorded(event) => (event.repayment_id, event.amount),
        LoanEvent::SettledEarly(event) => (event.repayment_id, event.amount),
        LoanEvent::CreditGranted(event) => (event.credit_id, event.amount),
        LoanEvent::RecoveryRecorded(event) => (event.recovery_id, event.amount),
        _ => {
            check_rederived(event, amounts);
            return;
        }
    };
    amounts.insert(id.uuid(), amount);
    check_spread(event.effect().expect("a payment comes to something"), amount);
    check_rederived(event, amounts);
}

fn check_spread(effect: &Effect, amount: Amount) {
    let spread = effect.components().total().plus(effect.overpaid).plus(effect.credit);
    assert_eq!(spread, amount, "a payment is allocated whole: {effect:?}");
}

fn check_rederived(event: &LoanEvent, amounts: &HashMap<uuid::Uuid, Amount>) {
    let Some(outcome) = event.outcome() else { return };
    for moved in &outcome.rederived {
        let is_payment = matches!(
            moved.kind,
            FactKind::Repayment | FactKind::Settlement | FactKind::Credit | FactKind::Recovery
        );
        if is_payment {
            let amount = amounts[&moved.id.expect("a payment has an id")];
            check_spread(moved.before.as_ref().expect("it counted"), amount);
            check_spread(moved.after.as_ref().expect("it counts"), amount);
        }
    }
}

/// The compact state, the history and the books say the same.
pub(crate) fn check_state(given: &Given<Loan>) {
    let loan = servicing(&given.state);
    let (mut due, mut paid) = (Components::NOTHING, Components::NOTHING);
    for row in &loan.rows {
        due = due.plus(row.state.due.minus(row.state.waived));
        paid = paid.plus(row.state.paid);
        for (component, open) in row.open().iter() {
            assert!(
                !open.is_negative(),
                "{component:?} of installment {} is paid twice: {row:?}",
                row.number
            );
        }
    }
    assert_eq!(loan.standing.balances, due.minus(paid), "the standing is that of the rows");
    check_books(given, loan);
}

fn check_books(given: &Given<Loan>, loan: &Servicing) {
    let accounts = given.accounts();
    let balance = |account: &str| {
        let line = accounts.iter().find_map(|line| line.strip_prefix(account)?.strip_prefix(' '));
        line.map_or(Decimal::ZERO, decimal)
    };
    let standing = &loan.standing;
    assert_eq!(-balance("liabilities:overpayments"), standing.overpaid.value(), "overpaid is owed back");
    let moved = given.events.iter().map(|event| match event {
        LoanEvent::Disbursed(event) => event.released.negated(),
        event => event.cash_received(),
    });
    assert_eq!(balance("assets:cash"), moved.sum::<Amount>().value(), "cash is what came and went");
    let is_written_off = standing.status == Status::WrittenOff;
    let principal = balance("assets:loans:principal");
    if is_written_off {
        assert_eq!(principal, Decimal::ZERO, "it left the books");
    } else {
        assert_eq!(principal, standing.balances.principal.value(), "the books have what is owed");
        assert_eq!(balance("income:recoveries"), Decimal::ZERO, "nothing was written off");
    }
}

/// Where nothing is owed any more, all interest was received by the time that it is accrued.
pub(crate) fn check_receivable(given: &Given<Loan>) {
    let loan = servicing(&given.state);
    let end = loan.rows.iter().map(|row| row.state.due_on).fold(loan.last_on, NaiveDate::max);
    let unreceived = given.history().known().unreceived(end).expect("it follows").expect("it is disbursed");
    assert_eq!(unreceived.is_written_off, loan.standing.status == Status::WrittenOff);
    if matches!(loan.standing.status, Status::Settled | Status::Overpaid) {
        assert_eq!(unreceived.interest, Amount::ZERO, "nothing is left to receive: {:?}", loan.rows);
    }
}

/// What was decided is what the engine makes of the facts, whoever decided it.
pub(crate) fn check_derivation(given: &Given<Loan>) {
    let (derived, moved) = given.history().rederive().expect("it follows");
    assert!(moved.is_empty(), "decided as derived: {moved:#?}");
    let live = servicing(&given.state);
    let standing = &live.standing;
    assert_eq!(
        (derived.status, derived.balances, derived.overpaid, derived.credit),
        (standing.status, standing.balances, standing.overpaid, standing.credit)
    );
    assert_eq!((derived.oldest_due_on, derived.late_from), (standing.oldest_due_on, standing.late_from));
    let derived: Vec<_> =
        derived.rows.iter().map(|row| (row.due_on, row.due, row.waived, row.paid)).collect();
    let rows = live.rows.iter().map(|row| row.state);
    let rows: Vec<_> = rows.map(|row| (row.due_on, row.due, row.waived, row.paid)).collect();
    assert_eq!(rows, derived);
}
