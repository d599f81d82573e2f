//! Word that the log grew: for the feeds of this process at once, for those of others by `NOTIFY`.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::tail::{Batch, Tail};

/// How long a listener waits before it connects again.
const CONNECT_AGAIN: Duration = Duration::from_millis(500);
/// The shortest time between two notifications: under load one tells of many commits.
const PAUSE: Duration = Duration::from_millis(2);

const CHANNEL: &str = "razao_events";
/// What is told needs not be durable: without a flush of its own it makes no append wait for the disk. One that a crash
/// loses costs others no more than the time until they look by themselves.
const TELL: &str = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";

/// What the feeds and the appender of one log share. Clones share it.
#[derive(Clone)]
pub(crate) struct News {
    /// Counts up whenever there may be something new.
    arrived: Arc<watch::Sender<u64>>,
    committed: Arc<Notify>,
    /// Marks the notifications of this process, which it does not need to hear.
    sender: Uuid,
    tail: Tail,
}

impl News {
    pub(crate) fn new() -> Self {
        let (arrived, committed) = (Arc::new(watch::Sender::new(0)), Arc::default());
        Self { arrived, committed, sender: Uuid::new_v4(), tail: Tail::default() }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.arrived.subscribe()
    }

    /// What was appended here of late.
    pub(crate) fn tail(&self) -> Tail {
        self.tail.clone()
    }

    /// To be called after each commit, in the order of positions.
    pub(crate) fn tell(&self, batch: Batch) {
        self.tail.keep(batch);
        self.arrived.send_modify(|count| *count += 1);
        self.committed.notify_one();
    }

    /// Tells other processes of what was committed here, until `stop`. It comes after the commit, so that no append
    /// waits for it.
    pub(crate) async fn announce(self, pool: PgPool, stop: CancellationToken) {
        let sender = self.sender.to_string();
        loop {
            tokio::select! {
                () = self.committed.notified() => {}
                () = stop.cancelled() => return,
            }
            let notify = sqlx::query(TELL).bind(CHANNEL).bind(&sender);
            if let Err(error) = notify.execute(&pool).await {
                tracing::debug!(%error, "other processes are not told that the log grew");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Hears of what others appended, and reconnects until `stop`.
    pub(crate) async fn listen(self, pool: PgPool, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let listened = tokio::select! {
                listened = self.listen_once(&pool) => listened,
                () = stop.cancelled() => return,
            };
            if let Err(error) = listened {
                tracing::warn!(%error, "no news from the log for now; looking for events at intervals");
            }
            tokio::time::sleep(CONNECT_AGAIN).await;
        }
    }

    async fn listen_once(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let own = self.sender.to_string();
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            self.arrived.send_modify(|count| *count += 1);
            // `None` says that the connection was lost and is back: something may have been missed.
            while listener.try_recv().await?.is_some_and(|heard| heard.payload() == own) {}
        }
    }
}
