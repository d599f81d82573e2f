//! The months of the books, and up to when these are closed.

use chrono::{DateTime, NaiveDate, Utc};
use domain::period::Month;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::request::{Limit, Params, ReadHeaders, Reading};
use super::{QueryState, State};
use crate::periods;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PeriodStatus {
    Closed,
    /// It was closed once, and reopened.
    Open,
}

/// A month that was closed or reopened by itself; those before the first were closed with it.
#[derive(Debug, Serialize, ToSchema)]
struct PeriodView {
    #[schema(value_type = Month)]
    month: String,
    status: PeriodStatus,
    /// The booking day on which it was closed, or reopened where it is open.
    on: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The position of the event that did it.
    position: i64,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PeriodList {
    items: Vec<PeriodView>,
    /// What to send as `after` for the next page; null at the end.
    next: Option<String>,
    /// The last day on which nothing more is booked; null while no month was ever closed.
    closed_through: Option<NaiveDate>,
    as_of: AsOf,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

const CLOSED_THROUGH: &str = "select closed_through from read_periods.periods order by position desc limit 1";

const PERIODS: &str = "select month, is_closed, changed_on, reason, position, updated_at from read_periods.periods \
    where month collate \"C\" > $1 order by month collate \"C\" limit $2";

/// Months in their order, and up to when the books are closed.
#[utoipa::path(
    get, path = "/v1/periods", tag = "ledger", operation_id = "list_periods",
    params(PeriodPage, ReadHeaders),
    responses((status = 200, description = "A page of months", body = PeriodList), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(page): Params<PeriodPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| Month::parse(place).ok())?;
    let after = after.map(|month| month.to_string()).unwrap_or_default();
    let mut snapshot = state.snapshot(&periods::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let closed: Option<(NaiveDate,)> =
        sqlx::query_as(CLOSED_THROUGH).fetch_optional(&mut *snapshot.transaction).await?;
    let rows = sqlx::query(PERIODS)
        .bind(after)
        .bind(page.limit.and_one_more())
        .fetch_all(&mut *snapshot.transaction)
        .await?;
    let mut items = rows.iter().map(PeriodView::read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(page.limit, &mut items, |last| last.month.clone());
    let closed_through = closed.map(|(day,)| day);
    let list = PeriodList { items, next, closed_through, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), list))
}

impl PeriodView {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let status = if row.try_get("is_closed")? { PeriodStatus::Closed } else { PeriodStatus::Open };
        Ok(Self {
            month: row.try_get("month")?,
            status,
            on: row.try_get("changed_on")?,
            reason: row.try_get("reason")?,
            position: row.try_get("position")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
