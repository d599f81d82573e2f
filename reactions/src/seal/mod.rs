//! The sealer: follows the log, adds each event to the tree, and signs what it comes to (ADR 0017).
//!
//! It is off the way of commands, and takes up at the last checkpoint. A log must never sign two trees of which one is
//! not the beginning of the other, so whatever does not fit together stops it until a person has looked.

pub(crate) mod resume;
mod round;

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use audit::keys::{Keys, KeysError};
use event_store::{Feed, Log, LogError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::anchors::{self, Anchors};
use crate::priority::GivingWay;
use crate::telemetry;

/// How many events are sealed at once.
const PAGE: i64 = 10_000;
/// How long one waits before trying again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The same where a person has to look first.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Seals the log of one lender.
pub struct Sealer {
    pub log: Log,
    /// The folder of the keys. They are read anew with each checkpoint, so a rotation counts at once.
    pub keys: PathBuf,
    /// The shortest time between two checkpoints.
    pub every: Duration,
    /// Where checkpoints are kept besides.
    pub anchors: Vec<Anchors>,
}

/// Why nothing is sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// What is there contradicts what was signed. Nothing may be signed.
    #[error("nothing is sealed any more: {0}")]
    Contradiction(String),
    #[error("another sealer was faster, or the log does not have what was to be sealed")]
    Deposed,
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Sealer {
    /// Seals until `stop`. Of several instances one does it.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let sealed = tokio::select! {
                sealed = self.seal() => sealed,
                () = stop.cancelled() => return,
            };
            let wait = match sealed {
                Err(error @ SealError::Contradiction(_)) => {
                    telemetry::record_sealer_stopped(true);
                    tracing::error!(%error, "run `razao verify`; the sealer looks again in a minute");
                    LOOK_AGAIN
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, "the log is not sealed for now; trying again");
                    TRY_AGAIN
                }
                Ok(never) => match never {},
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Seals until something is in the way.
    pub async fn seal(&self) -> Result<Infallible, SealError> {
        let _leads = loop {
            match self.log.try_lock("razao sealer").await? {
                Some(lock) => break lock,
                None => tokio::time::sleep(TRY_AGAIN).await,
            }
        };
        let verifiers = Keys::load(&self.keys)?.verifiers();
        let mut edge = resume::edge(&self.log, &verifiers).await?;
        // Dropped with this attempt, and whoever keeps anchors with it.
        let (latest, mut keepers) = (watch::Sender::new((0, String::new())), JoinSet::new());
        for anchors in &self.anchors {
            let is_of_tree = anchors::look(anchors, &self.log, edge.size(), &verifiers).await?;
            let (log, verifiers) = (self.log.clone(), verifiers.clone());
            keepers.spawn(anchors::keep(anchors.clone(), log, verifiers, is_of_tree, latest.subscribe()));
        }
        // What was sealed while a place was dead is kept there now.
        if let Some(sealed) = self.log.latest_checkpoint().await? {
            latest.send_replace((edge.size(), sealed.note));
        }
        telemetry::record_sealer_stopped(false);
        // Dropped with this attempt, and the feed's listener with it.
        let stop = CancellationToken::new();
        let _stops = stop.clone().drop_guard();
        let mut feed = Feed::start(&self.log, stop);
        let hasher = GivingWay::start("sealer");
        let mut sign_at = Instant::now();
        loop {
            let sealed =
                round::seal_next(&self.log, &mut feed, (&self.keys, &hasher), (edge, sign_at)).await?;
            edge = sealed.edge;
            if let Some(contradicted) = keepers.try_join_next() {
                return Err(contradicted.expect("keeping anchors does not panic"));
            }
            let Some(note) = sealed.note else { continue };
            latest.send_replace((edge.size(), note));
            let rest = if sealed.is_behind { Duration::ZERO } else { self.every };
            sign_at = Instant::now() + rest;
        }
    }
}
