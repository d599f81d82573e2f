//! Tries parked streams again by itself: after longer and longer waits, and so many times.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use event_store::Feed;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::letters;
use super::redrive::{How, redrive_on};
use crate::error::ProjectionError;
use crate::{NAMES, session, telemetry};

/// How often one looks whether a stream is to be tried again.
const LOOK: Duration = Duration::from_secs(1);
/// How many streams are tried at one look.
const AT_ONCE: i64 = 500;

const DUE: &str = "select id from projections.parked_streams where next_attempt_at <= now() \
    and projection = any($1) order by next_attempt_at limit $2";

/// When a parked stream is tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts an event is given, the first one included. Then its stream is a dead letter.
    pub attempts: u32,
    /// The wait after the second attempt, which follows the first at once; from then on it doubles, with jitter.
    pub first_wait: Duration,
    /// It grows up to this.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 10, first_wait: Duration::from_secs(2), longest_wait: Duration::from_secs(600) }
    }
}

impl RetryPolicy {
    /// How long to wait after so many attempts; `None` when there have been enough.
    pub(crate) fn wait_after(&self, attempts: u32) -> Option<Duration> {
        let mut waits = ExponentialBuilder::new()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_jitter()
            .without_max_times()
            .build();
        let past = usize::try_from(attempts.saturating_sub(2)).unwrap_or(usize::MAX);
        (attempts < self.attempts).then(|| waits.nth(past).unwrap_or(self.longest_wait))
    }
}

/// Tries what is due.
pub(crate) struct Retrier {
    pub(crate) pool: PgPool,
    pub(crate) feed: Feed,
    pub(crate) policy: RetryPolicy,
    pub(crate) stop: CancellationToken,
}

impl Retrier {
    pub(crate) async fn run(self) {
        let mut connection = None;
        loop {
            if tokio::time::timeout(LOOK, self.stop.cancelled()).await.is_ok() {
                return;
            }
            if let Err(error) = self.look(&mut connection).await {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "parked events could not be looked at; trying again");
                connection = None;
            }
        }
    }

    async fn look(&self, connection: &mut Option<PgConnection>) -> Result<(), ProjectionError> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(session::open(&self.pool, "projections").await?),
        };
        let due: Vec<(Uuid,)> =
            sqlx::query_as(DUE).bind(&NAMES[..]).bind(AT_ONCE).fetch_all(&mut *connection).await?;
        for (id,) in due {
            if self.stop.is_cancelled() {
                return Ok(());
            }
            redrive_on(connection, &self.feed, id, How::ByItself(self.policy)).await?;
        }
        telemetry::record_parked(&letters::parked(connection).await?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let seconds = Duration::from_secs;
        let policy = RetryPolicy { attempts: 6, first_wait: seconds(2), longest_wait: seconds(10) };
        for (attempts, least) in [(1, 2), (2, 2), (3, 4), (4, 8), (5, 10)] {
            let wait = policy.wait_after(attempts).expect("there are attempts left");
            assert!((seconds(least)..=seconds(2 * least)).contains(&wait), "{attempts}: {wait:?}");
        }
        assert_eq!(policy.wait_after(6), None);
        assert_eq!(policy.wait_after(7), None);
    }
}
