//! Record a repayment. One dated before others moves them: they are derived again.

use super::{
    Decision, DecisionDay, Early, Effect, Fact, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS,
    Payment, Purpose, Servicing, What, follow, not_paid_before, not_written_off, owes_something, owing_then,
    served, terms_on, whole,
};
use crate::Amount;
use crate::loan::allocate::spread;
use crate::loan::command::RecordRepayment;
use crate::loan::engine::CALCULATION;
use crate::loan::event::{Moved, Outcome, RepaymentRecorded};
use crate::terms::{Excess, InterestBasis, Terms};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &RecordRepayment,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "repayment", command.on, day)?;
    not_written_off(loan, command.on, "repayment")?;
    owes_something(loan, command.on, "repayment")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;
    if let Some(history) = history {
        not_paid_before(history, command.repayment_id, "repayment")?;
    }
    let (effect, outcome) = match on_the_rows_alone(loan, command, amount) {
        Some(decided) => decided,
        None => on_the_history(loan, whole(history)?, command, amount)?,
    };
    Ok(vec![LoanEvent::RepaymentRecorded(RepaymentRecorded {
        repayment_id: command.repayment_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency: loan.terms.currency,
        external_id: command.external_id.clone(),
        early: command.early,
        excess: command.excess,
        allocation: effect.components(),
        effect,
        outcome,
    })])
}

/// Most repayments come after all other facts, find nothing late and go from row to row: the rows say all that they
/// need. The engine comes to the same, as a property proves.
pub(in crate::loan) fn on_the_rows_alone(
    loan: &Servicing,
    command: &RecordRepayment,
    amount: Amount,
) -> Option<(Effect, Outcome)> {
    let agreed =
        command.early == Early::Installment && command.excess.is_none_or(|excess| excess == Excess::Next);
    let may_be_late =
        loan.terms.late.is_some() && loan.standing.late_from.is_some_and(|late| late <= command.on);
    if !loan.is_plain || !agreed || may_be_late || command.on < loan.last_on {
        return None;
    }
    let zero = loan.terms.currency.zero();
    let (shares, overpaid) = spread(loan, command.on, amount);
    let mut after = loan.clone();
    after.cover(&shares);
    after.standing.overpaid = after.standing.overpaid.plus(overpaid);
    after.restate();
    let effect = Effect {
        shares,
        applied: Vec::new(),
        overpaid,
        credit: zero,
        waived: Vec::new(),
        outlay: None,
        balance: after.standing.balances.principal,
        write_off: None,
    };
    let outcome = Outcome {
        rederived: Vec::new(),
        changed: Vec::new(),
        principal_added: zero,
        deferred: zero,
        tax: zero,
        financed_tax: zero,
        by_time: Moved::nothing(),
        standing: after.standing,
        calculation: CALCULATION,
    };
    Some((effect, outcome))
}

pub(in crate::loan) fn on_the_history(
    loan: &Servicing,
    history: &LoanHistory,
    command: &RecordRepayment,
    amount: Amount,
) -> Result<(Effect, Outcome), LoanRefusal> {
    can_go_there(terms_on(loan, history, command.on), command)?;
    owing_then(history, command.on, "repayment")?;
    let payment = Payment {
        id: command.repayment_id,
        purpose: Purpose::Repayment,
        amount,
        early: command.early,
        excess: command.excess,
    };
    let repayment = Fact { on: command.on, what: What::Payment(payment), reversed: false };
    let now = history.with(Some(command.repayment_id.uuid()), repayment);
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(LoanRefusal::from)?;
    Ok((effect.expect(NEW_FACT_COUNTS), outcome))
}

/// Whether what is asked of the excess, or an anticipation, goes with the terms (LENDING.md §10, §12).
fn can_go_there(terms: &Terms, command: &RecordRepayment) -> Result<(), LoanRefusal> {
    let (basis, method) = (terms.interest_basis, terms.method);
    if let Some(excess) = command.excess {
        if basis.is_rest() && excess != Excess::Next && !excess.draws_again() {
            return Err(LoanRefusal::ExcessNotForBasis { excess, basis });
        }
        if excess.draws_again() && !method.can_be_drawn_again() {
            let (field, value) = ("excess", excess.name());
            return Err(LoanRefusal::PlanCannotBeDrawnAgain { field, value, method });
        }
    }
    // On a running balance an anticipation draws no plan again: it stops the interest on its day.
    let draws_again = command.early == Early::Anticipation && basis != InterestBasis::RunningBalance;
    if draws_again && !method.can_be_drawn_again() {
        let (field, value) = ("as", "anticipation");
        return Err(LoanRefusal::PlanCannotBeDrawnAgain { field, value, method });
    }
    Ok(())
}
