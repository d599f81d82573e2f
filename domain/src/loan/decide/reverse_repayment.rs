//! Reverse a repayment or a settlement: everything follows as if it had never been made.

use chrono::NaiveDate;

use super::{Decision, Loan, LoanEvent, LoanRefusal, disbursed, not_in_the_future};
use crate::decider::Undecided;
use crate::loan::command::ReverseRepayment;
use crate::loan::event::RepaymentReversed;
use crate::loan::history::LoanHistory;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &ReverseRepayment,
    today: NaiveDate,
) -> Decision {
    let loan = disbursed(loan, "reversal")?;
    not_in_the_future(command.on, today)?;
    let history = history.ok_or(Undecided::NeedsHistory)?;
    let payment = history
        .find_payment(command.repayment_id)
        .ok_or(LoanRefusal::RepaymentUnknown(command.repayment_id))?;
    if payment.reversed {
        return Err(LoanRefusal::AlreadyReversed(command.repayment_id).into());
    }
    if command.on < payment.on {
        let (on, first) = (command.on, payment.on);
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: "repayment" }.into());
    }
    let without = history.without_payment(command.repayment_id);
    let derived = without.derive().expect("a disbursed loan has a plan");
    Ok(vec![LoanEvent::RepaymentReversed(RepaymentReversed {
        repayment_id: command.repayment_id,
        on: command.on,
        reason: command.reason.clone(),
        amount: payment.amount,
        currency: loan.terms.currency,
        undone: payment.allocation.clone(),
        reallocated: derived.reallocated,
        standing: derived.loan.standing,
    })])
}
