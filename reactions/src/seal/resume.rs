//! Where sealing goes on: only on a tree that is as it was signed.

use std::collections::HashMap;

use audit::checkpoint::Checkpoint;
use audit::hash::TreeHash;
use audit::note::Verifier;
use audit::tile::{Edge, TileId};
use event_store::{Log, StoredTile};

use super::SealError;

/// The right edge of the tree that was signed last.
pub(super) async fn edge(log: &Log, verifiers: &[Verifier]) -> Result<Edge, SealError> {
    match log.latest_checkpoint().await? {
        None => Ok(Edge::default()),
        Some(stored) => {
            let signed = open(&stored.note, verifiers, &format!("the checkpoint of {}", stored.size))?;
            if i64::try_from(signed.size) != Ok(stored.size) {
                return Err(contradiction(format!(
                    "the checkpoint of {} is one of {}",
                    stored.size, signed.size
                )));
            }
            let tiles = tiles(log, Edge::tiles(signed.size).collect()).await?;
            let edge = Edge::load(signed.size, |id| tiles.get(&id).cloned());
            let edge = edge.filter(|edge| edge.root() == signed.root);
            edge.ok_or_else(|| {
                contradiction(format!("the tiles do not have the root that was signed at {}", signed.size))
            })
        }
    }
}

fn open(note: &str, verifiers: &[Verifier], what: &str) -> Result<Checkpoint, SealError> {
    Checkpoint::open(note, verifiers).map_err(|error| contradiction(format!("{what}: {error}")))
}

/// The hashes of these tiles, as far as they are there.
pub(crate) async fn tiles(log: &Log, ids: Vec<TileId>) -> Result<HashMap<TileId, Vec<TreeHash>>, SealError> {
    let wanted: Vec<(i32, i64)> = ids
        .into_iter()
        .filter_map(|id| Some((i32::try_from(id.level).ok()?, i64::try_from(id.index).ok()?)))
        .collect();
    let stored = log.tiles(&wanted).await?;
    Ok(stored.into_iter().filter_map(|tile| Some((id_of(&tile)?, hashes_of(&tile)?))).collect())
}

fn id_of(tile: &StoredTile) -> Option<TileId> {
    Some(TileId { level: u32::try_from(tile.level).ok()?, index: u64::try_from(tile.index).ok()? })
}

fn hashes_of(tile: &StoredTile) -> Option<Vec<TreeHash>> {
    tile.hashes.chunks(32).map(TreeHash::from_bytes).collect()
}

pub(crate) fn contradiction(what: String) -> SealError {
    SealError::Contradiction(what)
}
