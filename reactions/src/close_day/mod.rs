//! Closes days: books the interest of every loan, without holding up a command (ADR 0012).
//!
//! One process at a time closes, in the order of the days. A close that was cut short goes on after the last event that
//! it booked; each is booked exactly once, by its number in the day's stream.

mod before;
mod courtesy;
mod kept;
mod loans;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::NaiveDate;
use domain::day_close::{
    self, AccrualSum, BookAccruals, CloseDay, DayClose, DayCloseCommand, DayCloseRefusal, LARGEST_BOOKING,
    LARGEST_CHUNK, LoanAccrual,
};
use domain::id::LoanId;
use domain::loan::Loan;
use domain::loan::engine::EngineError;
use event_store::{CommandContext, ExecuteError, Log, LogError, LogLock, Metadata, Streams};

use uuid::Uuid;

use before::BookedBefore;
use courtesy::{Others, Spacing};
use loans::Wanted;

/// The lock of whoever closes days.
const LOCK: &str = "razao close-day";
/// More than the states of the days that are closed at once.
const CACHE_BYTES: u64 = 1 << 20;
/// The days between which all streams of closes lie.
const DAYS: (NaiveDate, NaiveDate) = (
    NaiveDate::from_ymd_opt(1, 1, 1).expect("a date"),
    NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date"),
);

/// Closes days on one log.
pub struct DayCloser {
    log: Log,
    days: Streams<DayClose>,
    metadata: Metadata,
}

/// What is told while a day is closed.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub on: NaiveDate,
    /// Loans read since this run began with the day.
    pub loans: u64,
}

/// A day that is closed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDay {
    pub on: NaiveDate,
    pub sums: Vec<AccrualSum>,
    /// Loans that this run read.
    pub read: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    Days(Vec<ClosedDay>),
    /// The day was closed already: nothing was done.
    Already,
}

#[derive(Debug, thiserror::Error)]
pub enum CloseDayError {
    #[error("{on} is after the booking day {today}")]
    NotYet { on: NaiveDate, today: NaiveDate },
    #[error("{last} is closed, and {on} before it was not: its interest is booked with that of {last}")]
    BeforeClosed { on: NaiveDate, last: NaiveDate },
    #[error(
        "the close of {begun} has begun, and {on} before it was not closed: its interest is booked with it"
    )]
    BeforeBegun { on: NaiveDate, begun: NaiveDate },
    /// Nobody else has the lock, and yet the stream moved on.
    #[error("another process closes {on} too")]
    Overtaken { on: NaiveDate },
    #[error("loan {loan} cannot be calculated")]
    Underivable {
        loan: LoanId,
        #[source]
        source: Box<EngineError>,
    },
    #[error("interest of loan {loan} was booked, and now there is no such loan")]
    Missing { loan: LoanId },
    #[error("the events of a loan contradict each other")]
    Corrupt,
    #[error("the day's close is refused")]
    Refused(#[source] DayCloseRefusal),
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl DayCloser {
    /// `actor` is who is recorded with the events.
    pub fn new(log: Log, actor: &str) -> Self {
        let days = Streams::new(log.clone(), CACHE_BYTES);
        let metadata = Metadata {
            actor: actor.to_owned(),
            command: "CloseDay",
            engine: env!("CARGO_PKG_VERSION"),
            ..Metadata::default()
        };
        Self { log, days, metadata }
    }

    /// Takes the turn to close days, unless another process has it.
    pub async fn try_turn(&self) -> Result<Option<LogLock>, CloseDayError> {
        Ok(self.log.try_lock(LOCK).await?)
    }

    /// The last day that is closed.
    pub async fn last_closed(&self) -> Result<Option<NaiveDate>, CloseDayError> {
        Ok(match self.last_begun().await? {
            Some((day, true)) => Some(day),
            Some((day, false)) => self.begun_before(day).await?,
            None => None,
        })
    }

    /// Whether the log has any loan.
    pub async fn has_loans(&self) -> Result<bool, CloseDayError> {
        Ok(self.log.last_stream::<Loan>(Uuid::nil(), Uuid::max()).await?.is_some())
    }

    /// Closes a day, and those before it back to the last closed one. `_turn` is of [`Self::try_turn`].
    pub async fn close_through(
        &self,
        on: NaiveDate,
        today: NaiveDate,
        _turn: &LogLock,
        mut progress: impl FnMut(Progress),
    ) -> Result<Closed, CloseDayError> {
        if on > today {
            return Err(CloseDayError::NotYet { on, today });
        }
        let last = self.last_begun().await?;
        if let Some((last, is_closed)) =
            last.filter(|(last, is_closed)| on < *last || on == *last && *is_closed)
        {
            if self.days.state(day_close::stream(on)).await?.is_closed {
                return Ok(Closed::Already);
            }
            let last_closed = if is_closed { Some(last) } else { self.begun_before(last).await? };
            return Err(match last_closed.filter(|last| on < *last) {
                Some(last) => CloseDayError::BeforeClosed { on, last },
                None => CloseDayError::BeforeBegun { on, begun: last },
            });
        }
        let mut next = match last {
            Some((last, true)) => last.succ_opt().unwrap_or(last),
            Some((begun, false)) => begun,
            None => on,
        };
        let mut closed = Vec::new();
        while next <= on {
            closed.push(self.close(next, today, &mut progress).await?);
            next = next.succ_opt().unwrap_or(DAYS.1);
        }
        Ok(Closed::Days(closed))
    }

    async fn close(
        &self,
        on: NaiveDate,
        today: NaiveDate,
        progress: &mut impl FnMut(Progress),
    ) -> Result<ClosedDay, CloseDayError> {
        let begun = self.days.state(day_close::stream(on)).await?;
        let position = match begun.position {
            Some(position) => position,
            None => self.log.head().await?.position,
        };
        let day_before = self.begun_before(on).await?;
        let mut before = BookedBefore::of(&self.log, day_before, begun.last);
        let appended = Arc::new(AtomicI64::new(0));
        let wanted = Wanted { on, position, after: begun.last, is_first: day_before.is_none() };
        let mut pages = loans::read(self.log.clone(), wanted, Arc::clone(&appended));
        let (chunks, waiting) = (begun.chunks, Vec::new());
        let spacing = Spacing::begin(Others::begin(self.log.clone(), Arc::clone(&appended)).await?);
        let mut booking = Booking { closer: self, on, today, position, chunks, waiting, appended, spacing };
        let mut read = 0;
        while let Some(page) = pages.recv().await {
            let page = page?;
            for interest in page.loans {
                let booked = before.of_loan(interest.loan).await?;
                let (loan, currency) = (interest.loan, interest.currency);
                if let Some(accrual) =
                    LoanAccrual::between(loan, currency, booked.as_ref(), interest.unreceived)
                {
                    booking.add(accrual).await?;
                }
            }
            read += page.seen;
            progress(Progress { on, loans: read });
        }
        before.end().await?;
        let sums = booking.end().await?;
        Ok(ClosedDay { on, sums, read })
    }

    /// The last day whose close was begun, and whether it is closed.
    async fn last_begun(&self) -> Result<Option<(NaiveDate, bool)>, CloseDayError> {
        let Some(day) = self.begun_before(DAYS.1).await? else { return Ok(None) };
        Ok(Some((day, self.days.state(day_close::stream(day)).await?.is_closed)))
    }

    async fn begun_before(&self, day: NaiveDate) -> Result<Option<NaiveDate>, CloseDayError> {
        let Some(last) = day.pred_opt() else { return Ok(None) };
        let (first, last) = (day_close::stream(DAYS.0), day_close::stream(last));
        Ok(self.log.last_stream::<DayClose>(first, last).await?.and_then(day_close::day_of))
    }
}

/// What a day's close books, chunk by chunk.
struct Booking<'a> {
    closer: &'a DayCloser,
    on: NaiveDate,
    today: NaiveDate,
    position: i64,
    chunks: u32,
    waiting: Vec<LoanAccrual>,
    /// How many events were appended, counted before they are.
    appended: Arc<AtomicI64>,
    spacing: Spacing,
}

impl Booking<'_> {
    async fn add(&mut self, accrual: LoanAccrual) -> Result<(), CloseDayError> {
        self.waiting.push(accrual);
        let waiting = self.waiting.len();
        if waiting == LARGEST_BOOKING
            || waiting.is_multiple_of(LARGEST_CHUNK) && self.spacing.is_due().await?
        {
            self.book().await?;
        }
        Ok(())
    }

    /// Books what waits, so much at once that commands seldom have to give way to it.
    async fn book(&mut self) -> Result<(), CloseDayError> {
        let loans = std::mem::take(&mut self.waiting);
        let events = u32::try_from(loans.len().div_ceil(LARGEST_CHUNK)).expect("so many are booked at once");
        let (on, chunk, position) = (self.on, self.chunks + 1, self.position);
        let book = DayCloseCommand::Book(BookAccruals { on, chunk, position, loans });
        self.execute(book, events).await?;
        self.chunks += events;
        Ok(())
    }

    async fn end(mut self) -> Result<Vec<AccrualSum>, CloseDayError> {
        if !self.waiting.is_empty() {
            self.book().await?;
        }
        let (on, chunks, position) = (self.on, self.chunks, self.position);
        self.execute(DayCloseCommand::Close(CloseDay { on, chunks, position }), 1).await?;
        Ok(self.closer.days.state(day_close::stream(on)).await?.sums)
    }

    async fn execute(&mut self, command: DayCloseCommand, events: u32) -> Result<(), CloseDayError> {
        let context = CommandContext {
            today: self.today,
            key: None,
            expected_version: Some(i64::from(self.chunks)),
            claims: Vec::new(),
            borrower: None,
            metadata: self.closer.metadata.clone(),
            bundle: None,
        };
        self.spacing.wait().await?;
        self.appended.fetch_add(events.into(), Ordering::AcqRel);
        let executed = self.closer.days.execute(day_close::stream(self.on), &command, &context).await;
        let on = self.on;
        executed.map(|_| ()).map_err(|error| match error {
            ExecuteError::Refused(refusal) => CloseDayError::Refused(refusal),
            ExecuteError::VersionMismatch { .. } | ExecuteError::LostRace => CloseDayError::Overtaken { on },
            ExecuteError::Log(error) => error.into(),
            other => CloseDayError::Unavailable(other.to_string()),
        })
    }
}
