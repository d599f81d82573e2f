//! Every stream of a kind in the order of the ids, with what was derived of it before: kept by name, and void once
//! something happens to the stream.
//!
//! On a connection of its own and in short transactions, so that whoever looks at everything holds up nobody. Only one
//! process may keep a name at a time ([`Log::try_lock`]).

use domain::decider::Decider;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::log::{Log, LogError};
use crate::streams_in_order::{StoredStream, by_stream};
use crate::upcast::asks_for_metadata;

/// How many streams are read at once.
const PAGE: i64 = 128;
/// How many positions are searched at once.
const SEARCHED: i64 = 20_000;

const POSITION: &str = "select position, streams = (select count(*) from derived where derived.name = $1) \
    from derived_positions where name = $1";
const FORGET: &str = "with forgotten as (delete from derived where name = $1) \
    delete from derived_positions where name = $1";
const NEXT: &str =
    "select stream_id, value from derived where name = $1 and stream_id > $2 order by stream_id limit $3";
const EVENTS: &str = "select aggregate_id, sequence, position, event_type, event_version, payload::text, \
    case when $4 then metadata::text else '{}' end from events \
    where aggregate_id = any($1) and aggregate_type = $2 and position <= $3 order by aggregate_id, sequence";
const KEEP: &str = "update derived set value = kept.value \
    from unnest($2::uuid[], $3::text[]) as kept (stream_id, value) \
    where derived.name = $1 and derived.stream_id = kept.stream_id";

/// What is kept of the streams of one kind under one name.
pub struct DerivedStreams {
    connection: PgConnection,
    name: &'static str,
    stream_type: &'static str,
    up_to: i64,
}

/// A stream, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptStream {
    #[sqlx(rename = "stream_id")]
    pub id: Uuid,
    pub value: Option<String>,
}

impl DerivedStreams {
    /// What is kept under `name` of the streams with their events up to position `up_to`. `name` has the version of
    /// the values in it.
    pub async fn open<D: Decider>(log: &Log, name: &'static str, up_to: i64) -> Result<Self, LogError> {
        let connection = log.session(&[]).await?;
        Ok(Self { connection, name, stream_type: D::TYPE, up_to })
    }

    /// Finds the streams to which something happened since this was called before, and voids what is kept of them.
    pub async fn refresh(&mut self) -> Result<(), LogError> {
        let known: Option<(i64, bool)> =
            sqlx::query_as(POSITION).bind(self.name).fetch_optional(&mut self.connection).await?;
        let mut position = known.map_or(0, |(position, _)| position);
        // What is kept may be of a later log than is asked for, and somebody may have removed some of it.
        if known.is_some_and(|(position, is_whole)| position > self.up_to || !is_whole) {
            sqlx::query(FORGET).bind(self.name).execute(&mut self.connection).await?;
            position = 0;
        }
        while position < self.up_to {
            let next = self.up_to.min(position + SEARCHED);
            sqlx::query(include_str!("derived_refresh.sql"))
                .bind(self.name)
                .bind(self.stream_type)
                .bind(position)
                .bind(next)
                .execute(&mut self.connection)
                .await?;
            position = next;
        }
        Ok(())
    }

    /// The streams that follow one; none at the end.
    pub async fn next(&mut self, after: Option<Uuid>) -> Result<Vec<KeptStream>, LogError> {
        let after = after.unwrap_or_default();
        let next = sqlx::query_as(NEXT).bind(self.name).bind(after).bind(PAGE);
        Ok(next.fetch_all(&mut self.connection).await?)
    }

    /// Streams with their events, in the order of their ids.
    pub async fn streams(&mut self, ids: &[Uuid]) -> Result<Vec<StoredStream>, LogError> {
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let events = sqlx::query(EVENTS).bind(ids).bind(self.stream_type).bind(self.up_to);
        let events = events.bind(asks_for_metadata());
        by_stream(events.fetch_all(&mut self.connection).await?)
    }

    /// Keeps what was derived of streams up to the position.
    pub async fn keep(&mut self, values: Vec<(Uuid, String)>) -> Result<(), LogError> {
        if values.is_empty() {
            return Ok(());
        }
        let (ids, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        sqlx::query(KEEP).bind(self.name).bind(ids).bind(values).execute(&mut self.connection).await?;
        Ok(())
    }
}
