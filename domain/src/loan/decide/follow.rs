//! What follows from one more fact, or from one fact less: derived by the engine, and told apart from what was
//! recorded before.

use super::{Effect, LoanHistory, Servicing};
use crate::Amount;
use crate::component::Components;
use crate::loan::engine::{CALCULATION, Derived, EngineError, Row};
use crate::loan::event::{ChangedInstallment, CreditApplied, InstallmentState, Moved, Outcome, Rederived};
use crate::loan::standing::Standing;

/// What the fact comes to that was recorded last in `now`, and what else follows from it.
pub(super) fn with_last(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
) -> Result<(Option<Effect>, Outcome), EngineError> {
    let derived = now.derive_last()?;
    let own = derived.effects.last().cloned().flatten();
    let outcome = outcome(loan, before, now, &derived, own.as_ref());
    Ok((own, outcome))
}

/// What follows where a fact was taken out.
pub(super) fn without(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
) -> Result<Outcome, EngineError> {
    Ok(outcome(loan, before, now, &now.derive_last()?, None))
}

fn outcome(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
    derived: &Derived,
    own: Option<&Effect>,
) -> Outcome {
    let rederived = before.rederived(now, derived);
    let changed = changed(loan, derived, own, &rederived);
    let tax = derived.rows.iter().map(|row| row.tax.min(row.paid.fee)).sum::<Amount>();
    let planned: Amount = derived.rows.iter().map(|row| row.due.principal).sum();
    let planned_before: Amount = loan.rows.iter().map(|row| row.state.due.principal).sum();
    Outcome {
        rederived,
        changed,
        principal_added: planned.minus(planned_before),
        deferred: now.deferred(derived).minus(loan.deferred),
        tax: tax.minus(loan.tax_covered),
        by_time: by_time(derived).minus(loan.by_time),
        standing: Standing {
            status: derived.status,
            balances: derived.balances,
            overpaid: derived.overpaid,
            credit: derived.credit,
            oldest_due_on: derived.oldest_due_on,
            late_from: derived.late_from,
        },
        calculation: CALCULATION,
    }
}

/// What time alone did since the last fact: what no effect of a fact says.
fn by_time(derived: &Derived) -> Moved {
    let served = |applied: &[CreditApplied]| {
        let shares = applied.iter().flat_map(|applied| &applied.shares);
        shares.fold(Components::NOTHING, |sum, share| sum.plus(share.allocation))
    };
    let (mut overpaid, mut credit) = (derived.overpaid, derived.credit);
    for effect in derived.effects.iter().flatten() {
        overpaid = overpaid.minus(effect.overpaid);
        credit = credit.minus(effect.credit).plus(served(&effect.applied).total());
    }
    Moved { allocation: served(&derived.applied), overpaid, credit }
}

/// Every installment that changed; none where nothing happened but that the event's own shares were covered.
fn changed(
    loan: &Servicing,
    derived: &Derived,
    own: Option<&Effect>,
    rederived: &[Rederived],
) -> Vec<ChangedInstallment> {
    if rederived.is_empty() && follows_from_shares(loan, derived, own) {
        return Vec::new();
    }
    let rows = loan.rows.len().max(derived.rows.len());
    let each = (0..rows).map(|index| ChangedInstallment {
        installment: u32::try_from(index + 1).expect("a loan has fewer installments"),
        before: loan.rows.get(index).map(|row| row.state),
        after: derived.rows.get(index).map(state_of),
    });
    each.filter(|change| change.before != change.after).collect()
}

fn follows_from_shares(loan: &Servicing, derived: &Derived, own: Option<&Effect>) -> bool {
    if loan.rows.len() != derived.rows.len() {
        return false;
    }
    let mut after = loan.clone();
    after.cover(own.map_or(&[], |effect| &effect.shares));
    after.rows.iter().zip(&derived.rows).all(|(row, derived)| row.state == state_of(derived))
}

fn state_of(row: &Row) -> InstallmentState {
    InstallmentState {
        from: row.from,
        due_on: row.due_on,
        due: row.due,
        tax: row.tax,
        paid: row.paid,
        waived: row.waived,
    }
}
