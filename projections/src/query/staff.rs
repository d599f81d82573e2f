//! Who may decide up to how much, and what needs a second person.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Amount;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::loan_row::read_json;
use super::request::{Limit, Params, ReadHeaders, Reading};
use super::{QueryState, State};
use crate::staff;

/// Somebody who has limits.
#[derive(Debug, Serialize, ToSchema)]
struct StaffView {
    /// As the `sub` of their tokens says.
    subject: String,
    /// By operation and currency: the most that may be at stake.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Amount>>)]
    limits: Box<RawValue>,
    #[serde(flatten)]
    set: SetView,
}

/// What waits for a second person, whoever asks.
#[derive(Debug, Serialize, ToSchema)]
struct ApprovalPolicyView {
    /// By operation and currency: what is above this amount.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Amount>>)]
    second_person_above: Box<RawValue>,
    #[serde(flatten)]
    set: SetView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitsSetView)]
struct SetView {
    /// The booking day on which it was set.
    on: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The position of the event that set it.
    position: i64,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct StaffList {
    items: Vec<StaffView>,
    /// What to send as `after` for the next page; null at the end.
    next: Option<String>,
    /// Null while none was ever set.
    policy: Option<ApprovalPolicyView>,
    as_of: AsOf,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StaffPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

const LIMITS: &str = "select subject, limits, changed_on, reason, position, updated_at from limits \
    where subject collate \"C\" > $1 order by subject collate \"C\" limit $2";

const POLICY: &str = "select limits, changed_on, reason, position, updated_at from policies \
    where name = 'second_person_above'";

/// Everybody who has approval limits, in the order of their names, and the policy for second persons.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff", operation_id = "list_staff",
    params(StaffPage, ReadHeaders),
    responses((status = 200, description = "A page of people", body = StaffList), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(page): Params<StaffPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| Some(place.to_owned()))?;
    let mut snapshot = state.snapshot(&staff::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let policy = sqlx::query(POLICY).fetch_optional(&mut *snapshot.transaction).await?;
    let policy = policy.as_ref().map(|row| {
        let second_person_above = read_json(row, "limits")?;
        Ok::<_, sqlx::Error>(ApprovalPolicyView { second_person_above, set: SetView::read(row)? })
    });
    let rows = sqlx::query(LIMITS)
        .bind(after.unwrap_or_default())
        .bind(page.limit.and_one_more())
        .fetch_all(&mut *snapshot.transaction)
        .await?;
    let mut items = rows.iter().map(StaffView::read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(page.limit, &mut items, |last| last.subject.clone());
    let list = StaffList { items, next, policy: policy.transpose()?, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), list))
}

impl StaffView {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (subject, limits) = (row.try_get("subject")?, read_json(row, "limits")?);
        Ok(Self { subject, limits, set: SetView::read(row)? })
    }
}

impl SetView {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            on: row.try_get("changed_on")?,
            reason: row.try_get("reason")?,
            position: row.try_get("position")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
