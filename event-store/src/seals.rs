//! Where the tree over the log is kept: its tiles, and the checkpoints that were signed. What they say is for others to
//! know (ADR 0017).

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::begin::begin;
use crate::log::{Log, LogError};
use crate::reader::LogReader;

/// A tile as far as it is there: hashes of 32 bytes, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredTile {
    pub level: i32,
    pub index: i64,
    pub hashes: Vec<u8>,
}

/// A checkpoint that was signed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredCheckpoint {
    /// How many events the tree has: those up to this position.
    pub size: i64,
    /// The size of the checkpoint before; 0 for the first.
    pub previous: i64,
    pub note: String,
    pub signed_at: DateTime<Utc>,
}

const LATEST: &str =
    "select size, previous, note, signed_at from audit_checkpoints order by size desc limit 1";
const AFTER: &str = "select size, previous, note, signed_at from audit_checkpoints \
    where size > $1 order by size limit $2";
const TILES: &str = "select t.level, t.index, t.hashes from audit_tiles t \
    join unnest($1::int[], $2::bigint[]) as wanted (level, index) on t.level = wanted.level and t.index = wanted.index";
const ROW: &str = "select level, index, hashes from audit_tiles where level = $1 and index >= $2 \
    order by index limit $3";
const PUT_TILES: &str = "insert into audit_tiles (level, index, hashes) \
    select * from unnest($1::int[], $2::bigint[], $3::bytea[]) \
    on conflict (level, index) do update set hashes = excluded.hashes";
/// Whoever seals may have the events from the memory of who appended them: a database that lost what it had confirmed must
/// not have it signed.
const PUT_CHECKPOINT: &str = "insert into audit_checkpoints (size, previous, note) \
    select $1, $2, $3 from event_head where position >= $1";

impl LogReader {
    /// The last checkpoint, if anything is sealed.
    pub async fn latest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, LogError> {
        Ok(sqlx::query_as(LATEST).fetch_optional(&self.pool).await?)
    }

    /// Up to `limit` checkpoints of more events than `size`, in order.
    pub async fn checkpoints_after(&self, size: i64, limit: i64) -> Result<Vec<StoredCheckpoint>, LogError> {
        Ok(sqlx::query_as(AFTER).bind(size).bind(limit).fetch_all(&self.pool).await?)
    }

    /// The tiles of these levels and indexes that are there, in any order.
    pub async fn tiles(&self, wanted: &[(i32, i64)]) -> Result<Vec<StoredTile>, LogError> {
        let (levels, indexes): (Vec<i32>, Vec<i64>) = wanted.iter().copied().unzip();
        Ok(sqlx::query_as(TILES).bind(levels).bind(indexes).fetch_all(&self.pool).await?)
    }

    /// Up to `limit` tiles of a level from an index on, in order.
    pub async fn tiles_from(&self, level: i32, index: i64, limit: i64) -> Result<Vec<StoredTile>, LogError> {
        Ok(sqlx::query_as(ROW).bind(level).bind(index).bind(limit).fetch_all(&self.pool).await?)
    }
}

impl Log {
    /// Adds tiles and the checkpoint that signs them, or nothing. False: another sealer was faster, or the log is not as long.
    pub async fn seal(
        &self,
        tiles: &[StoredTile],
        (previous, size): (i64, i64),
        note: &str,
    ) -> Result<bool, LogError> {
        let mut transaction = begin(&self.pool, "begin").await?;
        // First, so that whoever is slower changes no tile.
        let put = sqlx::query(PUT_CHECKPOINT).bind(size).bind(previous).bind(note);
        match put.execute(&mut *transaction).await {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(false),
            Ok(put) if put.rows_affected() == 0 => return Ok(false),
            put => put?,
        };
        let levels: Vec<i32> = tiles.iter().map(|tile| tile.level).collect();
        let indexes: Vec<i64> = tiles.iter().map(|tile| tile.index).collect();
        let hashes: Vec<&[u8]> = tiles.iter().map(|tile| tile.hashes.as_slice()).collect();
        let put = sqlx::query(PUT_TILES).bind(levels).bind(indexes).bind(hashes);
        put.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
