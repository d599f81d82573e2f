//! Refund an overpayment.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, What, fact, follow,
    served, whole,
};
use crate::loan::command::Refund;
use crate::loan::event::OverpaymentRefunded;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Refund,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "refund", command.on, day)?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    let then = history.derive(command.on).map_err(LoanRefusal::from)?;
    if amount > then.overpaid {
        let (overpaid, on) = (then.overpaid, command.on);
        return Err(LoanRefusal::RefundExceedsOverpayment { amount, overpaid, on }.into());
    }
    let now = history.with(Some(command.refund_id.uuid()), fact(command.on, What::Refund { amount }));
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    Ok(vec![LoanEvent::OverpaymentRefunded(OverpaymentRefunded {
        refund_id: command.refund_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency: loan.terms.currency,
        effect: effect.expect(NEW_FACT_COUNTS),
        outcome,
    })])
}
