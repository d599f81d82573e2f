//! Disburse more of what was approved: the rows from its period on are drawn again (LENDING.md §6).

use super::disburse::{HandedOut, amount_of};
use super::{
    Decision, DecisionDay, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Servicing, What, fact,
    follow, not_before_disbursement, not_in_the_future, not_written_off, owing_then, whole,
};
use crate::loan::command::Disburse;
use crate::loan::event::Disbursed;
use crate::schedule::{self, Disbursement};

pub(super) fn decide(
    loan: &Servicing,
    history: Option<&LoanHistory>,
    command: &Disburse,
    day: DecisionDay,
) -> Decision {
    let left = loan.approved.minus(loan.disbursed);
    if left.is_zero() {
        let status = loan.standing.status;
        return Err(LoanRefusal::NotApproved { status, verb: "disbursed" }.into());
    }
    not_in_the_future(command.on, day)?;
    not_before_disbursement(loan, "on", command.on)?;
    not_written_off(loan, command.on, "disbursement")?;
    let amount = amount_of(command, &loan.terms, left)?;
    let history = whole(history)?;
    owing_then(history, command.on, "disbursement")?;
    let handed_out = handed_out(loan, history, Disbursement { on: command.on, amount })?;
    let (id, on) = (command.disbursement_id, command.on);
    let mut now = history.with(Some(id.uuid()), fact(on, What::Disbursement { id, amount }));
    now.fund(now.facts().len() - 1, handed_out.financed);
    let (effect, outcome) = follow::with_last(loan, history, &now);
    Ok(vec![LoanEvent::Disbursed(Disbursed {
        disbursement_id: id,
        on,
        booked_on: day.booked_on(on),
        amount,
        currency: loan.terms.currency,
        released: handed_out.released,
        fees: handed_out.fees(amount),
        tax: handed_out.tax,
        installments: Vec::new(),
        effective_cost: None,
        effect: Some(effect.expect(NEW_FACT_COUNTS)),
        outcome,
    })])
}

/// What comes out beyond what the disbursements up to now brought.
fn handed_out(loan: &Servicing, history: &LoanHistory, more: Disbursement) -> Result<HandedOut, LoanRefusal> {
    let known = history.facts().iter().filter_map(|fact| match fact.what {
        What::Disbursement { amount, .. } => Some(Disbursement { on: fact.on, amount }),
        _ => None,
    });
    let mut all: Vec<Disbursement> = known.collect();
    all.sort_by_key(|each| each.on);
    let earlier = HandedOut::of(&schedule::draw_for_loan(&loan.terms, &all)?);
    all.push(more);
    all.sort_by_key(|each| each.on);
    Ok(HandedOut::of(&schedule::draw_for_loan(&loan.terms, &all)?).beyond(&earlier))
}
