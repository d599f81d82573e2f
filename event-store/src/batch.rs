//! One append of a batch of commands, as the arrays that the statement takes.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::decider::Decider;
use domain::period::Periods;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, PgConnection, Postgres, Type};
use uuid::Uuid;

use crate::append::AppendRequest;
use crate::borrower::Borrower;

const APPEND: &str = include_str!("append.sql");

const CLAIMS: &str = ", claimed as (
    insert into claims (kind, value, position)
    select c.kind, c.value, $3 + cardinality($9::bigint[]) from unnest($19::text[], $20::text[]) as c (kind, value)
    returning 1
)";
const AFTER_CLAIMS: &str = ", (select count(*) from claimed) as c";

/// Another id for a known tax id is a unique violation too.
const BORROWERS: &str = ", named as (
    insert into borrowers (id, tax_id, name)
    select b.id, b.tax_id, b.name from unnest($21::uuid[], $22::text[], $23::text[]) as b (id, tax_id, name)
        on conflict (id) do update set name = excluded.name
    returning 1
)";
const AFTER_BORROWERS: &str = ", (select count(*) from named) as b";

static APPEND_WITH_CLAIMS: LazyLock<String> = LazyLock::new(|| with(CLAIMS, AFTER_CLAIMS));
static APPEND_WITH_BORROWERS: LazyLock<String> =
    LazyLock::new(|| with(&format!("{CLAIMS}{BORROWERS}"), &format!("{AFTER_CLAIMS}{AFTER_BORROWERS}")));

fn with(others: &str, after: &str) -> String {
    APPEND.replace("/* others */", others).replace("/* after */", after)
}

/// Where a batch stands, and whose turn it is before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The position of the last event before it.
    pub(crate) after: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    /// The batch's number among those that this process appends, unless it holds the head row, and waits for nobody.
    pub(crate) turn: Option<i64>,
    /// The batch before it, which it builds on: it stands only after that. None where the log's end was asked for.
    pub(crate) turn_before: Option<i64>,
}

/// Appends the batch in one transaction, after that of the turn before. All that was decided under the accounting
/// periods was so under the same.
pub(crate) async fn append(
    connection: &mut PgConnection,
    batch: &[AppendRequest],
    place: Place,
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(batch);
    let positions: Vec<i64> = (place.after + 1..).take(columns.sequences.len()).collect();
    let (has_claims, has_borrowers) = (!columns.claim_kinds.is_empty(), !columns.borrower_ids.is_empty());
    let statement = match (has_claims, has_borrowers) {
        (_, true) => APPEND_WITH_BORROWERS.as_str(),
        (true, false) => APPEND_WITH_CLAIMS.as_str(),
        (false, false) => APPEND,
    };
    let mut query = sqlx::query(statement)
        .bind(place.turn)
        .bind(place.turn_before)
        .bind(place.after)
        .bind(place.recorded_at)
        .bind(batch.iter().find_map(|request| request.decided_under))
        .bind(periods_then(batch))
        .bind(&columns.stream_types)
        .bind(&columns.stream_ids)
        .bind(&columns.sequences)
        .bind(&columns.event_types)
        .bind(&columns.event_versions)
        .bind(&columns.payloads)
        .bind(&columns.metadatas)
        .bind(&columns.clients)
        .bind(&columns.keys)
        .bind(&columns.request_hashes)
        .bind(&columns.command_events)
        .bind(&positions);
    if has_claims || has_borrowers {
        query = query.bind(&columns.claim_kinds).bind(&columns.claim_values);
    }
    if has_borrowers {
        query =
            query.bind(&columns.borrower_ids).bind(&columns.borrower_tax_ids).bind(&columns.borrower_names);
    }
    query.execute(connection).await?;
    Ok(())
}

/// The sequence of the last of the periods' own events among these.
fn periods_then(batch: &[AppendRequest]) -> Option<i64> {
    let own = batch.iter().filter(|request| request.stream_type == Periods::TYPE && !request.is_barrier());
    own.map(|request| request.expected + request.event_count()).max()
}

#[derive(Default)]
struct Columns<'a> {
    stream_types: Vec<&'a str>,
    stream_ids: Vec<&'a str>,
    sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<JsonText<'a>>,
    metadatas: Vec<JsonText<'a>>,
    clients: Vec<Option<&'a str>>,
    keys: Vec<Option<&'a str>>,
    request_hashes: Vec<Option<&'a [u8]>>,
    command_events: Vec<Option<i32>>,
    claim_kinds: Vec<&'a str>,
    claim_values: Vec<&'a str>,
    borrower_ids: Vec<Uuid>,
    borrower_tax_ids: Vec<&'a str>,
    borrower_names: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [AppendRequest]) -> Self {
        let mut columns = Self::default();
        for request in batch {
            columns.push_events(request);
            for claim in &request.claims {
                columns.claim_kinds.push(claim.kind);
                columns.claim_values.push(&claim.value);
            }
            if let Some(borrower) = &request.borrower {
                columns.push_borrower(borrower);
            }
        }
        columns
    }

    /// The name that was given last counts: one statement writes a row once.
    fn push_borrower(&mut self, borrower: &'a Borrower) {
        let id = borrower.id.uuid();
        if let Some(known) = self.borrower_ids.iter().position(|known| *known == id) {
            self.borrower_names[known] = &borrower.name;
            return;
        }
        self.borrower_ids.push(id);
        self.borrower_tax_ids.push(&borrower.tax_id);
        self.borrower_names.push(&borrower.name);
    }

    fn push_events(&mut self, request: &'a AppendRequest) {
        let events = i32::try_from(request.events.len()).expect("a command has few events");
        for (sequence, event) in (request.expected + 1..).zip(&request.events) {
            self.stream_types.push(request.stream_type);
            self.stream_ids.push(&request.stream_name);
            self.sequences.push(sequence);
            self.event_types.push(&event.event_type);
            self.event_versions.push(&event.event_version);
            self.payloads.push(JsonText(&event.payload));
            self.metadatas.push(JsonText(&event.metadata));
            // The command's key stands with its first event.
            let key = request.key.as_ref().filter(|_| sequence == request.expected + 1);
            self.clients.push(key.map(|key| &*key.client));
            self.keys.push(key.map(|key| &*key.key));
            self.request_hashes.push(key.map(|key| key.request_hash.as_slice()));
            self.command_events.push(key.map(|_| events));
        }
    }
}

/// A JSON text for a `json` parameter: sent as it stands, and stored as it was sent.
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(114))
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(199))
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}
