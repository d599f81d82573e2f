//! The tree as C2SP tlog-tiles has it, so that the tools of transparency logs can follow it.

use ::audit::hash;
use ::audit::tile::{TILE_WIDTH, TileId, TilePath};
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use problems::{INTERNAL, NOT_FOUND};

use crate::query::answer::{Answer, NotThere, ReadProblems, Refused};
use crate::query::request::{Nothing, Params};
use crate::query::{QueryState, State};

/// A tile, as `tile/<L>/<N>[.p/<W>]`; the entries under one, as `tile/entries/<N>[.p/<W>]`; or `checkpoint`: the prefix of
/// C2SP tlog-tiles is `/v1/audit/tiles`. An entry is the SHA-256 of an event's line.
#[utoipa::path(
    get, path = "/v1/audit/tiles/{path}", tag = "audit", operation_id = "find_tile",
    params(("path" = String, Path, description = "Such as `tile/0/x001/234` or `tile/entries/000.p/17`")),
    responses(
        (status = 200, description = "Hashes of 32 bytes, one after the other", body = Vec<u8>,
         content_type = "application/octet-stream"),
        NotThere, ReadProblems,
    ),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    Path(path): Path<String>,
    Params(Nothing {}): Params<Nothing>,
) -> Answer {
    let size = state.log.latest_checkpoint().await?;
    let there_is_none = || Refused::from(NOT_FOUND.because(format!("there is no `{path}` in the tree")));
    let Some(latest) = size else { return Err(there_is_none()) };
    if path == "checkpoint" {
        return Ok(super::note(latest));
    }
    // The specification has `tile/` in every path; without it, what is meant is as clear.
    let asked = TilePath::parse(path.strip_prefix("tile/").unwrap_or(&path)).ok_or_else(there_is_none)?;
    let (id, width) = match asked {
        TilePath::Tile { id, width } => (id, width),
        TilePath::Entries { index, width } => (TileId { level: 0, index }, width),
    };
    if width > id.width(latest.size.unsigned_abs()) {
        return Err(there_is_none());
    }
    let bytes = match asked {
        TilePath::Tile { id, width } => tile(&state, id, width).await?,
        TilePath::Entries { index, width } => entries(&state, index, width).await?,
    };
    Ok(immutable(bytes))
}

async fn tile(state: &QueryState, id: TileId, width: u64) -> Result<Vec<u8>, Refused> {
    let width = usize::try_from(width).expect("256 at most");
    let tiles = state.tiles(std::iter::once(id)).await?;
    let hashes = tiles.get(&id).and_then(|hashes| hashes.get(..width)).ok_or_else(|| {
        tracing::error!(tile = id.path(), "a tile of the tree is missing; run `razao verify`");
        INTERNAL.because("a tile of the tree is missing")
    })?;
    Ok(hashes.iter().flat_map(|hash| hash.0).collect())
}

/// Each entry with its length before it.
async fn entries(state: &QueryState, index: u64, width: u64) -> Result<Vec<u8>, Refused> {
    let after = i64::try_from(index * TILE_WIDTH).expect("the tile is there");
    let limit = i64::try_from(width).expect("256 at most");
    let lines = state.log.lines_after(after, limit, |_| true).await?;
    let entries = lines.iter().flat_map(|(_, line)| {
        let entry = hash::entry(line);
        let length = u16::try_from(entry.len()).expect("32");
        length.to_be_bytes().into_iter().chain(entry)
    });
    Ok(entries.collect())
}

fn immutable(bytes: Vec<u8>) -> Response {
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // For whom has the token, and of the log whose token it is.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    response
}
