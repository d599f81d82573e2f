//! What each worker executes now, so that a command which ends its worker is not handed out for ever.
//!
//! A worker notes what it has taken before it executes any of it, and strikes that out when it is finished. Whoever is
//! given a command that another worker's note has knows that this worker ended amidst it: all that it had is suspect
//! from then on, and executed one by one, until it is known which command it was.

use std::collections::HashMap;

use sqlx::{PgExecutor, PgPool, Row};
use uuid::Uuid;

use crate::command::RequestId;

/// Notes what is taken, and strikes out the notes of those who had any of it.
const BEGIN: &str = "with ended as ( \
        delete from requests.taken where worker <> $1 and ids && $2 returning ids), \
    suspected as ( \
        insert into requests.suspects as s (id, ends) \
        select distinct unnest(ids), 1 from ended \
            on conflict (id) do update set ends = s.ends + 1, last_at = clock_timestamp()) \
    insert into requests.taken (worker, ids) values ($1, $2) \
        on conflict (worker) do update set ids = excluded.ids, taken_at = clock_timestamp()";
/// What is suspect. Asked afterwards: where several have a part each of what one had who ended, only one of them strikes
/// out its note, and the others, having waited for that, see here what it found.
const SUSPECT: &str = "select id, ends from requests.suspects where id = any($1)";
const NARROW: &str = "update requests.taken set ids = array[$2::uuid] where worker = $1";
const END: &str = "with cleared as (delete from requests.suspects where id = any($2)) \
    delete from requests.taken where worker = $1";
const CLEAR: &str = "delete from requests.suspects where id = any($1)";

/// The notes of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Notes {
    worker: Uuid,
    pool: PgPool,
}

impl Notes {
    pub(crate) fn of(worker: Uuid, pool: &PgPool) -> Self {
        Self { worker, pool: pool.clone() }
    }

    /// Takes commands: amidst which of them workers have ended, and how often.
    pub(crate) async fn begin(&self, taken: &[RequestId]) -> Result<HashMap<RequestId, u32>, sqlx::Error> {
        let taken = uuids(taken);
        sqlx::query(BEGIN).bind(self.worker).bind(&taken).execute(&self.pool).await?;
        let rows = sqlx::query(SUSPECT).bind(taken).fetch_all(&self.pool).await?;
        let suspect = |row: &sqlx::postgres::PgRow| {
            Ok((RequestId(row.try_get("id")?), row.try_get::<i32, _>("ends")?.unsigned_abs()))
        };
        rows.iter().map(suspect).collect()
    }

    /// Only this one of them is being executed.
    pub(crate) async fn narrow(&self, id: RequestId) -> Result<(), sqlx::Error> {
        sqlx::query(NARROW).bind(self.worker).bind(id.0).execute(&self.pool).await?;
        Ok(())
    }

    /// Nothing is being executed, and nothing is suspect of what is finished.
    pub(crate) async fn end(
        &self,
        database: impl PgExecutor<'_>,
        finished: &[RequestId],
    ) -> Result<(), sqlx::Error> {
        sqlx::query(END).bind(self.worker).bind(uuids(finished)).execute(database).await?;
        Ok(())
    }

    /// Nothing is suspect of what is finished.
    pub(crate) async fn clear(&self, finished: &[RequestId]) -> Result<(), sqlx::Error> {
        sqlx::query(CLEAR).bind(uuids(finished)).execute(&self.pool).await?;
        Ok(())
    }
}

fn uuids(ids: &[RequestId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
