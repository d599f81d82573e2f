//! The log against what was sealed of it: each event against its leaf, the tiles against each other, and every checkpoint
//! and anchor against the tree.

use std::collections::BTreeMap;

use audit::checkpoint::Checkpoint;
use audit::hash::{TreeHash, leaf_of_line};
use audit::note::Verifier;
use audit::range::Peaks;
use audit::tile::{Edge, TILE_WIDTH, TileId};
use event_store::{Log, LogError, StoredCheckpoint, StoredLines};

use super::pace::Pace;
use super::{Checked, Fault};

/// How many events are read at once: whole tiles.
const PAGE: i64 = 20 * 256;
/// A tree that was signed, and where that was found.
struct Signed {
    size: u64,
    root: TreeHash,
    place: String,
}

/// Checks the log against its tree, and the tree against every checkpoint and these anchors.
pub async fn check_tree(
    log: &Log,
    verifiers: &[Verifier],
    anchors: &[(String, String)],
    bound: &mut Pace,
    progress: impl Fn(u64),
    found: &mut (dyn FnMut(Fault) + Send),
) -> Result<Checked, LogError> {
    let mut count = 0;
    let mut note = |fault| {
        count += 1;
        found(fault);
    };
    let kept = anchored(verifiers, anchors, &mut note);
    let sealed = log.latest_checkpoint().await?.map_or(0, |latest| latest.size);
    for beyond in kept.iter().filter(|kept| kept.size > sealed.unsigned_abs()) {
        let cause = format!("it is of {} events, of which {sealed} are sealed", beyond.size);
        note(Fault::CheckpointWrong { place: beyond.place.clone(), size: beyond.size, cause });
    }
    let mut walk = Walk { edge: Edge::default(), peaks: Peaks::default(), signed: kept };
    let mut last_checkpoint = 0;
    let mut events = 0;
    let mut next = Some(read(log, 0).await?);
    let mut at = 0;
    while at < sealed {
        let to = sealed.min(at + PAGE);
        let (lines, stored) = next.take().expect("it was read");
        // A page of the log has no more checkpoints than events.
        let checkpoints = log.checkpoints_after(at, PAGE).await?;
        let checkpoints = checkpoints.into_iter().take_while(|checkpoint| checkpoint.size <= to);
        walk.signed.extend(opened(checkpoints, verifiers, &mut last_checkpoint, &mut note));
        walk.signed.sort_by_key(|signed| std::cmp::Reverse(signed.size));
        // The next page is read while this one is hashed.
        let hashing = tokio::task::spawn_blocking(move || {
            let computed = leaves(&lines, to)?;
            let (full, faults) = walk.page((at, to), &computed, &stored);
            Ok::<_, LogError>((walk, computed.len() as u64, full, faults))
        });
        if to < sealed {
            next = Some(read(log, to).await?);
        }
        let (walked, hashed, mut full, faults) = hashing.await.expect("hashing does not panic")?;
        walk = walked;
        events += hashed;
        faults.into_iter().for_each(&mut note);
        compare_tiles(log, &mut full, &mut note).await?;
        at = to;
        progress(events);
        bound.keep(events).await;
    }
    let mut rest: BTreeMap<TileId, Vec<u8>> =
        walk.edge.partial().map(|(id, hashes)| (id, bytes(hashes))).collect();
    compare_tiles(log, &mut rest, &mut note).await?;
    Ok(Checked { events, loans: 0, found: count })
}

/// The leaves of the events up to a position.
fn leaves(lines: &StoredLines, to: i64) -> Result<BTreeMap<i64, TreeHash>, LogError> {
    let mut leaves = BTreeMap::new();
    lines.for_each(|position, line| {
        if position <= to {
            leaves.insert(position, leaf_of_line(line));
        }
        Ok::<_, LogError>(())
    })?;
    Ok(leaves)
}

type Stored = BTreeMap<i64, Vec<u8>>;

/// A page of the log, and the tiles of level 0 that it should be.
async fn read(log: &Log, at: i64) -> Result<(StoredLines, Stored), LogError> {
    let width = i64::try_from(TILE_WIDTH).expect("256");
    let (lines, tiles) =
        tokio::try_join!(log.stored_lines_after(at, PAGE), log.tiles_from(0, at / width, PAGE / width))?;
    Ok((lines, tiles.into_iter().map(|tile| (tile.index, tile.hashes)).collect()))
}

/// The tree as far as it was walked through, by its stored leaves.
struct Walk {
    edge: Edge,
    peaks: Peaks,
    /// What was signed of sizes that were not reached yet, the smallest last.
    signed: Vec<Signed>,
}

impl Walk {
    /// Goes on to a position: the tiles that are full then, and what is wrong on the way.
    fn page(
        &mut self,
        (at, to): (i64, i64),
        computed: &BTreeMap<i64, TreeHash>,
        stored: &Stored,
    ) -> (BTreeMap<TileId, Vec<u8>>, Vec<Fault>) {
        let (mut full, mut faults) = (BTreeMap::new(), Vec::new());
        let width = i64::try_from(TILE_WIDTH).expect("256");
        for position in at + 1..=to {
            let index = position - 1;
            let place = usize::try_from(index % width).expect("below 256") * 32;
            let tile = stored.get(&(index / width));
            let sealed = tile.and_then(|tile| TreeHash::from_bytes(tile.get(place..place + 32)?));
            let event = computed.get(&position).copied();
            let fault = match (event, sealed) {
                (Some(event), Some(sealed)) if event == sealed => None,
                (Some(_), Some(_)) => Some(Fault::EventChanged { position }),
                (None, Some(_)) => Some(Fault::EventRemoved { position }),
                (_, None) => Some(Fault::LeafMissing { position }),
            };
            faults.extend(fault);
            // What was sealed goes on, so that one fault is told once.
            let Some(leaf) = sealed.or(event) else { continue };
            self.peaks.push(leaf);
            self.edge.push(leaf, &mut |id, hashes| {
                if id.level > 0 {
                    full.insert(id, bytes(hashes));
                }
            });
            self.compare_signed(&mut faults);
        }
        (full, faults)
    }

    fn compare_signed(&mut self, faults: &mut Vec<Fault>) {
        let size = self.peaks.size();
        while let Some(signed) = self.signed.pop_if(|signed| signed.size <= size) {
            if signed.size == size && signed.root != self.peaks.root() {
                let cause = "the tree of so many events has another root".to_owned();
                faults.push(Fault::CheckpointWrong { place: signed.place, size, cause });
            }
        }
    }
}

/// Compares tiles of the walked tree with those that are stored.
async fn compare_tiles(
    log: &Log,
    tiles: &mut BTreeMap<TileId, Vec<u8>>,
    note: &mut (impl FnMut(Fault) + Send),
) -> Result<(), LogError> {
    if tiles.is_empty() {
        return Ok(());
    }
    let key = |id: &TileId| {
        (i32::try_from(id.level).expect("below 8"), i64::try_from(id.index).expect("below the head"))
    };
    let stored = log.tiles(&tiles.keys().map(key).collect::<Vec<_>>()).await?;
    let stored: BTreeMap<(i32, i64), Vec<u8>> =
        stored.into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)).collect();
    for (id, hashes) in std::mem::take(tiles) {
        if stored.get(&key(&id)).is_none_or(|stored| !stored.starts_with(&hashes)) {
            note(Fault::TileChanged { tile: id.path() });
        }
    }
    Ok(())
}

fn bytes(hashes: &[TreeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The trees that checkpoints of the log sign. What no key signed, and what does not come after the one before, is told.
fn opened(
    checkpoints: impl Iterator<Item = StoredCheckpoint>,
    verifiers: &[Verifier],
    last: &mut i64,
    note: &mut impl FnMut(Fault),
) -> Vec<Signed> {
    let mut signed = Vec::new();
    for stored in checkpoints {
        let (place, size) = ("the log".to_owned(), stored.size.unsigned_abs());
        if stored.previous != *last {
            let cause =
                format!("it comes after one of {} events, and the one before has {last}", stored.previous);
            note(Fault::CheckpointWrong { place: place.clone(), size, cause });
        }
        *last = stored.size;
        match Checkpoint::open(&stored.note, verifiers) {
            Ok(opened) if opened.size == size => signed.push(Signed { size, root: opened.root, place }),
            Ok(opened) => {
                let cause = format!("it is one of {} events", opened.size);
                note(Fault::CheckpointWrong { place, size, cause });
            }
            Err(error) => note(Fault::CheckpointWrong { place, size, cause: error.to_string() }),
        }
    }
    signed
}

/// The trees that anchors sign.
fn anchored(
    verifiers: &[Verifier],
    anchors: &[(String, String)],
    note: &mut impl FnMut(Fault),
) -> Vec<Signed> {
    let mut signed = Vec::with_capacity(anchors.len());
    for (place, text) in anchors {
        match Checkpoint::open(text, verifiers) {
            Ok(anchor) => signed.push(Signed { size: anchor.size, root: anchor.root, place: place.clone() }),
            Err(error) => {
                note(Fault::CheckpointWrong { place: place.clone(), size: 0, cause: error.to_string() });
            }
        }
    }
    signed
}
