//! Charge a repayment back: the payer's bank took money, and that principal is owed again. The repayment stays.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Purpose, What, fact,
    follow, not_written_off, served, whole,
};
use crate::loan::command::ChargeBack;
use crate::loan::event::RepaymentChargedBack;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &ChargeBack,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "chargeback", command.on, day)?;
    not_written_off(loan, command.on, "chargeback")?;
    let (currency, id, kind) = (loan.terms.currency, command.repayment_id, "repayment");
    let asked = command.amount.map(|amount| currency.try_positive(amount)).transpose();
    let asked = asked.map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    let repays = |purpose| matches!(purpose, Purpose::Repayment | Purpose::Settlement);
    let found = history.find_payment(id).filter(|found| repays(found.payment.purpose));
    let found = found.ok_or(LoanRefusal::PaymentUnknown { kind, id })?;
    if found.reversed {
        return Err(LoanRefusal::AlreadyReversed { kind, id }.into());
    }
    if command.on < found.on {
        let (on, first) = (command.on, found.on);
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: kind }.into());
    }
    let left = found.payment.amount.minus(history.charged_back(id));
    let amount = asked.unwrap_or(left);
    if amount > left || left.is_zero() {
        return Err(LoanRefusal::ChargebackExceedsRepayment { amount, left }.into());
    }
    let chargeback = fact(command.on, What::Chargeback { payment: id, amount });
    let now = history.with(Some(command.chargeback_id.uuid()), chargeback);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    Ok(vec![LoanEvent::RepaymentChargedBack(RepaymentChargedBack {
        chargeback_id: command.chargeback_id,
        repayment_id: id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency,
        reason: command.reason.clone(),
        effect: effect.expect(NEW_FACT_COUNTS),
        outcome,
    })])
}
