//! The log as a whole: its schema, its connection, its head.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::append::{self, AppendQueue};
use crate::appender::Appender;
use crate::news::News;
use crate::periods::KnownClosing;
use crate::reader::LogReader;
use crate::snapshot::{self, SnapshotQueue};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// As many commands as may be between admission and their answer; more wait in line.
const COMMANDS_IN_FLIGHT: usize = 4096;

/// A connection to the log of one lender. Clones share it.
#[derive(Clone)]
pub struct Log {
    reader: LogReader,
    pub(crate) appends: AppendQueue,
    pub(crate) snapshots: SnapshotQueue,
    pub(crate) admission: Arc<Semaphore>,
    pub(crate) closing: Arc<KnownClosing>,
    /// Bundles are gathered one at a time, so that no two wait for streams of each other.
    pub(crate) gathering: Arc<Mutex<()>>,
    pub(crate) news: News,
    secret: Arc<[u8]>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Where the log ends: the position of its last event (0 when empty), and when that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub position: i64,
    pub recorded_at: Option<DateTime<Utc>>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the database of the log cannot be reached")]
    Unavailable(#[source] Arc<sqlx::Error>),
    #[error("the schema of the log could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("stored event {position} ({event_type}) cannot be read")]
    Unreadable {
        position: i64,
        event_type: String,
        #[source]
        source: serde_json::Error,
    },
}

/// Whoever may add to the log may read it.
impl Deref for Log {
    type Target = LogReader;

    fn deref(&self) -> &LogReader {
        &self.reader
    }
}

impl From<Arc<sqlx::Error>> for LogError {
    fn from(error: Arc<sqlx::Error>) -> Self {
        Self::Unavailable(error)
    }
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

impl Log {
    /// Brings the schema up to date. The login needs the right to create tables, and roles unless the role
    /// `razao_app` exists.
    pub async fn migrate(options: &PgConnectOptions) -> Result<(), LogError> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let migrated = MIGRATIONS.run(&pool).await;
        pool.close().await;
        Ok(migrated?)
    }

    /// Connects to a migrated database, as a role that may add to the log but change nothing in it.
    pub async fn connect(options: &PgConnectOptions) -> Result<Self, LogError> {
        let options = options.clone().options([("role", "razao_app")]);
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.clone())
            .await?;
        let (secret,): (Vec<u8>,) = sqlx::query_as("select secret from log_secret").fetch_one(&pool).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let news = News::new();
        let (appends, queue) = append::queue();
        let appender = Appender::new(options, queue, news.clone());
        let (snapshots, writer) = snapshot::queue(pool.clone());
        tasks.spawn(appender.run(stop.clone()));
        tasks.spawn(writer.run(stop.clone()));
        tasks.spawn(news.clone().announce(pool.clone(), stop.clone()));
        tasks.close();
        let admission = Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT));
        let (closing, gathering, secret) = (Arc::default(), Arc::default(), secret.into());
        let reader = LogReader::of(pool);
        Ok(Self { reader, appends, snapshots, admission, closing, gathering, news, secret, stop, tasks })
    }

    /// The hash of a request as it may stand in the log: from it alone nobody finds out, by trying, what was asked.
    pub fn conceal(&self, request_hash: [u8; 32]) -> [u8; 32] {
        Sha256::new_with_prefix(&self.secret).chain_update(request_hash).finalize().into()
    }

    /// The position of the last event that was recorded before an instant; 0 where there is none. Events are recorded in
    /// the order of their positions.
    pub async fn last_position_before(&self, instant: DateTime<Utc>) -> Result<i64, LogError> {
        let (mut before, mut after) = (0, self.head().await?.position + 1);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let found: Option<(bool,)> = sqlx::query_as(
                "select recorded_at < $2 from events where position >= $1 order by position limit 1",
            )
            .bind(middle)
            .bind(instant)
            .fetch_optional(&self.pool)
            .await?;
            if found.is_some_and(|(is_before,)| is_before) { before = middle } else { after = middle }
        }
        Ok(before)
    }

    /// A connection of its own to the log's database, with settings of its own: for a lock that is held long.
    pub async fn session(&self, settings: &[(&str, &str)]) -> Result<PgConnection, LogError> {
        let options = (*self.pool.connect_options()).clone();
        Ok(options.options(settings.iter().copied()).connect().await?)
    }

    /// Finishes what is queued and closes the connections.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.pool.close().await;
    }
}

pub(crate) async fn head(pool: &PgPool) -> Result<Head, LogError> {
    let (position, recorded_at): (i64, Option<DateTime<Utc>>) =
        sqlx::query_as("select position, case when position > 0 then recorded_at end from event_head")
            .fetch_one(pool)
            .await?;
    Ok(Head { position, recorded_at })
}

pub(crate) async fn id(pool: &PgPool) -> Result<Uuid, LogError> {
    let (id,): (Uuid,) = sqlx::query_as("select id from log_identity").fetch_one(pool).await?;
    Ok(id)
}
