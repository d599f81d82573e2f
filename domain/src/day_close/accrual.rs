//! What a day's close books of a loan, and of many.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::LoanId;
use crate::loan::Unreceived;
use crate::{Amount, Currency};

/// A loan's interest in the books after a day's close, and what changed of it. A loan of which there is nothing to say
/// is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoanAccrual {
    pub loan: LoanId,
    pub currency: Currency,
    /// Interest accrued and not received by the end of the day; below zero where it was paid in advance. Nothing once
    /// the loan is written off.
    pub receivable: Amount,
    /// What was earned since the day closed before (below zero: was earned no more): income.
    pub earned: Amount,
    /// What was receivable when the loan was written off.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub lost: Amount,
    /// How much more of it is lost than by the day closed before; below zero where the write-off is undone.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub written_off: Amount,
}

/// What the loans of one currency come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccrualSum {
    pub currency: Currency,
    /// How many are booked.
    pub loans: u64,
    pub receivable: Amount,
    pub earned: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub lost: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub written_off: Amount,
}

impl LoanAccrual {
    /// What is to be booked of a loan, given what the day closed before had booked of it. `None`: nothing was, nor is.
    pub fn between(loan: LoanId, currency: Currency, before: Option<&Self>, now: Unreceived) -> Option<Self> {
        let zero = currency.zero();
        let (receivable, lost) = if now.is_written_off { (zero, now.interest) } else { (now.interest, zero) };
        let (receivable_before, lost_before) =
            before.map_or((zero, zero), |before| (before.receivable, before.lost));
        let written_off = lost.minus(lost_before);
        let earned = receivable.minus(receivable_before).plus(written_off);
        let is_nothing = [receivable, lost, earned, written_off].iter().all(|amount| amount.is_zero());
        let accrual = Self { loan, currency, receivable, earned, lost, written_off };
        (!is_nothing).then_some(accrual)
    }
}

impl AccrualSum {
    /// One sum for each currency.
    pub fn of_all(loans: &[LoanAccrual]) -> Vec<Self> {
        let mut sums = Vec::with_capacity(1);
        for accrual in loans {
            let LoanAccrual { currency, receivable, earned, lost, written_off, .. } = *accrual;
            add_up(&mut sums, &Self { currency, loans: 1, receivable, earned, lost, written_off });
        }
        sums
    }
}

/// Adds to the sum of the same currency, or to the end.
pub(super) fn add_up(sums: &mut Vec<AccrualSum>, more: &AccrualSum) {
    let Some(sum) = sums.iter_mut().find(|sum| sum.currency == more.currency) else {
        sums.push(more.clone());
        return;
    };
    sum.loans += more.loans;
    sum.receivable = sum.receivable.plus(more.receivable);
    sum.earned = sum.earned.plus(more.earned);
    sum.lost = sum.lost.plus(more.lost);
    sum.written_off = sum.written_off.plus(more.written_off);
}

const fn nothing() -> Amount {
    Amount::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(amount: &Amount) -> bool {
    amount.is_zero()
}
