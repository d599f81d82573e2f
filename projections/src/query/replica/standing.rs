//! Whether a replica is fresh enough to be read: how far it is in the primary's stream, and since when.

use std::collections::VecDeque;
use std::time::Duration;

use metrics::gauge;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How often one looks.
const LOOK: Duration = Duration::from_millis(100);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a server's stream is, and which database of whose it is: another one of the same server may be another
/// lender's.
const PRIMARY: &str = "select false as is_copy, system_identifier, d.oid::bigint, \
    pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint \
    from pg_control_system(), pg_database d where d.datname = current_database()";
const COPY: &str = "select pg_is_in_recovery() as is_copy, system_identifier, d.oid::bigint, \
    coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint \
    from pg_control_system(), pg_database d where d.datname = current_database()";

/// How a replica stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Fresh,
    /// It answers, but is too far behind.
    Behind,
    /// It does not answer, or is no replica of this primary's database.
    Gone,
}

/// Looks at both again and again.
pub(crate) struct Watcher {
    primary: PgPool,
    copy: PgPool,
    max_lag: Duration,
    standing: watch::Sender<Standing>,
    seen: Seen,
    /// Whose the replica has to be.
    database: Option<Database>,
    /// What was said of it last.
    said: Option<String>,
}

/// A server's system, and a database of it.
type Database = (i64, i64);

/// Where the primary was when, as far as the replica was not there yet.
#[derive(Debug, Default)]
struct Seen {
    places: VecDeque<(Instant, i64)>,
    /// The replica has all that the primary had then.
    fresh_at: Option<Instant>,
}

impl Seen {
    fn note(&mut self, at: Instant, primary: i64) {
        self.places.push_back((at, primary));
        // One that is behind for long is behind, to the second or not.
        if self.places.len() > 1_000 {
            let mut every_other = false;
            self.places.retain(|_| {
                every_other = !every_other;
                every_other
            });
        }
    }

    /// How long ago it was that the primary was where the replica is now.
    fn lag(&mut self, now: Instant, copy: i64) -> Option<Duration> {
        while let Some((at, _)) = self.places.front().copied().filter(|(_, place)| *place <= copy) {
            self.fresh_at = Some(at);
            self.places.pop_front();
        }
        self.fresh_at.map(|at| now - at)
    }
}

impl Watcher {
    pub(crate) fn new(
        primary: PgPool,
        copy: PgPool,
        max_lag: Duration,
        standing: watch::Sender<Standing>,
    ) -> Self {
        Self { primary, copy, max_lag, standing, seen: Seen::default(), database: None, said: None }
    }

    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let standing = tokio::select! {
                standing = self.look() => standing,
                () = stop.cancelled() => break,
            };
            gauge!("razao_replica_usable").set(f64::from(u8::from(standing == Standing::Fresh)));
            self.standing.send_if_modified(|before| std::mem::replace(before, standing) != standing);
            let _ = timeout(LOOK, stop.cancelled()).await;
        }
    }

    async fn look(&mut self) -> Standing {
        // First the primary: what the replica has by then, it has.
        let asked_at = Instant::now();
        let primary = place(&self.primary, PRIMARY).await;
        if let Ok((_, database, at)) = primary {
            self.database = Some(database);
            self.seen.note(asked_at, at);
        }
        let (is_copy, database, at) = match place(&self.copy, COPY).await {
            Ok(place) => place,
            Err(error) => return self.say(Standing::Gone, &format!("it does not answer: {error}")),
        };
        if !is_copy {
            return self.say(Standing::Gone, "it is no replica, or was promoted");
        }
        if self.database.is_some_and(|of| of != database) {
            return self.say(Standing::Gone, "it is the replica of another server or database");
        }
        let lag = self.seen.lag(Instant::now(), at);
        if let Some(lag) = lag {
            gauge!("razao_replica_lag_seconds").set(lag.as_secs_f64());
        }
        match (primary, lag) {
            // An answer that says as of what it is, is better than none.
            (Err(_), _) => self.say(Standing::Fresh, "the primary does not answer; it does"),
            (Ok(_), Some(lag)) if lag <= self.max_lag => self.say(Standing::Fresh, "it is up to date"),
            (Ok(_), _) => self.say(Standing::Behind, "it is too far behind"),
        }
    }

    fn say(&mut self, standing: Standing, how: &str) -> Standing {
        if self.said.as_deref() != Some(how) {
            match standing {
                Standing::Fresh => tracing::info!("reads go to the replica: {how}"),
                Standing::Behind | Standing::Gone => {
                    tracing::warn!("reads go to the primary, not to the replica: {how}");
                }
            }
            self.said = Some(how.to_owned());
        }
        standing
    }
}

async fn place(pool: &PgPool, query: &'static str) -> Result<(bool, Database, i64), String> {
    match timeout(PATIENCE, sqlx::query_as(query).fetch_one(pool)).await {
        Ok(Ok((is_copy, system, database, at))) => Ok((is_copy, (system, database), at)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it takes too long".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replica_is_as_late_as_the_last_place_of_the_primary_that_it_passed() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut seen = Seen::default();
        assert_eq!(seen.lag(at(0), 5), None);
        seen.note(at(1), 10);
        seen.note(at(2), 20);
        assert_eq!(seen.lag(at(3), 5), None);
        assert_eq!(seen.lag(at(3), 15), Some(Duration::from_secs(2)));
        assert_eq!(seen.lag(at(4), 20), Some(Duration::from_secs(2)));
        // It stands still, and so does the primary.
        seen.note(at(9), 20);
        assert_eq!(seen.lag(at(9), 20), Some(Duration::ZERO));
    }

    #[tokio::test]
    async fn what_is_remembered_of_a_primary_is_bounded() {
        let begin = Instant::now();
        let mut seen = Seen::default();
        for place in 0..100_000 {
            seen.note(begin, place);
        }
        assert!(seen.places.len() <= 1_000, "{}", seen.places.len());
    }
}
