//! Follows the log for one read model: pages of events, each written in one transaction with the checkpoint.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use event_store::LogError;
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

/// How long one waits after an error, at first and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How often one that stepped down looks whether the other instance still moves.
const STANDBY: Duration = Duration::from_millis(500);

pub(crate) struct Follower {
    pub(crate) model: &'static ReadModel,
    pub(crate) pool: PgPool,
    pub(crate) pages: Arc<Pages>,
    pub(crate) stop: CancellationToken,
}

/// What came of a page.
enum Written {
    UpTo(i64),
    /// Another instance had written it.
    ByAnother,
    /// The event after this position cannot be read.
    Stuck {
        at: i64,
        cause: String,
    },
}

impl Follower {
    /// Follows until it is stopped, or comes to an event that this program cannot read. Starts over after errors.
    pub(crate) async fn run(self) {
        let name = self.model.name;
        let (mut patience, mut entered) = (PATIENCE.0, false);
        while !self.stop.is_cancelled() {
            match self.follow(&mut patience, &mut entered).await {
                Ok(ControlFlow::Break(())) => return,
                Ok(ControlFlow::Continue(())) => {
                    tracing::info!(projection = name, "another instance is ahead; standing by");
                    self.pause(STANDBY).await;
                }
                Err(error) => {
                    counter!("razao_projection_errors_total", "projection" => name).increment(1);
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(projection = name, %error, cause, "projecting failed; trying again");
                    self.pause(patience).await;
                    patience = (patience * 2).min(PATIENCE.1);
                }
            }
        }
    }

    /// Follows on one connection. `Continue`: begin again on another one.
    async fn follow(
        &self,
        patience: &mut Duration,
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
                next = self.pages.next(position) => next,
                () = self.stop.cancelled() => break,
            };
            let page = match next {
                Ok(Some(page)) => page,
                Ok(None) => continue,
                Err(error @ LogError::Unreadable { .. }) => {
                    return self.give_up(&mut connection, position, &error.to_string()).await;
                }
                Err(error) => return Err(error.into()),
            };
            let written = write(self.model, &mut connection, position, page.after(position)).await;
            if let Err(error) = &written {
                self.say_what_hinders(position, error).await;
            }
            match written? {
                Written::UpTo(to) => {
                    let furthest = self.pages.furthest();
                    telemetry::record_progress(name, (position, to, furthest), page.recorded_at(to));
                    position = to;
                    *patience = PATIENCE.0;
                }
                Written::ByAnother => return Ok(ControlFlow::Continue(())),
                Written::Stuck { at, cause } => return self.give_up(&mut connection, at, &cause).await,
            }
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
    async fn say_what_hinders(&self, position: i64, error: &ProjectionError) {
        let Ok(mut connection) = self.pool.acquire().await else { return };
        let cause = std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
        let _ = checkpoint::note_stop(&mut connection, self.model.name, position, &cause).await;
    }

    /// Stops for good, and says so wherever one may look.
    async fn give_up(
        &self,
        connection: &mut PgConnection,
        position: i64,
        cause: &str,
    ) -> Result<ControlFlow<()>, ProjectionError> {
        let name = self.model.name;
        tracing::error!(projection = name, position, cause, "an event cannot be read; the projection stops");
        gauge!("razao_projection_stopped", "projection" => name).set(1.0);
        checkpoint::note_stop(connection, name, position, cause).await?;
        Ok(ControlFlow::Break(()))
    }

    async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stop.cancelled()).await;
    }
}

/// Writes what `events` change, all of them or none, up to the first one that cannot be read.
async fn write(
    model: &ReadModel,
    connection: &mut PgConnection,
    position: i64,
    events: &[Event],
) -> Result<Written, ProjectionError> {
    let (events, unreadable) = model.up_to_unreadable(events);
    let Some(last) = events.last() else {
        return Ok(unreadable.map_or(Written::UpTo(position), |unreadable| Written::Stuck {
            at: position,
            cause: unreadable.to_string(),
        }));
    };
    let to = (last.position, last.recorded_at);
    if !model.concerns(events.iter()) {
        let advanced = checkpoint::advance(connection, model.name, position, to).await?;
        return Ok(if advanced { Written::UpTo(last.position) } else { Written::ByAnother });
    }
    let mut transaction = connection.begin().await?;
    // First the checkpoint: whoever else is at this read model waits for it, a rebuild that takes its place too.
    if !checkpoint::advance(&mut transaction, model.name, position, to).await? {
        transaction.rollback().await?;
        return Ok(Written::ByAnother);
    }
    apply(model, &mut transaction, events).await?;
    transaction.commit().await?;
    Ok(Written::UpTo(last.position))
}
