//! Undo a write-off: it counts as if it had never been.

use super::{Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, follow, served, whole};
use crate::loan::command::WriteOffLoan;
use crate::loan::event::WriteOffReversed;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &WriteOffLoan,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "reversal", command.on, day)?;
    let history = whole(history)?;
    let Some(index) = history.known().write_off() else {
        let undone = history.undone_write_off();
        return Err(undone
            .map_or(LoanRefusal::NoWriteOff, |on| LoanRefusal::WriteOffAlreadyReversed { on })
            .into());
    };
    let first = history.facts()[index].on;
    if command.on < first {
        let on = command.on;
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: "write-off" }.into());
    }
    let now = history.without(index, command.on);
    Ok(vec![LoanEvent::WriteOffReversed(WriteOffReversed {
        on: command.on,
        booked_on: day.booked_on(command.on),
        currency: loan.terms.currency,
        reason: command.reason.clone(),
        undone: history.effect_of(index).cloned().expect("a write-off that counts has an effect"),
        outcome: follow::without(loan, history, &now, index).map_err(LoanRefusal::from)?,
    })])
}
