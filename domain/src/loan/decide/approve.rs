//! Approve an application for the principal asked for.

use super::{Decision, DecisionDay, Loan, LoanEvent, LoanRefusal, not_in_the_future};
use crate::loan::command::Approve;
use crate::loan::event::Approved;

pub(super) fn decide(loan: &Loan, command: &Approve, day: DecisionDay) -> Decision {
    let Loan::Applied { terms } = loan else {
        return Err(not_applied(loan, "approved").into());
    };
    not_in_the_future(command.on, day)?;
    Ok(vec![LoanEvent::Approved(Approved {
        on: command.on,
        principal: terms.principal,
        currency: terms.currency,
        reason: command.reason.clone(),
    })])
}

pub(super) fn not_applied(loan: &Loan, verb: &'static str) -> LoanRefusal {
    loan.status().map_or(LoanRefusal::Unknown, |status| LoanRefusal::NotApplied { status, verb })
}
