//! A loan's statement: what fell due and what was paid, in one order of dates.

use axum::extract::State;
use chrono::NaiveDate;
use domain::{Amount, Currency};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::QueryState;
use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::loan_book::LoanBook;
use super::request::{IdInPath, Nothing, Params, ReadHeaders, Reading};
use super::transactions::TransactionView;
use crate::loans;

/// One line of a statement.
#[derive(Debug, Serialize, ToSchema)]
struct StatementLine {
    on: NaiveDate,
    what: StatementItem,
    /// The loan's principal after it.
    principal: Amount,
    /// What fell due until then, less what was paid: above zero is in arrears, below zero paid in advance.
    balance: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StatementItem {
    Transaction(Box<TransactionView>),
    /// An installment falls due, as agreed or as an early settlement left it, charges apart.
    Installment {
        number: u32,
        amount: Amount,
    },
    /// A charge falls due.
    Charge {
        id: Uuid,
        /// `penalty`, or the kind of a fee.
        charge: String,
        added_on: NaiveDate,
        amount: Amount,
    },
}

#[derive(Serialize, ToSchema)]
struct StatementAnswer {
    currency: Currency,
    lines: Vec<StatementLine>,
    as_of: AsOf,
}

/// What falls due and what was paid, in the order of dates, with running balances.
#[utoipa::path(
    get, path = "/v1/loans/{id}/statement", tag = "loans",
    params(("id" = Uuid, Path, description = "The loan"), ReadHeaders),
    responses((status = 200, description = "The statement", body = StatementAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let book = LoanBook::load(&state, &mut snapshot.transaction, id, as_of).await?;
    let (currency, lines) = (book.currency, lines(&book));
    let body = StatementAnswer { currency, lines, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

/// Of one day, what falls due comes before what is paid, so the balance is zero on a day paid in full.
fn lines(book: &LoanBook) -> Vec<StatementLine> {
    let currency = book.currency;
    let mut items: Vec<(NaiveDate, u8, Amount, StatementItem)> = Vec::new();
    for row in &book.installments {
        let joined = book.charges.iter().filter(|charge| charge.installment == row.number);
        let charged: Amount = joined.map(|charge| charge.amount).sum();
        let amount = currency.zero().plus(row.due.total()).minus(charged);
        if !amount.is_zero() {
            let number = row.number;
            items.push((row.due_on, 1, amount, StatementItem::Installment { number, amount }));
        }
    }
    for charge in &book.charges {
        let item = StatementItem::Charge {
            id: charge.id,
            charge: charge.kind.clone(),
            added_on: charge.added_on,
            amount: charge.amount,
        };
        items.push((charge.due_on, 2, charge.amount, item));
    }
    for (row, principal) in book.transactions.iter().zip(book.principal_after()) {
        let is_payment = row.allocation.is_some() && row.reversal.is_none();
        let due = if is_payment { row.amount.negated() } else { currency.zero() };
        let order = if row.allocation.is_none() { 0 } else { 3 };
        let item = StatementItem::Transaction(Box::new(TransactionView::of(row, principal, currency)));
        items.push((row.on, order, due, item));
    }
    items.sort_by_key(|(on, order, ..)| (*on, *order));
    let (mut principal, mut balance) = (currency.zero(), currency.zero());
    let lines = items.into_iter().map(|(on, _, due, what)| {
        if let StatementItem::Transaction(transaction) = &what {
            principal = transaction.balance;
        }
        balance = balance.plus(due);
        StatementLine { on, what, principal, balance }
    });
    lines.collect()
}
