//! Closes each day when it is over.

use std::time::{Duration, Instant};

use chrono::{NaiveDate, NaiveTime};
use event_store::{BookingDay, Log};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use crate::close_day::{CloseDayError, Closed, ClosedDay, DayCloser, Progress};

/// How often one looks whether the day is over.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How often one says how far a close is.
const SAY: Duration = Duration::from_secs(10);

/// Closes yesterday, and the days missed before it: at once, and after each midnight in São Paulo. With a booking day
/// of one's choice only at once. Of several instances one does it.
pub async fn run(log: Log, booking_day: BookingDay, stop: CancellationToken) {
    let closer = DayCloser::new(log, "razao");
    let mut done: Option<NaiveDate> = None;
    loop {
        let today = booking_day.today();
        if done != Some(today) {
            tokio::select! {
                attempt = close_yesterday(&closer, today) => match attempt {
                    Ok(true) => done = Some(today),
                    Ok(false) => {}
                    Err(error) => {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::error!(%error, cause, "the day could not be closed; trying again");
                    }
                },
                () = stop.cancelled() => return,
            }
        }
        if done.is_some() && matches!(booking_day, BookingDay::Fixed(_)) {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// False where another instance has the turn.
async fn close_yesterday(closer: &DayCloser, today: NaiveDate) -> Result<bool, CloseDayError> {
    let Some(yesterday) = today.pred_opt() else { return Ok(true) };
    let Some(turn) = closer.try_turn().await? else { return Ok(false) };
    let last = closer.last_closed().await?;
    note(last);
    // Where nothing was ever lent there is nothing to close.
    if last.is_some_and(|last| last >= yesterday) || last.is_none() && !closer.has_loans().await? {
        return Ok(true);
    }
    let mut said = Instant::now();
    let progress = |progress: Progress| {
        if said.elapsed() >= SAY {
            said = Instant::now();
            tracing::info!(on = %progress.on, loans = progress.loans, "closing the day");
        }
    };
    if let Closed::Days(days) = closer.close_through(yesterday, today, &turn, progress).await? {
        days.iter().for_each(say);
        note(days.last().map(|day| day.on));
    }
    Ok(true)
}

/// Says what a day came to.
fn say(day: &ClosedDay) {
    let ClosedDay { on, sums, read } = day;
    tracing::info!(%on, loans = read, "the day is closed");
    for sum in sums {
        let (currency, receivable, earned) = (sum.currency.code(), sum.receivable, sum.earned);
        tracing::info!(%on, currency, %receivable, %earned, written_off = %sum.written_off, "interest of the day");
    }
}

/// The last closed day as a metric: its first second in UTC.
fn note(last: Option<NaiveDate>) {
    let Some(last) = last else { return };
    let began = last.and_time(NaiveTime::MIN).and_utc().timestamp();
    gauge!("razao_last_closed_day_timestamp_seconds")
        .set(f64::from(u32::try_from(began).unwrap_or(u32::MAX)));
}
