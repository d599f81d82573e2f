//! What a worker takes and gives back, whatever the queue.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::answer::{Answer, Outcome, Status};
use crate::command::{QueuedCommand, RequestId, Undecodable};

/// What came out of the queue under the id of a request.
#[derive(Debug)]
pub struct Delivery {
    pub id: RequestId,
    pub command: Result<QueuedCommand, Undecodable>,
    /// How many workers ended while they executed it, as far as one knows.
    pub ends: u32,
}

/// A request that has an answer.
#[derive(Debug)]
pub struct Finished {
    pub id: RequestId,
    /// Whose request it is, as far as that could be read.
    pub client: Arc<str>,
    pub accepted_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub outcome: Outcome,
    pub answer: Answer,
}

/// What is done stays done, whoever else comes late; a refusal gives way only to that.
const FINISH: &str = "insert into requests.requests as r \
        (id, client, status, accepted_at, finished_at, answer_status, answer_headers, answer_body) \
    select id, client, status, accepted_at, finished_at, answer_status, answer_headers::json, answer_body \
      from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int2[], $7::text[], \
            $8::text[]) as f \
            (id, client, status, accepted_at, finished_at, answer_status, answer_headers, answer_body) \
    on conflict (id) do update set status = excluded.status, finished_at = excluded.finished_at, \
        answer_status = excluded.answer_status, answer_headers = excluded.answer_headers, \
        answer_body = excluded.answer_body \
    where r.status in ('queued', 'failed') or (excluded.status = 'done' and r.status <> 'done')";
const ENDED: &str = "select id from requests.requests where id = any($1) and status in ('done', 'refused')";

/// Notes what became of requests, each of which is there once.
pub(crate) async fn finish(connection: &mut PgConnection, finished: &[Finished]) -> Result<(), sqlx::Error> {
    if finished.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Finished) -> String| finished.iter().map(of).collect::<Vec<_>>();
    let ids: Vec<Uuid> = finished.iter().map(|one| one.id.0).collect();
    let accepted: Vec<DateTime<Utc>> = finished.iter().map(|one| one.accepted_at).collect();
    let ended: Vec<DateTime<Utc>> = finished.iter().map(|one| one.finished_at).collect();
    let statuses = finished.iter().map(|one| i16::try_from(one.answer.status).unwrap_or_default());
    let headers = finished
        .iter()
        .map(|one| serde_json::to_string(&one.answer.headers).expect("headers are plain text"));
    sqlx::query(FINISH)
        .bind(ids)
        .bind(column(|one| one.client.to_string()))
        .bind(column(|one| Status::from(one.outcome).name().to_owned()))
        .bind(accepted)
        .bind(ended)
        .bind(statuses.collect::<Vec<_>>())
        .bind(headers.collect::<Vec<_>>())
        .bind(column(|one| one.answer.body.clone()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Those that were decided already.
pub(crate) async fn decided(
    database: impl PgExecutor<'_>,
    ids: &[RequestId],
) -> Result<Vec<RequestId>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar(ENDED).bind(ids).fetch_all(database).await?;
    Ok(ended.into_iter().map(RequestId).collect())
}
