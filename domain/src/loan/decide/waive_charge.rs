//! Waive what is unpaid of a charge, or a part of it; payments stay where they went.

use super::{
    Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, What, fact, follow,
    not_written_off, served, whole,
};
use crate::Amount;
use crate::loan::command::WaiveCharge;
use crate::loan::event::{ChargeWaived, Effect};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &WaiveCharge,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "waiver", command.on, day)?;
    not_written_off(loan, command.on, "waiver")?;
    let currency = loan.terms.currency;
    let amount = command.amount.map(|amount| currency.try_positive(amount)).transpose();
    let amount = amount.map_err(LoanRefusal::Amount)?;
    let history = whole(history)?;
    let (charge, on, id) = (command.charge_id, command.on, Some(command.waiver_id.uuid()));
    if !history.has_charge(charge) {
        return Err(LoanRefusal::ChargeUnknown(charge).into());
    }
    let all = history.with(id, fact(on, What::Waiver { charge, amount: None }));
    let then = all.derive(on).map_err(LoanRefusal::from)?;
    let unpaid = then.effects.last().and_then(Option::as_ref).map_or(Amount::ZERO, Effect::waived_in_all);
    if unpaid.is_zero() {
        return Err(LoanRefusal::NothingToWaive { charge, on }.into());
    }
    if let Some(amount) = amount.filter(|amount| *amount > unpaid) {
        return Err(LoanRefusal::WaiverExceedsCharge { amount, unpaid, on }.into());
    }
    let now = history.with(id, fact(on, What::Waiver { charge, amount }));
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    Ok(vec![LoanEvent::ChargeWaived(ChargeWaived {
        waiver_id: command.waiver_id,
        charge_id: charge,
        on,
        booked_on: day.booked_on(on),
        amount,
        waived: currency.zero().plus(effect.waived_in_all()),
        currency,
        reason: command.reason.clone(),
        effect,
        outcome,
    })])
}
