//! The answer: a plan with every figure shown as an amount (LENDING.md §8).

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fees::{self, Bases};
use super::tax::Drawn;
use super::{Period, PlanError};
use crate::amount::Amount;
use crate::effective_cost::{EffectiveCost, Flow, effective_cost};
use crate::exact::{OutOfRange, add, sub};
use crate::iof::IofCollection;
use crate::terms::Terms;

/// What is paid when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub installments: Vec<Installment>,
    pub totals: Totals,
    /// Absent where no rate makes what is received equal to what is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_cost: Option<EffectiveCost>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<PlanTax>,
}

/// A row of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Installment {
    /// From 1 on.
    pub number: u32,
    /// The day after which its period runs.
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    /// Calendar days of the period.
    pub days: u32,
    pub principal: Amount,
    pub interest: Amount,
    pub fees: Amount,
    pub tax: Amount,
    pub total: Amount,
    /// Principal after the installment and after what is released that day.
    pub balance: Amount,
    /// Interest that joined the balance on the due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capitalized: Option<Amount>,
}

/// Sums of the rows as shown, and what was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    pub principal: Amount,
    pub interest: Amount,
    pub fees: Amount,
    pub tax: Amount,
    pub total: Amount,
    /// What is amortized: disbursements, financed fees, financed tax.
    pub financed: Amount,
    /// What reaches the borrower: disbursements less what is kept back.
    pub released: Amount,
    pub withheld: Amount,
    /// Principal that the rows leave open; zero unless `rounding.remainder` is none.
    pub residue: Amount,
}

/// The tax of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanTax {
    pub kind: TaxKind,
    pub collected: IofCollection,
    pub total: Amount,
    /// By the rows that it was computed on.
    pub by_installment: Vec<Amount>,
}

/// Which tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxKind {
    Iof,
}

/// No figure of a plan is shown beyond this, so that sums of them stay exact.
const LARGEST_SHOWN: Decimal = Decimal::from_parts(0xa4c6_8000, 0x0003_8d7e, 0, false, 0);

/// The answer but for the effective cost, which takes longer than all the rest.
pub(super) fn lay_out(drawn: &Drawn<'_>) -> Result<Plan, PlanError> {
    let terms = drawn.draft.terms;
    fees::check_dates(terms, drawn.draft.timeline)?;
    let installments = installments(drawn)?;
    let totals = totals(drawn, &installments)?;
    let tax = match &drawn.tax {
        None => None,
        Some(tax) => Some(PlanTax {
            kind: TaxKind::Iof,
            collected: tax.collected,
            total: shown(terms, tax.total)?,
            by_installment: tax.by_row.iter().map(|row| shown(terms, *row)).collect::<Result<_, _>>()?,
        }),
    };
    Ok(Plan { installments, totals, effective_cost: None, tax })
}

pub(super) fn lay_out_with_cost(drawn: &Drawn<'_>) -> Result<Plan, PlanError> {
    let mut plan = lay_out(drawn)?;
    plan.effective_cost = cost(drawn, &plan.installments, &plan.totals);
    Ok(plan)
}

fn installments(drawn: &Drawn<'_>) -> Result<Vec<Installment>, PlanError> {
    let Drawn { draft, rows, tax } = drawn;
    let terms = draft.terms;
    let financed = draft.financed()?;
    let falls_due = tax.as_ref().filter(|tax| tax.collected == IofCollection::Installment);
    let mut balance_before = draft.start()?.balance;
    let mut last_due_on = None;
    let mut installments = Vec::with_capacity(rows.len());
    for (at, (row, period)) in rows.iter().zip(&draft.timeline.periods).enumerate() {
        let Period { from, to, due_on, .. } = *period;
        let both = shown(terms, add(row.principal, row.interest)?)?;
        let bases =
            Bases { financed, installment: both.value(), balance: terms.rounding.round(balance_before) };
        let fees = shown(terms, fees::of_row(terms, bases, last_due_on, due_on)?)?;
        let tax = shown(terms, falls_due.map_or(Decimal::ZERO, |tax| tax.by_row[at]))?;
        installments.push(Installment {
            number: u32::try_from(at + 1).map_err(|_| OutOfRange)?,
            from,
            due_on,
            days: u32::try_from((to - from).num_days()).map_err(|_| OutOfRange)?,
            principal: shown(terms, row.principal)?,
            interest: shown(terms, row.interest)?,
            fees,
            tax,
            total: both.plus(fees).plus(tax),
            balance: shown(terms, row.balance)?,
            capitalized: Some(shown(terms, row.capitalized)?).filter(|amount| !amount.is_zero()),
        });
        balance_before = row.balance;
        last_due_on = Some(due_on);
    }
    Ok(installments)
}

fn totals(drawn: &Drawn<'_>, rows: &[Installment]) -> Result<Totals, PlanError> {
    let Drawn { draft, tax, .. } = drawn;
    let terms = draft.terms;
    let sum = |figure: fn(&Installment) -> Amount| -> Amount {
        rows.iter().map(figure).fold(terms.currency.zero(), Amount::plus)
    };
    let withheld_tax = tax.as_ref().filter(|tax| tax.collected == IofCollection::Withheld);
    let kept = add(fees::kept_back(draft)?, withheld_tax.map_or(Decimal::ZERO, |tax| tax.total))?;
    let disbursed = shown(terms, draft.releases.total())?;
    let kept = shown(terms, kept)?;
    let Some(released) = disbursed.checked_less(kept) else {
        return Err(PlanError::MoreKeptBackThanDisbursed { kept, disbursed });
    };
    Ok(Totals {
        principal: sum(|row| row.principal),
        interest: sum(|row| row.interest),
        fees: sum(|row| row.fees),
        tax: sum(|row| row.tax),
        total: sum(|row| row.total),
        financed: shown(terms, draft.financed()?)?,
        released,
        withheld: kept,
        residue: shown(terms, drawn.rows.last().map_or(Decimal::ZERO, |row| row.balance))?,
    })
}

/// Received is what is disbursed less what is withheld or paid in cash that day.
fn cost(drawn: &Drawn<'_>, rows: &[Installment], totals: &Totals) -> Option<EffectiveCost> {
    let all = &drawn.draft.releases.all;
    let mut received: Vec<_> =
        all.iter().map(|each| Flow { on: each.on, amount: each.amount.value() }).collect();
    let cash = drawn.tax.as_ref().filter(|tax| tax.collected == IofCollection::Cash);
    let not_received = add(totals.withheld.value(), cash.map_or(Decimal::ZERO, |tax| tax.total)).ok()?;
    let first = received.first_mut()?;
    first.amount = sub(first.amount, not_received).ok()?;
    let paid: Vec<_> = rows.iter().map(|row| Flow { on: row.due_on, amount: row.total.value() }).collect();
    effective_cost(&received, &paid)
}

/// A figure as an amount of the plan.
pub(super) fn shown(terms: &Terms, value: Decimal) -> Result<Amount, OutOfRange> {
    if value.abs() > LARGEST_SHOWN {
        return Err(OutOfRange);
    }
    Ok(terms.rounding.round_to_currency(value, terms.currency))
}
