//! What of a read model is parked, as its next events meet it.

use std::collections::HashSet;

use sqlx::{PgConnection, Row};

use super::aside::StreamKey;
use crate::event::StreamKind;

/// Found before events are folded.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Streams whose events wait.
    pub(crate) parked: HashSet<StreamKey>,
    /// Positions of events that somebody decided to do without, where they cannot be taken.
    pub(crate) discarded: HashSet<i64>,
}

const FIND: &str = "select stream_type, stream_id, 0::bigint as discarded from projections.parked_streams \
    where projection = $1 union all select '', '', position from projections.discarded_events \
    where projection = $2 and position >= $3 and restored_at is null";

/// What is still parked of these streams, held until the transaction ends.
const LOCK: &str = "select stream_type, stream_id from projections.parked_streams where projection = $1 \
    and (stream_type, stream_id) in (select * from unnest($2::text[], $3::text[])) \
    order by stream_type, stream_id for update";

impl Standing {
    /// As it is for events from a position on. `place` is the read model's name, or that of its building site.
    pub(crate) async fn find(
        connection: &mut PgConnection,
        (place, name): (&str, &str),
        position: i64,
    ) -> Result<Self, sqlx::Error> {
        let mut standing = Self::default();
        let rows = sqlx::query(FIND).bind(place).bind(name).bind(position).fetch_all(connection).await?;
        for row in rows {
            match row.try_get("discarded")? {
                0 => standing.parked.extend(key(&row)?),
                discarded => _ = standing.discarded.insert(discarded),
            }
        }
        Ok(standing)
    }

    /// Leaves those of `streams` parked that still are, once whoever redrives one of them has finished.
    pub(crate) async fn hold(
        &mut self,
        connection: &mut PgConnection,
        place: &str,
        streams: &[StreamKey],
    ) -> Result<(), sqlx::Error> {
        let rows = sqlx::query(LOCK)
            .bind(place)
            .bind(streams.iter().map(|stream| stream.kind.name()).collect::<Vec<_>>())
            .bind(streams.iter().map(|stream| stream.id.as_str()).collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
        self.parked = rows.iter().filter_map(|row| key(row).transpose()).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// The stream of a row; `None` for one of a kind that this version does not know.
fn key(row: &sqlx::postgres::PgRow) -> Result<Option<StreamKey>, sqlx::Error> {
    let (kind, id): (&str, String) = (row.try_get("stream_type")?, row.try_get("stream_id")?);
    Ok(StreamKind::named(kind).map(|kind| StreamKey { kind, id }))
}
