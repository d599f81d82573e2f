//! Settle a loan early: pay exactly the quote of the day.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Purpose, follow,
    not_paid_before, not_written_off, owes_something, owing_then, payment_of, served, whole,
};
use crate::loan::command::SettleEarly;
use crate::loan::event::SettledEarly;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &SettleEarly,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "settlement", command.on, day)?;
    not_written_off(loan, command.on, "settlement")?;
    owes_something(loan, command.on, "settlement")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    not_paid_before(history, command.repayment_id, "settlement")?;
    owing_then(history, command.on, "settlement")?;
    let quote = history.quote(command.on).map_err(LoanRefusal::from)?.amount;
    if amount != quote {
        return Err(LoanRefusal::NotTheSettlementAmount { amount, quote, on: command.on }.into());
    }
    let settlement = payment_of(command.repayment_id, command.on, amount, Purpose::Settlement);
    let now = history.with(Some(command.repayment_id.uuid()), settlement);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    Ok(vec![LoanEvent::SettledEarly(SettledEarly {
        repayment_id: command.repayment_id,
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
