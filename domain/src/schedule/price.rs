//! Equal installments (French system, tabela Price), LENDING.md §4 to §6.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::PlanError;
use super::draft::{Draft, Row, Share, Standing, Turn};
use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::rounding::RoundingMode;
use crate::terms::{InstallmentPeriods, Remainder};

/// The balance over the sum of discount factors (`A = B/Σ v`), unrounded. Each discount factor is the product
/// of `1/(1+f)` up to its row, rounded to `factor_decimals` where given.
pub fn equal_installment(
    balance: Decimal,
    factors: impl IntoIterator<Item = Decimal>,
    factor_decimals: Option<u32>,
    mode: RoundingMode,
) -> Result<Decimal, OutOfRange> {
    let (mut discount, mut sum) = (Decimal::ONE, Decimal::ZERO);
    for factor in factors {
        discount = div(discount, add(Decimal::ONE, factor)?)?;
        sum = add(sum, factor_decimals.map_or(discount, |decimals| mode.round(discount, decimals)))?;
    }
    div(balance, sum)
}

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let installments = installments(draft)?;
    let mut rows = Vec::with_capacity(draft.count());
    draft.walk(draft.start()?, 0..draft.count(), NaiveDate::MAX, &mut rows, |turn| {
        repay(draft, &installments, turn)
    })?;
    Ok(rows)
}

/// A of each row: each disbursement changes it from its period on.
pub(super) fn installments(draft: &Draft<'_>) -> Result<Vec<Decimal>, PlanError> {
    let count = draft.count();
    let mut installments = vec![Decimal::ZERO; count];
    for day in draft.releases.days() {
        let first = draft.first_amortizing(day);
        let standing = draft.walk_to(first, day, |turn| repay(draft, &installments, turn))?;
        let equal = match draft.terms.installment_amount {
            Some(agreed) => agreed.value(),
            None => draft.precision.installment(found(draft, standing, first, day)?)?,
        };
        installments[first..].fill(equal);
        spread_remainder(draft, standing, first, day, &mut installments)?;
    }
    Ok(installments)
}

/// The exact A for what is owed before row `first`, with what is released inside its period up to `day`.
fn found(draft: &Draft<'_>, standing: Standing, first: usize, day: NaiveDate) -> Result<Decimal, PlanError> {
    let periods = &draft.timeline.periods[first..];
    let equal = match draft.terms.installment_periods {
        InstallmentPeriods::Equal => Some(draft.timeline.equal_factor()?),
        InstallmentPeriods::Actual => None,
    };
    let factors = || periods.iter().map(|period| equal.unwrap_or(period.factor));
    let mut owed = standing.balance;
    for (on, amount) in draft.releases.inside(first, day) {
        // What is owed at the end of the period, discounted over all of it: LENDING.md §6 in one sum.
        let to_the_end = add(Decimal::ONE, draft.timeline.factor_in(first, on, periods[0].to)?)?;
        let whole = add(Decimal::ONE, equal.unwrap_or(periods[0].factor))?;
        owed = add(owed, div(mul(amount, to_the_end)?, whole)?)?;
    }
    Ok(equal_installment(owed, factors(), draft.precision.factor_decimals, draft.precision.mode)?)
}

/// What becomes of the difference between the last total and A, for remainders that change other rows.
fn spread_remainder(
    draft: &Draft<'_>,
    standing: Standing,
    first: usize,
    day: NaiveDate,
    installments: &mut [Decimal],
) -> Result<(), PlanError> {
    let count = draft.count();
    let difference = |installments: &[Decimal]| -> Result<Decimal, PlanError> {
        let mut rows = Vec::with_capacity(count - first);
        draft.walk(standing, first..count, day, &mut rows, |turn| repay(draft, installments, turn))?;
        let total = rows
            .last()
            .map_or(Ok(Decimal::ZERO), |row| sub(add(row.principal, row.interest)?, row.deferred))?;
        Ok(sub(total, installments[count - 1])?)
    };
    match draft.precision.remainder {
        Remainder::First => {
            let gap = difference(installments)?;
            let earlier = div(gap, draft.growth_over(first + 1..count)?)?;
            installments[first] = add(installments[first], draft.precision.round(earlier))?;
        }
        Remainder::Respread => {
            let gap = difference(installments)?;
            if gap.abs() > draft.precision.cents((count - first) / 2)? {
                let change = draft.precision.round(Draft::per_row(gap, count - first)?);
                let mut changed = installments.to_vec();
                changed[first..].fill(add(installments[first], change)?);
                if difference(&changed)?.abs() < gap.abs() {
                    installments.copy_from_slice(&changed);
                }
            }
        }
        Remainder::Last | Remainder::LastKeepsInstallment | Remainder::None => {}
    }
    Ok(())
}

fn repay(draft: &Draft<'_>, installments: &[Decimal], turn: Turn) -> Result<Share, PlanError> {
    let Turn { row, is_last, interest, balance } = turn;
    let installment = installments[row];
    let remainder = draft.precision.remainder;
    if is_last && remainder != Remainder::None {
        let interest = match remainder {
            // A loan of a few cents can leave more principal than A: interest is never negative.
            Remainder::LastKeepsInstallment => sub(installment, balance)?.max(Decimal::ZERO),
            _ => interest,
        };
        return Ok(Share { principal: balance, interest });
    }
    if installment < interest {
        let agreed = draft.terms.installment_amount.is_some();
        let [installment, interest] = [installment, interest].map(|figure| draft.precision.round(figure));
        return Err(PlanError::NegativeAmortization { row: row + 1, installment, interest, agreed });
    }
    let principal = sub(installment, interest)?;
    // An installment rounded up, or agreed too high, repays the loan early: no row repays more than is owed.
    let principal = if remainder == Remainder::None { principal } else { principal.min(balance) };
    Ok(Share { principal, interest })
}
