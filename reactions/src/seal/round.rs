//! One round of sealing: a page of the log, the tiles that it fills, and a checkpoint.

use std::path::Path;

use audit::checkpoint::Checkpoint;
use audit::hash::{TreeHash, leaf_of_line};
use audit::keys::Keys;
use audit::tile::{Edge, TileId};
use event_store::{Feed, Log, StoredLines, StoredTile};

use super::{PAGE, SealError};
use crate::priority::GivingWay;
use crate::telemetry;

/// What a round came to.
pub(super) struct Sealed {
    pub(super) edge: Edge,
    /// The checkpoint, where there was something to seal.
    pub(super) note: Option<String>,
    /// Whether there is probably more already.
    pub(super) is_behind: bool,
}

/// What is to be committed.
struct Prepared {
    edge: Edge,
    tiles: Vec<StoredTile>,
    note: String,
}

/// Waits for events after the edge, and seals them.
pub(super) async fn seal_next(
    log: &Log,
    feed: &mut Feed,
    (keys, hasher): (&Path, &GivingWay),
    edge: Edge,
) -> Result<Sealed, SealError> {
    let previous = position(edge.size());
    let lines = feed.next_lines(previous, PAGE).await?;
    if lines.is_empty() {
        return Ok(Sealed { edge, note: None, is_behind: false });
    }
    let keys = keys.to_owned();
    let Prepared { edge, tiles, note } = hasher.run(move || prepare(&keys, edge, &lines)).await?;
    let size = position(edge.size());
    let is_behind = size - previous == PAGE;
    if !log.seal(&tiles, (previous, size), &note).await? {
        return Err(SealError::Deposed);
    }
    telemetry::record_sealed(size, size - previous);
    Ok(Sealed { edge, note: Some(note), is_behind })
}

fn prepare(keys: &Path, mut edge: Edge, lines: &StoredLines) -> Result<Prepared, SealError> {
    let lines = lines.read()?;
    let mut tiles = Vec::new();
    let mut full = |id: TileId, hashes: &[TreeHash]| tiles.push(stored(id, hashes));
    for (found, line) in lines.iter() {
        let expected = position(edge.size()) + 1;
        if found != expected {
            return Err(SealError::Contradiction(format!(
                "the log has no event at position {expected}; the next one is at {found}"
            )));
        }
        edge.push(leaf_of_line(line), &mut full);
    }
    tiles.extend(edge.partial().map(|(id, hashes)| stored(id, hashes)));
    let keys = Keys::load(keys)?;
    let checkpoint = Checkpoint { origin: keys.origin(), size: edge.size(), root: edge.root() };
    let note = checkpoint.sign(&keys.signers());
    // A tile that became full is in the list as that, and no more as a part of the edge.
    Ok(Prepared { edge, tiles, note })
}

fn stored(id: TileId, hashes: &[TreeHash]) -> StoredTile {
    StoredTile {
        level: i32::try_from(id.level).expect("a level is small"),
        index: position(id.index),
        hashes: hashes.iter().flat_map(|hash| hash.0).collect(),
    }
}

fn position(size: u64) -> i64 {
    i64::try_from(size).expect("positions are of the database, which has them signed")
}
