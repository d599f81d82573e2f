//! Commands that wait for a second person, and what became of them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::proposal::{Accepted, Ended, Executed, Failed, Made};
use domain::staff::Operation;
use problems::NOT_FOUND;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, ReadProblems, answer};
use super::loan_row::read_json;
use super::request::{IdInPath, Limit, Nothing, Params, ReadHeaders, Reading};
use super::{QueryState, State};
use crate::event::StreamKind;
use crate::proposals;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProposalStatus {
    /// For another person to accept or refuse.
    Waiting,
    /// It waited, and can be accepted no longer.
    Expired,
    /// To be executed at once.
    Accepted,
    Executed,
    /// Accepted, and its command was refused by then.
    Failed,
    Refused,
    Withdrawn,
}

/// A command that waits, or waited, for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    id: Uuid,
    version: i64,
    status: ProposalStatus,
    /// The command, why it waits, and for how long.
    #[schema(value_type = Made)]
    made: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Accepted>)]
    accepted: Option<Box<RawValue>>,
    /// Of a proposal that was refused or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Ended>)]
    ended: Option<Box<RawValue>>,
    /// Where the events of its command are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Executed>)]
    executed: Option<Box<RawValue>>,
    /// Why its command was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Failed>)]
    failed: Option<Box<RawValue>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposalFound)]
struct ProposalAnswer {
    #[serde(flatten)]
    proposal: ProposalView,
    as_of: AsOf,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProposalFilter {
    status: Option<ProposalStatus>,
    operation: Option<Operation>,
    /// Only those that this person made.
    proposed_by: Option<String>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

const COLUMNS: &str = "select id, version, status, expires_on, made, accepted, ended, outcome, first_position, \
    created_at, updated_at from proposals where ";

/// Proposals in the order in which they were made.
#[utoipa::path(
    get, path = "/v1/proposals", tag = "proposals", operation_id = "list_proposals",
    params(ProposalFilter, ReadHeaders),
    responses((status = 200, description = "A page of proposals", body = List<ProposalView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<ProposalFilter>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let after = reading.place(filter.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push("first_position > ").push_bind(after.unwrap_or(0));
    match filter.status {
        Some(ProposalStatus::Waiting) => {
            query.push(" and status = 'waiting' and expires_on >= ").push_bind(today);
        }
        Some(ProposalStatus::Expired) => {
            query.push(" and status = 'waiting' and expires_on < ").push_bind(today);
        }
        Some(status) => {
            query.push(" and status = ").push_bind(status.name());
        }
        None => {}
    }
    if let Some(operation) = filter.operation {
        query.push(" and operation = ").push_bind(operation.name());
    }
    if let Some(proposer) = filter.proposed_by {
        query.push(" and proposed_by = ").push_bind(proposer);
    }
    query.push(" order by first_position limit ").push_bind(filter.limit.and_one_more());
    let mut snapshot = state.snapshot(&proposals::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let rows = query.build().fetch_all(&mut *snapshot.transaction).await?;
    let mut rows = rows.iter().map(|row| read(row, today)).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(filter.limit, &mut rows, |(first_position, _)| first_position.to_string());
    let items: Vec<ProposalView> = rows.into_iter().map(|(_, proposal)| proposal).collect();
    Ok(answer(&reading, as_of, today, List { items, next, as_of }))
}

/// A proposal.
#[utoipa::path(
    get, path = "/v1/proposals/{id}", tag = "proposals", operation_id = "find_proposal",
    params(("id" = Uuid, Path, description = "The proposal"), ReadHeaders),
    responses((status = 200, description = "The proposal", body = ProposalAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let mut snapshot = state.snapshot(&proposals::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let select = format!("{COLUMNS} id = $1");
    let row = sqlx::query(&select).bind(id).fetch_optional(&mut *snapshot.transaction).await?;
    let row = row.ok_or_else(|| {
        NOT_FOUND.because(format!("there is no proposal {id} as of position {}", as_of.position))
    })?;
    snapshot.refuse_parked(StreamKind::Proposal, id).await?;
    let (_, proposal) = read(&row, today)?;
    Ok(answer(&reading, as_of, today, ProposalAnswer { proposal, as_of }))
}

/// A proposal, and the position of its first event.
fn read(row: &PgRow, today: NaiveDate) -> Result<(i64, ProposalView), sqlx::Error> {
    let status: String = row.try_get("status")?;
    let expires_on: NaiveDate = row.try_get("expires_on")?;
    let status = match ProposalStatus::named(&status) {
        ProposalStatus::Waiting if expires_on < today => ProposalStatus::Expired,
        status => status,
    };
    let part = |column: &str| {
        let text: Option<String> = row.try_get(column)?;
        let raw = text.map(RawValue::from_string).transpose();
        raw.map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let outcome = part("outcome")?;
    let (executed, failed) = if status == ProposalStatus::Failed { (None, outcome) } else { (outcome, None) };
    let view = ProposalView {
        id: row.try_get("id")?,
        version: row.try_get("version")?,
        status,
        made: read_json(row, "made")?,
        accepted: part("accepted")?,
        ended: part("ended")?,
        executed,
        failed,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    };
    Ok((row.try_get("first_position")?, view))
}

impl ProposalStatus {
    const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Expired,
        Self::Accepted,
        Self::Executed,
        Self::Failed,
        Self::Refused,
        Self::Withdrawn,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Expired => "expired",
            Self::Accepted => "accepted",
            Self::Executed => "executed",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What the projection wrote is one of them.
    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Waiting)
    }
}
