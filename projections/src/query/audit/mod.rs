//! What proves that nothing in the log was changed: the signed checkpoint, proofs, and the tree itself.

pub(crate) mod proofs;
pub(crate) mod tiles;

use std::collections::HashMap;

use ::audit::hash::TreeHash;
use ::audit::tile::TileId;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use event_store::StoredCheckpoint;
use problems::NOT_YET_VISIBLE;

use super::answer::{Answer, POSITION, ReadProblems, Refused};
use super::request::{Nothing, Params, ReadHeaders, Reading};
use super::snapshot::wait;
use super::{QueryState, State};

/// The latest signed checkpoint of the log: a note of C2SP tlog-checkpoint, signed by Ed25519. Its size is the position of
/// the last event that is sealed, which is up to half a second old; `Razao-Min-Position` waits for one's own.
#[utoipa::path(
    get, path = "/v1/audit/checkpoint", tag = "audit", operation_id = "find_checkpoint",
    params(ReadHeaders),
    responses((status = 200, description = "The note", body = String, content_type = "text/plain"), ReadProblems),
)]
pub(crate) async fn checkpoint(
    State(state): State<QueryState>,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let latest = state.sealed(&reading).await?;
    Ok(note(latest))
}

fn note(checkpoint: StoredCheckpoint) -> Response {
    let mut response = checkpoint.note.into_response();
    let headers = response.headers_mut();
    headers.insert(POSITION.clone(), HeaderValue::from(checkpoint.size));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

impl QueryState {
    /// The latest checkpoint, once it is as far as is wanted.
    async fn sealed(&self, reading: &Reading) -> Result<StoredCheckpoint, Refused> {
        let deadline = tokio::time::Instant::now() + reading.max_wait;
        loop {
            let latest = self.log.latest_checkpoint().await?;
            let reached = latest.as_ref().map_or(0, |latest| latest.size);
            match (latest, reading.min_position) {
                (Some(latest), wanted) if wanted.is_none_or(|wanted| reached >= wanted) => return Ok(latest),
                (None, None) => {
                    return Err(NOT_YET_VISIBLE.because("nothing of the log is sealed yet").into());
                }
                (_, wanted) => wait(deadline, wanted.unwrap_or(1), reached).await?,
            }
        }
    }

    /// Tiles of the tree, as far as they are there.
    async fn tiles(
        &self,
        ids: impl Iterator<Item = TileId>,
    ) -> Result<HashMap<TileId, Vec<TreeHash>>, Refused> {
        let mut wanted: Vec<(i32, i64)> = ids
            .filter_map(|id| Some((i32::try_from(id.level).ok()?, i64::try_from(id.index).ok()?)))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let stored = self.log.tiles(&wanted).await?;
        let read = stored.into_iter().filter_map(|tile| {
            let id = TileId { level: tile.level.try_into().ok()?, index: tile.index.try_into().ok()? };
            let hashes: Option<Vec<TreeHash>> = tile.hashes.chunks(32).map(TreeHash::from_bytes).collect();
            Some((id, hashes?))
        });
        Ok(read.collect())
    }
}
