//! Which commands of a batch that was refused stand in its way, and why.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest};

const REFUSALS: &str = "select command, reason from append_refusals(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// The commands that stand in the way of the batch, by their place in it, and why.
pub(crate) async fn refusals(
    connection: &mut PgConnection,
    batch: &[AppendRequest],
) -> Result<Vec<(usize, AppendError)>, sqlx::Error> {
    let asked = Asked::of(batch);
    let rows: Vec<(i32, String)> = sqlx::query_as(REFUSALS)
        .bind(&asked.head_commands)
        .bind(&asked.head_types)
        .bind(&asked.head_ids)
        .bind(&asked.head_expected)
        .bind(&asked.key_commands)
        .bind(&asked.clients)
        .bind(&asked.keys)
        .bind(&asked.claim_commands)
        .bind(&asked.claim_kinds)
        .bind(&asked.claim_values)
        .bind(&asked.borrower_commands)
        .bind(&asked.borrower_ids)
        .bind(&asked.borrower_tax_ids)
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

/// What is asked about, as the arrays that the function takes.
#[derive(Default)]
struct Asked<'a> {
    head_commands: Vec<i32>,
    head_types: Vec<&'a str>,
    head_ids: Vec<&'a str>,
    head_expected: Vec<i64>,
    key_commands: Vec<i32>,
    clients: Vec<&'a str>,
    keys: Vec<&'a str>,
    claim_commands: Vec<i32>,
    claim_kinds: Vec<&'a str>,
    claim_values: Vec<&'a str>,
    borrower_commands: Vec<i32>,
    borrower_ids: Vec<Uuid>,
    borrower_tax_ids: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(batch: &'a [AppendRequest]) -> Self {
        let mut asked = Self::default();
        let mut seen = HashSet::with_capacity(batch.len());
        for (index, request) in batch.iter().enumerate().filter(|(_, request)| !request.is_barrier()) {
            let command = i32::try_from(index).expect("a batch is small");
            if seen.insert((request.stream_type, request.stream_id)) {
                asked.head_commands.push(command);
                asked.head_types.push(request.stream_type);
                asked.head_ids.push(&request.stream_name);
                asked.head_expected.push(request.expected);
            }
            if let Some(key) = &request.key {
                asked.key_commands.push(command);
                asked.clients.push(&key.client);
                asked.keys.push(&key.key);
            }
            for claim in &request.claims {
                asked.claim_commands.push(command);
                asked.claim_kinds.push(claim.kind);
                asked.claim_values.push(&claim.value);
            }
            if let Some(borrower) = &request.borrower {
                asked.borrower_commands.push(command);
                asked.borrower_ids.push(borrower.id.uuid());
                asked.borrower_tax_ids.push(&borrower.tax_id);
            }
        }
        asked
    }
}
