//! Grant a credit: the lender gives up money, which serves what is owed like a payment.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Purpose, follow,
    not_paid_before, not_written_off, owes_something, owing_then, payment_of, served, whole,
};
use crate::loan::command::GrantCredit;
use crate::loan::event::CreditGranted;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &GrantCredit,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "credit", command.on, day)?;
    not_written_off(loan, command.on, "credit")?;
    owes_something(loan, command.on, "credit")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    not_paid_before(history, command.credit_id, "credit")?;
    owing_then(history, command.on, "credit")?;
    let credit = payment_of(command.credit_id, command.on, amount, Purpose::Credit(command.kind));
    let now = history.with(Some(command.credit_id.uuid()), credit);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    Ok(vec![LoanEvent::CreditGranted(CreditGranted {
        credit_id: command.credit_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency: loan.terms.currency,
        kind: command.kind,
        reason: command.reason.clone(),
        allocation: effect.components(),
        effect,
        outcome,
    })])
}
