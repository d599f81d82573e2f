//! Closing a day: what every loan accrued of interest and did not receive by its end is booked, by difference to the
//! day closed before (ADR 0012).
//!
//! A day's close is a stream of its own, so no command on a loan waits for it or loses a race to it. It books loans in
//! the order of their ids, so many at a time, and ends with what all of them came to.

mod accrual;
mod event;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use accrual::{AccrualSum, LoanAccrual};
pub use event::{AccrualsBooked, DayCloseEvent, DayClosed};

use crate::decider::{Decider, DecisionDay, Undecided};
use crate::id::LoanId;

/// What the ids of the streams begin with; the day's digits follow. So their order is that of the days.
const PREFIX: u128 = 0x6461_792d_636c_8000_8000_0000_0000_0000;

/// The most loans that one event books.
pub const LARGEST_CHUNK: usize = 500;
/// The most loans that one command books, in several events.
pub const LARGEST_BOOKING: usize = 8 * LARGEST_CHUNK;

/// The stream of a day's close.
pub fn stream(on: NaiveDate) -> Uuid {
    let digits = format!("{:04}{:02}{:02}", on.year(), on.month(), on.day());
    let digits =
        u128::from_str_radix(&digits, 16).expect("a day within the calendar's years has eight digits");
    Uuid::from_u128(PREFIX + digits)
}

/// The day that a stream closes.
pub fn day_of(stream: Uuid) -> Option<NaiveDate> {
    let digits = stream.as_u128().checked_sub(PREFIX)?;
    NaiveDate::parse_from_str(&format!("{digits:08x}"), "%Y%m%d").ok()
}

/// How far the close of a day is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayClose {
    pub chunks: u32,
    /// The loan that was booked last.
    pub last: Option<LoanId>,
    /// The position of the log up to which its loans are read.
    pub position: Option<i64>,
    pub sums: Vec<AccrualSum>,
    pub is_closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayCloseCommand {
    Book(BookAccruals),
    Close(CloseDay),
}

/// Books the loans that follow those booked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookAccruals {
    pub on: NaiveDate,
    /// The number of the first event, from 1: so that a repeat is known.
    pub chunk: u32,
    /// Up to where the loans' events were read.
    pub position: i64,
    /// In the order of their ids.
    pub loans: Vec<LoanAccrual>,
}

/// Ends the close: every loan is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseDay {
    pub on: NaiveDate,
    /// How many chunks there are.
    pub chunks: u32,
    pub position: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DayCloseRefusal {
    #[error("{on} is after the booking day {today}")]
    NotYet { on: NaiveDate, today: NaiveDate },
    #[error("{on} is closed")]
    AlreadyClosed { on: NaiveDate },
    #[error("chunk {given} does not follow the {chunks} that are booked")]
    OutOfTurn { given: u32, chunks: u32 },
    #[error("the loans of {on} are read up to event {position}, not {given}")]
    OtherPosition { on: NaiveDate, position: i64, given: i64 },
    #[error("loan {loan} does not follow those that are booked")]
    OutOfOrder { loan: LoanId },
    #[error("1 to {LARGEST_BOOKING} loans are booked at once, not {loans}")]
    OtherSize { loans: usize },
}

impl Decider for DayClose {
    const TYPE: &'static str = "DayClose";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = DayCloseCommand;
    type Event = DayCloseEvent;
    type Refusal = DayCloseRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &DayCloseCommand,
        day: DecisionDay,
    ) -> Result<Vec<DayCloseEvent>, Undecided<DayCloseRefusal>> {
        Ok(match command {
            DayCloseCommand::Book(command) => book(self, command, day)?,
            DayCloseCommand::Close(command) => vec![close(self, command, day)?],
        })
    }

    fn apply(&mut self, event: &DayCloseEvent) {
        match event {
            DayCloseEvent::AccrualsBooked(booked) => {
                self.chunks = booked.chunk;
                self.last = booked.loans.last().map(|accrual| accrual.loan);
                self.position = Some(booked.position);
                for sum in &booked.sums {
                    accrual::add_up(&mut self.sums, sum);
                }
            }
            DayCloseEvent::Closed(closed) => {
                self.position = Some(closed.position);
                self.is_closed = true;
            }
        }
    }

    fn record((): &mut (), _event: &DayCloseEvent) {}

    fn weight(&self) -> usize {
        size_of::<Self>() + self.sums.len() * size_of::<AccrualSum>()
    }
}

fn book(
    close: &DayClose,
    command: &BookAccruals,
    day: DecisionDay,
) -> Result<Vec<DayCloseEvent>, DayCloseRefusal> {
    let BookAccruals { on, chunk, position, loans } = command;
    may_go_on(close, *on, *position, day)?;
    if *chunk != close.chunks + 1 {
        return Err(DayCloseRefusal::OutOfTurn { given: *chunk, chunks: close.chunks });
    }
    if loans.is_empty() || loans.len() > LARGEST_BOOKING {
        return Err(DayCloseRefusal::OtherSize { loans: loans.len() });
    }
    let mut last = close.last;
    for accrual in loans {
        if last.is_some_and(|last| last.uuid() >= accrual.loan.uuid()) {
            return Err(DayCloseRefusal::OutOfOrder { loan: accrual.loan });
        }
        last = Some(accrual.loan);
    }
    let chunks = (*chunk..).zip(loans.chunks(LARGEST_CHUNK));
    let booked = chunks.map(|(chunk, loans)| {
        DayCloseEvent::AccrualsBooked(AccrualsBooked {
            on: *on,
            booked_on: day.booked_on(*on),
            chunk,
            position: *position,
            sums: AccrualSum::of_all(loans),
            loans: loans.to_vec(),
        })
    });
    Ok(booked.collect())
}

fn close(close: &DayClose, command: &CloseDay, day: DecisionDay) -> Result<DayCloseEvent, DayCloseRefusal> {
    let CloseDay { on, chunks, position } = *command;
    may_go_on(close, on, position, day)?;
    if chunks != close.chunks {
        return Err(DayCloseRefusal::OutOfTurn { given: chunks, chunks: close.chunks });
    }
    Ok(DayCloseEvent::Closed(DayClosed { on, chunks, position, sums: close.sums.clone() }))
}

fn may_go_on(
    close: &DayClose,
    on: NaiveDate,
    position: i64,
    day: DecisionDay,
) -> Result<(), DayCloseRefusal> {
    if on > day.today {
        return Err(DayCloseRefusal::NotYet { on, today: day.today });
    }
    if close.is_closed {
        return Err(DayCloseRefusal::AlreadyClosed { on });
    }
    match close.position {
        Some(known) if known != position => {
            Err(DayCloseRefusal::OtherPosition { on, position: known, given: position })
        }
        _ => Ok(()),
    }
}
