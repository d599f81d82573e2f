//! How much of what was proven waits for the databases.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of events that wait, whoever they wait for: events that several wait for count once.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    bytes: Mutex<usize>,
    less: Condvar,
}

/// What some events count while they wait: given back when the last one who holds them has let them go.
#[derive(Debug)]
pub(super) struct Weight {
    bytes: usize,
    waiting: Arc<Waiting>,
}

impl Waiting {
    /// So much more waits.
    pub(super) fn add(self: &Arc<Self>, bytes: usize) -> Weight {
        *self.lock() += bytes;
        Weight { bytes, waiting: Arc::clone(self) }
    }

    pub(super) fn bytes(&self) -> usize {
        *self.lock()
    }

    /// Waits until no more than `limit` waits, and no longer than `patience`: whether that came to be.
    pub(super) fn falls_to(&self, limit: usize, patience: Duration) -> bool {
        let waited = self.less.wait_timeout_while(self.lock(), patience, |bytes| *bytes > limit);
        *waited.unwrap_or_else(PoisonError::into_inner).0 <= limit
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weight {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        *self.waiting.lock() -= self.bytes;
        self.waiting.less.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_wait_for_is_given_back_by_the_last_of_them() {
        let waiting = Arc::new(Waiting::default());
        let held = Arc::new(waiting.add(10));
        let other = Arc::clone(&held);
        drop(held);
        assert_eq!(waiting.bytes(), 10);
        assert!(!waiting.falls_to(9, Duration::from_millis(1)));
        drop(other);
        assert!(waiting.falls_to(0, Duration::ZERO));
    }
}
