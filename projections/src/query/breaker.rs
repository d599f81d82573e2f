//! A circuit breaker with figures: what fails again and again is left alone for a while.

use std::time::Duration;

use metrics::{counter, gauge};
use recloser::{AsyncRecloser, Error, Recloser};

/// So many calls are looked at together; where half of them failed, nobody calls for a while.
const CALLS: usize = 10;
/// So many calls after that while decide whether it works again.
const TRIALS: usize = 2;
const REST: Duration = Duration::from_secs(2);

/// Guards calls of one thing. Clones share what they know of it.
#[derive(Clone)]
pub(crate) struct Breaker {
    guards: &'static str,
    recloser: AsyncRecloser,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken<E> {
    /// It was not even tried.
    Open,
    Failed(E),
}

impl Breaker {
    pub(crate) fn new(guards: &'static str) -> Self {
        let recloser = Recloser::custom()
            .error_rate(0.5)
            .closed_len(CALLS)
            .half_open_len(TRIALS)
            .open_wait(REST)
            .build();
        gauge!("razao_breaker_open", "guards" => guards).set(0.0);
        Self { guards, recloser: recloser.into() }
    }

    pub(crate) async fn call<T, E>(
        &self,
        calling: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Broken<E>> {
        let guards = self.guards;
        match self.recloser.call(calling).await {
            Ok(value) => {
                gauge!("razao_breaker_open", "guards" => guards).set(0.0);
                Ok(value)
            }
            Err(Error::Inner(error)) => {
                counter!("razao_breaker_failures_total", "guards" => guards).increment(1);
                Err(Broken::Failed(error))
            }
            Err(Error::Rejected) => {
                gauge!("razao_breaker_open", "guards" => guards).set(1.0);
                counter!("razao_breaker_rejected_total", "guards" => guards).increment(1);
                Err(Broken::Open)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_fails_again_and_again_is_not_called_any_more() {
        let breaker = Breaker::new("test");
        let mut failed = 0;
        while breaker.call(async { Err::<(), _>("down") }).await != Err(Broken::Open) {
            failed += 1;
            assert!(failed <= CALLS + 1, "it was called {failed} times");
        }
        let was_called = AtomicBool::new(false);
        let call = async {
            was_called.store(true, Ordering::Relaxed);
            Ok::<(), &str>(())
        };
        assert_eq!(breaker.call(call).await, Err(Broken::Open));
        assert!(!was_called.into_inner());
    }

    #[tokio::test]
    async fn what_fails_now_and_then_is_called_still() {
        let breaker = Breaker::new("test");
        for call in 0..CALLS * 3 {
            let fails = call % 3 == 0;
            let called = breaker.call(async { if fails { Err("down") } else { Ok(()) } }).await;
            assert_ne!(called, Err(Broken::Open), "{call}");
        }
    }
}
