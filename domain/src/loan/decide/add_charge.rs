//! Add a penalty or a fee to the installment in whose period it falls due.

use chrono::NaiveDate;

use super::{Decision, Loan, LoanEvent, LoanRefusal, disbursed, not_before_disbursement};
use crate::decider::Undecided;
use crate::loan::command::AddCharge;
use crate::loan::event::ChargeAdded;
use crate::loan::history::LoanHistory;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &AddCharge,
    today: NaiveDate,
) -> Decision {
    let loan = disbursed(loan, "charge")?;
    not_before_disbursement(loan, "due_on", command.due_on)?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    let mut event = ChargeAdded {
        charge_id: command.charge_id,
        on: today,
        kind: command.kind.clone(),
        component: command.component,
        amount,
        currency: loan.terms.currency,
        due_on: command.due_on,
        installment: loan.row_of_charge(command.due_on),
        reallocated: Vec::new(),
        standing: loan.standing,
    };
    // A charge is part of its row for every payment, earlier ones included, so all are spread again.
    let history = history.ok_or(Undecided::NeedsHistory)?;
    let derived = history.with_charge(event.clone()).derive().expect("a disbursed loan has a plan");
    event.reallocated = derived.reallocated;
    event.standing = derived.loan.standing;
    Ok(vec![LoanEvent::ChargeAdded(event)])
}
