//! What analysts read of a day that is over, as Parquet files: the views of the schema `bi`, as they were known at its end.
//!
//! Of what only grows a day's files have what was recorded on it, so that all days together are the whole; loans and
//! daily balances are there whole as of the day's end. The same day gives the same rows whenever it is written.

mod columns;
mod file;

use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use event_store::begin;
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::{Executor, PgConnection, PgPool};

use self::file::Rows;
use crate::checkpoint;
use crate::error::ProjectionError;
use crate::place::BEGIN;
use crate::{journal, loans};

/// The files, each with its query: of the events after $1, or of all, up to $2.
const FILES: [(&str, &str); 5] = [
    ("loans", include_str!("loans.sql")),
    ("loan_changes", include_str!("loan_changes.sql")),
    ("flows", include_str!("flows.sql")),
    ("journal_lines", include_str!("journal_lines.sql")),
    ("daily_balances", include_str!("daily_balances.sql")),
];

/// What was written of a day: it stands beside the files as `snapshot.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DaySnapshot {
    pub on: NaiveDate,
    /// The last event that was recorded on the day or before, and the last before the day.
    pub position: i64,
    pub after: i64,
    pub files: Vec<SnapshotFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotFile {
    pub name: String,
    pub rows: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the read model `{name}` is at position {reached}, and the day ends at {wanted}")]
    NotYet { name: &'static str, reached: i64, wanted: i64 },
    #[error("the read model `{name}` has {streams} parked streams: what came of them is missing")]
    Parked { name: &'static str, streams: i64 },
    #[error("the read models cannot be read")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    ReadModel(#[from] ProjectionError),
    #[error("{} cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("the file {name}.parquet cannot be made")]
    File { name: &'static str, source: file::FileError },
}

/// The folder of a day, as tools that read partitions expect it.
pub fn folder_of(out: &Path, on: NaiveDate) -> PathBuf {
    out.join(format!("on={on}"))
}

/// Writes the files of a day whose events are those after one position, up to another. `None`: they are there already.
/// They appear all at once.
pub async fn write_snapshot(
    pool: &PgPool,
    out: &Path,
    on: NaiveDate,
    (after, position): (i64, i64),
) -> Result<Option<DaySnapshot>, SnapshotError> {
    let folder = folder_of(out, on);
    if folder.exists() {
        return Ok(None);
    }
    let mut transaction = begin(pool, BEGIN).await?;
    for model in [&loans::READ_MODEL, &journal::READ_MODEL] {
        refuse_unready(&mut transaction, model.name, position).await?;
    }
    // Others may be at the same day; each has its own folder until it is whole.
    let partial = out.join(format!(".on={on}.{}", uuid::Uuid::new_v4().simple()));
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| SnapshotError::Unwritable { path, source }
    };
    std::fs::create_dir_all(&partial).map_err(unwritable(&partial))?;
    let written = write_files(&mut transaction, &partial, on, (after, position)).await;
    let written = written.and_then(|snapshot| {
        let json = serde_json::to_vec_pretty(&snapshot).expect("plain data");
        let file = partial.join("snapshot.json");
        std::fs::write(&file, json).map_err(unwritable(&file))?;
        match std::fs::rename(&partial, &folder) {
            Ok(()) => Ok(Some(snapshot)),
            Err(_) if folder.exists() => Ok(None),
            Err(error) => Err(unwritable(&folder)(error)),
        }
    });
    if !matches!(written, Ok(Some(_))) {
        let _ = std::fs::remove_dir_all(&partial);
    }
    written
}

async fn refuse_unready(
    connection: &mut PgConnection,
    name: &'static str,
    wanted: i64,
) -> Result<(), SnapshotError> {
    let checkpoint = checkpoint::load(&mut *connection, name).await?;
    let reached = checkpoint.position;
    if reached < wanted.max(checkpoint.serves_from) {
        return Err(SnapshotError::NotYet { name, reached, wanted });
    }
    let parked = "select count(*) from projections.parked_streams where projection = $1";
    let (streams,): (i64,) = sqlx::query_as(parked).bind(name).fetch_one(connection).await?;
    if streams > 0 {
        return Err(SnapshotError::Parked { name, streams });
    }
    Ok(())
}

async fn write_files(
    connection: &mut PgConnection,
    folder: &Path,
    on: NaiveDate,
    (after, position): (i64, i64),
) -> Result<DaySnapshot, SnapshotError> {
    let mut files = Vec::new();
    for (name, query) in FILES {
        let at_fault = |source| SnapshotError::File { name, source };
        let described = (&mut *connection).describe(query).await?;
        let path = folder.join(format!("{name}.parquet"));
        let mut rows = Rows::create(&path, described.columns()).map_err(at_fault)?;
        let mut found = sqlx::query(query).bind(after).bind(position).fetch(&mut *connection);
        while let Some(row) = found.try_next().await? {
            rows.push(&row).map_err(at_fault)?;
        }
        files.push(SnapshotFile { name: format!("{name}.parquet"), rows: rows.finish().map_err(at_fault)? });
    }
    Ok(DaySnapshot { on, position, after, files })
}
