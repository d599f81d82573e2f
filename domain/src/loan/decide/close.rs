//! Reject an application, or withdraw it; what is approved can still be withdrawn until it is disbursed.

use super::approve::not_applied;
use super::{Decision, DecisionDay, Loan, LoanEvent, LoanRefusal, not_in_the_future};
use crate::loan::command::Close;
use crate::loan::event::Closed;

pub(super) fn reject(loan: &Loan, command: &Close, day: DecisionDay) -> Decision {
    if !matches!(loan, Loan::Applied { .. }) {
        return Err(not_applied(loan, "rejected").into());
    }
    not_in_the_future(command.on, day)?;
    Ok(vec![LoanEvent::Rejected(closed(command))])
}

pub(super) fn withdraw(loan: &Loan, command: &Close, day: DecisionDay) -> Decision {
    match loan {
        Loan::Approved { on, .. } if command.on < *on => {
            let (on, first) = (command.on, *on);
            return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: "approval" }.into());
        }
        Loan::Applied { .. } | Loan::Approved { .. } => {}
        _ => return Err(not_applied(loan, "withdrawn").into()),
    }
    not_in_the_future(command.on, day)?;
    Ok(vec![LoanEvent::Withdrawn(closed(command))])
}

fn closed(command: &Close) -> Closed {
    Closed { on: command.on, reason: command.reason.clone() }
}
