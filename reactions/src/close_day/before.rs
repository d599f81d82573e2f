//! What the day closed before booked of each loan, a few events in memory at a time.

use std::collections::VecDeque;

use chrono::NaiveDate;
use domain::day_close::{self, DayClose, DayCloseEvent, LoanAccrual};
use domain::id::LoanId;
use event_store::{Log, LogError};

/// How many events are read at once.
const PAGE: i64 = 4;

pub(super) struct BookedBefore<'a> {
    log: &'a Log,
    /// `None`: no day was closed before, or all of it was read.
    day: Option<NaiveDate>,
    sequence: i64,
    waiting: VecDeque<LoanAccrual>,
}

impl<'a> BookedBefore<'a> {
    pub(super) fn of(log: &'a Log, day: Option<NaiveDate>) -> Self {
        Self { log, day, sequence: 0, waiting: VecDeque::new() }
    }

    /// What was booked of a loan. Loans are asked for in the order of their ids.
    pub(super) async fn of_loan(&mut self, loan: LoanId) -> Result<Option<LoanAccrual>, LogError> {
        loop {
            while let Some(booked) = self.waiting.pop_front_if(|booked| booked.loan.uuid() <= loan.uuid()) {
                if booked.loan == loan {
                    return Ok(Some(booked));
                }
            }
            if !self.waiting.is_empty() || !self.read_on().await? {
                return Ok(None);
            }
        }
    }

    /// Whether there was more.
    async fn read_on(&mut self) -> Result<bool, LogError> {
        let Some(day) = self.day else { return Ok(false) };
        let stream = day_close::stream(day);
        let events = self.log.events_after::<DayClose>(stream, self.sequence, PAGE).await?;
        let Some(last) = events.last() else {
            self.day = None;
            return Ok(false);
        };
        self.sequence = last.sequence;
        for stored in events {
            if let DayCloseEvent::AccrualsBooked(booked) = stored.event {
                self.waiting.extend(booked.loans);
            }
        }
        Ok(true)
    }
}
