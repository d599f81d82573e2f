//! Record a recovery: a payment after the write-off, which stays as it was.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Purpose, follow,
    not_paid_before, payment_of, served, whole,
};
use crate::loan::command::RecordRecovery;
use crate::loan::event::RecoveryRecorded;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &RecordRecovery,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "recovery", command.on, day)?;
    if loan.written_off_on.is_none_or(|since| command.on < since) {
        return Err(LoanRefusal::NotWrittenOff { on: command.on, verb: "recovery" }.into());
    }
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    not_paid_before(history, command.recovery_id, "recovery")?;
    let recovery = payment_of(command.recovery_id, command.on, amount, Purpose::Recovery);
    let now = history.with(Some(command.recovery_id.uuid()), recovery);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    Ok(vec![LoanEvent::RecoveryRecorded(RecoveryRecorded {
        recovery_id: command.recovery_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency: loan.terms.currency,
        external_id: command.external_id.clone(),
        allocation: effect.components(),
        effect,
        outcome,
    })])
}
