//! A consistent view of one read model, at least as fresh as asked for.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::Head;
use problems::{NOT_YET_VISIBLE, STREAM_PARKED, UNAVAILABLE};
use sqlx::{PgConnection, PgExecutor, Postgres, Transaction};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused, state_of};
use super::looks::LOOK_AGAIN;
use super::request::Reading;
use crate::checkpoint::{self, Checkpoint};
use crate::event::StreamKind;
use crate::place::{BEGIN, Place};
use crate::read_model::ReadModel;
use crate::replay::Replay;
use crate::session;

/// How long one waits for a second connection.
const SOON: Duration = Duration::from_millis(50);

const SET_ASIDE: &str = "select \
    (select count(*) from projections.parked_streams where projection = $1) as streams, \
    (select count(*) from projections.parked_events where projection = $1) as events, \
    (select count(*) from projections.discarded_events where projection = $1 and restored_at is null) as discarded";

const IS_PARKED: &str = "select exists (select from projections.parked_streams \
    where projection = $1 and stream_type = $2 and stream_id = $3)";

/// A transaction that sees a read model as of one position.
pub(crate) struct Snapshot {
    model: &'static str,
    /// Under which name it is noted what the read model could not take.
    noted_as: Cow<'static, str>,
    pub(crate) transaction: Transaction<'static, Postgres>,
    pub(crate) as_of: AsOf,
}

impl QueryState {
    /// The read model as it is, once it holds the position that is wanted.
    pub(crate) async fn snapshot(&self, model: &ReadModel, reading: &Reading) -> Result<Snapshot, Refused> {
        self.await_position(&[model], reading.min_position, reading).await?;
        let mut transaction = self.begin(&[model]).await?;
        let as_of = self.as_of(&mut transaction, model.name).await?;
        self.unless_known_at(as_of, reading).await?;
        Ok(self.seen(model, transaction, as_of))
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
        let mut transaction = self.begin(models).await?;
        let mut as_of = AsOf { parked_streams: None, set_aside: (0, 0), revision: 0, ..known };
        for model in models {
            let now = self.as_of(&mut transaction, model.name).await?;
            as_of.parked_streams = as_of.parked_streams.max(now.parked_streams);
            as_of.set_aside = as_of.set_aside.max(now.set_aside);
        }
        self.unless_known_at(as_of, reading).await?;
        Ok(self.seen(models[0], transaction, as_of))
    }

    /// Waits until all of the read models hold a position.
    async fn await_position(
        &self,
        models: &[&ReadModel],
        wanted: Option<i64>,
        reading: &Reading,
    ) -> Result<(), Refused> {
        let Some(wanted) = wanted else { return Ok(()) };
        if self.place.replay().is_some() {
            return self.head(reading).await.map(|_| ());
        }
        let deadline = Instant::now() + reading.max_wait;
        for model in models {
            let mut reached = checkpoint(&self.pool, model.name).await?.position;
            while reached < wanted {
                wait(deadline, wanted, reached).await?;
                let look = self.looks.reached(model.name, (&self.pool, self.is_copy));
                // Whoever waits too long for others to look is told what it saw last.
                reached = timeout_at(deadline, look).await.unwrap_or(Ok(reached))?;
            }
        }
        Ok(())
    }

    fn seen(&self, model: &ReadModel, transaction: Transaction<'static, Postgres>, as_of: AsOf) -> Snapshot {
        let (model, noted_as) = (model.name, self.place.noted_as(model.name));
        Snapshot { model, noted_as, transaction, as_of }
    }

    async fn begin(&self, models: &[&ReadModel]) -> Result<Transaction<'static, Postgres>, Refused> {
        // Not in one message: where the rest is refused, the transaction has to be rolled back.
        let mut transaction = event_store::begin(&self.pool, BEGIN).await?;
        let opened = session::run(&mut transaction, &self.place.open(models)).await;
        opened.map(|()| transaction).map_err(|error| match (self.place.replay(), &error) {
            (Some(replay), sqlx::Error::Database(missing))
                if matches!(missing.code().as_deref(), Some("42P01" | "3F000")) =>
            {
                UNAVAILABLE.because(format!("the replay `{}` is there no more", replay.name)).into()
            }
            _ => error.into(),
        })
    }

    /// A second transaction that sees what a snapshot of a read model sees, for what two find sooner than one. None where
    /// half of the connections are in use, so that others find one, or a rebuild waits for the snapshot to end.
    pub(crate) async fn beside(
        &self,
        model: &ReadModel,
        snapshot: &mut Snapshot,
    ) -> Result<Option<Transaction<'static, Postgres>>, sqlx::Error> {
        let in_use = self.pool.size().saturating_sub(u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX));
        if in_use > self.pool.options().get_max_connections() / 2 {
            return Ok(None);
        }
        let export = sqlx::query_scalar("select pg_export_snapshot()");
        let exported: String = export.fetch_one(&mut *snapshot.transaction).await?;
        // Waiting behind a rebuild that waits for this one would never end.
        let open = format!("set transaction snapshot '{exported}'; {} nowait", self.place.open(&[model]));
        let opening = async {
            let mut transaction = event_store::begin(&self.pool, BEGIN).await?;
            session::run(&mut transaction, &open).await?;
            Ok::<_, sqlx::Error>(transaction)
        };
        let opened = timeout(SOON, opening).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        Ok(opened.inspect_err(|error| tracing::debug!(%error, "one connection looks alone")).ok())
    }

    /// As of when a read model is.
    async fn as_of(&self, connection: &mut PgConnection, name: &'static str) -> Result<AsOf, Refused> {
        let (position, recorded_at, revision) = match &self.place {
            Place::Serving => serving(connection, name).await?,
            Place::Replay(replay) => (replay.position, Some(replay.recorded_at), 0),
        };
        let noted_as = self.place.noted_as(name);
        let (streams, events, discarded): (i64, i64, i64) =
            sqlx::query_as(SET_ASIDE).bind(noted_as).fetch_one(connection).await?;
        let parked_streams = (streams > 0).then_some(streams);
        Ok(AsOf { position, recorded_at, parked_streams, set_aside: (events, discarded), revision })
    }

    /// Where the log ends, or the replay of it.
    pub(crate) async fn end_of_log(&self) -> Result<AsOf, Refused> {
        match &self.place {
            Place::Serving => Ok(self.log.head().await?.into()),
            Place::Replay(Replay { position, recorded_at, .. }) => {
                Ok(Head { position: *position, recorded_at: Some(*recorded_at) }.into())
            }
        }
    }

    /// The same, once that is as far as is wanted.
    pub(crate) async fn head(&self, reading: &Reading) -> Result<AsOf, Refused> {
        // A replay never gets any further.
        let patience = if self.place.replay().is_some() { Duration::ZERO } else { reading.max_wait };
        let deadline = Instant::now() + patience;
        loop {
            let head = self.end_of_log().await?;
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
        let parked = sqlx::query_as(IS_PARKED).bind(&*self.noted_as).bind(kind.name()).bind(id.to_string());
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

async fn checkpoint(executor: impl PgExecutor<'_>, name: &str) -> Result<Checkpoint, sqlx::Error> {
    checkpoint::find(executor, name).await?.ok_or(sqlx::Error::RowNotFound)
}

/// How far one is that serves: the position, when that was recorded, and what tells it from others at that position.
async fn serving(
    connection: &mut PgConnection,
    name: &str,
) -> Result<(i64, Option<DateTime<Utc>>, i64), Refused> {
    let Checkpoint { position, recorded_at, revision, serves_from, .. } =
        checkpoint(&mut *connection, name).await?;
    if position < serves_from {
        let detail = format!(
            "the read model `{name}` is being built: it is at position {position}, and answers from {serves_from} on"
        );
        return Err(NOT_YET_VISIBLE.because(detail).into());
    }
    Ok((position, recorded_at, revision))
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
