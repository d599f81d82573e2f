//! One loan: its terms and how it stands.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::component::{Component, Components};
use domain::loan::{Standing, Status};
use domain::terms::Terms;
use domain::{Amount, Currency};
use event_store::Borrower;
use problems::{NOT_FOUND, Problem};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::QueryState;
use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::request::{IdInPath, Nothing, Params, ReadHeaders, Reading};
use crate::loans;
use crate::minor::{components_from_minor, exact, from_minor};

/// A loan and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoanView {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The version of the product that its terms were taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_version: Option<i32>,
    borrower: BorrowerView,
    currency: Currency,
    status: Status,
    /// What is owed, by component.
    balances: Balances,
    /// What was paid beyond everything owed.
    overpaid: Amount,
    /// What was received and not reversed.
    received: Amount,
    /// Calendar days since the oldest due date that is late today, else 0.
    days_past_due: i64,
    /// The due date of the oldest installment that is not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_due_on: Option<NaiveDate>,
    /// The first day on which that installment is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    late_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disbursed_amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disbursed_on: Option<NaiveDate>,
    /// When the application was rejected or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_because: Option<String>,
    /// The terms as the loan's first event holds them.
    #[schema(value_type = Terms)]
    terms: Box<RawValue>,
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    /// The sequence of the loan's last event: what `If-Match` takes.
    version: i64,
    /// The position of that event.
    position: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Who borrows. Name and tax id are kept beside the log and are absent once forgotten.
#[derive(Debug, Serialize, ToSchema)]
struct BorrowerView {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// An amount for each component, and their sum.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Balances {
    late_fee: Amount,
    late_interest: Amount,
    penalty: Amount,
    fee: Amount,
    interest: Amount,
    principal: Amount,
    total: Amount,
}

#[derive(Serialize, ToSchema)]
struct LoanAnswer {
    #[serde(flatten)]
    loan: LoanView,
    as_of: AsOf,
}

/// The columns that [`LoanRow::read`] reads.
pub(crate) const COLUMNS: &str = include_str!("loan_columns.sql");

/// A loan as the read model has it.
pub(crate) struct LoanRow {
    pub(crate) first_position: i64,
    pub(crate) borrower_id: Uuid,
    view: LoanView,
}

/// One loan.
#[utoipa::path(
    get, path = "/v1/loans/{id}", tag = "loans",
    params(("id" = Uuid, Path, description = "The loan"), ReadHeaders),
    responses((status = 200, description = "The loan", body = LoanAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let today = state.booking_day.today();
    let select = format!("{COLUMNS} where l.id = $1");
    let row = sqlx::query(&select).bind(id).fetch_optional(&mut *snapshot.transaction).await?;
    let row = row.ok_or_else(|| no_loan(id, snapshot.as_of))?;
    let row = LoanRow::read(&row, today)?;
    let borrowers = state.log.borrowers(&[row.borrower_id]).await?;
    let loan = row.with_borrower(&borrowers);
    let body = LoanAnswer { loan, as_of: snapshot.as_of };
    Ok(answer(&reading, snapshot.as_of, today, body))
}

pub(crate) fn no_loan(id: Uuid, as_of: AsOf) -> Problem {
    NOT_FOUND.because(format!("there is no loan {id} as of position {}", as_of.position))
}

/// The column `currency`.
pub(crate) fn read_currency(row: &PgRow) -> Result<Currency, sqlx::Error> {
    let code: &str = row.try_get("currency")?;
    code.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A column of JSON text.
pub(crate) fn read_json(row: &PgRow, column: &str) -> Result<Box<RawValue>, sqlx::Error> {
    let text: String = row.try_get(column)?;
    RawValue::from_string(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The columns named like the components.
pub(crate) fn read_components(row: &PgRow, currency: Currency) -> Result<Components, sqlx::Error> {
    let mut minors = [0; 6];
    for (minor, component) in minors.iter_mut().zip(Component::ALL) {
        *minor = row.try_get(component.name())?;
    }
    Ok(components_from_minor(minors, currency))
}

impl Balances {
    pub(crate) fn of(components: Components, currency: Currency) -> Self {
        let exact = |amount| exact(amount, currency);
        Self {
            late_fee: exact(components.late_fee),
            late_interest: exact(components.late_interest),
            penalty: exact(components.penalty),
            fee: exact(components.fee),
            interest: exact(components.interest),
            principal: exact(components.principal),
            total: exact(components.total()),
        }
    }
}

impl LoanRow {
    pub(crate) fn read(row: &PgRow, today: NaiveDate) -> Result<Self, sqlx::Error> {
        let currency = read_currency(row)?;
        let amount = |column: &str| Ok::<_, sqlx::Error>(from_minor(row.try_get(column)?, currency));
        let amount_or_none = |column: &str| {
            let minor: Option<i64> = row.try_get(column)?;
            Ok::<_, sqlx::Error>(minor.map(|minor| from_minor(minor, currency)))
        };
        let status: &str = row.try_get("status")?;
        let status = Status::ALL.into_iter().find(|known| known.name() == status);
        let status = status.ok_or_else(|| sqlx::Error::Decode("unknown status".into()))?;
        let components = read_components(row, currency)?;
        let (oldest_due_on, late_from) = (row.try_get("oldest_due_on")?, row.try_get("late_from")?);
        let overpaid = amount("overpaid")?;
        let credit = currency.zero();
        let standing = Standing { status, balances: components, overpaid, credit, oldest_due_on, late_from };
        let borrower_id = row.try_get("borrower_id")?;
        let view = LoanView {
            id: row.try_get("id")?,
            external_id: row.try_get("external_id")?,
            product: row.try_get("product")?,
            product_version: row.try_get("product_version")?,
            borrower: BorrowerView { id: borrower_id, tax_id: None, name: None },
            currency,
            status,
            balances: Balances::of(components, currency),
            overpaid,
            received: amount("received")?,
            days_past_due: standing.days_past_due(today),
            oldest_due_on,
            late_from,
            approved_amount: amount_or_none("approved_amount")?,
            approved_on: row.try_get("approved_on")?,
            disbursed_amount: amount_or_none("disbursed_amount")?,
            disbursed_on: row.try_get("disbursed_on")?,
            closed_on: row.try_get("closed_on")?,
            closed_because: row.try_get("closed_because")?,
            terms: read_json(row, "terms")?,
            metadata: read_json(row, "metadata")?,
            version: row.try_get("version")?,
            position: row.try_get("position")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        };
        Ok(Self { first_position: row.try_get("first_position")?, borrower_id, view })
    }

    pub(crate) fn with_borrower(self, borrowers: &HashMap<Uuid, Borrower>) -> LoanView {
        let mut view = self.view;
        if let Some(borrower) = borrowers.get(&self.borrower_id) {
            view.borrower.tax_id = Some(borrower.tax_id.clone());
            view.borrower.name = Some(borrower.name.clone());
        }
        view
    }
}
