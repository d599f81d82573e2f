//! One file per decision: a guard ladder, then facts.

mod add_charge;
mod apply;
mod approve;
mod close;
mod disburse;
mod record_repayment;
mod reverse_repayment;
mod settle_early;

use chrono::NaiveDate;

use super::history::LoanHistory;
use super::servicing::Servicing;
use super::{Decision, Loan, LoanCommand, LoanEvent, LoanRefusal, Status};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &LoanCommand,
    today: NaiveDate,
) -> Decision {
    match command {
        LoanCommand::Apply(command) => apply::decide(loan, command),
        LoanCommand::Approve(command) => approve::decide(loan, command, today),
        LoanCommand::Reject(command) => close::reject(loan, command, today),
        LoanCommand::Withdraw(command) => close::withdraw(loan, command, today),
        LoanCommand::Disburse(command) => disburse::decide(loan, command, today),
        LoanCommand::AddCharge(command) => add_charge::decide(loan, history, command, today),
        LoanCommand::RecordRepayment(command) => record_repayment::decide(loan, history, command, today),
        LoanCommand::SettleEarly(command) => settle_early::decide(loan, history, command, today),
        LoanCommand::ReverseRepayment(command) => reverse_repayment::decide(loan, history, command, today),
    }
}

fn not_in_the_future(on: NaiveDate, today: NaiveDate) -> Result<(), LoanRefusal> {
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

/// A payment dated on or after the last one finds a loan that still owes something; an earlier one may change that.
fn owes_something(loan: &Servicing, on: NaiveDate, verb: &'static str) -> Result<(), LoanRefusal> {
    let status = loan.standing.status;
    if on >= loan.last_on && status != Status::Active {
        return Err(LoanRefusal::NotActive { status, verb });
    }
    Ok(())
}
