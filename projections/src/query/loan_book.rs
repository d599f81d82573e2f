//! What happened to one loan: its plan, its charges and its transactions, and what follows for each installment.
//!
//! What was paid of an installment, and when, is derived here whenever it is asked for. A flag set by the event of
//! the day would be wrong after the next backdated payment.

use chrono::{DateTime, NaiveDate, Utc};
use domain::loan::engine::Row;
use domain::loan::event::Effect;
use domain::{Amount, Currency};
use problems::INTERNAL;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::answer::{AsOf, Refused};
use super::loan::no_loan;
use super::{QueryState, events};
use crate::minor::from_minor;

/// A loan's plan, charges and transactions.
pub(crate) struct LoanBook {
    pub(crate) currency: Currency,
    /// Every installment as it is seen today, with what was paid of it; none before the disbursement.
    pub(crate) installments: Vec<Row>,
    pub(crate) charges: Vec<Charge>,
    /// In the order of their value dates, then of their recording.
    pub(crate) transactions: Vec<Transaction>,
}

pub(crate) struct Charge {
    pub(crate) id: Uuid,
    pub(crate) added_on: NaiveDate,
    pub(crate) kind: String,
    pub(crate) amount: Amount,
    pub(crate) due_on: NaiveDate,
    pub(crate) installment: u32,
}

pub(crate) struct Transaction {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) on: NaiveDate,
    pub(crate) amount: Amount,
    pub(crate) overpaid: Amount,
    /// None for the first disbursement.
    pub(crate) allocation: Option<Effect>,
    pub(crate) external_id: Option<String>,
    pub(crate) reversal: Option<(NaiveDate, String)>,
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
}

const CHARGES: &str = "select id, added_on, kind, amount, due_on, installment from read_loans.charges \
    where loan_id = $1 order by position";
const TRANSACTIONS: &str = include_str!("loan_transactions.sql");

impl LoanBook {
    /// From the read model, and from the loan's events what follows from them today.
    pub(crate) async fn load(
        state: &QueryState,
        connection: &mut PgConnection,
        id: Uuid,
        as_of: AsOf,
    ) -> Result<Self, Refused> {
        let loan: Option<String> = sqlx::query_scalar("select currency from read_loans.loans where id = $1")
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
        let currency = loan.ok_or_else(|| no_loan(id, as_of))?;
        let currency: Currency = currency.parse().map_err(unreadable)?;
        let (_, history) = events::folded(state, id, as_of).await?;
        let today = state.booking_day.today();
        let installments = if history.disbursed_by(today) {
            history.derive(today).map_err(|error| INTERNAL.because(error.to_string()))?.rows
        } else {
            Vec::new()
        };
        let mut book = Self { currency, installments, charges: Vec::new(), transactions: Vec::new() };
        for row in sqlx::query(CHARGES).bind(id).fetch_all(&mut *connection).await? {
            book.charges.push(read_charge(&row, currency)?);
        }
        for row in sqlx::query(TRANSACTIONS).bind(id).fetch_all(&mut *connection).await? {
            book.transactions.push(read_transaction(&row, currency)?);
        }
        Ok(book)
    }

    /// The principal after each transaction, in their order.
    pub(crate) fn principal_after(&self) -> Vec<Amount> {
        let mut principal = self.currency.zero();
        let after = self.transactions.iter().map(|transaction| {
            if transaction.reversal.is_none() {
                principal = match &transaction.allocation {
                    None => principal.plus(transaction.amount),
                    Some(effect) => effect.balance,
                };
            }
            principal
        });
        after.collect()
    }
}

fn read_charge(row: &PgRow, currency: Currency) -> Result<Charge, sqlx::Error> {
    Ok(Charge {
        id: row.try_get("id")?,
        added_on: row.try_get("added_on")?,
        kind: row.try_get("kind")?,
        amount: from_minor(row.try_get("amount")?, currency),
        due_on: row.try_get("due_on")?,
        installment: read_count(row, "installment")?,
    })
}

fn read_transaction(row: &PgRow, currency: Currency) -> Result<Transaction, sqlx::Error> {
    let allocation: Option<&str> = row.try_get("allocation")?;
    let allocation = allocation.map(serde_json::from_str).transpose().map_err(unreadable)?;
    let reversed_on: Option<NaiveDate> = row.try_get("reversed_on")?;
    let reason: Option<String> = row.try_get("reversal_reason")?;
    Ok(Transaction {
        id: row.try_get("id")?,
        kind: row.try_get("type")?,
        on: row.try_get("value_date")?,
        amount: from_minor(row.try_get("amount")?, currency),
        overpaid: from_minor(row.try_get("overpaid")?, currency),
        allocation,
        external_id: row.try_get("external_id")?,
        reversal: reversed_on.zip(reason),
        position: row.try_get("position")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

fn read_count(row: &PgRow, column: &str) -> Result<u32, sqlx::Error> {
    let count: i32 = row.try_get(column)?;
    u32::try_from(count).map_err(unreadable)
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
