//! `razao close-day`: books the interest of a day that is over.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use event_store::{LogError, LogLock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reactions::close_day::{CloseDayError, Closed, ClosedDay, DayCloser, Progress};

use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::settings::Settings;

/// How often one looks whether it is one's turn.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often a log says how far it is, where no terminal shows a bar.
const SAY: Duration = Duration::from_secs(5);

/// Closes a day and those missed before it, beside a running server.
pub async fn close_day(settings: &Settings, on: NaiveDate) -> anyhow::Result<()> {
    let today = settings.booking_day().today();
    let log = addresses(settings)?.connect_log().await?;
    let closer = DayCloser::new(log.clone(), "close-day");
    let outcome = close(&closer, on, today).await.map_err(failure);
    log.close().await;
    match outcome? {
        Closed::Already => eprintln!("{on} is closed already: nothing is done"),
        Closed::Days(days) => days.iter().for_each(tell),
    }
    Ok(())
}

async fn close(closer: &DayCloser, on: NaiveDate, today: NaiveDate) -> Result<Closed, CloseDayError> {
    let turn = turn(closer).await?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {spinner} {human_pos} loans, {per_sec}, {elapsed}");
    bar.set_style(style.expect("the template is right"));
    let is_seen = stderr().is_terminal();
    let mut said = Instant::now();
    let progress = |Progress { on, loans }: Progress| {
        bar.set_message(on.to_string());
        bar.set_position(loans);
        if !is_seen && said.elapsed() >= SAY {
            said = Instant::now();
            tracing::info!(%on, loans, "closing the day");
        }
    };
    let outcome = closer.close_through(on, today, &turn, progress).await;
    bar.finish_and_clear();
    outcome
}

/// Waits for one's turn: what the other closes need not be closed again.
async fn turn(closer: &DayCloser) -> Result<LogLock, CloseDayError> {
    let mut told = false;
    loop {
        if let Some(turn) = closer.try_turn().await? {
            return Ok(turn);
        }
        if !told {
            eprintln!("another process closes days; waiting for it");
            told = true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn tell(day: &ClosedDay) {
    eprintln!("{} is closed: {} loans read", day.on, day.read);
    for sum in &day.sums {
        let (currency, booked) = (sum.currency.code(), sum.loans);
        let (receivable, earned, written_off) = (sum.receivable, sum.earned, sum.written_off);
        eprintln!(
            "  {currency}: {booked} loans booked, receivable {receivable}, earned {earned}, written off {written_off}"
        );
    }
}

fn failure(error: CloseDayError) -> anyhow::Error {
    match error {
        CloseDayError::NotYet { .. }
        | CloseDayError::BeforeClosed { .. }
        | CloseDayError::BeforeBegun { .. } => Failure::WrongUsage(error.to_string()).into(),
        CloseDayError::Unavailable(_) | CloseDayError::Log(LogError::Unavailable(_)) => {
            Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))).into()
        }
        error => anyhow::Error::from(error).context("the day is not closed whole; run it again to go on"),
    }
}
