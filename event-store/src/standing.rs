//! How a stream stands in the log: for decisions on another stream, which must not rest on a read model.

use std::sync::Arc;

use domain::decider::{Decider, WholeStream};
use uuid::Uuid;

use crate::cache::Slot;
use crate::execute::{CommandContext, Streams};
use crate::load::Folded;
use crate::log::{Log, LogError};

const VERSION: &str =
    "select coalesce(max(sequence), 0) from events where aggregate_type = $1 and aggregate_id = $2";

impl<D: Decider> Streams<D> {
    /// The state of a stream with every event that was durable when this was asked, whoever appended it, and none
    /// that is not.
    pub async fn state(&self, id: Uuid) -> Result<D, LogError> {
        let slot = self.cache.slot(id);
        let wanted = self.log.version_of(D::TYPE, id).await?;
        loop {
            let known = {
                let _shared = slot.gate.read().await;
                let place = slot.lock();
                let loaded = place.as_ref().filter(|loaded| !loaded.lineage.is_void());
                let fresh = loaded.filter(|loaded| loaded.version >= wanted);
                fresh.map(|loaded| (loaded.state.clone(), Arc::clone(&loaded.lineage)))
            };
            match known {
                Some((state, lineage)) => {
                    if self.wait_until_durable(id, &lineage).await {
                        return Ok(state);
                    }
                }
                None => self.reload(id, &slot, wanted).await?,
            }
        }
    }

    /// The state on which a command is decided: in a bundle with what the commands before it would leave, else as
    /// [`Self::state`].
    pub async fn state_for(&self, id: Uuid, context: &CommandContext) -> Result<D, LogError> {
        // The bundle itself holds the stream: waiting until it lets go would be for ever.
        let Some(slot) = context.bundle.as_ref().and_then(|bundle| bundle.held::<D>((D::TYPE, id))) else {
            return self.state(id).await;
        };
        let decided = slot.lock().as_ref().map(|loaded| loaded.state.clone());
        match decided {
            Some(state) => Ok(state),
            None => Ok(self.log.load::<D>(id).await?.state),
        }
    }

    /// The state of a stream and its history at the end of the log, with the sequence of the last event in them.
    pub async fn whole(&self, id: Uuid) -> Result<(WholeStream<D>, i64), LogError> {
        let (Folded { state, version }, history) = self.log.load_whole::<D>(id).await?;
        Ok((WholeStream { state, history }, version))
    }

    /// Loads the stream unless the state in memory has come to be as fresh as `wanted`.
    async fn reload(&self, id: Uuid, slot: &Arc<Slot<D>>, wanted: i64) -> Result<(), LogError> {
        let _alone = slot.gate.write().await;
        let lineage = slot.lock().as_ref().map(|loaded| Arc::clone(&loaded.lineage));
        if let Some(lineage) = lineage {
            // What is on its way builds on a state that another process has left behind: it comes to nothing.
            self.wait_until_durable(id, &lineage).await;
        }
        let is_fresh = |place: &crate::cache::Loaded<D>| !place.lineage.is_void() && place.version >= wanted;
        if slot.lock().as_ref().is_some_and(is_fresh) {
            return Ok(());
        }
        let folded = self.log.load::<D>(id).await?;
        self.cache.fill(id, slot, folded);
        Ok(())
    }
}

impl Log {
    /// The sequence of a stream's last event, 0 where there is none.
    pub(crate) async fn version_of(&self, stream_type: &str, id: Uuid) -> Result<i64, LogError> {
        let (version,): (i64,) =
            sqlx::query_as(VERSION).bind(stream_type).bind(id.to_string()).fetch_one(&self.pool).await?;
        Ok(version)
    }
}
