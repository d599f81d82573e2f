//! Approve an application for the principal asked for.

use chrono::NaiveDate;

use super::{Decision, Loan, LoanEvent, LoanRefusal, not_in_the_future};
use crate::loan::command::Approve;
use crate::loan::event::Approved;

pub(super) fn decide(loan: &Loan, command: &Approve, today: NaiveDate) -> Decision {
    let Loan::Applied { terms } = loan else {
        return Err(not_applied(loan, "approved").into());
    };
    not_in_the_future(command.on, today)?;
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
