//! What is projected is the same however it is projected.

use std::time::Duration;

use event_store::{Feed, Log};
use projections::ReadModelDigest;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::book;
use crate::log_on;

/// The projections at work.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub(crate) fn start(pool: &PgPool, log: &Log) -> Running {
    let stop = CancellationToken::new();
    let feed = Feed::start(log, stop.clone());
    let task = tokio::spawn(projections::run(pool.clone(), feed, stop.clone()));
    Running { stop, task }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the projections stop");
    }
}

/// Waits until every read model is as far as the log.
pub(crate) async fn caught_up(pool: &PgPool, log: &Log) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let status = projections::status(pool, log).await.expect("the read database answers");
        if status.iter().all(|projection| projection.lag == 0) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "still behind: {status:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn digests(pool: &PgPool) -> Vec<ReadModelDigest> {
    let mut digests = Vec::new();
    for name in projections::NAMES {
        digests.push(projections::digest(pool, name).await.expect("the read model is read"));
    }
    digests
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_equals_what_was_projected_live(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    book::varied(50).append(&pool).await;
    caught_up(&pool, &log).await;
    let live = digests(&pool).await;
    for name in projections::NAMES {
        projections::rebuild(&pool, &log, name, |_, _| {}).await.expect("the rebuild succeeds");
    }
    assert_eq!(digests(&pool).await, live);
    running.stop().await;
}
