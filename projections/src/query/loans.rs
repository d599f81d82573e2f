//! Loans by what they have in common.

use axum::extract::State;
use chrono::Days;
use domain::Currency;
use domain::id::BorrowerId;
use domain::loan::Status;
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::QueryState;
use super::answer::{Answer, List, ReadProblems, Refused, answer};
use super::loan::LoanView;
use super::loan_row::{COLUMNS, LoanRow};
use super::request::{Limit, Params, ReadHeaders, Reading, decode_cursor, invalid};
use crate::loans;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoanFilter {
    status: Option<Status>,
    /// The borrower's id, or their CPF or CNPJ, with punctuation or without.
    borrower: Option<String>,
    external_id: Option<String>,
    product: Option<String>,
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// Only loans that are so many days past due today, or more.
    days_past_due_from: Option<u32>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Loans in the order of their applications.
#[utoipa::path(
    get, path = "/v1/loans", tag = "loans",
    params(LoanFilter, ReadHeaders),
    responses((status = 200, description = "A page of loans", body = List<LoanView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<LoanFilter>,
    reading: Reading,
) -> Answer {
    let after = decode_cursor(filter.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let borrower = match &filter.borrower {
        Some(borrower) => Some(find_borrower(&state, borrower).await?),
        None => None,
    };
    let today = state.booking_day.today();
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" where l.position > ").push_bind(after.unwrap_or(0));
    if let Some(status) = filter.status {
        query.push(" and s.status = ").push_bind(status.name());
    }
    if let Some(borrower) = borrower {
        query.push(" and l.borrower_id = ").push_bind(borrower);
    }
    if let Some(external_id) = filter.external_id {
        query.push(" and l.external_id = ").push_bind(external_id);
    }
    if let Some(product) = filter.product {
        query.push(" and l.product = ").push_bind(product);
    }
    if let Some(currency) = filter.currency {
        query.push(" and l.currency = ").push_bind(currency.code());
    }
    if let Some(days) = filter.days_past_due_from.filter(|days| *days > 0) {
        let due_by = today.checked_sub_days(Days::new(u64::from(days)));
        let due_by = due_by.ok_or_else(|| invalid("days_past_due_from", "that is before all dates"))?;
        query.push(" and s.oldest_due_on <= ").push_bind(due_by);
        query.push(" and s.late_from <= ").push_bind(today);
    }
    query.push(" order by l.position limit ").push_bind(filter.limit.and_one_more());

    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let rows = query.build().fetch_all(&mut *snapshot.transaction).await?;
    let rows: Result<Vec<LoanRow>, _> = rows.iter().map(|row| LoanRow::read(row, today)).collect();
    let mut rows = rows?;
    let next = filter.limit.page(&mut rows, |last| last.first_position.to_string());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.borrower_id).collect();
    let borrowers = state.log.borrowers(&ids).await?;
    let items = rows.into_iter().map(|row| row.with_borrower(&borrowers)).collect();
    let as_of = snapshot.as_of;
    Ok(answer(&reading, as_of, today, List { items, next, as_of }))
}

/// The id of a borrower who is named by it or by a tax id; one that is nobody's where the tax id is unknown.
async fn find_borrower(state: &QueryState, named: &str) -> Result<Uuid, Refused> {
    if let Ok(id) = Uuid::try_parse(named) {
        return Ok(id);
    }
    let tax_id: String = named.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = state.log.find_borrower(&tax_id.to_ascii_uppercase()).await?;
    Ok(found.map_or(Uuid::nil(), BorrowerId::uuid))
}
