//! Follows the log for every read model, and says how far each is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::{Feed, Log};
use serde::Serialize;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;

use crate::error::ProjectionError;
use crate::follower::Follower;
use crate::pages::Pages;
use crate::parking::letters;
use crate::parking::retry::{Retrier, RetryPolicy};
use crate::{checkpoint, read_model};

/// The most events of one transaction.
const PAGE: i64 = 2_000;

/// How far a read model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectionStatus {
    pub name: &'static str,
    pub position: i64,
    /// When the event at `position` was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// How many events of the log it does not hold yet.
    pub lag: i64,
    /// Why it stands still: what comes after `position` cannot be written, which is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// How many streams have an event up to `position` that it cannot take; everything else is in its rows.
    pub parked_streams: i64,
    /// How many events are not in its rows: these, and those behind them in their streams.
    pub parked_events: i64,
    /// How many of the streams are no longer tried again by themselves.
    pub dead_letters: i64,
    /// Since when the oldest of them is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_since: Option<DateTime<Utc>>,
}

/// Follows the log into every read model until `stop`, each by itself: one that fails leaves the others be. What one
/// cannot take is parked, and tried again by `policy`.
pub async fn run(pool: PgPool, feed: Feed, policy: RetryPolicy, stop: CancellationToken) {
    let retrier = Retrier { pool: pool.clone(), feed: feed.clone(), policy, stop: stop.clone() };
    let pages = Arc::new(Pages::new(feed, PAGE));
    let followers = TaskTracker::new();
    for model in read_model::ALL {
        let (pool, pages, stop) = (pool.clone(), Arc::clone(&pages), stop.clone());
        followers.spawn(Follower { model, pool, pages, stop }.run());
    }
    followers.spawn(retrier.run());
    followers.close();
    followers.wait().await;
}

/// How far each read model is, and how far behind the log.
pub async fn status(pool: &PgPool, log: &Log) -> Result<Vec<ProjectionStatus>, ProjectionError> {
    let mut connection = pool.acquire().await?;
    let mut parked = letters::parked(&mut connection).await?;
    let mut statuses = Vec::with_capacity(read_model::ALL.len());
    for model in read_model::ALL {
        let checkpoint = checkpoint::load(&mut connection, model.name).await?;
        let parked = parked.remove(model.name).unwrap_or_default();
        statuses.push(ProjectionStatus {
            name: model.name,
            position: checkpoint.position,
            recorded_at: checkpoint.recorded_at,
            lag: 0,
            stopped_by: checkpoint.stopped_by,
            parked_streams: parked.streams,
            parked_events: parked.events,
            dead_letters: parked.dead,
            parked_since: parked.oldest,
        });
    }
    drop(connection);
    // The head is read last, so no lag is below zero.
    let head = log.head().await?.position;
    for status in &mut statuses {
        status.lag = head - status.position;
    }
    Ok(statuses)
}
