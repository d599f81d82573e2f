//! What happened to one loan: its plan, its charges and its transactions, and what follows for each installment.
//!
//! What was paid of an installment, and when, is derived here whenever it is asked for. A flag set by the event of
//! the day would be wrong after the next backdated payment.

use chrono::{DateTime, NaiveDate, Utc};
use domain::component::{Component, Components};
use domain::loan::Servicing;
use domain::loan::event::Effect;
use domain::schedule::Installment;
use domain::terms::Terms;
use domain::{Amount, Currency};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::sync::Arc;
use uuid::Uuid;

use super::answer::{AsOf, Refused};
use super::loan::no_loan;
use crate::minor::from_minor;

/// A loan's plan, charges and transactions.
pub(crate) struct LoanBook {
    pub(crate) currency: Currency,
    terms: Arc<Terms>,
    pub(crate) installments: Vec<Installment>,
    pub(crate) charges: Vec<Charge>,
    /// In the order of their value dates, then of their recording.
    pub(crate) transactions: Vec<Transaction>,
}

pub(crate) struct Charge {
    pub(crate) id: Uuid,
    pub(crate) added_on: NaiveDate,
    pub(crate) kind: String,
    pub(crate) component: Component,
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

/// An installment with what became of it.
pub(crate) struct ServedInstallment {
    pub(crate) plan: Installment,
    pub(crate) due: Components,
    pub(crate) paid: Components,
    pub(crate) paid_in_advance: Amount,
    pub(crate) paid_late: Amount,
    /// The value date on which nothing was open any more.
    pub(crate) settled_on: Option<NaiveDate>,
    late_from: Option<NaiveDate>,
    last_moved_on: Option<NaiveDate>,
}

const CHARGES: &str = "select id, added_on, kind, component, amount, due_on, installment from read_loans.charges \
    where loan_id = $1 order by position";
const INSTALLMENTS: &str = "select number, from_on, due_on, days, principal, interest, fees, tax, total, balance, \
    capitalized \
    from read_loans.installments where loan_id = $1 order by number";
const TRANSACTIONS: &str = include_str!("loan_transactions.sql");

impl LoanBook {
    /// From the read model.
    pub(crate) async fn load(connection: &mut PgConnection, id: Uuid, as_of: AsOf) -> Result<Self, Refused> {
        let loan: Option<(String, String)> =
            sqlx::query_as("select currency, terms from read_loans.loans where id = $1")
                .bind(id)
                .fetch_optional(&mut *connection)
                .await?;
        let (currency, terms) = loan.ok_or_else(|| no_loan(id, as_of))?;
        let currency: Currency = currency.parse().map_err(unreadable)?;
        let terms = serde_json::from_str(&terms).map_err(unreadable)?;
        let mut book =
            Self { currency, terms, installments: Vec::new(), charges: Vec::new(), transactions: Vec::new() };
        for row in sqlx::query(INSTALLMENTS).bind(id).fetch_all(&mut *connection).await? {
            book.installments.push(read_installment(&row, currency)?);
        }
        for row in sqlx::query(CHARGES).bind(id).fetch_all(&mut *connection).await? {
            book.charges.push(read_charge(&row, currency)?);
        }
        for row in sqlx::query(TRANSACTIONS).bind(id).fetch_all(&mut *connection).await? {
            book.transactions.push(read_transaction(&row, currency)?);
        }
        Ok(book)
    }

    /// Every installment with what was charged to it and paid of it.
    pub(crate) fn served(&self) -> Vec<ServedInstallment> {
        let mut rows: Vec<ServedInstallment> = self.installments.iter().map(|row| self.agreed(row)).collect();
        for charge in &self.charges {
            if charge.installment as usize > rows.len() {
                rows.push(self.row_of_charge(charge, rows.last()));
            }
            if let Some(row) = row_mut(&mut rows, charge.installment) {
                row.due.add(charge.component, charge.amount);
            }
        }
        for payment in self.transactions.iter().filter(|payment| payment.reversal.is_none()) {
            let Some(allocation) = &payment.allocation else { continue };
            for change in &allocation.replanned {
                if let (Some(row), Some(after)) = (row_mut(&mut rows, change.installment), change.after) {
                    row.due = after.due;
                    row.last_moved_on = Some(payment.on);
                }
            }
            for share in &allocation.shares {
                if let Some(row) = row_mut(&mut rows, share.installment) {
                    row.take(share.allocation, payment.on);
                }
            }
        }
        for row in &mut rows {
            row.settled_on = row.last_moved_on.filter(|_| row.open().is_nothing());
        }
        rows
    }

    /// The principal after each transaction, in their order.
    pub(crate) fn principal_after(&self) -> Vec<Amount> {
        let mut principal = self.currency.zero();
        let after = self.transactions.iter().map(|transaction| {
            if transaction.reversal.is_none() {
                principal = match &transaction.allocation {
                    None => self.installments.iter().map(|row| row.principal).sum(),
                    Some(effect) => effect.balance,
                };
            }
            principal
        });
        after.collect()
    }

    fn agreed(&self, plan: &Installment) -> ServedInstallment {
        let mut due = Components::NOTHING;
        due.add(Component::Principal, plan.principal);
        due.add(Component::Interest, plan.interest);
        due.add(Component::Fee, plan.fees.plus(plan.tax));
        // The first open row of a plan that has no other says from when on this one is late.
        let agreed = (plan.from, plan.principal);
        let alone =
            Servicing::begin(Arc::clone(&self.terms), plan.principal, agreed, std::slice::from_ref(plan));
        ServedInstallment {
            plan: plan.clone(),
            due,
            paid: Components::NOTHING,
            paid_in_advance: self.currency.zero(),
            paid_late: self.currency.zero(),
            settled_on: None,
            late_from: alone.standing.late_from,
            last_moved_on: None,
        }
    }

    /// A row of its own for a charge that is due after all installments.
    fn row_of_charge(&self, charge: &Charge, last: Option<&ServedInstallment>) -> ServedInstallment {
        let zero = self.currency.zero();
        let from = last.map_or(charge.due_on, |last| last.plan.due_on);
        let plan = Installment {
            number: charge.installment,
            from,
            due_on: charge.due_on,
            days: u32::try_from((charge.due_on - from).num_days()).unwrap_or(0),
            principal: zero,
            interest: zero,
            // Something has to be due for the row to become late; it is taken out again below.
            fees: charge.amount,
            tax: zero,
            total: charge.amount,
            balance: zero,
            capitalized: None,
        };
        let mut row = self.agreed(&plan);
        row.due = Components::NOTHING;
        row.plan.fees = zero;
        row
    }
}

impl ServedInstallment {
    pub(crate) fn open(&self) -> Components {
        self.due.minus(self.paid)
    }

    fn take(&mut self, part: Components, on: NaiveDate) {
        self.paid = self.paid.plus(part);
        self.last_moved_on = Some(on);
        if on < self.plan.due_on {
            self.paid_in_advance = self.paid_in_advance.plus(part.total());
        }
        if self.late_from.is_some_and(|late_from| on >= late_from) {
            self.paid_late = self.paid_late.plus(part.total());
        }
    }
}

fn row_mut(rows: &mut [ServedInstallment], number: u32) -> Option<&mut ServedInstallment> {
    rows.get_mut((number as usize).checked_sub(1)?)
}

fn read_installment(row: &PgRow, currency: Currency) -> Result<Installment, sqlx::Error> {
    let amount = |column: &str| Ok::<_, sqlx::Error>(from_minor(row.try_get(column)?, currency));
    let capitalized: Option<i64> = row.try_get("capitalized")?;
    Ok(Installment {
        number: read_count(row, "number")?,
        from: row.try_get("from_on")?,
        due_on: row.try_get("due_on")?,
        days: read_count(row, "days")?,
        principal: amount("principal")?,
        interest: amount("interest")?,
        fees: amount("fees")?,
        tax: amount("tax")?,
        total: amount("total")?,
        balance: amount("balance")?,
        capitalized: capitalized.map(|minor| from_minor(minor, currency)),
    })
}

fn read_charge(row: &PgRow, currency: Currency) -> Result<Charge, sqlx::Error> {
    let component: &str = row.try_get("component")?;
    let component = Component::ALL.into_iter().find(|known| known.name() == component);
    Ok(Charge {
        id: row.try_get("id")?,
        added_on: row.try_get("added_on")?,
        kind: row.try_get("kind")?,
        component: component.ok_or_else(|| sqlx::Error::Decode("unknown component".into()))?,
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
