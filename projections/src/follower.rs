//! Follows the log for one read model: pages of events, each written in one transaction with the checkpoint.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use metrics::{counter, gauge};
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::apply::apply;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::event::Event;
use crate::pages::Pages;
use crate::read_model::ReadModel;
use crate::road::{self, Road};
use crate::{session, telemetry};

/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .without_max_times();
/// How often one that stepped down looks whether the other instance still moves.
const STANDBY: Duration = Duration::from_millis(500);

pub(crate) struct Follower {
    pub(crate) model: &'static ReadModel,
    pub(crate) pool: PgPool,
    pub(crate) pages: Arc<Pages>,
    pub(crate) stop: CancellationToken,
}

impl Follower {
    /// Follows until it is stopped. Starts over after errors.
    pub(crate) async fn run(self) {
        let name = self.model.name;
        let (mut patience, mut entered) = (PATIENCE.build(), false);
        while !self.stop.is_cancelled() {
            match self.follow(&mut patience, &mut entered).await {
                Ok(ControlFlow::Break(())) => return,
                Ok(ControlFlow::Continue(())) => {
                    tracing::info!(projection = name, "another instance is ahead; standing by");
                    self.pause(STANDBY).await;
                }
                Err(error) => {
                    counter!("razao_projection_errors_total", "projection" => name).increment(1);
                    gauge!("razao_projection_stopped", "projection" => name).set(1.0);
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(projection = name, %error, cause, "projecting failed; trying again");
                    self.pause(patience.next().unwrap_or_default()).await;
                }
            }
        }
    }

    /// Follows on one connection. `Continue`: begin again on another one.
    async fn follow(
        &self,
        patience: &mut ExponentialBackoff,
        entered: &mut bool,
    ) -> Result<ControlFlow<()>, ProjectionError> {
        let name = self.model.name;
        let mut connection = session::open(&self.pool, self.model.schema).await?;
        if !*entered {
            road::enter(self.model, &mut connection, self.pages.feed(), &Road::Log).await?;
            *entered = true;
        }
        let mut position = self.stand_by(&mut connection).await?;
        while !self.stop.is_cancelled() {
            let next = tokio::select! {
                next = self.pages.next(position) => next?,
                () = self.stop.cancelled() => break,
            };
            let Some(page) = next else {
                // Nothing waits to be written, so nothing is in the way.
                gauge!("razao_projection_stopped", "projection" => name).set(0.0);
                if checkpoint::load(&mut connection, name).await?.road != Road::Log.to_string() {
                    return Ok(ControlFlow::Continue(()));
                }
                continue;
            };
            let written = match write(self.model, &mut connection, position, page.after(position)).await {
                Ok(written) => written,
                Err(error) => {
                    // It may hold the checkpoint still, which the note is written to.
                    drop(connection);
                    self.say_what_hinders(position, &error).await;
                    return Err(error.into());
                }
            };
            let Some(to) = written else { return Ok(ControlFlow::Continue(())) };
            let furthest = self.pages.furthest();
            telemetry::record_progress(name, (position, to, furthest), page.recorded_at(to));
            position = to;
            *patience = PATIENCE.build();
        }
        let _ = connection.close().await;
        Ok(ControlFlow::Break(()))
    }

    /// Waits while another instance moves the checkpoint on, or events come by another road: the position from which
    /// to follow.
    async fn stand_by(&self, connection: &mut PgConnection) -> Result<i64, ProjectionError> {
        let name = self.model.name;
        let mut seen = checkpoint::load(connection, name).await?;
        let mut said = String::new();
        loop {
            self.pause(STANDBY / 5).await;
            let now = checkpoint::load(connection, name).await?;
            let is_ours = now.road == Road::Log.to_string();
            if (is_ours && now.position == seen.position) || self.stop.is_cancelled() {
                return Ok(now.position);
            }
            if !is_ours && said != now.road {
                tracing::warn!(projection = name, road = now.road, "fed by another road; standing by");
                said.clone_from(&now.road);
            }
            seen = now;
            self.pause(STANDBY).await;
        }
    }

    /// Notes why the read model stands still, until it goes on. The database that refused the rows may refuse this too.
    async fn say_what_hinders(&self, position: i64, error: &sqlx::Error) {
        let Ok(mut connection) = self.pool.acquire().await else { return };
        let _ = checkpoint::note_stop(&mut connection, self.model.name, position, &error.to_string()).await;
    }

    async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stop.cancelled()).await;
    }
}

/// Writes what `events` change and parks what cannot be taken, all of it or nothing. `None`: another instance had
/// written them.
async fn write(
    model: &'static ReadModel,
    connection: &mut PgConnection,
    position: i64,
    events: &[Event],
) -> Result<Option<i64>, sqlx::Error> {
    let Some(last) = events.last() else { return Ok(Some(position)) };
    let to = (last.position, last.recorded_at);
    if !model.concerns(events.iter()) {
        let advanced = checkpoint::advance(connection, model.name, position, to).await?;
        return Ok(advanced.then_some(last.position));
    }
    let mut transaction = connection.begin().await?;
    // First the checkpoint: whoever else is at this read model waits for it, a rebuild that takes its place too.
    if !checkpoint::advance(&mut transaction, model.name, position, to).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    let applied = apply(model, &mut transaction, events).await?;
    transaction.commit().await?;
    applied.tell(model.name);
    Ok(Some(last.position))
}
