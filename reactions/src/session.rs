//! The relay's session with the log's database: who leads, and how far it is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::{Log, LogError};
use sqlx::{Connection, FromRow, PgConnection};

use crate::error::RelayError;

/// A leader that is gone, hangs or cannot be reached loses its lock after about three seconds: its session must say
/// something every second, and the database looks whether its machine is still there.
const SETTINGS: [(&str, &str); 5] = [
    ("idle_session_timeout", "3s"),
    ("tcp_keepalives_idle", "1"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "2"),
    ("tcp_user_timeout", "3s"),
];
/// How often a session must say that it is still there.
pub(crate) const PING: Duration = Duration::from_secs(1);
/// A session that does not answer for so long is given up. The database has freed its lock before if it is cut off: both
/// may send for a while then, which makes repeats and nothing worse.
const PATIENCE: Duration = Duration::from_secs(10);

const BEGIN: &str = "insert into reactions.relay_checkpoints (topic, cluster, position) values ($1, $2, 0) \
    on conflict do nothing";
const FIND: &str = "select position from reactions.relay_checkpoints where topic = $1 and cluster = $2";
const ADVANCE: &str = "update reactions.relay_checkpoints \
    set position = $4, recorded_at = $5, moved_at = clock_timestamp() \
    where topic = $1 and cluster = $2 and position = $3";
const RESET: &str = "update reactions.relay_checkpoints \
    set position = 0, recorded_at = null, moved_at = clock_timestamp() \
    where topic = $1 and cluster = $2";
const STATUS: &str = "select topic, cluster, position, recorded_at from reactions.relay_checkpoints \
    order by topic, cluster";

/// A topic of a cluster: another cluster has to be sent the log from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) topic: String,
    pub(crate) cluster: String,
}

pub(crate) struct Session {
    connection: PgConnection,
}

impl Session {
    pub(crate) async fn open(log: &Log) -> Result<Self, RelayError> {
        Ok(Self { connection: log.session(&SETTINGS).await? })
    }

    /// Whether this session may send to the topic: only one may, and it may until it ends.
    pub(crate) async fn try_lead(&mut self, topic: &str) -> Result<bool, RelayError> {
        let query = "select pg_try_advisory_lock(hashtext('razao relay'), hashtext($1))";
        let locked = sqlx::query_as(query).bind(topic).fetch_one(&mut self.connection);
        let (leads,): (bool,) = in_time(locked).await?;
        Ok(leads)
    }

    /// Up to where everything was sent.
    pub(crate) async fn position(&mut self, place: &Place) -> Result<i64, RelayError> {
        let begin = sqlx::query(BEGIN).bind(&place.topic).bind(&place.cluster);
        in_time(begin.execute(&mut self.connection)).await?;
        let find = sqlx::query_as(FIND).bind(&place.topic).bind(&place.cluster);
        let (position,): (i64,) = in_time(find.fetch_one(&mut self.connection)).await?;
        Ok(position)
    }

    /// Moves the checkpoint on, which only the one may do who knows where it is.
    pub(crate) async fn advance(
        &mut self,
        place: &Place,
        from: i64,
        (to, recorded_at): (i64, Option<DateTime<Utc>>),
    ) -> Result<(), RelayError> {
        let advance = sqlx::query(ADVANCE).bind(&place.topic).bind(&place.cluster);
        let advance = advance.bind(from).bind(to).bind(recorded_at);
        let advanced = in_time(advance.execute(&mut self.connection)).await?;
        if advanced.rows_affected() == 1 { Ok(()) } else { Err(RelayError::Deposed(from)) }
    }

    /// Forgets what was sent: the topic is not there any more.
    pub(crate) async fn reset(&mut self, place: &Place) -> Result<(), RelayError> {
        let reset = sqlx::query(RESET).bind(&place.topic).bind(&place.cluster);
        in_time(reset.execute(&mut self.connection)).await?;
        Ok(())
    }

    /// Where the log ends. On this session, so that what keeps other connections busy does not cost the lead.
    pub(crate) async fn head(&mut self) -> Result<i64, RelayError> {
        let head = sqlx::query_as("select position from event_head").fetch_one(&mut self.connection);
        let (position,): (i64,) = in_time(head).await?;
        Ok(position)
    }

    /// Says that it is still there.
    pub(crate) async fn ping(&mut self) -> Result<(), RelayError> {
        in_time(self.connection.ping()).await
    }

    /// Says so until something else is done.
    pub(crate) async fn kept_alive<T>(
        &mut self,
        work: impl Future<Output = Result<T, RelayError>>,
    ) -> Result<T, RelayError> {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(PING, &mut work).await {
                Ok(done) => return done,
                Err(_) => self.ping().await?,
            }
        }
    }

    /// Gives up the lead at once.
    pub(crate) async fn close(self) {
        if in_time(self.connection.close()).await.is_err() {
            tracing::debug!("the relay's session was lost before it was closed");
        }
    }
}

async fn in_time<T>(query: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, RelayError> {
    match tokio::time::timeout(PATIENCE, query).await {
        Ok(Err(sqlx::Error::Io(_))) | Err(_) => Err(RelayError::SessionLost),
        Ok(answer) => Ok(answer?),
    }
}

/// How far a relay is with one topic of one cluster.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RelayStatus {
    pub topic: String,
    /// The cluster's id, as Kafka says it.
    pub cluster: String,
    /// Every event up to here was acknowledged, and a record of completeness with it.
    pub position: i64,
    /// When that event was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
}

/// How far the log was sent to each topic that it was ever sent to.
pub async fn relay_status(log: &Log) -> Result<Vec<RelayStatus>, LogError> {
    let mut session = log.session(&[]).await?;
    let status = sqlx::query_as(STATUS).fetch_all(&mut session).await?;
    session.close().await?;
    Ok(status)
}
