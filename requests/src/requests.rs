//! The requests of a lender, as servers see them: accepted, and asked for.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kafka::{KafkaSettings, SettingError};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};
use tokio::sync::Notify;

use crate::answer::{Answer, Status};
use crate::command::{QueuedCommand, RequestId};
use crate::intake::{Intake, NotAccepted};
use crate::topic::CommandTopic;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    pub status: Status,
    pub accepted_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// There is one when it is finished.
    pub answer: Option<Answer>,
}

/// Where requests are accepted and looked up. Clones share it.
#[derive(Clone)]
pub struct Requests {
    pub(crate) pool: PgPool,
    intake: Intake,
    /// Where commands wait, if not in the table.
    topic: Option<CommandTopic>,
    /// Told when something was put into the table.
    pub(crate) arrived: Arc<Notify>,
}

const FIND: &str = "select status, accepted_at, finished_at, answer_status, answer_headers::text as answer_headers, \
    answer_body from requests.requests where id = $1 and client = coalesce($2, client)";
const DROP_OLD: &str = "delete from requests.requests where id in ( \
    select id from requests.requests where status <> 'queued' and finished_at < $1 limit 10000)";
/// What ended workers left behind, of commands that were never handed out again.
const FORGET_ENDED: [&str; 2] =
    ["delete from requests.taken where taken_at < $1", "delete from requests.suspects where last_at < $1"];

impl Requests {
    /// Requests of the log in a migrated database. Their commands wait in Kafka where there is one. Neither need be
    /// there yet. Has to be called within a runtime.
    pub fn new(log: &PgConnectOptions, kafka: Option<&KafkaSettings>) -> Result<Self, SettingError> {
        let options = log.clone().options([("role", "razao_app")]);
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options);
        let topic = kafka.map(CommandTopic::start).transpose()?;
        let arrived = Arc::new(Notify::new());
        let intake = Intake::start(pool.clone(), Arc::clone(&arrived));
        Ok(Self { pool, intake, topic, arrived })
    }

    /// Accepts a command: when this returns it is durable, and workers will execute it once. Accepting it again changes
    /// nothing, unless it failed: then it is tried again.
    pub async fn accept(&self, command: &QueuedCommand) -> Result<(), NotAccepted> {
        let Some(topic) = &self.topic else { return self.intake.queue(command).await };
        topic.send(command).await?;
        self.intake.note(command).await;
        Ok(())
    }

    /// What became of a request, of this `client` where one is named.
    pub async fn find(&self, id: RequestId, client: Option<&str>) -> Result<Option<Request>, sqlx::Error> {
        let row = sqlx::query(FIND).bind(id.0).bind(client).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let status: String = row.try_get("status")?;
        let status = Status::parse(&status)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown status {status}").into()))?;
        let answered: Option<i16> = row.try_get("answer_status")?;
        let answer = match answered {
            Some(answered) => {
                let headers: String = row.try_get("answer_headers")?;
                Some(Answer {
                    status: answered.unsigned_abs(),
                    headers: serde_json::from_str(&headers)
                        .map_err(|error| sqlx::Error::Decode(error.into()))?,
                    body: row.try_get("answer_body")?,
                })
            }
            None => None,
        };
        let (accepted_at, finished_at) = (row.try_get("accepted_at")?, row.try_get("finished_at")?);
        Ok(Some(Request { id, status, accepted_at, finished_at, answer }))
    }

    /// Forgets requests that were finished before an instant: how many.
    pub async fn forget_before(&self, instant: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        let mut forgotten = 0;
        loop {
            let dropped = sqlx::query(DROP_OLD).bind(instant).execute(&self.pool).await?.rows_affected();
            forgotten += dropped;
            if dropped == 0 {
                for forget in FORGET_ENDED {
                    sqlx::query(forget).bind(instant).execute(&self.pool).await?;
                }
                return Ok(forgotten);
            }
        }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
