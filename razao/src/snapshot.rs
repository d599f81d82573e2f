//! `razao snapshot`: a day's Parquet files for analysts; and the same by itself, each night.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Days, LocalResult, NaiveDate, TimeZone, Utc};
use chrono_tz::America::Sao_Paulo;
use event_store::{Log, booking_day};
use metrics::{counter, gauge};
use projections::{DaySnapshot, SnapshotError, folder_of, write_snapshot};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::settings::Settings;

/// How often one looks whether a day is over.
const LOOK: Duration = Duration::from_secs(60);
/// Days that were missed longer ago are written by hand.
const CAUGHT_UP: u64 = 31;

/// Writes the files of a day, beside a running server.
pub async fn snapshot(settings: &Settings, on: NaiveDate, out: Option<PathBuf>) -> anyhow::Result<()> {
    let out = out
        .or_else(|| settings.snapshot_dir.clone())
        .ok_or_else(|| Failure::WrongUsage("--out (or RAZAO_SNAPSHOT_DIR) names no folder".to_owned()))?;
    let today = booking_day(SystemTime::now().into());
    if on >= today {
        return Err(Failure::WrongUsage(format!("--on {on}: the day is not over, today is {today}")).into());
    }
    let databases = addresses(settings)?.connect().await?;
    let written = write(&databases.log, &databases.read_pool, &out, on).await;
    databases.log.close().await;
    databases.read_pool.close().await;
    match written.map_err(failure)? {
        None => eprintln!("{} is there already: nothing is done", folder_of(&out, on).display()),
        Some(DaySnapshot { position, files, .. }) => {
            eprintln!("{}, as of position {position}:", folder_of(&out, on).display());
            for file in files {
                eprintln!("  {} with {} rows", file.name, file.rows);
            }
        }
    }
    Ok(())
}

/// Writes each day's files when it is over, and those of days that were missed, until `stop`.
pub async fn each_night(log: Log, pool: PgPool, out: PathBuf, stop: CancellationToken) {
    let mut done: Option<NaiveDate> = None;
    while !stop.is_cancelled() {
        let today = booking_day(SystemTime::now().into());
        if let Some(yesterday) = today.pred_opt().filter(|yesterday| done < Some(*yesterday)) {
            match catch_up(&log, &pool, &out, yesterday, &stop).await {
                Ok(()) => done = Some(yesterday),
                // A read model that is behind gets there.
                Err(error @ SnapshotError::NotYet { .. }) => tracing::info!("a snapshot waits: {error}"),
                Err(error) => {
                    counter!("razao_snapshot_errors_total").increment(1);
                    tracing::error!(
                        error = format!("{:#}", anyhow::Error::from(error)),
                        "no snapshot; trying again"
                    );
                }
            }
        }
        let _ = tokio::time::timeout(LOOK, stop.cancelled()).await;
    }
}

/// From the day after the last that is there.
async fn catch_up(
    log: &Log,
    pool: &PgPool,
    out: &Path,
    yesterday: NaiveDate,
    stop: &CancellationToken,
) -> Result<(), SnapshotError> {
    let back = (0..CAUGHT_UP).filter_map(|days| yesterday.checked_sub_days(Days::new(days)));
    let missing: Vec<NaiveDate> = back.take_while(|day| !folder_of(out, *day).exists()).collect();
    let is_first = missing.len() as u64 == CAUGHT_UP;
    let missing = if is_first { vec![yesterday] } else { missing };
    for on in missing.into_iter().rev().take_while(|_| !stop.is_cancelled()) {
        if let Some(snapshot) = write(log, pool, out, on).await? {
            tracing::info!(%on, position = snapshot.position, "the day's snapshot is written");
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "an instant of this era is exact in a float")]
    gauge!("razao_snapshot_end_timestamp_seconds").set(end_of(yesterday).timestamp() as f64);
    Ok(())
}

async fn write(
    log: &Log,
    pool: &PgPool,
    out: &Path,
    on: NaiveDate,
) -> Result<Option<DaySnapshot>, SnapshotError> {
    let positions = async {
        let begin = on.pred_opt().map_or(DateTime::UNIX_EPOCH, end_of);
        let after = log.last_position_before(begin).await?;
        Ok::<_, event_store::LogError>((after, log.last_position_before(end_of(on)).await?))
    };
    let positions = positions.await.map_err(projections::ProjectionError::from)?;
    write_snapshot(pool, out, on, positions).await
}

/// The first instant after a day. Where clocks were put forward at midnight, the day after began an hour later.
fn end_of(on: NaiveDate) -> DateTime<Utc> {
    let next = on.succ_opt().unwrap_or(on);
    let mut begin = next.and_time(chrono::NaiveTime::MIN);
    loop {
        match Sao_Paulo.from_local_datetime(&begin) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return at.to_utc(),
            LocalResult::None => begin += chrono::TimeDelta::minutes(30),
        }
    }
}

fn failure(error: SnapshotError) -> anyhow::Error {
    match error {
        SnapshotError::Database(_) => {
            Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))).into()
        }
        error => anyhow::Error::from(error).context("there is no snapshot of the day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_sao_paulo() {
        let end = |day: &str| end_of(day.parse().unwrap()).to_string();
        assert_eq!(end("2026-03-31"), "2026-04-01 03:00:00 UTC");
        // Summer time began at midnight.
        assert_eq!(end("2018-11-03"), "2018-11-04 03:00:00 UTC");
    }
}
