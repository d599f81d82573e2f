//! What follows from one more fact, or from one fact less: derived by the engine, and told apart from what was
//! recorded before.

use super::{Effect, LoanHistory, Servicing};
use crate::Amount;
use crate::component::Components;
use crate::iof::IofCollection;
use crate::loan::engine::{CALCULATION, Derived, EngineError, Row};
use crate::loan::event::{ChangedInstallment, CreditApplied, Moved, Outcome, Rederived};
use crate::loan::standing::{Standing, Status};

/// What the fact comes to that was recorded last in `now`, and what else follows from it.
pub(super) fn with_last(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
) -> Result<(Option<Effect>, Outcome), EngineError> {
    let derived = now.derive_last()?;
    let own = derived.effects.last().cloned().flatten();
    let is_off = now.known().is_written_off_at(now.facts().len() - 1);
    let covers = own.as_ref().map_or(Amount::ZERO, |own| taken_off(own, is_off));
    let outcome = outcome(loan, before, now, &derived, (own.as_ref(), covers));
    Ok((own, outcome))
}

/// What follows where the fact at `index` was taken out.
pub(super) fn without(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
    index: usize,
) -> Result<Outcome, EngineError> {
    let undone = before.effect_of(index);
    let covered =
        undone.map_or(Amount::ZERO, |undone| taken_off(undone, before.known().is_written_off_at(index)));
    Ok(outcome(loan, before, now, &now.derive_last()?, (None, covered.negated())))
}

/// The principal that an effect takes off the books: what it covers while they have the loan, and what it writes off.
fn taken_off(effect: &Effect, is_written_off: bool) -> Amount {
    let written_off = effect.write_off.map_or(Amount::ZERO, |write_off| write_off.open.principal);
    if is_written_off {
        return written_off;
    }
    let covered = effect.components().principal.plus(served(&effect.applied).principal);
    covered.plus(written_off)
}

/// What of the principal is on the books.
fn on_the_books(standing: &Standing) -> Amount {
    let principal = standing.balances.principal;
    if standing.status == Status::WrittenOff { principal.minus(principal) } else { principal }
}

fn outcome(
    loan: &Servicing,
    before: &LoanHistory,
    now: &LoanHistory,
    derived: &Derived,
    (own, taken_off_by_it): (Option<&Effect>, Amount),
) -> Outcome {
    let rederived = before.rederived(now, derived);
    let tax = derived.rows.iter().map(|row| row.tax.min(row.paid.fee)).sum::<Amount>();
    let by_time = by_time(derived).minus(loan.by_time);
    let may_be_plain = rederived.is_empty() && by_time.is_nothing();
    let changed = changed(loan, derived, own.filter(|_| may_be_plain));
    let standing = Standing {
        status: derived.status,
        balances: derived.balances,
        overpaid: derived.overpaid,
        credit: derived.credit,
        oldest_due_on: derived.oldest_due_on,
        late_from: derived.late_from,
    };
    let moved = rederived.iter().map(|moved| {
        let taken = |effect: &Option<Effect>, is_off| {
            effect.as_ref().map_or(Amount::ZERO, |effect| taken_off(effect, is_off))
        };
        taken(&moved.after, moved.written_off_after).minus(taken(&moved.before, moved.written_off_before))
    });
    let taken_off = taken_off_by_it.plus(moved.sum()).plus(by_time.allocation.principal);
    let more_on_the_books = on_the_books(&standing).minus(on_the_books(&loan.standing));
    let financed_tax = financed_tax(now, &rederived);
    Outcome {
        rederived,
        changed,
        principal_added: more_on_the_books.plus(taken_off),
        deferred: now.deferred(derived).minus(loan.deferred),
        tax: tax.minus(loan.tax_covered),
        financed_tax,
        by_time,
        standing,
        calculation: CALCULATION,
    }
}

/// What facts that were derived anew add now of tax that joined the principal.
fn financed_tax(now: &LoanHistory, rederived: &[Rederived]) -> Amount {
    let is_financed = |moved: &&Rederived| {
        let fact = (moved.fact as usize).checked_sub(1).and_then(|index| now.facts().get(index));
        fact.and_then(|fact| now.known().tax_collected(fact.on, &fact.what)) == Some(IofCollection::Financed)
    };
    let tax = |effect: &Option<Effect>| {
        effect.as_ref().and_then(|effect| effect.outlay).map_or(Amount::ZERO, |outlay| outlay.tax)
    };
    let financed = rederived.iter().filter(is_financed);
    financed.map(|moved| tax(&moved.after).minus(tax(&moved.before))).sum()
}

/// What time alone did since the last fact: what no effect of a fact says.
fn by_time(derived: &Derived) -> Moved {
    let (mut overpaid, mut credit) = (derived.overpaid, derived.credit);
    for effect in derived.effects.iter().flatten() {
        overpaid = overpaid.minus(effect.overpaid);
        credit = credit.minus(effect.credit).plus(served(&effect.applied).total());
    }
    Moved { allocation: served(&derived.applied), overpaid, credit }
}

fn served(applied: &[CreditApplied]) -> Components {
    let shares = applied.iter().flat_map(|applied| &applied.shares);
    shares.fold(Components::NOTHING, |sum, share| sum.plus(share.allocation))
}

/// Every installment that changed; none where nothing happened but that the shares of `own` were covered.
fn changed(loan: &Servicing, derived: &Derived, own: Option<&Effect>) -> Vec<ChangedInstallment> {
    if own.is_some_and(|own| follows_from_shares(loan, derived, own)) {
        return Vec::new();
    }
    let rows = loan.rows.len().max(derived.rows.len());
    let each = (0..rows).map(|index| ChangedInstallment {
        installment: u32::try_from(index + 1).expect("a loan has fewer installments"),
        before: loan.rows.get(index).map(|row| row.state),
        after: derived.rows.get(index).map(Row::state),
    });
    each.filter(|change| change.before != change.after).collect()
}

fn follows_from_shares(loan: &Servicing, derived: &Derived, own: &Effect) -> bool {
    if loan.rows.len() != derived.rows.len() {
        return false;
    }
    let mut after = loan.clone();
    after.cover(&own.shares);
    after.rows.iter().zip(&derived.rows).all(|(row, derived)| row.state == derived.state())
}
