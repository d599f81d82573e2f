//! Room for so many requests at a time. Beyond that the newest wait a moment for whoever is done, the others are refused.
//!
//! The newest first, because whoever sent the oldest is likeliest to have given up (B. Maurer, "Fail at Scale", ACM Queue
//! 13(8), 2015: adaptive LIFO). Who waits does not ask again meanwhile, which a flood of clients that are refused at once
//! does, and each refusal takes from those that are let in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long one waits at most.
const PATIENCE: Duration = Duration::from_millis(30);

#[derive(Debug)]
pub(super) struct Room(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// The oldest first.
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// A place in the room; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(Option<Arc<Mutex<State>>>);

impl Room {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: places, waiting: VecDeque::new() })))
    }

    /// A place, at once or within a moment. `None`: there is none.
    pub(super) async fn enter(&self) -> Option<Place> {
        let called = {
            let mut state = lock(&self.0);
            if state.free > 0 {
                state.free -= 1;
                return Some(Place(Some(Arc::clone(&self.0))));
            }
            while state.waiting.front().is_some_and(oneshot::Sender::is_closed) {
                state.waiting.pop_front();
            }
            let (sender, called) = oneshot::channel();
            state.waiting.push_back(sender);
            called
        };
        tokio::time::timeout(PATIENCE, called).await.ok()?.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(room) = self.0.take() else { return };
        let mut state = lock(&room);
        while let Some(newest) = state.waiting.pop_back() {
            match newest.send(Self(Some(Arc::clone(&room)))) {
                Ok(()) => return,
                // It went away. What it did not take is no place that becomes free.
                Err(mut untaken) => untaken.0 = None,
            }
        }
        state.free += 1;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_that_wait_come_next_and_the_oldest_are_refused() {
        let room = Arc::new(Room::new(1));
        let first = room.enter().await.unwrap();
        let waits = || {
            let room = Arc::clone(&room);
            tokio::spawn(async move { room.enter().await })
        };
        let oldest = waits();
        tokio::task::yield_now().await;
        let newest = waits();
        tokio::task::yield_now().await;
        drop(first);
        let newest = newest.await.unwrap();
        assert!(newest.is_some());
        assert!(oldest.await.unwrap().is_none(), "its patience ended");
        drop(newest);
        assert!(room.enter().await.is_some(), "there is room again");
    }

    #[tokio::test]
    async fn a_place_is_lost_by_nobody_who_goes_away() {
        let room = Arc::new(Room::new(2));
        for _ in 0..10 {
            let places = [room.enter().await.unwrap(), room.enter().await.unwrap()];
            let waiting: Vec<_> = (0..5)
                .map(|_| {
                    let room = Arc::clone(&room);
                    tokio::spawn(async move { room.enter().await })
                })
                .collect();
            tokio::task::yield_now().await;
            waiting.iter().skip(1).for_each(tokio::task::JoinHandle::abort);
            tokio::task::yield_now().await;
            drop(places);
            for waits in waiting {
                drop(waits.await);
            }
        }
        assert_eq!(lock(&room.0).free, 2);
    }
}
