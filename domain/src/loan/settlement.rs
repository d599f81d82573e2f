//! What settles a loan early (LENDING §12), and how the settlement is spread.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::{Allocation, InterestChange, Share};
use super::servicing::{Row, Servicing};
use crate::Amount;
use crate::component::{Component, Components};
use crate::schedule;
use crate::terms::Settlement;

/// What settles the loan on a day: `amount` = `due` + `principal` + `interest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettlementQuote {
    pub on: NaiveDate,
    pub amount: Amount,
    /// What is due by that day, of every component.
    pub due: Amount,
    /// The open principal of the installments not yet due.
    pub principal: Amount,
    /// What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2).
    pub interest: Amount,
}

/// The quote of `on`. Scheduled fees of installments not yet due are not owed; charges entered by hand are.
pub fn quote(loan: &Servicing, on: NaiveDate) -> SettlementQuote {
    let (due_rows, later) = rows_on(loan, on);
    let due: Amount = due_rows.iter().map(|row| row.open().total()).sum();
    let by_hand: Amount = later.iter().map(|row| charges_open(row).total()).sum();
    let principal: Amount = later.iter().map(|row| row.open().principal).sum();
    let future = match loan.terms.settlement {
        Settlement::PresentValue => present_value(loan, later, on),
        Settlement::InterestToDate => to_date(loan, later, on, principal),
        Settlement::InterestToDueDate => {
            principal.plus(later.first().map_or(loan.terms.currency.zero(), |row| row.open().interest))
        }
    };
    let zero = loan.terms.currency.zero();
    let due = zero.plus(due).plus(by_hand);
    SettlementQuote {
        on,
        amount: due.plus(future),
        due,
        principal: zero.plus(principal),
        interest: future.minus(principal),
    }
}

/// How a payment of just the quote is spread: all that is due, all principal, and the quote's interest in the
/// first installment not yet due; the others bear no interest any more.
pub fn settle(loan: &Servicing, quote: &SettlementQuote) -> Allocation {
    let (due_rows, later) = rows_on(loan, quote.on);
    let mut shares: Vec<Share> = due_rows
        .iter()
        .filter(|row| !row.is_settled())
        .map(|row| Share { installment: row.number, allocation: row.open() })
        .collect();
    let mut interest_changes = Vec::new();
    for (index, row) in later.iter().enumerate() {
        let open_interest = if index == 0 { quote.interest } else { loan.terms.currency.zero() };
        let after = row.paid.interest.plus(open_interest);
        if after != row.due.interest {
            interest_changes.push(InterestChange {
                installment: row.number,
                before: row.due.interest,
                after,
            });
        }
        let mut allocation = charges_open(row);
        allocation.add(Component::Interest, open_interest);
        allocation.add(Component::Principal, row.open().principal);
        if !allocation.is_nothing() {
            shares.push(Share { installment: row.number, allocation });
        }
    }
    Allocation { shares, overpaid: loan.terms.currency.zero(), interest_changes }
}

fn rows_on(loan: &Servicing, on: NaiveDate) -> (&[Row], &[Row]) {
    loan.rows.split_at(loan.rows.partition_point(|row| row.due_on <= on))
}

/// What is open of the charges entered by hand.
fn charges_open(row: &Row) -> Components {
    let mut open = Components::NOTHING;
    for component in [Component::Penalty, Component::Fee] {
        let left = row.charged_by(NaiveDate::MAX, component);
        *open.of_mut(component) = left.min(row.open().of(component));
    }
    open
}

fn present_value(loan: &Servicing, later: &[Row], on: NaiveDate) -> Amount {
    let mut discount = Decimal::ONE;
    let mut present = Decimal::ZERO;
    for (index, row) in later.iter().enumerate() {
        let from = if index == 0 { row.from.max(on) } else { row.from };
        discount *= Decimal::ONE + factor(loan, row, from);
        let open = row.open();
        present += open.principal.plus(open.interest).value() / discount;
    }
    loan.terms.rounding.round_to_currency(present, loan.terms.currency)
}

fn to_date(loan: &Servicing, later: &[Row], on: NaiveDate, principal: Amount) -> Amount {
    let Some(row) = later.first() else { return loan.terms.currency.zero() };
    let whole = factor_between(loan, row, row.from, on.max(row.from));
    let accrued = loan.terms.rounding.round_to_currency(principal.value() * whole, loan.terms.currency);
    principal.plus(accrued.minus(row.paid.interest)).max(principal)
}

fn factor(loan: &Servicing, row: &Row, from: NaiveDate) -> Decimal {
    factor_between(loan, row, from, end_of(loan, row))
}

fn end_of(loan: &Servicing, row: &Row) -> NaiveDate {
    loan.rows.get(row.number as usize).map_or(row.due_on, |next| next.from)
}

fn factor_between(loan: &Servicing, row: &Row, from: NaiveDate, to: NaiveDate) -> Decimal {
    schedule::factor_in_period(&loan.terms, loan.disbursed_on, row.number, from, to)
        .expect("the plan was drawn by the factors of these periods")
}
