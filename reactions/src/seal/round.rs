//! One round of sealing: pages of the log, the tiles that they fill, and a checkpoint.

use std::path::Path;
use std::time::Duration;

use audit::checkpoint::Checkpoint;
use audit::hash::{TreeHash, leaf_of_line};
use audit::keys::Keys;
use audit::tile::{Edge, TileId};
use event_store::{Feed, Log, StoredLines, StoredTile};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{PAGE, SealError};
use crate::priority::GivingWay;
use crate::telemetry;

/// How long one rests between two pages. What comes meanwhile is still in the memory of a process that appends itself.
const REST: Duration = Duration::from_millis(20);

/// So many events are signed at once, however long one may wait with it: their hashes are held meanwhile.
const MOST_GATHERED: i64 = 500_000;
/// After so many events, some twenty microseconds of work, others may have the core.
const YIELD_EVERY: u64 = 16;

/// What a round came to.
pub(super) struct Sealed {
    pub(super) edge: Edge,
    /// The checkpoint, where there was something to seal.
    pub(super) note: Option<String>,
    /// Whether there is probably more already.
    pub(super) is_behind: bool,
}

/// The tree as far as it grew.
struct Growing {
    edge: Edge,
    /// Those that became full.
    tiles: Vec<StoredTile>,
}

/// Waits for events after the edge, and seals them with those that come until `sign_at`.
pub(super) async fn seal_next(
    log: &Log,
    feed: &mut Feed,
    (keys, hasher): (&Path, &GivingWay),
    (edge, sign_at): (Edge, Instant),
) -> Result<Sealed, SealError> {
    let previous = position(edge.size());
    let mut growing = Growing { edge, tiles: Vec::new() };
    let mut is_behind = false;
    loop {
        let before = position(growing.edge.size());
        let next = feed.next_lines(before, PAGE);
        let lines = if before == previous {
            next.await?
        } else {
            // What was gathered is signed in time, whether more comes or not.
            let Ok(lines) = timeout_at(sign_at, next).await else { break };
            lines?
        };
        if lines.is_empty() {
            if before == previous || Instant::now() >= sign_at {
                break;
            }
            continue;
        }
        growing = hasher.run(move || growing.with(&lines)).await?;
        let after = position(growing.edge.size());
        is_behind = after - before == PAGE || after - previous >= MOST_GATHERED;
        if is_behind || Instant::now() >= sign_at {
            break;
        }
        sleep_until(sign_at.min(Instant::now() + REST)).await;
    }
    let size = position(growing.edge.size());
    if size == previous {
        return Ok(Sealed { edge: growing.edge, note: None, is_behind: false });
    }
    let keys = keys.to_owned();
    let (Growing { edge, tiles }, note) = hasher.run(move || growing.sign(&keys)).await?;
    if !log.seal(&tiles, (previous, size), &note).await? {
        return Err(SealError::Deposed);
    }
    telemetry::record_sealed(size, size - previous);
    Ok(Sealed { edge, note: Some(note), is_behind })
}

impl Growing {
    fn with(mut self, lines: &StoredLines) -> Result<Self, SealError> {
        let Self { edge, tiles } = &mut self;
        let mut full = |id: TileId, hashes: &[TreeHash]| tiles.push(stored(id, hashes));
        lines.for_each(|found, line| {
            let expected = position(edge.size()) + 1;
            if found != expected {
                return Err(SealError::Contradiction(format!(
                    "the log has no event at position {expected}; the next one is at {found}"
                )));
            }
            edge.push(leaf_of_line(line), &mut full);
            if edge.size().is_multiple_of(YIELD_EVERY) {
                // Of two that want a core, one that came late may wait for as long as the other one's time lasts.
                std::thread::yield_now();
            }
            Ok(())
        })?;
        Ok(self)
    }

    /// The checkpoint, and with it the tiles that are not full.
    fn sign(mut self, keys: &Path) -> Result<(Self, String), SealError> {
        // A tile that became full is in the list as that, and no more as a part of the edge.
        self.tiles.extend(self.edge.partial().map(|(id, hashes)| stored(id, hashes)));
        let keys = Keys::load(keys)?;
        let checkpoint = Checkpoint { origin: keys.origin(), size: self.edge.size(), root: self.edge.root() };
        let note = checkpoint.sign(&keys.signers());
        Ok((self, note))
    }
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
