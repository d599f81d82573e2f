//! One file per decision: a guard ladder, then facts.

mod add_charge;
mod apply;
mod approve;
mod charge_back;
mod close;
mod disburse;
mod draw_down;
mod follow;
mod grant_credit;
mod record_recovery;
mod record_repayment;
mod refund;
mod restructure;
mod reverse;
mod reverse_write_off;
mod settle_early;
mod waive_charge;
mod write_off;

use chrono::NaiveDate;

use super::engine::Derived;
use super::facts::{Early, Effect, Fact, Payment, Purpose, What};
use super::history::LoanHistory;
use super::servicing::Servicing;
use super::{Decision, Loan, LoanCommand, LoanEvent, LoanRefusal, Status};
use crate::decider::{DecisionDay, Undecided};
use crate::id::PaymentId;
use crate::{Amount, terms::Terms};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &LoanCommand,
    day: DecisionDay,
) -> Decision {
    match command {
        LoanCommand::Apply(command) => apply::decide(loan, command),
        LoanCommand::Approve(command) => approve::decide(loan, command, day),
        LoanCommand::Reject(command) => close::reject(loan, command, day),
        LoanCommand::Withdraw(command) => close::withdraw(loan, command, day),
        LoanCommand::Disburse(command) => disburse::decide(loan, history, command, day),
        LoanCommand::AddCharge(command) => add_charge::decide(loan, history, command, day),
        LoanCommand::WaiveCharge(command) => waive_charge::decide(loan, history, command, day),
        LoanCommand::RecordRepayment(command) => record_repayment::decide(loan, history, command, day),
        LoanCommand::ReverseRepayment(command) => reverse::repayment(loan, history, command, day),
        LoanCommand::ChargeBack(command) => charge_back::decide(loan, history, command, day),
        LoanCommand::GrantCredit(command) => grant_credit::decide(loan, history, command, day),
        LoanCommand::ReverseCredit(command) => reverse::credit(loan, history, command, day),
        LoanCommand::SettleEarly(command) => settle_early::decide(loan, history, command, day),
        LoanCommand::Refund(command) => refund::decide(loan, history, command, day),
        LoanCommand::Restructure(command) => restructure::decide(loan, history, command, day),
        LoanCommand::WriteOff(command) => write_off::decide(loan, history, command, day),
        LoanCommand::ReverseWriteOff(command) => reverse_write_off::decide(loan, history, command, day),
        LoanCommand::RecordRecovery(command) => record_recovery::decide(loan, history, command, day),
        LoanCommand::ReverseRecovery(command) => reverse::recovery(loan, history, command, day),
    }
}

/// The loan as it is served, where a `verb` of `on` can be asked of it: it was disbursed by then, and the day has
/// come.
fn served<'a>(
    loan: &'a Loan,
    verb: &'static str,
    on: NaiveDate,
    day: DecisionDay,
) -> Result<&'a Servicing, LoanRefusal> {
    let loan = disbursed(loan, verb)?;
    not_in_the_future(on, day)?;
    not_before_disbursement(loan, "on", on)?;
    Ok(loan)
}

fn not_in_the_future(on: NaiveDate, day: DecisionDay) -> Result<(), LoanRefusal> {
    let today = day.today;
    if on > today { Err(LoanRefusal::FutureDate { on, today }) } else { Ok(()) }
}

/// The loan as it is served, or why a `verb` cannot be: it was never disbursed.
fn disbursed<'a>(loan: &'a Loan, verb: &'static str) -> Result<&'a Servicing, LoanRefusal> {
    match loan {
        Loan::Disbursed(servicing) => Ok(servicing),
        Loan::Unknown => Err(LoanRefusal::Unknown),
        other => Err(not_active(other, verb)),
    }
}

fn not_active(loan: &Loan, verb: &'static str) -> LoanRefusal {
    loan.status().map_or(LoanRefusal::Unknown, |status| LoanRefusal::NotActive { status, verb })
}

fn not_before_disbursement(loan: &Servicing, field: &'static str, on: NaiveDate) -> Result<(), LoanRefusal> {
    if on < loan.disbursed_on {
        let (first, fact) = (loan.disbursed_on, "disbursement");
        return Err(LoanRefusal::BeforeFirstFact { field, on, first, fact });
    }
    Ok(())
}

/// What comes after the write-off is a recovery; what is dated before it still counts as what it is.
fn not_written_off(loan: &Servicing, on: NaiveDate, verb: &'static str) -> Result<(), LoanRefusal> {
    match loan.written_off_on {
        Some(since) if on >= since => Err(LoanRefusal::WrittenOff { since, on, verb }),
        _ => Ok(()),
    }
}

/// What is dated on or after the last fact finds a loan that still owes something; an earlier one may change that.
fn owes_something(loan: &Servicing, on: NaiveDate, verb: &'static str) -> Result<(), LoanRefusal> {
    let status = loan.standing.status;
    if on >= loan.last_on && status != Status::Active {
        return Err(LoanRefusal::NotActive { status, verb });
    }
    Ok(())
}

/// The loan as it stood on the day of a `verb`, which has to find it owing something.
fn owing_then(history: &LoanHistory, on: NaiveDate, verb: &'static str) -> Result<Derived, LoanRefusal> {
    let then = history.derive(on).map_err(LoanRefusal::from)?;
    if then.status != Status::Active {
        return Err(LoanRefusal::NotActiveThen { status: then.status, verb, on });
    }
    Ok(then)
}

fn whole(history: Option<&LoanHistory>) -> Result<&LoanHistory, Undecided<LoanRefusal>> {
    history.ok_or(Undecided::NeedsHistory)
}

fn not_paid_before(history: &LoanHistory, id: PaymentId, kind: &'static str) -> Result<(), LoanRefusal> {
    match history.find_payment(id) {
        Some(_) => Err(LoanRefusal::DuplicatePayment { kind, id }),
        None => Ok(()),
    }
}

fn payment_of(id: PaymentId, on: NaiveDate, amount: Amount, purpose: Purpose) -> Fact {
    let payment = Payment { id, purpose, amount, early: Early::Installment, excess: None };
    Fact { on, what: What::Payment(payment), reversed: false }
}

fn fact(on: NaiveDate, what: What) -> Fact {
    Fact { on, what, reversed: false }
}

/// The terms of the day; those of the disbursement where nothing replaced them.
fn terms_on<'a>(loan: &'a Servicing, history: &'a LoanHistory, on: NaiveDate) -> &'a Terms {
    history.known().terms_on(on).unwrap_or(&loan.terms)
}

/// The engine lists no effect of a fact only where it is reversed or dated after the day.
const NEW_FACT_COUNTS: &str = "a fact dated up to the last day has an effect";
