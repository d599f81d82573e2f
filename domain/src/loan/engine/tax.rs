//! IOF that arises while the loan runs: of a further disbursement, and the complement when principal is repaid later
//! than it was taxed for (LENDING.md §7, §13; Dec. 6.306/2007 art. 7 §7).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::fold::Engine;
use crate::Amount;
use crate::component::Component;
use crate::exact::{add, mul};
use crate::schedule::{self, PlanError};
use crate::terms::Terms;

/// Principal that was taxed for so many days, and from when they count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taxed {
    pub(super) principal: Amount,
    disbursed_on: NaiveDate,
    days: i64,
    daily: Decimal,
}

/// Each round of a financed tax adds a small fraction of the one before.
const MOST_ROUNDS: usize = 64;

/// The tax that stands still when financed: `tax_of` gives the tax for one that joined what is amortized.
pub(super) fn until_it_stands_still(
    zero: Amount,
    mut tax_of: impl FnMut(Amount) -> Outcome<Amount>,
) -> Outcome<Amount> {
    let mut tried = vec![zero];
    for _ in 0..MOST_ROUNDS {
        let before = tried[tried.len() - 1];
        let tax = tax_of(before)?;
        if tax == before {
            return Ok(tax);
        }
        if let Some(first) = tried.iter().position(|earlier| *earlier == tax) {
            return Ok(tried[first..].iter().copied().fold(tax, Amount::max));
        }
        tried.push(tax);
    }
    Err(PlanError::TaxWithoutEnd.into())
}

impl Engine<'_> {
    /// IOF of rows that repay all disbursements and one more, by row and in all.
    pub(super) fn tax_with(
        &self,
        more: (NaiveDate, Amount),
        rows: &[(NaiveDate, Amount)],
    ) -> Outcome<(Vec<Amount>, Amount)> {
        let contract = self.contract();
        let mut released = contract.released.clone();
        released.push((more.0, more.1.value()));
        let rows = rows.iter().map(|(due_on, principal)| (*due_on, principal.value()));
        Ok(schedule::tax_of_rows(&contract.terms, &released, rows)?)
    }

    /// IOF of the contract that holds, as if it were a first one; nothing where no rate is known for its day.
    pub(super) fn tax_of_all(&self) -> Outcome<Amount> {
        let contract = self.contract();
        let rows = self.rows_from(0);
        let rows =
            rows.iter().map(|index| (self.rows[*index].due_on, self.rows[*index].due.principal.value()));
        match schedule::tax_of_rows(&contract.terms, &contract.released, rows) {
            Ok((_, total)) => Ok(total),
            Err(PlanError::IofRateUnknown { .. }) => Ok(contract.zero()),
            Err(error) => Err(error.into()),
        }
    }

    /// The open principal of rows, oldest first, with the days that the first contract's tax was computed on.
    pub(super) fn taxed(&self) -> Vec<Taxed> {
        let Some(first) = self.contracts.first() else { return Vec::new() };
        let Some(tax) = &first.terms.tax else { return Vec::new() };
        let cap = i64::from(tax.iof.cap_days);
        let mut open = Vec::new();
        let mut released = first.released.iter().copied();
        let mut current = released.next();
        for row in self.rows.iter().filter(|row| row.period.is_some()) {
            // Principal repays the oldest disbursement first; capitalized interest is no base.
            let mut left = row.due.principal.value();
            let mut unpaid = row.open_of(Component::Principal).value();
            while let (Some((on, amount)), true) = (&mut current, left > Decimal::ZERO) {
                let part = left.min(*amount);
                let of_unpaid = part.min(unpaid.max(Decimal::ZERO));
                if let (true, Some(rates)) =
                    (of_unpaid > Decimal::ZERO, tax.iof.rates_on(*on, first.terms.principal))
                {
                    let days = (row.due_on - *on).num_days().clamp(0, cap);
                    let principal = Amount::from_checked(of_unpaid);
                    open.push(Taxed { principal, disbursed_on: *on, days, daily: rates.daily });
                }
                left -= part;
                unpaid -= of_unpaid;
                *amount -= part;
                if amount.is_zero() {
                    current = released.next();
                }
            }
        }
        open
    }
}

/// The complement for `open` principal that `rows` now repay, by row and in all: the first contract's daily rate for
/// days up to the cap less those taxed.
pub(super) fn complementary(
    terms: &Terms,
    open: &[Taxed],
    rows: &[(NaiveDate, Amount)],
) -> Outcome<(Vec<Amount>, Amount)> {
    let zero = terms.currency.zero();
    let Some(tax) = &terms.tax else { return Ok((vec![zero; rows.len()], zero)) };
    let cap = i64::from(tax.iof.cap_days);
    let rounded = |value: Decimal| {
        let mut rounded = tax.iof.mode.round(value, terms.rounding.decimals);
        rounded.rescale(terms.currency.decimals());
        Amount::from_checked(rounded)
    };
    let mut open = open.iter().copied();
    let mut current = open.next();
    let (mut by_row, mut sum) = (Vec::with_capacity(rows.len()), Decimal::ZERO);
    for (due_on, principal) in rows {
        let (mut left, mut of_row) = (*principal, Decimal::ZERO);
        while let (Some(taxed), true) = (&mut current, left.is_positive()) {
            let part = left.min(taxed.principal);
            let days = ((*due_on - taxed.disbursed_on).num_days().clamp(0, cap) - taxed.days).max(0);
            of_row = add(of_row, mul(mul(part.value(), taxed.daily)?, Decimal::from(days))?)?;
            left = left.minus(part);
            taxed.principal = taxed.principal.minus(part);
            if !taxed.principal.is_positive() {
                current = open.next();
            }
        }
        let of_row = if tax.iof.round.is_empty() { of_row } else { rounded(of_row).value() };
        sum = add(sum, of_row)?;
        by_row.push(rounded(of_row));
    }
    Ok((by_row, rounded(sum)))
}
