//! Events that read models could not take: shown, redriven, discarded.

use axum::extract::Request;
use event_store::Head;
use problems::{NOT_FOUND, Problem, STILL_PARKED};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, ReadProblems, Refused, answer_of_now};
use super::discard_body::{DiscardProblems, read_reason};
use super::request::{IdInPath, Limit, Nothing, Params, ReadHeaders, Reading, invalid};
use super::{QueryState, State};
use crate::NAMES;
use crate::parking::letters::{
    self, DeadLetter, DeadLetterFilter, DeadLetterState, DiscardedEvent, WaitingEvent,
};
use crate::parking::redrive::{self, Redriven};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLetterPage {
    /// Only those of this read model, as `GET /v1/projections` names it.
    projection: Option<String>,
    state: Option<DeadLetterState>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiscardedPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct DeadLetterAnswer {
    #[serde(flatten)]
    letter: DeadLetter,
    /// The events that wait, in order: the one to blame and the first ones behind it.
    events: Vec<WaitingEvent>,
    as_of: AsOf,
}

/// What came of a dead letter.
#[derive(Serialize, ToSchema)]
struct RedriveAnswer {
    id: Uuid,
    projection: &'static str,
    stream_type: String,
    stream_id: String,
    /// How many events were applied, in order.
    applied: u64,
    /// The dead letter that the stream is now, where one of its later events cannot be taken either; null when the
    /// stream goes on.
    still_parked: Option<DeadLetter>,
    as_of: AsOf,
}

/// Events that read models could not take, in the order in which they were parked, with how many wait behind each.
#[utoipa::path(
    get, path = "/v1/dead-letters", tag = "operations", operation_id = "list_dead_letters",
    params(DeadLetterPage, ReadHeaders),
    responses((status = 200, description = "A page of dead letters", body = List<DeadLetter>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(page): Params<DeadLetterPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| Uuid::try_parse(place).ok())?;
    if let Some(unknown) = page.projection.as_deref().filter(|name| !NAMES.contains(name)) {
        let detail = format!("`{unknown}` is no projection: {}", NAMES.join(", "));
        return Err(invalid("projection", detail).into());
    }
    let as_of = state.head(&reading).await?;
    let filter = DeadLetterFilter { projection: page.projection, state: page.state };
    let mut items = letters::dead_letters(&state.pool, &filter, after, page.limit.and_one_more()).await?;
    let next = reading.page(page.limit, &mut items, |last| last.id.to_string());
    Ok(answer_of_now(as_of, List { items, next, as_of }))
}

/// One dead letter, with the events that wait.
#[utoipa::path(
    get, path = "/v1/dead-letters/{id}", tag = "operations", operation_id = "find_dead_letter",
    params(("id" = Uuid, Path, description = "The dead letter"), ReadHeaders),
    responses(
        (status = 200, description = "The dead letter", body = DeadLetterAnswer),
        NotThere, ReadProblems,
    ),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let as_of = state.head(&reading).await?;
    let found = letters::dead_letter(&state.pool, id).await?;
    let (letter, events) = found.ok_or_else(|| not_there(id))?;
    Ok(answer_of_now(as_of, DeadLetterAnswer { letter, events, as_of }))
}

/// Applies a parked stream's events in order, up to one that still cannot be taken.
#[utoipa::path(
    post, path = "/v1/dead-letters/{id}/redrive", tag = "operations", operation_id = "redrive_dead_letter",
    params(("id" = Uuid, Path, description = "The dead letter")),
    responses(
        (status = 200, description = "What came of it", body = RedriveAnswer),
        NotThere, StillParkedProblem, ReadProblems,
    ),
)]
pub(crate) async fn redrive(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
) -> Answer {
    let redriven = redrive::redrive(&state.pool, &state.whole_log, id).await?.ok_or_else(|| not_there(id))?;
    if let Some(still) = redriven.still_parked.as_ref().filter(|still| still.id == id) {
        return Err(STILL_PARKED.because(still.cause.clone()).into());
    }
    told(&state, id, redriven).await
}

/// Does without an event in one read model, for a reason that is kept for the auditor with who gave it, and applies
/// those behind it. The log keeps the event.
#[utoipa::path(
    post, path = "/v1/dead-letters/{id}/discard", tag = "operations", operation_id = "discard_dead_letter",
    params(("id" = Uuid, Path, description = "The dead letter")),
    request_body = super::discard_body::DiscardBody,
    responses(
        (status = 200, description = "What came of it", body = RedriveAnswer),
        NotThere, DiscardProblems, ReadProblems,
    ),
)]
pub(crate) async fn discard(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    request: Request,
) -> Answer {
    let (reason, operator) = read_reason(request).await?;
    let discarded = redrive::discard(&state.pool, &state.whole_log, id, &reason, &operator).await?;
    told(&state, id, discarded.ok_or_else(|| not_there(id))?).await
}

/// Events that somebody decided to do without in a read model, in the order of the log.
#[utoipa::path(
    get, path = "/v1/discarded-events", tag = "audit", operation_id = "list_discarded_events",
    params(DiscardedPage, ReadHeaders),
    responses((status = 200, description = "A page of them", body = List<DiscardedEvent>), ReadProblems),
)]
pub(crate) async fn discarded(
    State(state): State<QueryState>,
    Params(page): Params<DiscardedPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| {
        let (position, projection) = place.split_once(' ')?;
        Some((position.parse::<i64>().ok()?, projection.to_owned()))
    })?;
    let (position, projection) = after.unwrap_or_default();
    let as_of = state.head(&reading).await?;
    let more = page.limit.and_one_more();
    let mut items = letters::discarded_events(&state.pool, (position, &projection), more).await?;
    let next = reading.page(page.limit, &mut items, |last| format!("{} {}", last.position, last.projection));
    Ok(answer_of_now(as_of, List { items, next, as_of }))
}

async fn told(state: &QueryState, id: Uuid, redriven: Redriven) -> Answer {
    let Redriven { projection, stream_type, stream_id, applied, still_parked } = redriven;
    let still_parked = match still_parked {
        Some(still) => letters::find(&mut *state.pool.acquire().await?, still.id).await?,
        None => None,
    };
    let head: Head = state.log.head().await?;
    let as_of = AsOf::from(head);
    let body = RedriveAnswer { id, projection, stream_type, stream_id, applied, still_parked, as_of };
    Ok(answer_of_now(as_of, body))
}

fn not_there(id: Uuid) -> Refused {
    let problem: Problem = NOT_FOUND.because(format!("there is no dead letter {id}, or no longer"));
    problem.into()
}

/// The problem of redriving, for its documentation.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only documents")]
enum StillParkedProblem {
    /// `still_parked`: the event still cannot be taken; nothing changed.
    #[response(status = 409, content_type = "application/problem+json")]
    StillParked(problems::ProblemDetails),
}
