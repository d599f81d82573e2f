//! `razao audit pack`: gathers what a pack has, once it is sealed and in the read models.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ::audit::keys::Keys;
use ::audit::pack::file::{self, Parts};
use ::audit::pack::{CHECKPOINT, Header, KEYS, Subject};
use anyhow::Context;
use chrono::{DateTime, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::America::Sao_Paulo;
use event_store::StoredCheckpoint;
use serde_json::json;

use super::{PackOf, parts};
use crate::databases::Databases;
use crate::failure::Failure;
use crate::keys;
use crate::rebuild::addresses;
use crate::settings::Settings;

/// How long one waits for the sealer and the read models.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Writes a pack to a file, which is there only when it is whole.
pub(super) async fn write(settings: &Settings, of: &PackOf, out: &Path) -> anyhow::Result<()> {
    let keys =
        Keys::load(&settings.audit_keys()).map_err(|error| Failure::WrongUsage(keys::in_words(&error)))?;
    let databases = addresses(settings)?.connect().await?;
    let gathered = match (of.loan, of.month) {
        (Some(loan), _) => loan_parts(&databases, Subject::Loan(loan), loan).await,
        (None, Some(month)) => month_parts(&databases, month).await,
        (None, None) => Err(Failure::WrongUsage("a loan or a month is needed".to_owned()).into()),
    };
    let (mut header, mut parts, checkpoint) = gathered?;
    databases.log.close().await;
    header.origin = keys.origin();
    let public: Vec<String> = keys.verifiers().iter().map(ToString::to_string).collect();
    parts.insert(KEYS.to_owned(), (public.join("\n") + "\n").into_bytes());
    parts.insert(CHECKPOINT.to_owned(), checkpoint.note.into_bytes());

    let partial = out.with_extension("partial");
    let failed = || format!("{} cannot be written", partial.display());
    let file = File::create(&partial).with_context(failed)?;
    file::write(BufWriter::new(&file), &header, &parts, &keys.signers()).with_context(failed)?;
    file.sync_all()?;
    std::fs::rename(&partial, out)?;
    let said = json!({
        "pack": out, "of": header.subject.to_string(), "log": header.origin, "events": header.events,
        "first": header.first, "last": header.last, "size": checkpoint.size,
    });
    Ok(writeln!(std::io::stdout().lock(), "{said}")?)
}

type Gathered = (Header, Parts, StoredCheckpoint);

async fn loan_parts(databases: &Databases, subject: Subject, loan: uuid::Uuid) -> anyhow::Result<Gathered> {
    let head = databases.log.head().await?.position;
    let checkpoint = reached(databases, head).await?;
    let figures = projections::loan_figures(&databases.read_pool, loan).await?;
    let Some(figures) = figures else {
        return Err(Failure::WrongUsage(format!("there is no loan {loan}")).into());
    };
    // The loan may have moved on meanwhile.
    let last = figures.loan.position;
    let checkpoint = if last > checkpoint.size { reached(databases, last).await? } else { checkpoint };
    let (header, parts) =
        parts::of_loan(&databases.log, subject, &figures, checkpoint.size.unsigned_abs()).await?;
    Ok((header, parts, checkpoint))
}

async fn month_parts(databases: &Databases, month: NaiveDate) -> anyhow::Result<Gathered> {
    let log = &databases.log;
    let next = month.checked_add_months(Months::new(1)).context("a month of another age")?;
    let (first, last) = (
        log.last_position_before(midnight(month)?).await? + 1,
        log.last_position_before(midnight(next)?).await?,
    );
    let subject = Subject::Month(month);
    if last < first {
        return Err(Failure::WrongUsage(format!("nothing was recorded in {}", month.format("%Y-%m"))).into());
    }
    let checkpoint = reached(databases, last).await?;
    let figures = projections::month_figures(&databases.read_pool, first, last).await?;
    let (header, parts) =
        parts::of_month(log, (subject, first, last), &figures, checkpoint.size.unsigned_abs()).await?;
    Ok((header, parts, checkpoint))
}

/// The checkpoint that has an event, once the read models have it too.
async fn reached(databases: &Databases, position: i64) -> anyhow::Result<StoredCheckpoint> {
    let began = Instant::now();
    loop {
        let sealed = databases.log.latest_checkpoint().await?;
        let size = sealed.as_ref().map_or(0, |sealed| sealed.size);
        let read = projections::figures_position(&databases.read_pool).await?;
        if let Some(sealed) = sealed
            && size >= position
            && read >= position
        {
            return Ok(sealed);
        }
        if began.elapsed() > PATIENCE {
            return Err(Failure::Unreachable(format!(
                "event {position} is not there yet: sealed up to {size}, in the read models up to {read}; \
                 do the roles reactions and projections run?"
            ))
            .into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn midnight(day: NaiveDate) -> anyhow::Result<DateTime<Utc>> {
    let midnight = day.and_hms_opt(0, 0, 0).expect("every day has a midnight on paper");
    let local = Sao_Paulo.from_local_datetime(&midnight).earliest();
    // Where the clock jumps over midnight the day begins an hour later.
    let local =
        local.or_else(|| Sao_Paulo.from_local_datetime(&(midnight + chrono::TimeDelta::hours(1))).earliest());
    Ok(local.context("a day without a beginning")?.with_timezone(&Utc))
}
