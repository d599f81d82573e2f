//! Add a penalty or a fee to the installment in whose period it falls due.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, Servicing, What, disbursed, fact,
    follow, not_before_disbursement, not_written_off, whole,
};
use crate::loan::command::AddCharge;
use crate::loan::event::{ChangedInstallment, ChargeAdded};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &AddCharge,
    day: DecisionDay,
) -> Decision {
    let loan = disbursed(loan, "charge")?;
    not_before_disbursement(loan, "due_on", command.due_on)?;
    not_written_off(loan, command.due_on, "charge")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    // A charge is part of its row for every payment, earlier ones included, so all are derived again.
    let history = whole(history)?;
    if history.has_charge(command.charge_id) {
        return Err(LoanRefusal::DuplicateCharge(command.charge_id).into());
    }
    let (id, component) = (command.charge_id, command.kind.component());
    let charge = fact(command.due_on, What::Charge { id, component, amount });
    let now = history.with(Some(id.uuid()), charge);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    Ok(vec![LoanEvent::ChargeAdded(ChargeAdded {
        charge_id: command.charge_id,
        on: day.today,
        booked_on: day.booked_on(day.today),
        kind: command.kind,
        component,
        amount,
        currency: loan.terms.currency,
        due_on: command.due_on,
        installment: installment(loan, command, &outcome.changed),
        effect,
        outcome,
    })])
}

/// The installment in whose period the charge falls due: of those that are there with it the first that is not due
/// before.
fn installment(loan: &Servicing, command: &AddCharge, changed: &[ChangedInstallment]) -> u32 {
    let after = |number: u32, known: chrono::NaiveDate| {
        let changed = changed.iter().find(|change| change.installment == number);
        changed.and_then(|change| change.after).map_or(known, |state| state.due_on)
    };
    let mut rows = loan.rows.iter().map(|row| (row.number, after(row.number, row.state.due_on)));
    let found = rows.find(|(_, due_on)| command.due_on <= *due_on).map(|(number, _)| number);
    found.unwrap_or_else(|| loan.rows.last().map_or(1, |last| last.number + 1))
}
