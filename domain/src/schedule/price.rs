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
    div(balance, sum_of_discounts(factors, factor_decimals, mode)?)
}

fn sum_of_discounts(
    factors: impl IntoIterator<Item = Decimal>,
    factor_decimals: Option<u32>,
    mode: RoundingMode,
) -> Result<Decimal, OutOfRange> {
    let (mut discount, mut sum) = (Decimal::ONE, Decimal::ZERO);
    for factor in factors {
        discount = div(discount, add(Decimal::ONE, factor)?)?;
        sum = add(sum, factor_decimals.map_or(discount, |decimals| mode.round(discount, decimals)))?;
    }
    Ok(sum)
}

pub(super) fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    let Equals { by_row, drawn } = equals(draft)?;
    let mut rows = Vec::with_capacity(draft.count());
    draft.walk(draft.start()?, 0..draft.count(), NaiveDate::MAX, &mut rows, |turn| {
        repay(draft, &by_row, turn)
    })?;
    // After the walk: where there is interest too, an installment of nothing is below it.
    drawn.into_iter().try_for_each(|(equal, rows)| draft.repays_something(equal, rows))?;
    Ok(rows)
}

/// A of each row: each disbursement changes it from its period on.
pub(super) fn installments(draft: &Draft<'_>) -> Result<Vec<Decimal>, PlanError> {
    Ok(equals(draft)?.by_row)
}

struct Equals {
    by_row: Vec<Decimal>,
    /// Each A that was found, and over how many rows.
    drawn: Vec<(Decimal, usize)>,
}

fn equals(draft: &Draft<'_>) -> Result<Equals, PlanError> {
    let count = draft.count();
    let mut by_row = vec![Decimal::ZERO; count];
    let (mut standing, mut reached, mut drawn) = (draft.start()?, 0, Vec::with_capacity(1));
    for (first, day) in draft.turns() {
        standing = draft.walk_on(standing, reached..first, day, |turn| repay(draft, &by_row, turn))?;
        reached = first;
        let equal = match draft.terms.installment_amount {
            Some(agreed) => agreed.value(),
            None => draft.precision.installment(found(draft, standing, first, day)?)?,
        };
        by_row[first..].fill(equal);
        spread_remainder(draft, standing, first, day, &mut by_row)?;
        drawn.push((by_row[count - 1], count - first));
    }
    Ok(Equals { by_row, drawn })
}

/// The exact A for what is owed before row `first`, with what is released inside its period up to `day`.
fn found(draft: &Draft<'_>, standing: Standing, first: usize, day: NaiveDate) -> Result<Decimal, PlanError> {
    let periods = &draft.timeline.periods[first..];
    let equal = match draft.terms.installment_periods {
        InstallmentPeriods::Equal => Some(draft.timeline.equal_factor()?),
        InstallmentPeriods::Actual => None,
    };
    let mut owed = standing.balance;
    for (on, amount) in draft.releases.inside(first, day) {
        // What is owed at the end of the period, discounted over all of it: LENDING.md §6 in one sum.
        let to_the_end = add(Decimal::ONE, draft.timeline.factor_in(first, on, periods[0].to)?)?;
        let whole = add(Decimal::ONE, equal.unwrap_or(periods[0].factor))?;
        owed = add(owed, div(mul(amount, to_the_end)?, whole)?)?;
    }
    let factors = periods.iter().map(|period| equal.unwrap_or(period.factor));
    let precision = draft.precision;
    let sum =
        draft.discounts(first, || sum_of_discounts(factors, precision.factor_decimals, precision.mode))?;
    Ok(div(owed, sum)?)
}

/// How a row shares its installment out.
type Repay = fn(&Draft<'_>, &[Decimal], Turn) -> Result<Share, PlanError>;

/// What becomes of the difference between the last total and A, for remainders that change other rows.
fn spread_remainder(
    draft: &Draft<'_>,
    standing: Standing,
    first: usize,
    day: NaiveDate,
    installments: &mut [Decimal],
) -> Result<(), PlanError> {
    let remainder = draft.precision.remainder;
    if !matches!(remainder, Remainder::First | Remainder::Respread) {
        return Ok(());
    }
    let count = draft.count();
    let difference = |installments: &[Decimal], repay: Repay| -> Result<Decimal, PlanError> {
        let mut rows = Vec::with_capacity(count - first);
        draft.walk(standing, first..count, day, &mut rows, |turn| repay(draft, installments, turn))?;
        let total = rows
            .last()
            .map_or(Ok(Decimal::ZERO), |row| sub(add(row.principal, row.interest)?, row.deferred))?;
        Ok(sub(total, installments[count - 1])?)
    };
    // These rows are on the way to others: only those that are drawn in the end can be refused.
    let gap = match difference(installments, share) {
        // Out of all bounds; the rows that are drawn will be.
        Err(PlanError::OutOfRange(_)) => return Ok(()),
        gap => gap?,
    };
    if remainder == Remainder::First {
        let earlier = div(gap, draft.growth_over(first + 1..count)?)?;
        installments[first] = add(installments[first], draft.precision.round(earlier))?;
    } else if gap.abs() > draft.precision.cents((count - first) / 2)? {
        let change = draft.precision.round(Draft::per_row(gap, count - first)?);
        let mut changed = installments.to_vec();
        changed[first..].fill(add(installments[first], change)?);
        // One that some row's interest does not let pass is not kept either.
        if difference(&changed, repay).is_ok_and(|left| left.abs() < gap.abs()) {
            installments.copy_from_slice(&changed);
        }
    }
    Ok(())
}

/// Refuses an installment below the interest.
fn repay(draft: &Draft<'_>, installments: &[Decimal], turn: Turn) -> Result<Share, PlanError> {
    let Turn { row, is_last, interest, .. } = turn;
    let installment = installments[row];
    if installment < interest && (!is_last || draft.precision.remainder == Remainder::None) {
        let agreed = draft.terms.installment_amount.is_some();
        let [installment, interest] = [installment, interest].map(|figure| draft.precision.round(figure));
        return Err(PlanError::NegativeAmortization { row: row + 1, installment, interest, agreed });
    }
    share(draft, installments, turn)
}

fn share(draft: &Draft<'_>, installments: &[Decimal], turn: Turn) -> Result<Share, PlanError> {
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
    let principal = sub(installment, interest)?;
    // An installment rounded up, or agreed too high, repays the loan early: no row repays more than is owed.
    let principal = if remainder == Remainder::None { principal } else { principal.min(balance) };
    Ok(Share { principal, interest })
}
