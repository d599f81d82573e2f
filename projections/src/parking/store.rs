//! Writes down what is parked.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::aside::{Aside, StreamKey, newly_parked};
use crate::copy::storable;

const PARK_STREAMS: &str = "insert into projections.parked_streams (id, projection, stream_type, stream_id, position, \
    sequence, event_type, cause, attempts, first_failed_at, last_failed_at, next_attempt_at) \
    select id, $1, stream_type, stream_id, position, sequence, event_type, cause, 1, now(), now(), now() \
    from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[]) \
         as s (id, stream_type, stream_id, position, sequence, event_type, cause)";

const PARK_EVENTS: &str = "insert into projections.parked_events (projection, stream_type, stream_id, position, \
    sequence, event_type, parked_at) \
    select $1, stream_type, stream_id, position, sequence, event_type, now() \
    from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]) \
         as e (stream_type, stream_id, position, sequence, event_type)";

const RESTORE: &str = "update projections.discarded_events set restored_at = now() where projection = $1 \
    and restored_at is null and position = any($2)";

/// What a cause may have: it may quote what an event says.
const LONGEST_CAUSE: usize = 1_000;

/// Parks the streams of what is set aside, unless they are parked already; all of it then waits, in order.
pub(crate) async fn park(
    connection: &mut PgConnection,
    place: &str,
    parked: &HashSet<StreamKey>,
    aside: &[Aside],
) -> Result<(), sqlx::Error> {
    if aside.is_empty() {
        return Ok(());
    }
    let streams = newly_parked(aside, parked);
    let cause = |event: &Aside| shortened(event.cause.as_deref().unwrap_or_default());
    sqlx::query(PARK_STREAMS)
        .bind(place)
        .bind(streams.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| event.stream.kind.name()).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| event.stream.id.as_str()).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| event.position).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| event.sequence).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
        .bind(streams.iter().map(|event| cause(event)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    sqlx::query(PARK_EVENTS)
        .bind(place)
        .bind(aside.iter().map(|event| event.stream.kind.name()).collect::<Vec<_>>())
        .bind(aside.iter().map(|event| event.stream.id.as_str()).collect::<Vec<_>>())
        .bind(aside.iter().map(|event| event.position).collect::<Vec<_>>())
        .bind(aside.iter().map(|event| event.sequence).collect::<Vec<_>>())
        .bind(aside.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that events which somebody decided to do without could be taken after all.
pub(crate) async fn restore(
    connection: &mut PgConnection,
    name: &str,
    positions: &[i64],
) -> Result<(), sqlx::Error> {
    if !positions.is_empty() {
        sqlx::query(RESTORE).bind(name).bind(positions).execute(connection).await?;
    }
    Ok(())
}

/// Forgets what is parked at a place.
pub(crate) async fn forget(connection: &mut PgConnection, place: &str) -> Result<(), sqlx::Error> {
    for table in ["parked_streams", "parked_events"] {
        let delete = format!("delete from projections.{table} where projection = $1");
        sqlx::query(&delete).bind(place).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A cause as it is stored.
pub(crate) fn shortened(cause: &str) -> String {
    storable(cause).chars().take(LONGEST_CAUSE).collect()
}

/// Puts what is parked at a building site in the place of what is parked of the read model. What is known of an event
/// that is still to blame stays.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    name: &str,
    site: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("replace.sql")).bind(name).bind(site).execute(&mut *connection).await?;
    for statement in [
        "delete from projections.parked_events where projection = $1 and $2 <> ''",
        "update projections.parked_events set projection = $1 where projection = $2",
    ] {
        sqlx::query(statement).bind(name).bind(site).execute(&mut *connection).await?;
    }
    Ok(())
}
