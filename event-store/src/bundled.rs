//! Running a command that is stored together with others, or not at all.

use std::sync::Arc;

use domain::decider::{Decider, StoredEvent, Undecided};
use uuid::Uuid;

use crate::attempt::{Attempt, Basis, Call};
use crate::bundle::Bundle;
use crate::cache::Slot;
use crate::execute::{CommandContext, ExecuteError, Streams};
use crate::receipt::Receipt;

impl<D: Decider> Streams<D> {
    /// Decides a command on what is in the log and in the bundle, and joins it. A repeat of what is in the log joins
    /// nothing. Whatever would have a single command decided again, is for the whole bundle to begin anew.
    pub(crate) async fn execute_in(
        &self,
        bundle: &Bundle,
        id: Uuid,
        command: &D::Command,
        context: &CommandContext,
    ) -> Result<Receipt, ExecuteError<D::Refusal>> {
        if !bundle.is_open() {
            return Err(ExecuteError::LostRace);
        }
        if bundle.looks_up_keys()
            && let Some(receipt) = self.replay(context).await?
        {
            return Ok(receipt);
        }
        let taken = bundle.taken(&context.claims);
        if !taken.is_empty() {
            return Err(ExecuteError::Claimed(taken));
        }
        let metadata = context.metadata.text();
        let closing = self.log.closing().await?;
        let call = Call { command, context, metadata: &metadata, closing };
        let slot = self.hold(bundle, id).await?;
        let mut attempt = self.attempt(id, &slot, None, &call);
        if matches!(attempt, Attempt::Refused(Undecided::NeedsHistory, _)) {
            let Some(history) = self.history_in(bundle, id, &slot).await? else { return lost(bundle) };
            attempt = self.attempt(id, &slot, Some(&history), &call);
        }
        match attempt {
            Attempt::Appending(appending) => {
                self.finish(appending, context).await?.ok_or(ExecuteError::LostRace)
            }
            Attempt::Load | Attempt::Refused(Undecided::NeedsHistory, _) => lost(bundle),
            Attempt::Refused(Undecided::Refused(refusal), basis) => {
                if self.is_stale(bundle, id, &slot, &basis).await? {
                    return lost(bundle);
                }
                self.replay(context).await?.ok_or(ExecuteError::Refused(refusal))
            }
            Attempt::VersionMismatch { expected, basis } => {
                if self.is_stale(bundle, id, &slot, &basis).await? {
                    return lost(bundle);
                }
                let actual = basis.version;
                self.replay(context).await?.ok_or(ExecuteError::VersionMismatch { expected, actual })
            }
        }
    }

    /// The place of a stream, for the bundle alone: with a state that is in the log but for what is in the bundle.
    async fn hold(&self, bundle: &Bundle, id: Uuid) -> Result<Arc<Slot<D>>, ExecuteError<D::Refusal>> {
        let stream = (D::TYPE, id);
        if let Some(slot) = bundle.held::<D>(stream) {
            return Ok(slot);
        }
        let slot = self.cache.slot(id);
        let alone = Arc::clone(&slot.gate).write_owned().await;
        let lineage = slot.lock().as_ref().map(|loaded| Arc::clone(&loaded.lineage));
        let is_there = match lineage {
            Some(lineage) => self.wait_until_durable(id, &lineage).await,
            None => false,
        };
        if !is_there {
            let folded = self.log.load::<D>(id).await?;
            self.cache.fill(id, &slot, folded);
        }
        bundle.hold(stream, &slot, alone);
        Ok(slot)
    }

    /// The history of the whole stream, with what is in the bundle; `None` where the log has more than was known.
    async fn history_in(
        &self,
        bundle: &Bundle,
        id: Uuid,
        slot: &Arc<Slot<D>>,
    ) -> Result<Option<D::History>, ExecuteError<D::Refusal>> {
        let (folded, mut history) = self.log.load_whole::<D>(id).await?;
        let pending = bundle.pending((D::TYPE, id), |event| {
            D::Event::read(&event.event_type, &event.payload).expect("it was written just now")
        });
        if pending.is_empty() {
            self.cache.fill(id, slot, folded);
            return Ok(Some(history));
        }
        let known = slot.lock().as_ref().map_or(0, |loaded| loaded.version);
        if folded.version + count(&pending) != known {
            slot.abandon_before(i64::MAX);
            return Ok(None);
        }
        for event in &pending {
            D::record(&mut history, event);
        }
        Ok(Some(history))
    }

    /// Whether the log has more of a stream than a refusal was decided on: another process went on.
    async fn is_stale(
        &self,
        bundle: &Bundle,
        id: Uuid,
        slot: &Slot<D>,
        Basis { version, lineage }: &Basis,
    ) -> Result<bool, ExecuteError<D::Refusal>> {
        let pending = count(&bundle.pending((D::TYPE, id), |_| ()));
        let in_log = self.log.version_of(D::TYPE, id).await?;
        let is_stale = in_log > version - pending || lineage.is_void();
        if is_stale {
            slot.abandon_before(i64::MAX);
        }
        Ok(is_stale)
    }
}

fn lost<T, Refusal: std::error::Error>(bundle: &Bundle) -> Result<T, ExecuteError<Refusal>> {
    bundle.lose();
    Err(ExecuteError::LostRace)
}

fn count<T>(events: &[T]) -> i64 {
    i64::try_from(events.len()).expect("a bundle has few events")
}
