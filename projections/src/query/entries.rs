//! Plain entries.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::entry::EntryLine;
use problems::NOT_FOUND;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, ReadProblems, answer, answer_of_stream};
use super::loan_row::{read_currency, read_json};
use super::request::{IdInPath, Limit, Nothing, Params, ReadHeaders, Reading, day};
use super::{QueryState, State};
use crate::entries;
use crate::event::StreamKind;

/// A balanced posting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    id: Uuid,
    on: NaiveDate,
    /// The accounting day, where it differs: `on` lies in a period that was closed by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    booked_on: Option<NaiveDate>,
    description: String,
    currency: Currency,
    #[schema(value_type = Vec<EntryLine>)]
    lines: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    reversed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_booked_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_reason: Option<String>,
    version: i64,
    /// The position of its last event.
    position: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntryFilter {
    external_id: Option<String>,
    /// Only entries of this day or later.
    #[serde(default, deserialize_with = "day")]
    from: Option<NaiveDate>,
    /// Only entries of this day or earlier.
    #[serde(default, deserialize_with = "day")]
    to: Option<NaiveDate>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct EntryFound {
    #[serde(flatten)]
    entry: EntryView,
    as_of: AsOf,
}

const COLUMNS: &str = include_str!("entry_columns.sql");

/// Entries in the order of their recording.
#[utoipa::path(
    get, path = "/v1/entries", tag = "entries", operation_id = "list_entries",
    params(EntryFilter, ReadHeaders),
    responses((status = 200, description = "A page of entries", body = List<EntryView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<EntryFilter>,
    reading: Reading,
) -> Answer {
    let after = reading.place(filter.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" where first_position > ").push_bind(after.unwrap_or(0));
    if let Some(external_id) = filter.external_id {
        query.push(" and external_id = ").push_bind(external_id);
    }
    if let Some(from) = filter.from {
        query.push(" and entered_on >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and entered_on <= ").push_bind(to);
    }
    query.push(" order by first_position limit ").push_bind(filter.limit.and_one_more());
    let mut snapshot = state.snapshot(&entries::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let rows = query.build().fetch_all(&mut *snapshot.transaction).await?;
    let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(filter.limit, &mut rows, |(first_position, _)| first_position.to_string());
    let items: Vec<EntryView> = rows.into_iter().map(|(_, entry)| entry).collect();
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

/// One entry.
#[utoipa::path(
    get, path = "/v1/entries/{id}", tag = "entries", operation_id = "find_entry",
    params(("id" = Uuid, Path, description = "The entry"), ReadHeaders),
    responses((status = 200, description = "The entry", body = EntryFound), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let mut snapshot = state.snapshot(&entries::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    snapshot.refuse_parked(StreamKind::Entry, id).await?;
    let select = format!("{COLUMNS} where id = $1");
    let row = sqlx::query(&select).bind(id).fetch_optional(&mut *snapshot.transaction).await?;
    let row = row.ok_or_else(|| {
        NOT_FOUND.because(format!("there is no entry {id} as of position {}", as_of.position))
    })?;
    let (_, entry) = read(&row)?;
    let version = entry.version;
    let body = EntryFound { entry, as_of };
    Ok(answer_of_stream(&reading, as_of, state.booking_day.today(), version, body))
}

/// An entry, and the position of its first event.
fn read(row: &PgRow) -> Result<(i64, EntryView), sqlx::Error> {
    let reversed_on: Option<NaiveDate> = row.try_get("reversed_on")?;
    let view = EntryView {
        id: row.try_get("id")?,
        on: row.try_get("entered_on")?,
        booked_on: row.try_get("booked_on")?,
        description: row.try_get("description")?,
        currency: read_currency(row)?,
        lines: read_json(row, "lines")?,
        external_id: row.try_get("external_id")?,
        reversed: reversed_on.is_some(),
        reversed_on,
        reversal_booked_on: row.try_get("reversal_booked_on")?,
        reversal_reason: row.try_get("reversal_reason")?,
        version: row.try_get("version")?,
        position: row.try_get("position")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    };
    Ok((row.try_get("first_position")?, view))
}
