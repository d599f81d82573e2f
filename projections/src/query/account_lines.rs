//! The journal lines of an account.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use chrono::NaiveDate;
use domain::journal::{Account, Side};
use domain::{Amount, Currency};
use problems::{NOT_FOUND, Problem};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, List, NotThere, ReadProblems, answer};
use super::loan_row::read_currency;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::{Limit, Params, ReadHeaders, Reading, day, invalid};
use super::{QueryState, State};
use crate::minor::from_minor;

/// One debit or credit of the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    /// The accounting day.
    booked_on: NaiveDate,
    /// The day on which the event counts that it comes from: before `booked_on` where that day's period was closed.
    value_date: NaiveDate,
    side: Side,
    amount: Amount,
    currency: Currency,
    /// The loan or entry that it comes from.
    stream_id: Uuid,
    /// The position of the event that it comes from.
    pub(crate) position: i64,
    /// Its number among the lines of that event.
    pub(crate) line: i32,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LineFilter {
    /// Only lines booked on this day or later.
    #[serde(default, deserialize_with = "day")]
    from: Option<NaiveDate>,
    /// Only lines booked on this day or earlier.
    #[serde(default, deserialize_with = "day")]
    to: Option<NaiveDate>,
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

/// The account in the path.
pub(crate) struct AccountInPath(Account);

impl<S: Send + Sync> FromRequestParts<S> for AccountInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| invalid("account", "the path is not UTF-8"))?;
        Account::parse(&text).map(Self).map_err(|error| invalid("account", error.to_string()))
    }
}

/// An account's journal lines by booking date, then in the order of recording.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/lines", tag = "ledger", operation_id = "list_account_lines",
    params(("account" = String, Path, description = "The account, such as `assets:cash`"), LineFilter, ReadHeaders),
    responses((status = 200, description = "A page of lines", body = List<LineView>), NotThere, ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    AccountInPath(account): AccountInPath,
    Params(filter): Params<LineFilter>,
    reading: Reading,
) -> Answer {
    let after = reading.place(filter.after.as_deref(), read_place)?;
    if let Some(day) = filter.effective_on {
        in_known_years("effective_on", day)?;
    }
    let mut snapshot = state.journal(filter.known_at, &reading).await?;
    let as_of = snapshot.as_of;
    let known = filter.known_at.map(|_| as_of.position);
    // Before the first line of the first day that is wanted, so that no earlier one is looked at. The day before all days that
    // Postgres knows stands for no place.
    let first = filter.from.or(NaiveDate::from_ymd_opt(-4712, 1, 1)).unwrap_or_default();
    let (day, position, line) = after.unwrap_or((first, 0, 0));
    let rows = sqlx::query(include_str!("account_lines.sql"))
        .bind(account.as_str())
        .bind(day)
        .bind(position)
        .bind(line)
        .bind(filter.to)
        .bind(filter.currency.map(Currency::code))
        .bind(filter.limit.and_one_more())
        .bind(known)
        .bind(filter.effective_on)
        .fetch_all(&mut *snapshot.transaction)
        .await?;
    if rows.is_empty() && after.is_none() && !exists(&mut snapshot.transaction, &account, known).await? {
        return Err(NOT_FOUND.because(format!("nothing was ever booked on the account {account}")).into());
    }
    let mut items = rows.iter().map(LineView::read).collect::<Result<Vec<_>, _>>()?;
    let next = reading
        .page(filter.limit, &mut items, |last| format!("{} {} {}", last.booked_on, last.position, last.line));
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

const EXISTS: &str = "select from journal_lines \
    where account = $1 and ($2::bigint is null or position <= $2) limit 1";

async fn exists(
    connection: &mut PgConnection,
    account: &Account,
    known: Option<i64>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(EXISTS).bind(account.as_str()).bind(known).fetch_optional(connection).await?;
    Ok(found.is_some())
}

fn read_place(place: &str) -> Option<(NaiveDate, i64, i32)> {
    let mut parts = place.split(' ');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl LineView {
    pub(crate) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let currency = read_currency(row)?;
        let side: &str = row.try_get("side")?;
        Ok(Self {
            booked_on: row.try_get("booked_on")?,
            value_date: row.try_get("value_date")?,
            side: if side == "debit" { Side::Debit } else { Side::Credit },
            amount: from_minor(row.try_get("amount")?, currency),
            currency,
            stream_id: row.try_get("stream_id")?,
            position: row.try_get("position")?,
            line: row.try_get("line")?,
        })
    }
}
