//! Keeps anchors beside the sealer, which waits for none of it.

use std::time::Duration;

use audit::checkpoint::Checkpoint;
use audit::note::Verifier;
use audit::range::Peaks;
use audit::tile::{roots_of, tiles_of};
use event_store::Log;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{AnchorError, Anchors, Place};
use crate::seal::SealError;
use crate::seal::resume::{contradiction, tiles};
use crate::telemetry;

/// How long a place may take to say what it has, before sealing begins without.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one waits before a place is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// A checkpoint to be kept: how many events it is of, and the note.
pub(crate) type Latest = (u64, String);

/// Makes sure that what a place has last is of the tree. False: the place does not say.
pub(crate) async fn look(
    anchors: &Anchors,
    log: &Log,
    sealed: u64,
    verifiers: &[Verifier],
) -> Result<bool, SealError> {
    let place = &anchors.place;
    let Ok(said) = timeout(PATIENCE, place.last(sealed)).await else {
        tracing::warn!(anchor = %place, "the anchor does not answer; sealing goes on without for now");
        telemetry::record_anchor_error(place.kind());
        return Ok(false);
    };
    match said {
        Ok(notes) => compare(place, &notes, log, sealed, verifiers).await.map(|()| true),
        Err(error) => {
            failed(place, &error);
            Ok(false)
        }
    }
}

/// Keeps the latest checkpoint, again and again. Ends only where what is kept contradicts the tree.
pub(crate) async fn keep(
    anchors: Anchors,
    log: Log,
    verifiers: Vec<Verifier>,
    mut is_of_tree: bool,
    mut latest: watch::Receiver<Latest>,
) -> SealError {
    let place = &anchors.place;
    loop {
        if !is_of_tree {
            tokio::time::sleep(TRY_AGAIN).await;
            let sealed = log.latest_checkpoint().await.ok().flatten();
            let sealed = sealed.and_then(|sealed| u64::try_from(sealed.size).ok());
            let Some(sealed) = sealed else { continue };
            match look(&anchors, &log, sealed, &verifiers).await {
                Ok(said) => is_of_tree = said,
                Err(SealError::Log(error)) => tracing::warn!(%error, "the anchor could not be compared"),
                Err(contradiction) => return contradiction,
            }
            continue;
        }
        if latest.changed().await.is_err() {
            return std::future::pending().await;
        }
        let (size, note) = latest.borrow_and_update().clone();
        match place.put(size, &note).await {
            Ok(()) => {
                telemetry::record_anchored(place.kind(), size);
                tokio::time::sleep(anchors.every).await;
            }
            Err(error) => {
                failed(place, &error);
                latest.mark_changed();
                tokio::time::sleep(TRY_AGAIN.min(anchors.every.max(Duration::from_secs(1)))).await;
            }
        }
    }
}

fn failed(place: &Place, error: &AnchorError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(anchor = %place, %error, cause, "no anchor is kept for now; trying again");
    telemetry::record_anchor_error(place.kind());
}

/// Whether the last note that can be read is of the tree. A crash may have left one half written.
async fn compare(
    place: &Place,
    notes: &[String],
    log: &Log,
    sealed: u64,
    verifiers: &[Verifier],
) -> Result<(), SealError> {
    if notes.is_empty() {
        return Ok(());
    }
    let opened = notes.iter().rev().find_map(|note| Checkpoint::open(note, verifiers).ok());
    let Some(anchored) = opened else {
        return Err(contradiction(format!("no note in {place} is of this log")));
    };
    if anchored.size > sealed {
        return Err(contradiction(format!(
            "{place} has a checkpoint of {} events, of which only {sealed} are sealed here: was the log restored?",
            anchored.size
        )));
    }
    let tiles = tiles(log, tiles_of(0, anchored.size).collect()).await?;
    let roots = roots_of(0, anchored.size, &|id| tiles.get(&id).cloned());
    let root = roots.and_then(|roots| Peaks::new(anchored.size, roots)).map(|peaks| peaks.root());
    if root == Some(anchored.root) {
        return Ok(());
    }
    Err(contradiction(format!("the tree of {} events is not the one that {place} has", anchored.size)))
}
