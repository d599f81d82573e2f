//! Reading a log, or a copy of it: whatever is asked, no statement runs longer than is allowed.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::feed::StoredEventRow;
use crate::load::{StoredRow, Wanted};
use crate::loan_head::{LoanHead, WantedHead};
use crate::log::{self, Head, Log, LogError};
use crate::together::Together;

/// What is asked together goes by few connections, one after another: each of them has to learn the statements first, and
/// keeps them at hand only while it is in use.
const ASKING: u32 = 2;

/// A connection that was idle for so long may be gone.
const RESTED: Duration = Duration::from_secs(1);

/// Of so many loans it is kept who borrows: about fifty bytes each.
const KNOWN_BORROWERS: usize = 50_000;

/// Connections by which a log is read. Clones share them.
#[derive(Clone)]
pub struct LogReader {
    pub(crate) pool: PgPool,
    /// For what is asked together.
    pub(crate) asking: PgPool,
    pub(crate) loan_heads: Arc<Together<WantedHead, LoanHead>>,
    pub(crate) borrowers_of_loans: Arc<Cache<Uuid, Uuid>>,
    pub(crate) short_loans: Arc<Together<Wanted, Vec<StoredRow>>>,
}

/// How much a reader may take.
#[derive(Debug, Clone, Copy)]
pub struct ReaderLimits {
    pub connections: u32,
    /// How long it waits for one of them.
    pub patience: Duration,
    /// The longest statement.
    pub statement: Duration,
}

const LAST: &str = "select position from events \
    where aggregate_type = $1 and aggregate_id = $2 and position <= $3 order by sequence desc limit 1";

impl LogReader {
    /// Reads the log of a database, or the copy that a streaming replica has of it. Connects when it is first asked, so
    /// nobody has to be there yet.
    pub fn new(options: &PgConnectOptions, limits: ReaderLimits) -> Self {
        let statement = format!("{}ms", limits.statement.as_millis());
        let options = options.clone().options([("role", "razao_app"), ("statement_timeout", &statement)]);
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(limits.patience)
                .test_before_acquire(false)
                .before_acquire(|connection, meta| Box::pin(is_alive(connection, meta.idle_for)))
                .connect_lazy_with(options.clone())
        };
        Self { asking: pool(ASKING), ..Self::of(pool(limits.connections)) }
    }

    pub(crate) fn of(pool: PgPool) -> Self {
        let (asking, borrowers_of_loans) = (pool.clone(), Arc::new(Cache::new(KNOWN_BORROWERS)));
        Self { pool, asking, loan_heads: Arc::default(), borrowers_of_loans, short_loans: Arc::default() }
    }

    /// Where the log ends now.
    pub async fn head(&self) -> Result<Head, LogError> {
        log::head(&self.pool).await
    }

    /// What tells this log from those of other lenders, wherever it is restored.
    pub async fn id(&self) -> Result<Uuid, LogError> {
        log::id(&self.pool).await
    }

    /// The position of a stream's last event up to a position of the log.
    pub async fn last_by(
        &self,
        stream_type: &str,
        stream_id: Uuid,
        position: i64,
    ) -> Result<Option<i64>, LogError> {
        let last = sqlx::query_as(LAST).bind(stream_type).bind(stream_id.to_string()).bind(position);
        let last: Option<(i64,)> = last.fetch_optional(&self.pool).await?;
        Ok(last.map(|(last,)| last))
    }

    /// The events at these positions in order, as they are stored.
    pub async fn stored_at(&self, positions: &[i64]) -> Result<Vec<StoredEventRow>, LogError> {
        crate::feed::stored_at(&self.pool, positions).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), LogError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.asking.close().await;
        self.pool.close().await;
    }
}

/// Asks a connection that rested whether it is still there. One that was in use a moment ago need not be asked: a
/// statement of its own for each read costs as much as the read.
async fn is_alive(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for >= RESTED {
        connection.ping().await?;
    }
    Ok(true)
}

impl Log {
    /// Another reader of this log, with limits and connections of its own: what reads take, no command lacks.
    pub fn reader(&self, limits: ReaderLimits) -> LogReader {
        LogReader::new(&self.pool.connect_options(), limits)
    }
}
