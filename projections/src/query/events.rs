//! The log itself: all of it in the order of commits, or one stream's events.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::decider::Decider;
use domain::entry::Entry;
use domain::loan::Loan;
use event_store::{Feed, LogError, StoredEventRow};
use futures::stream;
use problems::NOT_FOUND;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::QueryState;
use super::answer::{Answer, AsOf, List, NotThere, POSITION, ReadProblems, Refused, answer};
use super::request::{IdInPath, Limit, Params, ReadHeaders, Reading};

/// How many events are read at once.
const PAGE: i64 = 1_000;
/// How many events one request looks through at most for those it wants.
const LOOKED_THROUGH: i64 = 100_000;

/// An event as it is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    position: i64,
    /// `Loan`, `Entry`, `Product`, `Periods` or `DayClose`.
    stream_type: String,
    stream_id: String,
    sequence: i64,
    #[serde(rename = "type")]
    event_type: String,
    version: u32,
    recorded_at: DateTime<Utc>,
    /// Who did it, by which command, and why.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
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
    items: Vec<EventView>,
    /// What to send as `after` for the next page; null at the end of the log.
    next: Option<i64>,
    as_of: AsOf,
}

/// The log in the order of commits. A page may hold fewer events than `limit`, or none, and still have a `next`: one
/// request looks through so many events and no more. As `application/x-ndjson` each event is a line, to the end of the log.
#[utoipa::path(
    get, path = "/v1/events", tag = "audit",
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
    let as_of = state.head(&reading).await?;
    if reading.accepts_ndjson {
        return Ok(lines(&state, filter, as_of));
    }
    let limit = filter.limit.unwrap_or_default().count();
    let feed = state.feed();
    let (mut items, mut place) = (Vec::new(), filter.after);
    let furthest = as_of.position.min(filter.after.saturating_add(LOOKED_THROUGH));
    while items.len() < limit && place < furthest {
        let page = feed.after(place, PAGE.min(furthest - place)).await?;
        let Some(last) = page.last() else { break };
        let page_end = last.position;
        for row in page {
            if items.len() == limit {
                break;
            }
            place = row.position;
            if filter.wants(&row) {
                items.push(EventView::of(row)?);
            }
        }
        if items.len() < limit {
            place = page_end;
        }
    }
    let next = (place < as_of.position).then_some(place);
    let body = EventList { items, next, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

/// A loan's events, as they are stored.
#[utoipa::path(
    get, path = "/v1/loans/{id}/history", tag = "audit",
    params(("id" = Uuid, Path, description = "The loan"), HistoryPage, ReadHeaders),
    responses((status = 200, description = "Its events", body = List<EventView>), NotThere, ReadProblems),
)]
pub(crate) async fn of_loan(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<HistoryPage>,
    reading: Reading,
) -> Answer {
    history(&state, Loan::TYPE, id, &page, &reading).await
}

/// An entry's events, as they are stored.
#[utoipa::path(
    get, path = "/v1/entries/{id}/history", tag = "audit",
    params(("id" = Uuid, Path, description = "The entry"), HistoryPage, ReadHeaders),
    responses((status = 200, description = "Its events", body = List<EventView>), NotThere, ReadProblems),
)]
pub(crate) async fn of_entry(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<HistoryPage>,
    reading: Reading,
) -> Answer {
    history(&state, Entry::TYPE, id, &page, &reading).await
}

async fn history(
    state: &QueryState,
    stream_type: &str,
    id: Uuid,
    page: &HistoryPage,
    reading: &Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let as_of = state.head(reading).await?;
    let stream_id = id.to_string();
    let more = page.limit.and_one_more();
    let mut rows = state.log.stream(stream_type, &stream_id, after.unwrap_or(0), more).await?;
    if rows.is_empty() && after.is_none() {
        let stream = stream_type.to_lowercase();
        return Err(NOT_FOUND.because(format!("there is no {stream} {id}")).into());
    }
    // What was appended after the head was read belongs to a later answer.
    rows.retain(|row| row.position <= as_of.position);
    let next = reading.page(page.limit, &mut rows, |last| last.sequence.to_string());
    let items: Vec<EventView> = rows.into_iter().map(EventView::of).collect::<Result<_, _>>()?;
    Ok(answer(reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

/// Every event that is wanted up to `as_of`, a line each, a page in memory at a time.
fn lines(state: &QueryState, filter: EventFilter, as_of: AsOf) -> Response {
    let left = filter.limit.map_or(usize::MAX, Limit::count);
    let streaming = Streaming { feed: state.feed(), place: filter.after, left, filter, end: as_of.position };
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
    feed: Feed,
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
        let rows = self.feed.after(self.place, PAGE.min(self.end - self.place)).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.place = last.position;
        let mut text = Vec::new();
        for row in rows.into_iter().filter(|row| self.filter.wants(row)).take(self.left) {
            let position = row.position;
            let event_type = row.event_type.clone();
            let view = EventView::of(row);
            let line = view.and_then(|view| serde_json::to_vec(&view));
            text.extend(line.map_err(|source| LogError::Unreadable { position, event_type, source })?);
            text.push(b'\n');
            self.left -= 1;
        }
        Ok(Some(text))
    }
}

impl EventFilter {
    fn wants(&self, row: &StoredEventRow) -> bool {
        self.stream.is_none_or(|stream| Uuid::try_parse(&row.aggregate_id) == Ok(stream))
            && self.event_type.as_ref().is_none_or(|event_type| *event_type == row.event_type)
    }
}

impl EventView {
    fn of(row: StoredEventRow) -> Result<Self, serde_json::Error> {
        Ok(Self {
            position: row.position,
            stream_type: row.aggregate_type,
            stream_id: row.aggregate_id,
            sequence: row.sequence,
            event_type: row.event_type,
            version: row.event_version.parse().unwrap_or(1),
            recorded_at: row.recorded_at,
            metadata: RawValue::from_string(row.metadata)?,
            payload: RawValue::from_string(row.payload)?,
        })
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::Database(sqlx::Error::Decode(Box::new(error)))
    }
}
