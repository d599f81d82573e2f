//! Write a loan off: all that is open leaves the books.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Status, What, fact,
    follow, owes_something, owing_then, served, whole,
};
use crate::loan::command::WriteOffLoan;
use crate::loan::event::WrittenOff;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &WriteOffLoan,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "write-off", command.on, day)?;
    if loan.written_off_on.is_some() {
        return Err(LoanRefusal::NotActive { status: Status::WrittenOff, verb: "write-off" }.into());
    }
    owes_something(loan, command.on, "write-off")?;
    let history = whole(history)?;
    owing_then(history, command.on, "write-off")?;
    let now = history.with(None, fact(command.on, What::WriteOff));
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    Ok(vec![LoanEvent::WrittenOff(WrittenOff {
        on: command.on,
        booked_on: day.booked_on(command.on),
        currency: loan.terms.currency,
        reason: command.reason.clone(),
        effect: effect.expect(NEW_FACT_COUNTS),
        outcome,
    })])
}
