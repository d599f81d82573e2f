//! `razao verify`: what the log holds is whole, readable and balanced; with `--recalculate`, what it says of loans is
//! what this version calculates.

mod difference;
mod loans;
mod log;

use std::io::Write;

use event_store::LogError;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

pub use difference::Difference;
pub use loans::recalculate;
pub use log::{Fault, check_log};

use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::settings::Settings;

/// What a check looked at, and how much it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    pub events: u64,
    pub loans: u64,
    pub found: u64,
}

/// Prints what is found, a JSON object a line. Fails where anything is.
pub async fn verify(settings: &Settings, is_recalculation: bool) -> anyhow::Result<()> {
    let log = addresses(settings)?.connect_log().await?;
    let head = log.head().await.map_err(unreachable)?.position;
    let bar = ProgressBar::new(head.unsigned_abs());
    bar.set_style(ProgressStyle::with_template(
        "verify {wide_bar} {human_pos}/{human_len} events {per_sec} {eta}",
    )?);
    let progress = |events: u64| bar.set_position(events);
    let checked = if is_recalculation {
        recalculate(&log, head, progress, &mut |difference| print(&bar, &difference)).await
    } else {
        check_log(&log, head, progress, &mut |fault| print(&bar, &fault)).await
    };
    bar.finish_and_clear();
    log.close().await;
    let Checked { events, loans, found } = checked.map_err(unreachable)?;
    let what = if is_recalculation { "differences" } else { "faults" };
    eprintln!("{events} events, {loans} loans: {found} {what}");
    if found > 0 {
        return Err(Failure::FoundAProblem(format!("{found} {what} were found")).into());
    }
    Ok(())
}

fn print(bar: &ProgressBar, found: &impl Serialize) {
    let line = serde_json::to_string(found).expect("what is found is plain data");
    bar.suspend(|| {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    });
}

fn unreachable(error: LogError) -> anyhow::Error {
    match error {
        LogError::Unreadable { .. } => {
            Failure::FoundAProblem(format!("{:#}", anyhow::Error::from(error))).into()
        }
        error => Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))).into(),
    }
}
