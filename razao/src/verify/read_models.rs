//! The read models against the events: all of their rows, or those of some loans.

use audit::books;
use audit::figures::{LoanStanding, lines};
use domain::decider::{Decider, StoredEvent};
use domain::loan::{Loan, LoanEvent};
use event_store::Log;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Fault, print, progress_bar};
use crate::databases::Databases;

/// How many rows were compared, and how many faults there are.
///
/// All rows are held against `log`, which may be a replica; the loans of a sample against the log itself, with which they
/// have to be level.
pub(super) async fn check(
    databases: &Databases,
    log: &Log,
    sample: Option<u32>,
    rate: u64,
) -> anyhow::Result<(u64, u64)> {
    match sample {
        Some(loans) => check_sample(databases, loans).await,
        None => check_all(&databases.read_pool, log, rate).await,
    }
}

async fn check_all(pool: &PgPool, log: &Log, rate: u64) -> anyhow::Result<(u64, u64)> {
    let bar = progress_bar("read models", 0)?;
    let progress = |position: i64, goal: i64| {
        bar.set_length(goal.unsigned_abs());
        bar.set_position(position.unsigned_abs());
    };
    let compared = projections::compare_with_log(pool, log, &projections::NAMES, Some(rate), progress).await;
    bar.finish_and_clear();
    let compared = compared?;
    for difference in &compared.differences {
        print(
            &bar,
            &Fault::ReadModelDiffers {
                read_model: difference.read_model,
                table: difference.table,
                row: difference.row.clone(),
                cause: difference.cause.to_owned(),
            },
        );
    }
    Ok((compared.rows, compared.differences.len() as u64))
}

async fn check_sample(databases: &Databases, loans: u32) -> anyhow::Result<(u64, u64)> {
    let sample = projections::sample_of_loans(&databases.read_pool, loans).await?;
    let bar = progress_bar("sample", i64::try_from(sample.len())?)?;
    let (mut rows, mut found) = (0, 0);
    for loan in sample {
        let differences = differences(&databases.log, &databases.read_pool, loan, &mut rows).await?;
        found += differences.len() as u64;
        for difference in &differences {
            print(&bar, difference);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((rows, found))
}

/// What the read models say otherwise of a loan than its events.
async fn differences(log: &Log, pool: &PgPool, loan: Uuid, rows: &mut u64) -> anyhow::Result<Vec<Fault>> {
    let Some(figures) = projections::loan_figures(pool, loan).await? else { return Ok(Vec::new()) };
    *rows += 1 + figures.lines.len() as u64;
    let differs = |read_model, table, cause: &str| Fault::ReadModelDiffers {
        read_model,
        table,
        row: loan.to_string(),
        cause: cause.to_owned(),
    };
    let stored = log.stream(Loan::TYPE, &loan.to_string(), 0, figures.loan.version).await?;
    let (mut events, mut booked) = (Vec::new(), Vec::new());
    for row in &stored {
        events.push((row.position, LoanEvent::read(&row.event_type, &row.current_payload()?)?));
        booked.extend(lines(row.position, &books::postings(row)?));
    }
    let mut found = Vec::new();
    if LoanStanding::after(&events).as_ref() != Some(&figures.loan) {
        found.push(differs("loans", "standings", "it has other values"));
    }
    if booked != figures.lines {
        found.push(differs("journal", "journal_lines", "the loan's lines are others"));
    }
    Ok(found)
}
