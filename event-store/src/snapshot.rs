//! Snapshots of long streams: written behind, coalesced, and never needed.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A stream gets a snapshot each time that it grew by this many events.
pub(crate) const EVERY: i64 = 100;

const PAUSE: Duration = Duration::from_millis(200);

const WRITE: &str = "insert into snapshots (aggregate_type, aggregate_id, last_sequence, snapshot_version, payload) \
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::int[], $5::text[]) \
    on conflict (aggregate_type, aggregate_id) do update set last_sequence = excluded.last_sequence, \
    snapshot_version = excluded.snapshot_version, payload = excluded.payload \
    where snapshots.last_sequence < excluded.last_sequence \
       or snapshots.snapshot_version <> excluded.snapshot_version";

/// A committed state to be kept.
pub(crate) struct Snapshot {
    pub(crate) stream_type: &'static str,
    pub(crate) stream_id: Uuid,
    pub(crate) version: i64,
    /// The version of the state's shape.
    pub(crate) shape: u32,
    pub(crate) serialize: Box<dyn FnOnce() -> serde_json::Result<String> + Send>,
}

#[derive(Clone)]
pub(crate) struct SnapshotQueue(mpsc::Sender<Snapshot>);

impl SnapshotQueue {
    /// Takes a snapshot if there is room: a missing one only makes a later load longer.
    pub(crate) fn offer(&self, snapshot: Snapshot) {
        let _ = self.0.try_send(snapshot);
    }
}

pub(crate) struct SnapshotWriter {
    pool: PgPool,
    queue: mpsc::Receiver<Snapshot>,
}

pub(crate) fn queue(pool: PgPool) -> (SnapshotQueue, SnapshotWriter) {
    let (sender, queue) = mpsc::channel(256);
    (SnapshotQueue(sender), SnapshotWriter { pool, queue })
}

impl SnapshotWriter {
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let first = tokio::select! {
                first = self.queue.recv() => first,
                () = stop.cancelled() => return,
            };
            let Some(first) = first else { return };
            let mut latest = HashMap::from([((first.stream_type, first.stream_id), first)]);
            while let Ok(next) = self.queue.try_recv() {
                latest.insert((next.stream_type, next.stream_id), next);
            }
            if let Err(error) = self.write(latest).await {
                tracing::warn!(%error, "snapshots were not written; loading those streams takes longer");
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn write(&self, snapshots: HashMap<(&'static str, Uuid), Snapshot>) -> Result<(), sqlx::Error> {
        let (mut types, mut ids, mut versions) = (Vec::new(), Vec::new(), Vec::new());
        let (mut shapes, mut payloads) = (Vec::new(), Vec::new());
        for ((stream_type, stream_id), snapshot) in snapshots {
            let Ok(payload) = (snapshot.serialize)() else { continue };
            types.push(stream_type);
            ids.push(stream_id.to_string());
            versions.push(snapshot.version);
            shapes.push(i32::try_from(snapshot.shape).expect("a small number"));
            payloads.push(payload);
        }
        sqlx::query(WRITE)
            .bind(types)
            .bind(ids)
            .bind(versions)
            .bind(shapes)
            .bind(payloads)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
