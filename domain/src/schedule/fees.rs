//! The fees of a plan (LENDING.md §7).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::draft::Draft;
use super::{PlanError, Timeline};
use crate::exact::{OutOfRange, add, mul};
use crate::terms::{Charge, ChargeBase, ChargeDue, ChargeMoment, ChargeWorth, Terms};

/// What a fee can be a fraction of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bases {
    pub(super) financed: Decimal,
    /// Principal and interest of the installment.
    pub(super) installment: Decimal,
    /// Principal before it.
    pub(super) balance: Decimal,
}

/// Fees that join what is amortized.
pub(super) fn financed(terms: &Terms) -> Result<Decimal, OutOfRange> {
    // A financed fee is a fraction of the principal alone, so the bases that are not yet known are not asked
    // for.
    let bases = Bases { financed: Decimal::ZERO, installment: Decimal::ZERO, balance: Decimal::ZERO };
    sum(terms, bases, Charge::is_financed)
}

/// Fees kept back from the release.
pub(super) fn kept_back(draft: &Draft<'_>) -> Result<Decimal, OutOfRange> {
    let bases = Bases { financed: draft.financed()?, installment: Decimal::ZERO, balance: Decimal::ZERO };
    sum(draft.terms, bases, |charge| charge.due == ChargeDue::At(ChargeMoment::Disbursement))
}

/// Fees due with an installment: those of every row, and those of days after `last_due_on` up to `due_on`.
/// The first row, which has none before it, takes all earlier days.
pub(super) fn of_row(
    terms: &Terms,
    bases: Bases,
    last_due_on: Option<NaiveDate>,
    due_on: NaiveDate,
) -> Result<Decimal, OutOfRange> {
    sum(terms, bases, |charge| match charge.due {
        ChargeDue::At(moment) => moment == ChargeMoment::Installment,
        ChargeDue::On(day) => day <= due_on && last_due_on.is_none_or(|last| day > last),
    })
}

/// Every dated fee needs a row.
pub(super) fn check_dates(terms: &Terms, timeline: &Timeline<'_>) -> Result<(), PlanError> {
    let Some(last_due_on) = timeline.last_due_on() else { return Ok(()) };
    for (at, charge) in terms.charges.iter().enumerate() {
        if let ChargeDue::On(due_on) = charge.due
            && due_on > last_due_on
        {
            return Err(PlanError::ChargeAfterLastDueDate { at, due_on, last_due_on });
        }
    }
    Ok(())
}

fn sum(terms: &Terms, bases: Bases, which: impl Fn(&Charge) -> bool) -> Result<Decimal, OutOfRange> {
    let charges = terms.charges.iter().filter(|charge| which(charge));
    charges.map(|charge| worth(terms, charge, bases)).try_fold(Decimal::ZERO, |sum, worth| add(sum, worth?))
}

fn worth(terms: &Terms, charge: &Charge, bases: Bases) -> Result<Decimal, OutOfRange> {
    let exact = match charge.worth {
        ChargeWorth::Amount { amount } => amount.value(),
        ChargeWorth::Share { rate, base } => {
            let base = match base {
                ChargeBase::Principal => terms.principal.value(),
                ChargeBase::Financed => bases.financed,
                ChargeBase::Installment => bases.installment,
                ChargeBase::Balance => bases.balance,
            };
            mul(rate, base)?
        }
    };
    Ok(terms.rounding.round(exact))
}
