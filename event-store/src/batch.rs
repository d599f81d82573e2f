//! One call of `append_events`: a batch of commands as the arrays that the function takes.

use chrono::{DateTime, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, PgConnection, Postgres, Row, Type};
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest};

const APPEND: &str = "select position_before, appended_at from append_events(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

const REFUSALS: &str = "select command, reason from append_refusals(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// What every command of a batch is told when all are durable.
pub(crate) struct Committed {
    pub(crate) position_before: i64,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// Appends the batch in one transaction. All that was decided under the accounting periods was so under the same.
pub(crate) async fn append(
    connection: &mut PgConnection,
    batch: &[AppendRequest],
) -> Result<Committed, sqlx::Error> {
    let columns = Columns::of(batch);
    let row = sqlx::query(APPEND)
        .bind(batch.iter().find_map(|request| request.decided_under))
        .bind(&columns.stream_types)
        .bind(&columns.stream_ids)
        .bind(&columns.sequences)
        .bind(&columns.event_types)
        .bind(&columns.event_versions)
        .bind(&columns.payloads)
        .bind(&columns.metadatas)
        .bind(&columns.event_clients)
        .bind(&columns.event_keys)
        .bind(&columns.request_hashes)
        .bind(&columns.command_events)
        .bind(&columns.claim_kinds)
        .bind(&columns.claim_values)
        .bind(&columns.borrower_ids)
        .bind(&columns.borrower_tax_ids)
        .bind(&columns.borrower_names)
        .fetch_one(connection)
        .await?;
    Ok(Committed {
        position_before: row.try_get("position_before")?,
        recorded_at: row.try_get("appended_at")?,
    })
}

/// The commands that stand in the way of the batch, by their place in it, and why.
pub(crate) async fn refusals(
    connection: &mut PgConnection,
    batch: &[AppendRequest],
) -> Result<Vec<(usize, AppendError)>, sqlx::Error> {
    let columns = Columns::of(batch);
    let rows: Vec<(i32, String)> = sqlx::query_as(REFUSALS)
        .bind(&columns.head_commands)
        .bind(&columns.head_types)
        .bind(&columns.head_ids)
        .bind(&columns.head_expected)
        .bind(&columns.key_commands)
        .bind(&columns.clients)
        .bind(&columns.keys)
        .bind(&columns.claim_commands)
        .bind(&columns.claim_kinds)
        .bind(&columns.claim_values)
        .bind(&columns.borrower_commands)
        .bind(&columns.borrower_ids)
        .bind(&columns.borrower_tax_ids)
        .fetch_all(connection)
        .await?;
    let place = |command: i32| usize::try_from(command).expect("numbers from 0");
    let mut refused: Vec<(usize, AppendError)> =
        rows.iter().map(|(command, reason)| (place(*command), reason_of(reason))).collect();
    // A repeat is answered as one, whatever else stands in its way.
    refused.sort_by_key(|(_, reason)| *reason != AppendError::Repeated);
    Ok(refused)
}

fn reason_of(reason: &str) -> AppendError {
    match reason {
        "repeated" => AppendError::Repeated,
        "claimed" => AppendError::Claimed,
        "borrower" => AppendError::BorrowerKnown,
        _ => AppendError::Conflict,
    }
}

#[derive(Default)]
struct Columns<'a> {
    head_commands: Vec<i32>,
    head_types: Vec<&'a str>,
    head_ids: Vec<String>,
    head_expected: Vec<i64>,
    key_commands: Vec<i32>,
    clients: Vec<&'a str>,
    keys: Vec<&'a str>,
    stream_types: Vec<&'a str>,
    stream_ids: Vec<String>,
    sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<JsonText<'a>>,
    metadatas: Vec<JsonText<'a>>,
    event_clients: Vec<Option<&'a str>>,
    event_keys: Vec<Option<&'a str>>,
    request_hashes: Vec<Option<&'a [u8]>>,
    command_events: Vec<Option<i32>>,
    claim_commands: Vec<i32>,
    claim_kinds: Vec<&'a str>,
    claim_values: Vec<&'a str>,
    borrower_commands: Vec<i32>,
    borrower_ids: Vec<Uuid>,
    borrower_tax_ids: Vec<&'a str>,
    borrower_names: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [AppendRequest]) -> Self {
        let mut columns = Self::default();
        let mut seen = std::collections::HashSet::with_capacity(batch.len());
        for (index, request) in batch.iter().enumerate() {
            if request.events.is_empty() {
                continue;
            }
            let command = i32::try_from(index).expect("a batch is small");
            if seen.insert((request.stream_type, request.stream_id)) {
                columns.head_commands.push(command);
                columns.head_types.push(request.stream_type);
                columns.head_ids.push(request.stream_id.to_string());
                columns.head_expected.push(request.expected);
            }
            if let Some(key) = &request.key {
                columns.key_commands.push(command);
                columns.clients.push(&key.client);
                columns.keys.push(&key.key);
            }
            columns.push_events(request);
            for claim in &request.claims {
                columns.claim_commands.push(command);
                columns.claim_kinds.push(claim.kind);
                columns.claim_values.push(&claim.value);
            }
            if let Some(borrower) = &request.borrower {
                columns.borrower_commands.push(command);
                columns.borrower_ids.push(borrower.id.uuid());
                columns.borrower_tax_ids.push(&borrower.tax_id);
                columns.borrower_names.push(&borrower.name);
            }
        }
        columns
    }

    fn push_events(&mut self, request: &'a AppendRequest) {
        let events = i32::try_from(request.events.len()).expect("a command has few events");
        for (sequence, event) in (request.expected + 1..).zip(&request.events) {
            self.stream_types.push(request.stream_type);
            self.stream_ids.push(request.stream_id.to_string());
            self.sequences.push(sequence);
            self.event_types.push(&event.event_type);
            self.event_versions.push(&event.event_version);
            self.payloads.push(JsonText(&event.payload));
            self.metadatas.push(JsonText(&event.metadata));
            // The command's key stands with its first event.
            let key = request.key.as_ref().filter(|_| sequence == request.expected + 1);
            self.event_clients.push(key.map(|key| &*key.client));
            self.event_keys.push(key.map(|key| &*key.key));
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
