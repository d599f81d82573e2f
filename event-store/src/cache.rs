//! The states of recently used streams, kept in memory and validated by the expected sequence at each append.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::decider::Decider;
use moka::sync::Cache;
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::append::Lineage;
use crate::load::Folded;

/// Bounded by bytes; what was not used for longest goes first.
pub(crate) struct StateCache<D: Decider>(Cache<Uuid, Arc<Slot<D>>>);

/// The place of one stream. Commands share the gate; a load, and a command that needs the history, has it alone.
pub(crate) struct Slot<D> {
    pub(crate) gate: RwLock<()>,
    state: Mutex<Option<Loaded<D>>>,
    weight: AtomicU32,
}

/// A state with all that was decided on it, whether or not it is durable yet.
pub(crate) struct Loaded<D> {
    pub(crate) state: D,
    pub(crate) version: i64,
    pub(crate) lineage: Arc<Lineage>,
}

impl<D: Decider> StateCache<D> {
    pub(crate) fn new(bytes: u64) -> Self {
        let weigher = |_: &Uuid, slot: &Arc<Slot<D>>| slot.weight.load(Ordering::Relaxed);
        Self(Cache::builder().max_capacity(bytes).weigher(weigher).build())
    }

    pub(crate) fn slot(&self, id: Uuid) -> Arc<Slot<D>> {
        self.0.get(&id).unwrap_or_else(|| {
            self.0.get_with(id, || {
                Arc::new(Slot { gate: RwLock::new(()), state: Mutex::new(None), weight: AtomicU32::new(256) })
            })
        })
    }

    /// Fills a slot, and lets the cache know what it weighs now.
    pub(crate) fn fill(&self, id: Uuid, slot: &Arc<Slot<D>>, folded: Folded<D>) {
        let weight = u32::try_from(folded.state.weight() + 256).unwrap_or(u32::MAX);
        let Folded { state, version } = folded;
        *slot.lock() = Some(Loaded { state, version, lineage: Arc::default() });
        slot.weight.store(weight, Ordering::Relaxed);
        self.0.insert(id, Arc::clone(slot));
    }
}

impl<D> Slot<D> {
    /// Gives up a state that has not as many events as the log: another process went on.
    pub(crate) fn abandon_before(&self, version: i64) {
        if let Some(loaded) = self.lock().as_ref().filter(|loaded| loaded.version < version) {
            loaded.lineage.abandon();
        }
    }

    /// The state, or nothing where a decision panicked half way: it is loaded again then.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Loaded<D>>> {
        self.state.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut guard = poisoned.into_inner();
            *guard = None;
            self.state.clear_poison();
            guard
        })
    }
}
