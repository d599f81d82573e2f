//! Long arithmetic that shows something and moves nothing: on threads of its own, so much at a time and no more, and given
//! up when nobody waits for it. Whoever may read could else take all of the machine from those who post.

use std::sync::{Arc, Weak};
use std::thread::available_parallelism;

use problems::{INTERNAL, OVERLOADED, Problem, UNAVAILABLE};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many wait for their turn. More are refused at once: a request that waits takes the place of another.
const WAITING: usize = 32;

/// The room for calculations.
pub(crate) struct Calculations {
    /// Of those that go on, and of those that wait.
    places: Semaphore,
    turns: Arc<Semaphore>,
}

/// Whoever waits for what is calculated.
pub(crate) struct Waiting(Weak<()>);

/// Half of the machine.
impl Default for Calculations {
    fn default() -> Self {
        Self::at_once(available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)))
    }
}

impl Calculations {
    fn at_once(most: usize) -> Self {
        Self { places: Semaphore::new(most + WAITING), turns: Arc::new(Semaphore::new(most)) }
    }

    /// What `calculate` comes to, which asks between its steps whether somebody waits.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        calculate: impl FnOnce(&Waiting) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(OVERLOADED.because("as much is calculated as may be at a time"));
        };
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("nobody closes it");
        let asked = Arc::new(());
        let waiting = Waiting(Arc::downgrade(&asked));
        let calculating = spawn_blocking(move || {
            let _turn = turn;
            calculate(&waiting)
        });
        let calculated = calculating.await;
        drop(asked);
        calculated.map_err(|fault| {
            tracing::error!(%fault, "a calculation failed");
            INTERNAL.because("it could not be calculated")
        })?
    }
}

impl Waiting {
    /// Ends a calculation that nobody waits for any more.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.0.strong_count() == 0 {
            return Err(UNAVAILABLE.because("nobody waits for it any more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;

    use super::*;

    /// A calculation that ends only when it is given up.
    fn without_end(waiting: &Waiting) -> Result<(), Problem> {
        loop {
            waiting.check()?;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_given_up_and_makes_room() {
        let calculations = Calculations::at_once(1);
        for _ in 0..3 {
            let given_up =
                tokio::time::timeout(Duration::from_millis(20), calculations.run(without_end)).await;
            assert!(given_up.is_err());
        }
        assert_eq!(calculations.run(|_| Ok(7)).await.ok(), Some(7));
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_at_once() {
        let calculations = Calculations::at_once(1);
        let asked = (0..WAITING + 11).map(|_| {
            calculations.run(|_| {
                std::thread::sleep(Duration::from_millis(5));
                Ok(())
            })
        });
        let told = join_all(asked).await;
        let refused = told.iter().filter_map(|told| told.as_ref().err());
        assert_eq!(refused.filter(|problem| problem.kind == &OVERLOADED).count(), 10);
        assert_eq!(told.iter().filter(|told| told.is_ok()).count(), WAITING + 1);
    }
}
