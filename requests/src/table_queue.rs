//! The queue in a table: workers take the oldest commands of lanes that nobody else works on.
//!
//! A batch is a transaction. It holds the locks of its lanes, so commands of a stream are executed one after another in
//! the order of their numbers, and a worker that dies gives them back with its connection, at once.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgPool, Postgres, Row, Transaction};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::batch::{Delivery, Finished, finish};
use crate::command::{QueuedCommand, RequestId};
use crate::intake::LANES;
use crate::requests::Requests;
use crate::taken::Notes;

/// How often the table is looked at when nobody says that something arrived.
const LOOK: Duration = Duration::from_millis(100);
/// Of how many lanes a batch is made: the others are for other workers.
const LANES_OF_A_BATCH: i64 = 4;

/// By the index, which passes over what was removed and not yet cleared away.
const WAITS: &str = "select exists (select number from requests.queue order by number limit 1)";
/// A worker that hangs loses its lanes to others by then.
const LOSE: &str = "set local idle_in_transaction_session_timeout = '60s'";
/// Those that have waited longest first.
const LOCK: &str = "with waiting as materialized ( \
        select lane from generate_series(0, $1) as lanes (lane) \
         cross join lateral ( \
               select number from requests.queue q where q.lane = lanes.lane order by number limit 1) as oldest \
         order by oldest.number) \
    select lane from waiting where pg_try_advisory_xact_lock(hashtext('razao requests'), lane) limit $2";
/// Asked after the locks are held, so that it sees all that was finished under them.
const OLDEST: &str = "select q.number, q.id, q.command::text as command \
      from unnest($1::int4[]) as lanes (lane) \
     cross join lateral ( \
           select number, id, command from requests.queue q \
            where q.lane = lanes.lane order by number limit $2) as q \
     order by q.number limit $2";
const REMOVE: &str = "delete from requests.queue where number = any($1)";

/// The table's queue, for a worker.
pub struct TableQueue {
    pool: PgPool,
    arrived: Arc<Notify>,
    notes: Notes,
}

/// Commands that are this worker's until they are finished, or the batch is dropped.
pub struct TableBatch {
    transaction: Transaction<'static, Postgres>,
    numbers: Vec<(RequestId, i64)>,
    notes: Notes,
    pub deliveries: Vec<Delivery>,
}

impl TableQueue {
    pub fn of(requests: &Requests) -> Self {
        let notes = Notes::of(Uuid::now_v7(), &requests.pool);
        Self { pool: requests.pool.clone(), arrived: Arc::clone(&requests.arrived), notes }
    }

    /// Waits for commands and takes at most so many. Dropping the future takes none.
    pub async fn take(&self, most: usize) -> Result<TableBatch, sqlx::Error> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(batch) = self.try_take(most).await? {
                return Ok(batch);
            }
            let _ = tokio::time::timeout(LOOK, arrived).await;
        }
    }

    async fn try_take(&self, most: usize) -> Result<Option<TableBatch>, sqlx::Error> {
        // Mostly nothing waits, and looking costs least.
        if !sqlx::query_scalar::<_, bool>(WAITS).fetch_one(&self.pool).await? {
            return Ok(None);
        }
        let mut transaction = event_store::begin(&self.pool, "begin").await?;
        sqlx::query(LOSE).execute(&mut *transaction).await?;
        let lock = sqlx::query_scalar(LOCK).bind(i32::from(LANES) - 1).bind(LANES_OF_A_BATCH);
        let lanes: Vec<i32> = lock.fetch_all(&mut *transaction).await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let oldest = sqlx::query(OLDEST).bind(&lanes).bind(most);
        let rows = if lanes.is_empty() { Vec::new() } else { oldest.fetch_all(&mut *transaction).await? };
        if rows.is_empty() {
            transaction.rollback().await?;
            return Ok(None);
        }
        let (mut numbers, mut deliveries) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            let id = RequestId(row.try_get::<Uuid, _>("id")?);
            let command: String = row.try_get("command")?;
            numbers.push((id, row.try_get("number")?));
            deliveries.push(Delivery { id, command: QueuedCommand::decode(command.as_bytes()), ends: 0 });
        }
        let ids: Vec<RequestId> = numbers.iter().map(|(id, _)| *id).collect();
        let suspects = self.notes.begin(&ids).await?;
        if !suspects.is_empty() {
            // One by one.
            deliveries.truncate(1);
            numbers.truncate(1);
            deliveries[0].ends = suspects.get(&ids[0]).copied().unwrap_or_default();
            self.notes.narrow(ids[0]).await?;
        }
        Ok(Some(TableBatch { transaction, numbers, notes: self.notes.clone(), deliveries }))
    }
}

impl TableBatch {
    /// Notes what became of commands of the batch and takes these out of the queue. The others go back into it.
    pub async fn finish(mut self, finished: &[Finished]) -> Result<(), sqlx::Error> {
        let is_finished = |id: &RequestId| finished.iter().any(|one| one.id == *id);
        let numbers = self.numbers.iter().filter(|(id, _)| is_finished(id)).map(|(_, number)| *number);
        let numbers: Vec<i64> = numbers.collect();
        finish(&mut self.transaction, finished).await?;
        sqlx::query(REMOVE).bind(numbers).execute(&mut *self.transaction).await?;
        let finished: Vec<RequestId> = finished.iter().map(|one| one.id).collect();
        self.notes.end(&mut *self.transaction, &finished).await?;
        self.transaction.commit().await
    }
}
