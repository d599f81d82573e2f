//! Commands that are stored together or not at all.
//!
//! They are decided one after another, each on what those before it would leave, and go to the appender as one. The
//! streams that they touch are held meanwhile: nobody decides on events that may never come to be.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::BorrowerId;
use tokio::sync::{OwnedMutexGuard, OwnedRwLockWriteGuard, oneshot, watch};
use uuid::Uuid;

use crate::append::{AppendError, AppendQueue, AppendRequest, Claim, NewEvent, Outcome, Whole, fail};
use crate::cache::Slot;
use crate::log::Log;

type Stream = (&'static str, Uuid);

/// Commands that are stored together or not at all: those that are executed with it in their context. Until it is
/// sent, each of them waits once it has joined. Dropped before that, it stores nothing. Clones share it.
#[derive(Clone)]
pub struct Bundle(Arc<Shared>);

struct Shared {
    gathered: Mutex<Gathered>,
    appends: AppendQueue,
    joined: watch::Sender<usize>,
    lost: AtomicBool,
    looks_up_keys: AtomicBool,
}

#[derive(Default)]
struct Gathered {
    requests: Vec<AppendRequest>,
    held: HashMap<Stream, Held>,
    claims: HashSet<Claim>,
    borrowers: HashMap<String, BorrowerId>,
    /// Only one bundle is gathered at a time; none once it was sent.
    turn: Option<OwnedMutexGuard<()>>,
}

/// A stream that nobody else decides on.
struct Held {
    slot: Arc<dyn Any + Send + Sync>,
    _alone: OwnedRwLockWriteGuard<()>,
}

impl Log {
    /// Begins a bundle, when no other is being gathered.
    pub async fn bundle(&self) -> Bundle {
        let mut gathered = Gathered::default();
        gathered.turn = Some(Arc::clone(&self.gathering).lock_owned().await);
        Bundle(Arc::new(Shared {
            gathered: Mutex::new(gathered),
            appends: self.appends.clone(),
            joined: watch::Sender::new(0),
            lost: AtomicBool::new(false),
            looks_up_keys: AtomicBool::new(false),
        }))
    }
}

impl Bundle {
    /// The same where each command's key is looked up first. Without, a repeat is noticed only where it is refused or
    /// appended, and then has all decided again; but what is no repeat, as most, costs nothing.
    #[must_use]
    pub fn looking_up_keys(self) -> Self {
        self.0.looks_up_keys.store(true, Ordering::Release);
        self
    }

    /// Tells each time a command has joined, from now on.
    pub fn joins(&self) -> watch::Receiver<usize> {
        self.0.joined.subscribe()
    }

    /// Whether a command did not join because what it rests on is another by now: all are to be decided again.
    pub fn is_lost(&self) -> bool {
        self.0.lost.load(Ordering::Acquire)
    }

    /// Sends what has joined into the log, and lets go of the streams. What comes of it, each command's caller is told
    /// too.
    pub async fn send(&self) -> Outcome {
        let (outcome, sent) = oneshot::channel();
        let mut gathered = self.take();
        if gathered.requests.is_empty() {
            return Outcome::Stored;
        }
        let requests = std::mem::take(&mut gathered.requests);
        self.0.appends.push_whole(Whole { requests, outcome });
        drop(gathered);
        sent.await.unwrap_or(Outcome::Unknown)
    }

    /// Lets go of everything: whatever has joined is told that it was not stored.
    pub fn undo(&self) {
        drop(self.take());
    }

    /// The id of a borrower whom a command that has joined would make known.
    pub fn find_borrower(&self, tax_id: &str) -> Option<BorrowerId> {
        self.gathered().borrowers.get(tax_id).copied()
    }

    pub(crate) fn looks_up_keys(&self) -> bool {
        self.0.looks_up_keys.load(Ordering::Acquire)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.gathered().turn.is_some()
    }

    pub(crate) fn lose(&self) {
        self.0.lost.store(true, Ordering::Release);
    }

    /// Those of `claims` that a command that has joined bears.
    pub(crate) fn taken(&self, claims: &[Claim]) -> Vec<Claim> {
        let gathered = self.gathered();
        claims.iter().filter(|claim| gathered.claims.contains(claim)).cloned().collect()
    }

    pub(crate) fn held<D: Send + Sync + 'static>(&self, stream: Stream) -> Option<Arc<Slot<D>>> {
        let slot = Arc::clone(&self.gathered().held.get(&stream)?.slot);
        Some(slot.downcast().expect("a stream's type says what is in its slot"))
    }

    pub(crate) fn hold<D: Send + Sync + 'static>(
        &self,
        stream: Stream,
        slot: &Arc<Slot<D>>,
        alone: OwnedRwLockWriteGuard<()>,
    ) {
        let slot: Arc<dyn Any + Send + Sync> = Arc::clone(slot) as _;
        self.gathered().held.insert(stream, Held { slot, _alone: alone });
    }

    pub(crate) fn join(&self, request: AppendRequest) {
        let mut gathered = self.gathered();
        gathered.claims.extend(request.claims.iter().cloned());
        if let Some(borrower) = &request.borrower {
            gathered.borrowers.insert(borrower.tax_id.clone(), borrower.id);
        }
        gathered.requests.push(request);
        self.0.joined.send_replace(gathered.requests.len());
    }

    /// Reads the events that a stream would have more, in their order.
    pub(crate) fn pending<T>(&self, stream: Stream, read: impl Fn(&NewEvent) -> T) -> Vec<T> {
        let gathered = self.gathered();
        let of_stream = |request: &&AppendRequest| (request.stream_type, request.stream_id) == stream;
        gathered.requests.iter().filter(of_stream).flat_map(|request| &request.events).map(read).collect()
    }

    fn take(&self) -> Gathered {
        std::mem::take(&mut *self.gathered())
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        // Void first: only then may others decide on these streams again.
        fail(std::mem::take(&mut self.requests), &AppendError::Undone);
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bundle").field(&self.gathered().requests.len()).finish()
    }
}
