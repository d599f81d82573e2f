//! The states of recently used streams, kept in memory and validated by the expected sequence at each append.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::decider::Decider;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::append::Lineage;
use crate::load::Folded;

/// What a slot without a state weighs, in bytes.
const EMPTY: u64 = 256;
/// Roughly what a slot with a state weighs: the cache prepares for as many as that gives.
const USUAL: u64 = 4096;

/// Bounded by bytes; what is seldom used goes first.
pub(crate) struct StateCache<D: Decider>(Cache<Uuid, Place<D>, Weight>);

/// A slot with what it weighed when it was put here: that may not change while it is here.
struct Place<D> {
    slot: Arc<Slot<D>>,
    weight: u64,
}

impl<D> Clone for Place<D> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), weight: self.weight }
    }
}

#[derive(Clone)]
struct Weight;

impl<D> Weighter<Uuid, Place<D>> for Weight {
    fn weight(&self, _: &Uuid, place: &Place<D>) -> u64 {
        place.weight
    }
}

/// The place of one stream. Commands share the gate; a load, and a command that needs the history, has it alone.
pub(crate) struct Slot<D> {
    pub(crate) gate: Arc<RwLock<()>>,
    state: Mutex<Option<Loaded<D>>>,
}

/// A state with all that was decided on it, whether or not it is durable yet.
pub(crate) struct Loaded<D> {
    pub(crate) state: D,
    pub(crate) version: i64,
    pub(crate) lineage: Arc<Lineage>,
}

impl<D: Decider> StateCache<D> {
    pub(crate) fn new(bytes: u64) -> Self {
        let slots = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(slots, bytes, Weight))
    }

    pub(crate) fn slot(&self, id: Uuid) -> Arc<Slot<D>> {
        let empty = || {
            let slot = Arc::new(Slot { gate: Arc::default(), state: Mutex::new(None) });
            Ok::<_, Infallible>(Place { slot, weight: EMPTY })
        };
        let Ok(place) = self.0.get_or_insert_with(&id, empty);
        place.slot
    }

    /// Fills a slot, and lets the cache know what it weighs now.
    pub(crate) fn fill(&self, id: Uuid, slot: &Arc<Slot<D>>, folded: Folded<D>) {
        let weight = EMPTY + folded.state.weight() as u64;
        let Folded { state, version } = folded;
        *slot.lock() = Some(Loaded { state, version, lineage: Arc::default() });
        self.0.insert(id, Place { slot: Arc::clone(slot), weight });
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
