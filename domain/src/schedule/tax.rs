//! Drawing a plan together with its IOF, which may be part of what is amortized (LENDING.md §7).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::draft::{Draft, Row};
use super::{PlanError, rows};
use crate::exact::{add, div, mul};
use crate::iof::{IofCollection, IofFinancing, IofTerms, RepaidPart};
use crate::terms::Terms;

/// Each round of a financed tax adds a small fraction of the one before; a plan that needs more rounds has no
/// end.
const MOST_ROUNDS: usize = 64;

/// A plan's exact rows, the draft that they belong to, and their tax.
pub(super) struct Drawn<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) rows: Vec<Row>,
    pub(super) tax: Option<DrawnTax>,
}

/// A tax and the rows that it was computed on.
pub(super) struct DrawnTax {
    pub(super) collected: IofCollection,
    pub(super) total: Decimal,
    pub(super) by_row: Vec<Decimal>,
}

pub(super) fn draw_with_tax(draft: Draft<'_>) -> Result<Drawn<'_>, PlanError> {
    let Some(tax) = &draft.terms.tax else {
        return Ok(Drawn { draft, rows: rows(&draft)?, tax: None });
    };
    match (tax.iof.collected, tax.iof.financing) {
        (IofCollection::Financed, IofFinancing::FixedPoint) => until_it_stands_still(draft, &tax.iof),
        (IofCollection::Financed, IofFinancing::Series) => by_series(draft, &tax.iof),
        (IofCollection::Withheld | IofCollection::Cash | IofCollection::Installment, _) => {
            taxed(draft, &tax.iof)
        }
    }
}

fn taxed<'a>(draft: Draft<'a>, iof: &IofTerms) -> Result<Drawn<'a>, PlanError> {
    let rows = rows(&draft)?;
    let (by_row, total) = tax_of(&draft, iof, &rows)?;
    Ok(Drawn { draft, rows, tax: Some(DrawnTax { collected: iof.collected, total, by_row }) })
}

/// F = principal + financed fees + IOF(F), from no tax on. Rounding can make two values follow each other:
/// then the larger.
fn until_it_stands_still<'a>(draft: Draft<'a>, iof: &IofTerms) -> Result<Drawn<'a>, PlanError> {
    let fees = draft.added;
    let mut tried = vec![Decimal::ZERO];
    for _ in 0..MOST_ROUNDS {
        let before = tried[tried.len() - 1];
        let mut drawn = taxed(draft.with_added(add(fees, before)?), iof)?;
        let Some(tax) = &mut drawn.tax else { return Ok(drawn) };
        if tax.total == before {
            return Ok(drawn);
        }
        if let Some(first) = tried.iter().position(|earlier| *earlier == tax.total) {
            let larger = tried[first..].iter().copied().fold(tax.total, Decimal::max);
            let mut drawn = taxed(draft.with_added(add(fees, larger)?), iof)?;
            if let Some(tax) = &mut drawn.tax {
                tax.total = larger;
            }
            return Ok(drawn);
        }
        tried.push(tax.total);
    }
    Err(PlanError::TaxWithoutEnd)
}

/// IOF = r(I + I²/P), I being the tax of the plan of P without it.
fn by_series<'a>(draft: Draft<'a>, iof: &IofTerms) -> Result<Drawn<'a>, PlanError> {
    let without = taxed(draft, iof)?;
    let Some(tax) = without.tax else { return Ok(without) };
    let single = tax.by_row.iter().try_fold(Decimal::ZERO, |sum, row| add(sum, *row))?;
    let total = draft.precision.round(add(single, div(mul(single, single)?, draft.financed()?)?)?);
    let draft = draft.with_added(add(draft.added, total)?);
    Ok(Drawn { draft, rows: rows(&draft)?, tax: Some(DrawnTax { total, ..tax }) })
}

/// The tax of each row and r of their sum.
fn tax_of(draft: &Draft<'_>, iof: &IofTerms, rows: &[Row]) -> Result<(Vec<Decimal>, Decimal), PlanError> {
    let mut open: Vec<_> = draft
        .releases
        .all
        .iter()
        .map(|disbursement| (disbursement.on, disbursement.amount.value()))
        .collect();
    open[0].1 = add(open[0].1, draft.added)?;
    let rows = rows.iter().zip(&draft.timeline.periods).map(|(row, period)| (period.due_on, row.principal));
    tax_of_rows(draft.terms, iof, &open, rows)
}

/// The tax of rows that repay `released`, oldest first; what they repay beyond all of it is capitalized interest,
/// which is no base.
pub(super) fn tax_of_rows(
    terms: &Terms,
    iof: &IofTerms,
    released: &[(NaiveDate, Decimal)],
    rows: impl Iterator<Item = (NaiveDate, Decimal)>,
) -> Result<(Vec<Decimal>, Decimal), PlanError> {
    let decimals = terms.rounding.decimals;
    let mut open = Vec::with_capacity(released.len());
    for (on, principal) in released {
        let rates = iof.rates_on(*on, terms.principal).ok_or(PlanError::IofRateUnknown { on: *on })?;
        open.push((*on, *principal, rates));
    }
    let (mut by_row, mut sum, mut oldest) = (Vec::with_capacity(rows.size_hint().0), Decimal::ZERO, 0);
    for (due_on, principal) in rows {
        let (mut left, mut parts) = (principal, Vec::with_capacity(1));
        while left > Decimal::ZERO && oldest < open.len() {
            let (on, principal, rates) = &mut open[oldest];
            let part = left.min(*principal);
            parts.push(RepaidPart { principal: part, days: (due_on - *on).num_days(), rates: *rates });
            left -= part;
            *principal -= part;
            if principal.is_zero() {
                oldest += 1;
            }
        }
        let tax = iof.tax_of_row(&parts, decimals)?;
        sum = add(sum, tax)?;
        by_row.push(tax);
    }
    Ok((by_row, iof.mode.round(sum, decimals)))
}
