//! Accepting many commands at once: one task writes down all that wait, in one statement.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, oneshot};
use uuid::Uuid;

use crate::command::{QueuedCommand, RequestId};

/// How many commands may wait to be written down; more wait in line.
const WAITING: usize = 4096;
/// How many are written down in one statement at most.
const AT_ONCE: usize = 1000;
/// How long a caller waits for its turn, and for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// In how many lanes commands wait: as many batches can be executed at the same time.
pub(crate) const LANES: u8 = 16;

/// A command was not accepted, and will not be executed unless it is sent again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotAccepted {
    #[error("too many commands wait to be accepted")]
    Busy,
    #[error("the queue cannot be reached: {0}")]
    Unavailable(String),
}

/// A command that failed is queued again when it is asked for again; one that waits or was decided stays as it is.
const QUEUE: &str = "with given as ( \
        select id, client, accepted_at, lane, command::json as command, number \
          from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int2[], $5::text[]) \
               with ordinality as g (id, client, accepted_at, lane, command, number)), \
    new as ( \
        insert into requests.requests as r (id, client, status, accepted_at) \
        select id, client, 'queued', accepted_at from given \
            on conflict (id) do update set status = 'queued', accepted_at = excluded.accepted_at, \
                finished_at = null, answer_status = null, answer_headers = null, answer_body = null \
                where r.status = 'failed' \
        returning id) \
    insert into requests.queue (lane, id, command) \
    select g.lane, g.id, g.command from given g join new using (id) order by g.number";
/// What waits in Kafka is only noted; what failed since it was sent stays failed.
const NOTE: &str = "insert into requests.requests as r (id, client, status, accepted_at) \
    select id, client, 'queued', accepted_at \
      from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as g (id, client, accepted_at) \
        on conflict (id) do update set status = 'queued', accepted_at = excluded.accepted_at, \
            finished_at = null, answer_status = null, answer_headers = null, answer_body = null \
            where r.status = 'failed' and r.finished_at < excluded.accepted_at";

/// What is to be written down of a command.
struct Entry {
    id: RequestId,
    client: Arc<str>,
    accepted_at: DateTime<Utc>,
    lane: i16,
    /// None where it waits elsewhere.
    command: Option<String>,
    written: oneshot::Sender<Result<(), NotAccepted>>,
}

/// Writes commands down. Clones share the task that does.
#[derive(Clone)]
pub(crate) struct Intake {
    entries: mpsc::Sender<Entry>,
    /// Whether the database answered last time.
    reachable: Arc<AtomicBool>,
}

impl Intake {
    /// The task ends when all clones are gone. `arrived` is told when there is something in the queue.
    pub(crate) fn start(pool: PgPool, arrived: Arc<Notify>) -> Self {
        let (entries, waiting) = mpsc::channel(WAITING);
        let reachable = Arc::new(AtomicBool::new(true));
        tokio::spawn(write_down(pool, waiting, arrived, Arc::clone(&reachable)));
        Self { entries, reachable }
    }

    /// Puts a command into the queue: it is there when this returns, or nothing of it is.
    pub(crate) async fn queue(&self, command: &QueuedCommand) -> Result<(), NotAccepted> {
        self.write(command, Some(command.encode())).await
    }

    /// Notes that a command waits in Kafka. Nothing but the answer to who asks for it depends on that, so it is not waited
    /// for while the database does not answer.
    pub(crate) async fn note(&self, command: &QueuedCommand) {
        let noted = self.write(command, None);
        if !self.reachable.load(Ordering::Relaxed) {
            // Sent on its way; whether it arrives is left to the task.
            let _ = tokio::time::timeout(Duration::ZERO, noted).await;
        } else if let Err(error) = noted.await {
            tracing::warn!(%error, request = %command.id, "a request waits in Kafka, but was not noted");
        }
    }

    async fn write(&self, command: &QueuedCommand, queued: Option<String>) -> Result<(), NotAccepted> {
        let (written, answer) = oneshot::channel();
        let entry = Entry {
            id: command.id,
            client: Arc::clone(&command.client),
            accepted_at: command.accepted_at,
            lane: lane_of(command.stream),
            command: queued,
            written,
        };
        match tokio::time::timeout(PATIENCE, self.entries.send(entry)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(NotAccepted::Unavailable("the server is stopping".to_owned())),
            Err(_) => return Err(NotAccepted::Busy),
        }
        answer.await.unwrap_or_else(|_| Err(NotAccepted::Unavailable("the server is stopping".to_owned())))
    }
}

/// Streams are spread over the lanes by the end of their ids, which is drawn at random.
fn lane_of(stream: Uuid) -> i16 {
    let last = stream.as_bytes().iter().fold(0_u8, |hash, byte| hash.wrapping_mul(31) ^ byte);
    i16::from(last % LANES)
}

async fn write_down(
    pool: PgPool,
    mut waiting: mpsc::Receiver<Entry>,
    arrived: Arc<Notify>,
    reachable: Arc<AtomicBool>,
) {
    let mut entries = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut entries, AT_ONCE).await > 0 {
        let written = tokio::time::timeout(PATIENCE, write_all(&pool, &entries)).await;
        let written = match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, commands = entries.len(), "commands could not be written down");
                Err(NotAccepted::Unavailable("the database cannot be reached".to_owned()))
            }
            Err(_) => Err(NotAccepted::Unavailable("the database does not answer".to_owned())),
        };
        reachable.store(written.is_ok(), Ordering::Relaxed);
        for entry in entries.drain(..) {
            let _ = entry.written.send(written.clone()); // whoever asked may be gone
        }
        arrived.notify_waiters();
    }
}

/// All or nothing. The same request twice is one.
async fn write_all(pool: &PgPool, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let mut seen = HashSet::with_capacity(entries.len());
    let entries: Vec<&Entry> = entries.iter().filter(|entry| seen.insert(entry.id)).collect();
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id.0).collect();
    let clients: Vec<&str> = entries.iter().map(|entry| &*entry.client).collect();
    let accepted: Vec<DateTime<Utc>> = entries.iter().map(|entry| entry.accepted_at).collect();
    // One server has one queue, so they are all of one kind.
    let commands: Option<Vec<&str>> = entries.iter().map(|entry| entry.command.as_deref()).collect();
    let query = match commands {
        Some(commands) => {
            let lanes: Vec<i16> = entries.iter().map(|entry| entry.lane).collect();
            sqlx::query(QUEUE).bind(ids).bind(clients).bind(accepted).bind(lanes).bind(commands)
        }
        None => sqlx::query(NOTE).bind(ids).bind(clients).bind(accepted),
    };
    query.execute(pool).await?;
    Ok(())
}
