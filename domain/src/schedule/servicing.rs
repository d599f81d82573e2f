//! What servicing asks of a plan: the plan that a loan begins with, and rows drawn again on what is left of it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::draft::{Draft, Releases, Row};
use super::fees::{self, Bases};
use super::plan::shown;
use super::tax::{self, Drawn};
use super::{Installment, PlanError, PlanTax, Timeline, Totals, cents, plan, price, rows, sac};
use crate::Amount;
use crate::exact::OutOfRange;
use crate::terms::{Disbursement, Method, Remainder, Terms};

/// A loan's plan, without its effective cost.
pub(crate) struct LoanPlan {
    pub(crate) timeline: Timeline<'static>,
    pub(crate) installments: Vec<Installment>,
    pub(crate) totals: Totals,
    pub(crate) tax: Option<PlanTax>,
}

/// Rows drawn again, in cents that add up.
pub(crate) struct RestOfPlan {
    pub(crate) rows: Vec<RestRow>,
    /// A of each row (sac: the part of principal).
    pub(crate) levels: Vec<Amount>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct RestRow {
    pub(crate) principal: Amount,
    pub(crate) interest: Amount,
    pub(crate) capitalized: Amount,
}

/// What the fees of a row follow from.
pub(crate) struct RowFees {
    pub(crate) financed: Amount,
    pub(crate) installment: Amount,
    pub(crate) balance: Amount,
    /// Of the row before; the first row takes the fees of all earlier days.
    pub(crate) last_due_on: Option<NaiveDate>,
    pub(crate) due_on: NaiveDate,
}

/// The plan of a loan (LENDING.md §4: fixed in cents that add up), for servicing.
pub(crate) fn draw_for_servicing(
    terms: &Terms,
    disbursements: &[Disbursement],
) -> Result<LoanPlan, PlanError> {
    if terms.rounding.remainder == Remainder::None {
        return Err(PlanError::SimulationOnly);
    }
    let releases = Releases::of(terms, disbursements)?;
    let timeline = Timeline::try_new(terms, releases.first_on())?;
    let releases = releases.along(&timeline)?;
    let draft = Draft::new(terms, &timeline, &releases, fees::financed(terms)?)?;
    let mut drawn = tax::draw_with_tax(draft)?;
    cents::fix(&mut drawn)?;
    let plan = plan::lay_out(&drawn)?;
    Ok(LoanPlan {
        timeline: timeline.into_owned(),
        installments: plan.installments,
        totals: plan.totals,
        tax: plan.tax,
    })
}

/// A of each row (sac: the part of principal; other methods: the row's principal), when `balance` is amortized from
/// the start of the timeline on.
pub(crate) fn levels(
    terms: &Terms,
    timeline: &Timeline<'_>,
    start: NaiveDate,
    balance: Amount,
) -> Result<Vec<Amount>, PlanError> {
    let releases = Releases::of(terms, &[Disbursement { on: start, amount: balance }])?.along(timeline)?;
    let draft = Draft::new(terms, timeline, &releases, Decimal::ZERO)?;
    in_cents(&draft, None)
}

/// The rows from the one at `first` on, drawn for `balance` at its start and for what is released later.
pub(crate) fn draw_rest(
    terms: &Terms,
    timeline: &Timeline<'_>,
    first: usize,
    (balance, deferred): (Amount, Amount),
    released: &[Disbursement],
) -> Result<RestOfPlan, PlanError> {
    let timeline = timeline.rest(first);
    let Some(start) = timeline.periods.first().map(|period| period.from) else {
        return Err(OutOfRange.into());
    };
    let mut terms = terms.clone();
    let gone = u32::try_from(first).map_err(|_| OutOfRange)?;
    terms.grace.principal = terms.grace.principal.saturating_sub(gone);
    terms.grace.interest = terms.grace.interest.saturating_sub(gone);
    let mut disbursements = vec![Disbursement { on: start, amount: balance }];
    disbursements.extend_from_slice(released);
    let along = Releases::of(&terms, &disbursements)?.along(&timeline)?;
    let mut draft = Draft::new(&terms, &timeline, &along, Decimal::ZERO)?;
    draft.deferred = deferred.value();
    let mut drawn = Drawn { draft, rows: rows(&draft)?, tax: None };
    cents::fix(&mut drawn)?;
    let levels = in_cents(&draft, Some(&drawn.rows))?;
    let rows = drawn.rows.iter().map(|row| {
        let [principal, interest, capitalized] =
            [row.principal, row.interest, row.capitalized].map(|figure| shown(&terms, figure));
        Ok(RestRow { principal: principal?, interest: interest?, capitalized: capitalized? })
    });
    let rows = rows.collect::<Result<_, PlanError>>()?;
    Ok(RestOfPlan { rows, levels })
}

fn in_cents(draft: &Draft<'_>, drawn: Option<&[Row]>) -> Result<Vec<Amount>, PlanError> {
    let exact = match (draft.terms.method, drawn) {
        (Method::Price, _) => price::installments(draft)?,
        (Method::Sac, _) => sac::principal_parts(draft)?,
        (_, Some(drawn)) => drawn.iter().map(|row| row.principal).collect(),
        (_, None) => rows(draft)?.iter().map(|row| row.principal).collect(),
    };
    exact.into_iter().map(|level| Ok(shown(draft.terms, level)?)).collect()
}

/// The fees of the terms that fall due with a row.
pub(crate) fn fees_of_row(terms: &Terms, row: &RowFees) -> Result<Amount, PlanError> {
    let bases = Bases {
        financed: row.financed.value(),
        installment: row.installment.value(),
        balance: row.balance.value(),
    };
    Ok(shown(terms, fees::of_row(terms, bases, row.last_due_on, row.due_on)?)?)
}

/// The tax of rows that repay `released`, oldest first, by row and in all.
pub(crate) fn tax_of_rows(
    terms: &Terms,
    released: &[(NaiveDate, Decimal)],
    rows: impl Iterator<Item = (NaiveDate, Decimal)>,
) -> Result<(Vec<Amount>, Amount), PlanError> {
    let Some(tax) = &terms.tax else { return Ok((Vec::new(), terms.currency.zero())) };
    let (by_row, total) = tax::tax_of_rows(terms, &tax.iof, released, rows)?;
    let by_row = by_row.into_iter().map(|row| shown(terms, row)).collect::<Result<_, _>>()?;
    Ok((by_row, shown(terms, total)?))
}
