//! A consistent view of one read model, at least as fresh as asked for.

use std::time::Duration;

use problems::NOT_YET_VISIBLE;
use sqlx::{Postgres, Transaction};
use tokio::time::Instant;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::request::Reading;
use crate::checkpoint::{self, Checkpoint};
use crate::read_model::ReadModel;

/// How often a waiting read looks whether its read model got there.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A transaction that sees a read model as of one position.
pub(crate) struct Snapshot {
    pub(crate) transaction: Transaction<'static, Postgres>,
    pub(crate) as_of: AsOf,
}

impl QueryState {
    /// The read model as it is, once it holds the position that is wanted.
    pub(crate) async fn snapshot(&self, model: &ReadModel, reading: &Reading) -> Result<Snapshot, Refused> {
        if let Some(wanted) = reading.min_position {
            let deadline = Instant::now() + reading.max_wait;
            loop {
                let reached = as_of(&self.pool, model.name).await?.position;
                if reached >= wanted {
                    break;
                }
                wait(deadline, wanted, reached).await?;
            }
        }
        // The lock comes before the snapshot, so a rebuild is swapped in either before both or after the answer.
        let begin = format!(
            "begin isolation level repeatable read read only; lock table {}.{} in access share mode",
            model.schema, model.tables[0].name
        );
        let mut transaction = self.pool.begin_with(begin).await?;
        let as_of = as_of(&mut *transaction, model.name).await?;
        Ok(Snapshot { transaction, as_of })
    }

    /// Where the log ends, once that is as far as is wanted.
    pub(crate) async fn head(&self, reading: &Reading) -> Result<AsOf, Refused> {
        let deadline = Instant::now() + reading.max_wait;
        loop {
            let head = AsOf::from(self.log.head().await?);
            match reading.min_position {
                Some(wanted) if wanted > head.position => wait(deadline, wanted, head.position).await?,
                _ => return Ok(head),
            }
        }
    }
}

async fn as_of(executor: impl sqlx::PgExecutor<'_>, name: &'static str) -> Result<AsOf, sqlx::Error> {
    let Checkpoint { position, recorded_at, revision, .. } =
        checkpoint::find(executor, name).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(AsOf { position, recorded_at, revision })
}

/// Waits a little, or refuses when the time is up.
async fn wait(deadline: Instant, wanted: i64, reached: i64) -> Result<(), Refused> {
    if Instant::now() >= deadline {
        let detail = format!("position {wanted} is not visible yet; the answer would be as of {reached}");
        return Err(NOT_YET_VISIBLE.because(detail).into());
    }
    tokio::time::sleep(LOOK_AGAIN).await;
    Ok(())
}
