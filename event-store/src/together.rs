//! Questions that come while others are being answered are asked together: one statement for many of them.
//!
//! Whoever asks waits for no timer. As long as none is on its way, one is asked at once and alone; the busier it is, the more
//! go together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, oneshot};

/// How many statements are on their way at a time. More would leave less to go together, and beginning a statement and
/// waking up who runs it takes longer than answering one question.
const ABREAST: usize = 1;
/// How many questions go together at most.
const MOST: usize = 64;

/// Where questions wait for each other: what is asked for, and what is answered.
pub struct Together<Q, A> {
    waiting: Mutex<VecDeque<(Q, Sender<A>)>>,
    abreast: Semaphore,
}

type Sender<A> = oneshot::Sender<Result<A, Arc<sqlx::Error>>>;

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), abreast: Semaphore::new(ABREAST) }
    }
}

impl<Q, A> Together<Q, A> {
    /// Asks with those that wait. `ask_all` gives an answer to each in their order. Where the database refuses the statement,
    /// all of them are told.
    ///
    /// `None`: whoever ran the statement went away, or the connection broke. Then everyone asks alone.
    pub async fn ask<F>(
        &self,
        question: Q,
        ask_all: impl Fn(Vec<Q>) -> F,
    ) -> Option<Result<A, Arc<sqlx::Error>>>
    where
        F: Future<Output = Result<Vec<A>, sqlx::Error>>,
    {
        let (sender, mut answer) = oneshot::channel();
        self.lock().push_back((question, sender));
        loop {
            let _permit = tokio::select! {
                biased;
                answer = &mut answer => return answer.ok(),
                permit = self.abreast.acquire() => permit.expect("it is never closed"),
            };
            let (questions, senders) = self.take();
            if questions.is_empty() {
                // Somebody else took ours along.
                return answer.await.ok();
            }
            // Whoever does not wait any more needs no answer.
            match ask_all(questions).await {
                Ok(answers) => {
                    for (sender, answer) in senders.into_iter().zip(answers) {
                        let _ = sender.send(Ok(answer));
                    }
                }
                Err(error @ sqlx::Error::Database(_)) => {
                    let error = Arc::new(error);
                    for sender in senders {
                        let _ = sender.send(Err(Arc::clone(&error)));
                    }
                }
                Err(_) => drop(senders),
            }
        }
    }

    /// Those that go next; none where nobody waits.
    fn take(&self) -> (Vec<Q>, Vec<Sender<A>>) {
        let (mut questions, mut senders) = (Vec::new(), Vec::new());
        let mut waiting = self.lock();
        while questions.len() < MOST
            && let Some((question, sender)) = waiting.pop_front()
        {
            // Who went away is not asked for.
            if !sender.is_closed() {
                questions.push(question);
                senders.push(sender);
            }
        }
        (questions, senders)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Q, Sender<A>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::future::join_all;

    use super::*;

    fn told(answer: Option<Result<i32, Arc<sqlx::Error>>>) -> Option<i32> {
        answer?.ok()
    }

    #[tokio::test]
    async fn one_that_is_alone_is_asked_at_once() {
        let together = Together::default();
        let answer = together.ask(3, |all: Vec<i32>| async { Ok(all) }).await;
        assert_eq!(told(answer), Some(3));
    }

    #[tokio::test]
    async fn those_that_come_meanwhile_go_together_and_each_gets_its_own_answer() {
        let together = Together::default();
        let statements = AtomicUsize::new(0);
        let asked = (0..200).map(|number| {
            let statements = &statements;
            together.ask(number, move |all: Vec<i32>| async move {
                statements.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(all.iter().map(|number| number * 2).collect())
            })
        });
        let answers: Vec<_> = join_all(asked).await.into_iter().map(told).collect();
        assert_eq!(answers, (0..200).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert!(statements.into_inner() <= ABREAST + 200 / MOST + 2);
    }

    #[tokio::test]
    async fn where_the_connection_breaks_everyone_asks_alone() {
        let together = Together::<i32, i32>::default();
        let asked = (0..3).map(|number| together.ask(number, |_| async { Err(sqlx::Error::PoolClosed) }));
        assert!(join_all(asked).await.iter().all(Option::is_none));
    }

    #[tokio::test]
    async fn who_goes_away_while_asking_for_others_leaves_none_waiting() {
        let together = Arc::new(Together::<i32, i32>::default());
        let never = |_: Vec<i32>| std::future::pending::<Result<Vec<i32>, sqlx::Error>>();
        let leaders: Vec<_> = (0..ABREAST)
            .map(|number| {
                let together = Arc::clone(&together);
                tokio::spawn(async move { together.ask(i32::try_from(number).unwrap(), never).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let ours = tokio::spawn({
            let together = Arc::clone(&together);
            async move { together.ask(7, |all: Vec<i32>| async { Ok(all) }).await }
        });
        tokio::task::yield_now().await;
        for leader in leaders {
            leader.abort();
        }
        assert_eq!(told(ours.await.unwrap()), Some(7));
    }
}
