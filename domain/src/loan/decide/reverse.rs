//! Reverse a repayment or settlement, a credit, or a recovery: everything follows as if it had never been.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, Purpose, follow, served, whole,
};
use crate::loan::command::Reverse;
use crate::loan::event::PaymentReversed;

pub(super) fn repayment(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Reverse,
    day: DecisionDay,
) -> Decision {
    let repays = |purpose| matches!(purpose, Purpose::Repayment | Purpose::Settlement);
    if history.is_some_and(|history| history.charged_back(command.payment_id).is_positive()) {
        return Err(LoanRefusal::ChargedBack(command.payment_id).into());
    }
    let reversed = reverse(loan, history, command, day, ("repayment", repays));
    reversed.map(|reversed| vec![LoanEvent::RepaymentReversed(reversed)])
}

pub(super) fn credit(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Reverse,
    day: DecisionDay,
) -> Decision {
    let credits = |purpose| matches!(purpose, Purpose::Credit(_));
    let reversed = reverse(loan, history, command, day, ("credit", credits));
    reversed.map(|reversed| vec![LoanEvent::CreditReversed(reversed)])
}

pub(super) fn recovery(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Reverse,
    day: DecisionDay,
) -> Decision {
    let recovers = |purpose| matches!(purpose, Purpose::Recovery);
    let reversed = reverse(loan, history, command, day, ("recovery", recovers));
    reversed.map(|reversed| vec![LoanEvent::RecoveryReversed(reversed)])
}

fn reverse(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Reverse,
    day: DecisionDay,
    (kind, is_meant): (&'static str, fn(Purpose) -> bool),
) -> Result<PaymentReversed, super::Undecided<LoanRefusal>> {
    let loan = served(loan, "reversal", command.on, day)?;
    let (id, history) = (command.payment_id, whole(history)?);
    let found = history.find_payment(id).filter(|found| is_meant(found.payment.purpose));
    let found = found.ok_or(LoanRefusal::PaymentUnknown { kind, id })?;
    if found.reversed {
        return Err(LoanRefusal::AlreadyReversed { kind, id }.into());
    }
    if command.on < found.on {
        let (on, first) = (command.on, found.on);
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: kind }.into());
    }
    let now = history.without(found.index, command.on);
    Ok(PaymentReversed {
        payment_id: id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        reason: command.reason.clone(),
        amount: found.payment.amount,
        currency: loan.terms.currency,
        credit: match found.payment.purpose {
            Purpose::Credit(kind) => Some(kind),
            _ => None,
        },
        undone: found.effect.cloned().expect("a payment that counts has an effect"),
        written_off_before: history.known().is_written_off_at(found.index),
        outcome: follow::without(loan, history, &now, found.index).map_err(LoanRefusal::from)?,
    })
}
