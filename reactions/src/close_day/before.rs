//! What the day closed before booked of each loan, a few events in memory at a time.

use std::collections::VecDeque;

use chrono::NaiveDate;
use domain::day_close::{self, DayClose, DayCloseEvent, LoanAccrual};
use domain::id::LoanId;
use event_store::Log;

use super::CloseDayError;

/// How many events are read at once.
const PAGE: i64 = 4;

pub(super) struct BookedBefore<'a> {
    log: &'a Log,
    /// `None`: no day was closed before, or all of it was read.
    day: Option<NaiveDate>,
    sequence: i64,
    /// Up to this loan nothing is asked for.
    after: Option<LoanId>,
    waiting: VecDeque<LoanAccrual>,
}

impl<'a> BookedBefore<'a> {
    /// What the close of `day` says of the loans after one.
    pub(super) fn of(log: &'a Log, day: Option<NaiveDate>, after: Option<LoanId>) -> Self {
        Self { log, day, sequence: 0, after, waiting: VecDeque::new() }
    }

    /// What was booked of a loan. Every loan is asked for, in the order of their ids.
    pub(super) async fn of_loan(&mut self, loan: LoanId) -> Result<Option<LoanAccrual>, CloseDayError> {
        while self.waiting.is_empty() && self.read_on().await? {}
        match self.waiting.front() {
            Some(next) if next.loan.uuid() < loan.uuid() => Err(CloseDayError::Missing { loan: next.loan }),
            Some(next) if next.loan == loan => Ok(self.waiting.pop_front()),
            _ => Ok(None),
        }
    }

    /// Every loan was asked for.
    pub(super) async fn end(mut self) -> Result<(), CloseDayError> {
        while self.waiting.is_empty() && self.read_on().await? {}
        self.waiting.front().map_or(Ok(()), |next| Err(CloseDayError::Missing { loan: next.loan }))
    }

    /// Whether there was more.
    async fn read_on(&mut self) -> Result<bool, CloseDayError> {
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
                let after = self.after.map(LoanId::uuid);
                let to_come = booked.loans.into_iter().filter(|booked| after < Some(booked.loan.uuid()));
                self.waiting.extend(to_come);
            }
        }
        Ok(true)
    }
}
