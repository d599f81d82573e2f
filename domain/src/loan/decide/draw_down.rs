//! Disburse more of what was approved: the rows from its period on are drawn again (LENDING.md §6).

use super::disburse::{HandedOut, amount_of};
use super::{
    Decision, DecisionDay, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Servicing, What, fact,
    follow, not_before_disbursement, not_in_the_future, not_written_off, owing_then, terms_on, whole,
};
use crate::iof::IofCollection;
use crate::loan::command::Disburse;
use crate::loan::event::Disbursed;
use crate::loan::facts::Fact;
use crate::schedule::PlanError;

/// All disbursements after the first may take so many steps, a step being one row drawn again: less than half a second.
const MOST_STEPS: usize = 500_000;
/// The same where the tax is financed, so that rows are drawn until it stands still.
const STEPS_WITH_FINANCED_TAX: usize = 5;

pub(super) fn decide(
    loan: &Servicing,
    history: Option<&LoanHistory>,
    command: &Disburse,
    day: DecisionDay,
) -> Decision {
    let left = loan.approved.minus(loan.disbursed);
    if left.is_zero() {
        let (approved, currency) = (loan.approved, loan.terms.currency);
        return Err(LoanRefusal::AllDisbursed { approved, currency }.into());
    }
    not_in_the_future(command.on, day)?;
    not_before_disbursement(loan, "on", command.on)?;
    not_written_off(loan, command.on, "disbursement")?;
    let amount = amount_of(command, &loan.terms, left)?;
    let history = whole(history)?;
    owing_then(history, command.on, "disbursement")?;
    let (id, on) = (command.disbursement_id, command.on);
    not_too_many(loan, history)?;
    let now = history.with(Some(id.uuid()), fact(on, What::Disbursement { id, amount }));
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    let outlay = effect.outlay.expect("a disbursement has an outlay");
    let handed_out = HandedOut::of(terms_on(loan, history, on), amount, outlay);
    Ok(vec![LoanEvent::Disbursed(Disbursed {
        disbursement_id: id,
        on,
        booked_on: day.booked_on(on),
        amount,
        currency: loan.terms.currency,
        released: handed_out.released,
        fees: handed_out.fees,
        tax: handed_out.tax,
        installments: Vec::new(),
        effective_cost: None,
        effect: Some(effect),
        outcome,
    })])
}

/// A loan has to be derived in a moment whenever something happens to it. That is for who decides; whatever was decided can
/// be derived.
fn not_too_many(loan: &Servicing, history: &LoanHistory) -> Result<(), LoanRefusal> {
    let counts = |fact: &&Fact| matches!(fact.what, What::Disbursement { .. }) && !fact.reversed;
    // With the one that is to come, and without the first.
    let further = history.facts().iter().filter(counts).count();
    let terms = &loan.terms;
    let is_financed = terms.tax.as_ref().is_some_and(|tax| tax.iof.collected == IofCollection::Financed);
    let of_a_row = if is_financed { STEPS_WITH_FINANCED_TAX } else { 1 };
    let rows = usize::try_from(terms.due_date_count()).expect("a plan has 10,000 rows at most");
    if further * rows * of_a_row > MOST_STEPS {
        return Err(PlanError::TooManySteps { most: MOST_STEPS }.into());
    }
    Ok(())
}
