//! Proofs that an event is in the log that was signed, and that a log that was signed is the beginning of a later one.

use ::audit::hash::TreeHash;
use ::audit::proof::{Range, consistency_ranges, inclusion_ranges};
use ::audit::tile::{hash_of, tiles_of};
use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use problems::{INTERNAL, NOT_FOUND, NOT_YET_VISIBLE, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::answer::{Answer, NotThere, POSITION, ReadProblems, Refused};
use crate::query::request::{Params, ReadHeaders, Reading, invalid};
use crate::query::{QueryState, State};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InclusionOf {
    /// The event's position.
    #[param(minimum = 1)]
    position: u64,
    /// Of which tree: how many events it has. By default that of the latest checkpoint.
    #[param(minimum = 1)]
    size: Option<u64>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsistencyOf {
    /// How many events the earlier tree has.
    #[param(minimum = 1)]
    from: u64,
    /// How many the later one has. By default that of the latest checkpoint.
    #[param(minimum = 1)]
    to: Option<u64>,
}

/// That an event is in the tree of `size` events (RFC 6962, 2.1.1). Hashes are in base64.
#[derive(Serialize, ToSchema)]
struct InclusionProof {
    size: u64,
    /// `position` − 1.
    index: u64,
    /// SHA-256 over a zero byte and the SHA-256 of the event's line, as it was when it was sealed.
    #[schema(value_type = String)]
    leaf_hash: TreeHash,
    #[schema(value_type = Vec<String>)]
    hashes: Vec<TreeHash>,
}

/// That the tree of `from` events is the beginning of that of `to` (RFC 6962, 2.1.2). Hashes are in base64.
#[derive(Serialize, ToSchema)]
struct ConsistencyProof {
    from: u64,
    to: u64,
    #[schema(value_type = Vec<String>)]
    hashes: Vec<TreeHash>,
}

/// Proves that the event at a position is in the log that a checkpoint signs. What is not sealed yet is waited for by
/// `Razao-Min-Position`.
#[utoipa::path(
    get, path = "/v1/audit/proofs/inclusion", tag = "audit", operation_id = "prove_inclusion",
    params(InclusionOf, ReadHeaders),
    responses((status = 200, description = "The proof", body = InclusionProof), NotThere, ReadProblems),
)]
pub(crate) async fn inclusion(
    State(state): State<QueryState>,
    Params(InclusionOf { position, size }): Params<InclusionOf>,
    reading: Reading,
) -> Answer {
    let sealed = state.sealed(&reading).await?.size.unsigned_abs();
    let size = known_size("size", size.unwrap_or(sealed), sealed)?;
    let Some(index) = position.checked_sub(1) else {
        return Err(invalid("position", "positions begin with 1").into());
    };
    if index >= size {
        return Err(not_in(&state, position, size).await?.into());
    }
    let mut ranges = vec![(index, index + 1)];
    ranges.extend(inclusion_ranges(index, size));
    let mut hashes = hashes(&state, &ranges).await?;
    let leaf_hash = hashes.remove(0);
    Ok(proof(size, InclusionProof { size, index, leaf_hash, hashes }))
}

/// Proves that the log that one checkpoint signs is the beginning of the log that another one signs.
#[utoipa::path(
    get, path = "/v1/audit/proofs/consistency", tag = "audit", operation_id = "prove_consistency",
    params(ConsistencyOf, ReadHeaders),
    responses((status = 200, description = "The proof", body = ConsistencyProof), ReadProblems),
)]
pub(crate) async fn consistency(
    State(state): State<QueryState>,
    Params(ConsistencyOf { from, to }): Params<ConsistencyOf>,
    reading: Reading,
) -> Answer {
    let sealed = state.sealed(&reading).await?.size.unsigned_abs();
    let to = known_size("to", to.unwrap_or(sealed), sealed)?;
    if from == 0 || from > to {
        return Err(invalid("from", format!("{from} is not from 1 to {to}")).into());
    }
    let hashes = hashes(&state, &consistency_ranges(from, to)).await?;
    Ok(proof(to, ConsistencyProof { from, to, hashes }))
}

/// A size of which there is a tree.
fn known_size(name: &str, size: u64, sealed: u64) -> Result<u64, Problem> {
    if (1..=sealed).contains(&size) {
        return Ok(size);
    }
    let detail = format!("there is no tree of {size} events: up to now there are those of 1 to {sealed}");
    Err(invalid(name, detail))
}

/// Why an event is not in a tree.
async fn not_in(state: &QueryState, position: u64, size: u64) -> Result<Problem, Refused> {
    let head = state.log.head().await?.position.unsigned_abs();
    Ok(if position > head {
        NOT_FOUND.because(format!("there is no event at position {position}: the log ends at {head}"))
    } else if position > state.sealed_size().await? {
        NOT_YET_VISIBLE.because(format!("the event at position {position} is not sealed yet"))
    } else {
        invalid("size", format!("the tree of {size} events ends before position {position}"))
    })
}

async fn hashes(state: &QueryState, ranges: &[Range]) -> Result<Vec<TreeHash>, Refused> {
    let ids = ranges.iter().flat_map(|(from, to)| tiles_of(*from, *to));
    let tiles = state.tiles(ids).await?;
    let hashes = ranges.iter().map(|range| hash_of(*range, &|id| tiles.get(&id).cloned()));
    hashes.collect::<Option<Vec<_>>>().ok_or_else(|| {
        tracing::error!("tiles of the tree are missing; run `razao verify`");
        INTERNAL.because("tiles of the tree are missing").into()
    })
}

fn proof(size: u64, body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    response.headers_mut().insert(POSITION.clone(), HeaderValue::from(size));
    response
}

impl QueryState {
    async fn sealed_size(&self) -> Result<u64, Refused> {
        let latest = self.log.latest_checkpoint().await?;
        Ok(latest.map_or(0, |latest| latest.size.unsigned_abs()))
    }
}
