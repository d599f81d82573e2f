//! A consistent view of one read model, at least as fresh as asked for.

use std::time::Duration;

use problems::{NOT_YET_VISIBLE, STREAM_PARKED};
use sqlx::{PgConnection, PgExecutor, Postgres, Transaction};
use tokio::time::Instant;
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused, state_of};
use super::request::Reading;
use super::state::LONGEST_STATEMENT;
use crate::checkpoint::{self, Checkpoint};
use crate::event::StreamKind;
use crate::read_model::ReadModel;

/// How often a waiting read looks whether its read model got there.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

const SET_ASIDE: &str = "select \
    (select count(*) from projections.parked_streams where projection = $1) as streams, \
    (select count(*) from projections.parked_events where projection = $1) as events, \
    (select count(*) from projections.discarded_events where projection = $1 and restored_at is null) as discarded";

const IS_PARKED: &str = "select exists (select from projections.parked_streams \
    where projection = $1 and stream_type = $2 and stream_id = $3)";

/// A transaction that sees a read model as of one position.
pub(crate) struct Snapshot {
    model: &'static str,
    pub(crate) transaction: Transaction<'static, Postgres>,
    pub(crate) as_of: AsOf,
}

impl QueryState {
    /// The read model as it is, once it holds the position that is wanted.
    pub(crate) async fn snapshot(&self, model: &ReadModel, reading: &Reading) -> Result<Snapshot, Refused> {
        self.await_position(&[model], reading.min_position, reading).await?;
        let mut transaction = self.pool.begin_with(begin(&[model])).await?;
        let as_of = as_of(&mut transaction, model.name).await?;
        self.unless_known_at(as_of, reading).await?;
        Ok(Snapshot { model: model.name, transaction, as_of })
    }

    /// Ends the read where it was answered from read models in this state.
    async fn unless_known_at(&self, as_of: AsOf, reading: &Reading) -> Result<(), Refused> {
        let today = self.booking_day.today();
        self.unless_known(reading, &state_of(as_of, today), as_of, today).await
    }

    /// Read models together as they were known at a position, once all of them hold it. The statements have to leave
    /// out what came after it.
    pub(crate) async fn snapshot_of_known(
        &self,
        models: &[&ReadModel],
        known: AsOf,
        reading: &Reading,
    ) -> Result<Snapshot, Refused> {
        let wanted = reading.min_position.unwrap_or(0).max(known.position);
        self.await_position(models, Some(wanted), reading).await?;
        let mut transaction = self.pool.begin_with(begin(models)).await?;
        let mut as_of = AsOf { parked_streams: None, set_aside: (0, 0), revision: 0, ..known };
        for model in models {
            let now = self::as_of(&mut transaction, model.name).await?;
            as_of.parked_streams = as_of.parked_streams.max(now.parked_streams);
            as_of.set_aside = as_of.set_aside.max(now.set_aside);
        }
        self.unless_known_at(as_of, reading).await?;
        Ok(Snapshot { model: models[0].name, transaction, as_of })
    }

    /// Waits until all of the read models hold a position.
    async fn await_position(
        &self,
        models: &[&ReadModel],
        wanted: Option<i64>,
        reading: &Reading,
    ) -> Result<(), Refused> {
        let Some(wanted) = wanted else { return Ok(()) };
        let deadline = Instant::now() + reading.max_wait;
        for model in models {
            loop {
                let reached = checkpoint(&self.pool, model.name).await?.position;
                if reached >= wanted {
                    break;
                }
                wait(deadline, wanted, reached).await?;
            }
        }
        Ok(())
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

impl Snapshot {
    /// Refuses to answer about a stream of which the read model misses something.
    pub(crate) async fn refuse_parked(&mut self, kind: StreamKind, id: Uuid) -> Result<(), Refused> {
        if self.as_of.parked_streams.is_none() {
            return Ok(());
        }
        let parked = sqlx::query_as(IS_PARKED).bind(self.model).bind(kind.name()).bind(id.to_string());
        let (is_parked,): (bool,) = parked.fetch_one(&mut *self.transaction).await?;
        if is_parked {
            let what = kind.name().to_lowercase();
            let detail =
                format!("the {what} {id} has an event that the read model `{}` cannot take", self.model);
            return Err(STREAM_PARKED.because(detail).into());
        }
        Ok(())
    }
}

/// The locks come before the snapshot, so a rebuild is swapped in either before both or after the answer.
fn begin(models: &[&ReadModel]) -> String {
    let gates = models.iter().map(|model| format!("{}.{}", model.schema, model.tables[0].name));
    format!(
        "begin isolation level repeatable read read only; set local statement_timeout = {}; \
         lock table {} in access share mode",
        LONGEST_STATEMENT.as_millis(),
        gates.collect::<Vec<_>>().join(", ")
    )
}

async fn checkpoint(executor: impl PgExecutor<'_>, name: &str) -> Result<Checkpoint, sqlx::Error> {
    checkpoint::find(executor, name).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn as_of(connection: &mut PgConnection, name: &str) -> Result<AsOf, Refused> {
    let Checkpoint { position, recorded_at, revision, serves_from, .. } =
        checkpoint(&mut *connection, name).await?;
    if position < serves_from {
        let detail = format!(
            "the read model `{name}` is being built: it is at position {position}, and answers from {serves_from} on"
        );
        return Err(NOT_YET_VISIBLE.because(detail).into());
    }
    let (streams, events, discarded): (i64, i64, i64) =
        sqlx::query_as(SET_ASIDE).bind(name).fetch_one(connection).await?;
    let parked_streams = (streams > 0).then_some(streams);
    Ok(AsOf { position, recorded_at, parked_streams, set_aside: (events, discarded), revision })
}

/// Waits a little, or refuses when the time is up.
pub(crate) async fn wait(deadline: Instant, wanted: i64, reached: i64) -> Result<(), Refused> {
    if Instant::now() >= deadline {
        let detail = format!("position {wanted} is not visible yet; the answer would be as of {reached}");
        return Err(NOT_YET_VISIBLE.because(detail).into());
    }
    tokio::time::sleep(LOOK_AGAIN).await;
    Ok(())
}
