//! Where sealing goes on: only on a tree that is as it was signed.

use std::collections::HashMap;

use audit::anchor;
use audit::checkpoint::Checkpoint;
use audit::hash::TreeHash;
use audit::keys::Keys;
use audit::note::Verifier;
use audit::range::Peaks;
use audit::tile::{Edge, TileId, roots_of, tiles_of};
use event_store::{Log, StoredTile};

use super::{Anchors, SealError};

/// The right edge of the tree that was signed last.
pub(super) async fn edge(log: &Log, keys: &Keys, anchors: Option<&Anchors>) -> Result<Edge, SealError> {
    let verifiers = keys.verifiers();
    let edge = match log.latest_checkpoint().await? {
        None => Edge::default(),
        Some(stored) => {
            let signed = open(&stored.note, &verifiers, &format!("the checkpoint of {}", stored.size))?;
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
            })?
        }
    };
    if let Some(anchors) = anchors {
        compare(log, &edge, &verifiers, anchors).await?;
    }
    Ok(edge)
}

/// Makes sure that the last anchor is of the tree too.
async fn compare(log: &Log, edge: &Edge, verifiers: &[Verifier], anchors: &Anchors) -> Result<(), SealError> {
    let text = match tokio::fs::read_to_string(&anchors.file).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(|error| SealError::Anchor(anchors.file.clone(), error))?,
    };
    // A crash may have left the last one half written.
    let read = anchor::notes(&text).into_iter().rev().find_map(|note| Checkpoint::open(note, verifiers).ok());
    let file = anchors.file.display();
    let Some(anchored) = read else {
        return if text.trim().is_empty() {
            Ok(())
        } else {
            Err(contradiction(format!("no note in {file} is of this log")))
        };
    };
    if anchored.size > edge.size() {
        return Err(contradiction(format!(
            "{file} has a checkpoint of {} events, of which only {} are sealed here: was the log restored?",
            anchored.size,
            edge.size()
        )));
    }
    let tiles = tiles(log, tiles_of(0, anchored.size).collect()).await?;
    let nodes = roots_of(0, anchored.size, &|id| tiles.get(&id).cloned());
    let root = nodes.and_then(|nodes| Peaks::new(anchored.size, nodes)).map(|peaks| peaks.root());
    if root == Some(anchored.root) {
        Ok(())
    } else {
        Err(contradiction(format!("the tree of {} events is not the one that {file} has", anchored.size)))
    }
}

fn open(note: &str, verifiers: &[Verifier], what: &str) -> Result<Checkpoint, SealError> {
    Checkpoint::open(note, verifiers).map_err(|error| contradiction(format!("{what}: {error}")))
}

async fn tiles(log: &Log, ids: Vec<TileId>) -> Result<HashMap<TileId, Vec<TreeHash>>, SealError> {
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

fn contradiction(what: String) -> SealError {
    SealError::Contradiction(what)
}
