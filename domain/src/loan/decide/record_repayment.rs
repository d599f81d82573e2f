//! Record a repayment. One dated before others moves them: they are spread again.

use chrono::NaiveDate;

use super::{
    Decision, Loan, LoanEvent, LoanRefusal, disbursed, not_before_disbursement, not_in_the_future,
    owes_something,
};
use crate::decider::Undecided;
use crate::loan::allocate::spread;
use crate::loan::command::RecordRepayment;
use crate::loan::event::{Allocation, Reallocation, RepaymentRecorded};
use crate::loan::history::{LoanHistory, Purpose};
use crate::loan::servicing::Servicing;
use crate::{Amount, loan::Standing};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &RecordRepayment,
    today: NaiveDate,
) -> Decision {
    let loan = disbursed(loan, "repayment")?;
    not_in_the_future(command.on, today)?;
    not_before_disbursement(loan, "on", command.on)?;
    owes_something(loan, command.on, "repayment")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    if history.is_some_and(|history| history.find_payment(command.repayment_id).is_some()) {
        return Err(LoanRefusal::DuplicateRepayment(command.repayment_id).into());
    }

    if command.on >= loan.last_on {
        let allocation = spread(loan, command.on, amount);
        let standing = loan.after_payment(command.on, &allocation).standing;
        return Ok(vec![recorded(loan, command, amount, allocation, Vec::new(), standing)]);
    }
    let history = history.ok_or(Undecided::NeedsHistory)?;
    let with = history.with_payment(command.repayment_id, command.on, amount, Purpose::Repay);
    let derived = with.derive().expect("a disbursed loan has a plan");
    let allocation = derived.allocation_of(command.repayment_id).expect("the payment was derived").clone();
    let others = derived.reallocated.into_iter().filter(|moved| moved.repayment_id != command.repayment_id);
    Ok(vec![recorded(loan, command, amount, allocation, others.collect(), derived.loan.standing)])
}

fn recorded(
    loan: &Servicing,
    command: &RecordRepayment,
    amount: Amount,
    allocation: Allocation,
    reallocated: Vec<Reallocation>,
    standing: Standing,
) -> LoanEvent {
    LoanEvent::RepaymentRecorded(RepaymentRecorded {
        repayment_id: command.repayment_id,
        on: command.on,
        amount,
        currency: loan.terms.currency,
        external_id: command.external_id.clone(),
        allocation: allocation.components(),
        shares: allocation.shares,
        overpaid: allocation.overpaid,
        reallocated,
        standing,
    })
}
