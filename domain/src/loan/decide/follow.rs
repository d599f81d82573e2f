//! What follows from one more fact, or from one fact less: derived by the engine, and told apart from what was
//! recorded before.

use super::{Effect, LoanHistory, Servicing};
use crate::Amount;
use crate::loan::engine::{CALCULATION, Derived, Row};
use crate::loan::event::{ChangedInstallment, InstallmentState, Outcome, Rederived};
use crate::loan::standing::Standing;

/// What the fact comes to that was recorded last in `now`, and what else follows from it.
pub(super) fn with_last(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
) -> (Option<Effect>, Outcome) {
    let derived = derive(now);
    let own = derived.effects.last().cloned().flatten();
    let outcome = outcome(loan, before, now, &derived, own.as_ref());
    (own, outcome)
}

/// What follows where a fact was taken out.
pub(super) fn without(loan: &Servicing, before: &LoanHistory, now: &LoanHistory) -> Outcome {
    outcome(loan, before, now, &derive(now), None)
}

fn derive(now: &LoanHistory) -> Derived {
    now.last_on().and_then(|day| now.derive(day)).expect("a disbursed loan has a plan")
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
    Outcome {
        rederived,
        changed,
        deferred: now.deferred(derived).minus(loan.deferred),
        tax: tax.minus(loan.tax_covered),
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
