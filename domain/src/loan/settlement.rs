//! What settles a loan early (LENDING §12), and how the settlement is spread.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::{Allocation, InterestChange, Share};
use super::servicing::{Row, Servicing};
use crate::Amount;
use crate::component::{Component, Components};
use crate::schedule::{self, OpenRow, Timeline};
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
    let open = later.iter().filter_map(|row| {
        let open = row.open();
        let amount = open.principal.plus(open.interest).value();
        (!amount.is_zero()).then_some(OpenRow { index: index_of(row), amount })
    });
    let open: Vec<OpenRow> = open.collect();
    let value = schedule::present_value(&timeline(loan), &open, on);
    let value = value.expect("discounting makes the amounts of a drawn plan smaller");
    loan.terms.rounding.round_to_currency(value, loan.terms.currency)
}

fn to_date(loan: &Servicing, later: &[Row], on: NaiveDate, principal: Amount) -> Amount {
    let Some(row) = later.first().filter(|_| principal.is_positive()) else { return principal };
    let factor = timeline(loan).factor_in(index_of(row), row.from, on.max(row.from));
    let factor = factor.expect("a part of a period that was drawn");
    let accrued = loan.terms.rounding.round_to_currency(principal.value() * factor, loan.terms.currency);
    principal.plus(accrued.minus(row.paid.interest)).max(principal)
}

fn timeline(loan: &Servicing) -> Timeline<'_> {
    Timeline::try_new(&loan.terms, loan.disbursed_on).expect("the plan was drawn along it")
}

fn index_of(row: &Row) -> usize {
    row.number as usize - 1
}
