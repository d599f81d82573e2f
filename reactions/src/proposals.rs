//! Executes what was accepted when the process that took the acceptance died before it did so.

use std::sync::Arc;
use std::time::Duration;

use event_store::Log;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often it is looked for what was left behind.
const EVERY: Duration = Duration::from_secs(5);

/// Executes what a proposal asks for, if it was accepted and that was not done; says why not.
pub type Complete = Arc<dyn Fn(Uuid) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Completes accepted proposals until stopped.
pub async fn complete_proposals(log: Log, complete: Complete, stop: CancellationToken) {
    let mut concluded_through = 0;
    while !stop.is_cancelled() {
        match log.unconcluded_proposals(concluded_through).await {
            Ok(left) => {
                for proposal in &left.proposals {
                    match complete(*proposal).await {
                        Ok(()) => tracing::info!(%proposal, "an accepted proposal was completed"),
                        Err(error) => {
                            tracing::warn!(%proposal, error, "an accepted proposal is to be completed");
                        }
                    }
                }
                concluded_through = left.concluded_through;
            }
            Err(error) => tracing::warn!(%error, "accepted proposals could not be looked for"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}
