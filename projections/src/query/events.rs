//! The log itself: all of it in the order of commits, or one stream's events.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::decider::{Decider, StoredEvent};
use domain::entry::Entry;
use domain::loan::{Loan, LoanEvent};
use domain::proposal::Proposal;
use event_store::{LineHead, LogError, LogReader, PublicEvent};
use futures::stream;
use problems::NOT_FOUND;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, POSITION, ReadProblems, Refused, answer};
use super::request::{IdInPath, Limit, Params, ReadHeaders, Reading, invalid};
use super::story;
use super::{QueryState, State};

/// How many events are read at once: all of them are in memory, as rows and as lines.
const PAGE: i64 = 400;
/// How many events one request looks through at most for those it wants.
const LOOKED_THROUGH: i64 = 100_000;

/// An event as it is stored: one line of the log as NDJSON, which is what the tree over the log is of.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only documents what a line has")]
pub(crate) struct EventView {
    position: i64,
    /// `Loan`, `Entry`, `Product`, `Periods`, `DayClose`, `Staff` or `Proposal`.
    stream_type: String,
    stream_id: String,
    sequence: i64,
    #[schema(rename = "type")]
    event_type: String,
    version: u32,
    recorded_at: DateTime<Utc>,
    #[schema(value_type = EventMetadata)]
    metadata: Box<RawValue>,
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// The version as it is stored, where that is not a plain number.
    #[schema(required = false)]
    stored_version: Option<String>,
    /// Where the event is the first of a command with an idempotency key.
    #[schema(required = false)]
    idempotency: Option<Idempotency>,
}

/// Who did it, by which command, and why.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only documents what metadata has")]
pub(crate) struct EventMetadata {
    /// The subject of the token, or the program itself.
    actor: String,
    /// What the actor was to the lender then, with spaces between several roles: absent where the program acts by itself,
    /// and in events of before it was noted.
    roles: Option<String>,
    command: String,
    idempotency_key: Option<String>,
    correlation_id: String,
    causation_id: Option<String>,
    /// Who accepted what the actor had proposed.
    accepted_by: Option<String>,
    reason: Option<String>,
    /// The version of the rules that decided.
    engine: String,
}

/// An event of a loan with its story.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only documents what an item has")]
pub(crate) struct ToldEvent {
    #[schema(inline)]
    #[serde(flatten)]
    event: EventView,
    /// What happened, and how the loan stands after it.
    story: String,
}

/// By what a repeat of a command is known.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only documents what a line has")]
pub(crate) struct Idempotency {
    client: String,
    key: String,
    /// SHA-256 of the path and the body, in hexadecimal.
    request_hash: String,
    /// How many events the command has.
    events: u32,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventFilter {
    /// Only events after this position: the `next` of the page before, or any position.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    after: i64,
    /// At most so many: 50 by default, all of them as NDJSON.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<Limit>,
    /// Only those of the stream with this id.
    stream: Option<Uuid>,
    /// Only those of this type, such as `LoanRepaymentRecorded`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    event_type: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of the log.
#[derive(Serialize, ToSchema)]
struct EventList {
    #[schema(value_type = Vec<EventView>)]
    items: Vec<Box<RawValue>>,
    /// What to send as `after` for the next page; null at the end of the log.
    next: Option<i64>,
    as_of: AsOf,
}

/// The log in the order of commits. A page may hold fewer events than `limit`, or none, and still have a `next`: one
/// request looks through so many events and no more. As `application/x-ndjson` each event is a line, to the end of the log.
#[utoipa::path(
    get, path = "/v1/events", tag = "audit", operation_id = "list_events",
    params(EventFilter, ReadHeaders),
    responses(
        (status = 200, description = "Events", content(
            (EventList = "application/json"),
            (EventView = "application/x-ndjson"),
        )),
        ReadProblems,
    ),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<EventFilter>,
    reading: Reading,
) -> Answer {
    if filter.after < 0 {
        return Err(invalid("after", format!("{} is no position: they begin with 1", filter.after)).into());
    }
    let as_of = state.head(&reading).await?;
    if reading.accepts_ndjson {
        return Ok(lines(&state, filter, as_of));
    }
    let limit = filter.limit.unwrap_or_default().count();
    let (mut items, mut place) = (Vec::new(), filter.after);
    let furthest = as_of.position.min(filter.after.saturating_add(LOOKED_THROUGH));
    while items.len() < limit && place < furthest {
        let page = PAGE.min(furthest - place);
        let lines = state.log.lines_after(place, page, |head| filter.wants(head)).await?;
        let Some(looked_to) = lines.looked_to() else { break };
        let left = limit - items.len();
        for (position, line) in lines.iter().take(left) {
            place = position;
            items.push(raw(line)?);
        }
        if lines.len() <= left && items.len() < limit {
            place = looked_to;
        }
    }
    let next = (place < as_of.position).then_some(place);
    let body = EventList { items, next, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

/// A loan's events, as they are stored, and beside each what happened in plain words.
#[utoipa::path(
    get, path = "/v1/loans/{id}/history", tag = "audit", operation_id = "list_loan_history",
    params(("id" = Uuid, Path, description = "The loan"), HistoryPage, ReadHeaders),
    responses((status = 200, description = "Its events", body = List<ToldEvent>), NotThere, ReadProblems),
)]
pub(crate) async fn of_loan(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<HistoryPage>,
    reading: Reading,
) -> Answer {
    history(&state, (Loan::TYPE, id), &page, &reading, told).await
}

/// An entry's events, as they are stored.
#[utoipa::path(
    get, path = "/v1/entries/{id}/history", tag = "audit", operation_id = "list_entry_history",
    params(("id" = Uuid, Path, description = "The entry"), HistoryPage, ReadHeaders),
    responses((status = 200, description = "Its events", body = List<EventView>), NotThere, ReadProblems),
)]
pub(crate) async fn of_entry(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<HistoryPage>,
    reading: Reading,
) -> Answer {
    history(&state, (Entry::TYPE, id), &page, &reading, |_, line| Ok(raw(line)?)).await
}

/// A proposal's events, as they are stored.
#[utoipa::path(
    get, path = "/v1/proposals/{id}/history", tag = "audit", operation_id = "list_proposal_history",
    params(("id" = Uuid, Path, description = "The proposal"), HistoryPage, ReadHeaders),
    responses((status = 200, description = "Its events", body = List<EventView>), NotThere, ReadProblems),
)]
pub(crate) async fn of_proposal(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<HistoryPage>,
    reading: Reading,
) -> Answer {
    history(&state, (Proposal::TYPE, id), &page, &reading, |_, line| Ok(raw(line)?)).await
}

async fn history(
    state: &QueryState,
    (stream_type, id): (&str, Uuid),
    page: &HistoryPage,
    reading: &Reading,
    item: impl Fn(i64, &[u8]) -> Result<Box<RawValue>, Refused>,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let as_of = state.head(reading).await?;
    let stream_id = id.to_string();
    let more = page.limit.and_one_more();
    let lines = state.log.lines_of_stream((stream_type, &stream_id), after.unwrap_or(0), more).await?;
    if lines.is_empty() && after.is_none() {
        let stream = stream_type.to_lowercase();
        return Err(NOT_FOUND.because(format!("there is no {stream} {id}")).into());
    }
    // What was appended after the head was read belongs to a later answer. Sequences have no gaps.
    let of_answer = lines.iter().filter(|(position, _)| *position <= as_of.position);
    let mut items: Vec<(i64, Box<RawValue>)> = (after.unwrap_or(0) + 1..)
        .zip(of_answer)
        .map(|(sequence, (position, line))| Ok((sequence, item(position, line)?)))
        .collect::<Result<_, Refused>>()?;
    let next = reading.page(page.limit, &mut items, |(sequence, _)| sequence.to_string());
    let items: Vec<Box<RawValue>> = items.into_iter().map(|(_, item)| item).collect();
    Ok(answer(reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

/// Every event that is wanted up to `as_of`, a line each, a page in memory at a time.
fn lines(state: &QueryState, filter: EventFilter, as_of: AsOf) -> Response {
    let left = filter.limit.map_or(usize::MAX, Limit::count);
    let streaming =
        Streaming { log: state.log.clone(), place: filter.after, left, filter, end: as_of.position };
    let body = stream::try_unfold(streaming, |mut streaming| async move {
        let page = streaming.next_page().await?;
        Ok::<_, LogError>(page.map(|page| (page, streaming)))
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(POSITION.clone(), HeaderValue::from(as_of.position));
    response
}

struct Streaming {
    log: LogReader,
    filter: EventFilter,
    place: i64,
    end: i64,
    left: usize,
}

impl Streaming {
    async fn next_page(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        if self.left == 0 || self.place >= self.end {
            return Ok(None);
        }
        let page = PAGE.min(self.end - self.place);
        let mut lines = self.log.lines_after(self.place, page, |head| self.filter.wants(head)).await?;
        let Some(looked_to) = lines.looked_to() else { return Ok(None) };
        self.place = looked_to;
        lines.truncate(self.left);
        self.left -= lines.len();
        Ok(Some(lines.into_text()))
    }
}

/// A line of a loan with its story, which comes after all that is stored.
fn told(position: i64, line: &[u8]) -> Result<Box<RawValue>, Refused> {
    let event: PublicEvent<'_> = serde_json::from_slice(line)?;
    let row = event.into_row();
    let read = row.current_payload().and_then(|payload| LoanEvent::read(&row.event_type, &payload));
    let unreadable = |source| LogError::Unreadable { position, event_type: row.event_type.clone(), source };
    let story = serde_json::to_string(&story::of_loan(&read.map_err(unreadable)?))?;
    let open = line.strip_suffix(b"}").expect("a line is an object");
    raw(&[open, br#","story":"#, story.as_bytes(), b"}"].concat()).map_err(Refused::from)
}

/// A line as it stands.
fn raw(line: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_slice(line)
}

impl EventFilter {
    fn wants(&self, head: LineHead<'_>) -> bool {
        self.stream.is_none_or(|stream| Uuid::try_parse(head.stream_id) == Ok(stream))
            && self.event_type.as_ref().is_none_or(|event_type| *event_type == head.event_type)
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        sqlx::Error::Decode(Box::new(error)).into()
    }
}
