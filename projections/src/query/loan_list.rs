//! Loans as they stood after their last events by a day, as far as those were known at a position.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::loan::{Loan, LoanEvent};
use event_store::{Borrower, LogError};
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Postgres, QueryBuilder};
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::loan::LoanView;
use super::loan_book::LoanBook;
use super::loan_row::LoanRow;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::Reading;
use super::seen_loan::{SeenLoan, no_loan, underivable};
use super::snapshot::Snapshot;
use crate::loans;

/// The last day that a loan is seen on.
pub(crate) const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2199, 12, 31).expect("a date");

/// As of when loans are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// What is dated after it is left out. None: nothing is.
    pub(crate) effective_on: Option<NaiveDate>,
    /// The last position that was known. None: all that the read model has.
    pub(crate) known: Option<i64>,
    /// The day on which days past due are counted.
    pub(crate) day: NaiveDate,
}

/// A loan of a list with its place in it.
pub(crate) struct Listed {
    pub(crate) first_position: i64,
    borrower_id: Uuid,
    pub(crate) view: LoanView,
}

impl QueryState {
    /// The read model of loans, and as of when they are listed.
    pub(crate) async fn loans_at(
        &self,
        effective_on: Option<NaiveDate>,
        known_at: Option<KnownAt>,
        reading: &Reading,
    ) -> Result<(Snapshot, Moment), Refused> {
        if let Some(day) = effective_on {
            in_known_years("effective_on", day)?;
        }
        let day = effective_on.unwrap_or_else(|| self.booking_day.today());
        if known_at.is_none() {
            let snapshot = self.snapshot(&loans::READ_MODEL, reading).await?;
            return Ok((snapshot, Moment { effective_on, known: None, day }));
        }
        let known = self.known(known_at, reading).await?;
        let snapshot = self.snapshot_of_known(&[&loans::READ_MODEL], known, reading).await?;
        Ok((snapshot, Moment { effective_on, known: Some(known.position), day }))
    }

    /// One whose facts came out of order: from its events up to a position, seen on its last value date by the day. What the
    /// read model has not taken in may be what it could not read, which is no reason to refuse all other loans. None where one of
    /// those up to there cannot be read, which somebody discarded: then the loan is as its read model has it.
    pub(crate) async fn derive(
        &self,
        (loan, up_to): (Uuid, i64),
        moment: &Moment,
        as_of: AsOf,
    ) -> Result<Option<SeenLoan>, Refused> {
        let events = match self.log.stream_up_to::<Loan>(loan, up_to.min(as_of.position)).await {
            Err(LogError::Unreadable { .. }) => return Ok(None),
            read => read?,
        };
        let day = moment.effective_on.unwrap_or(LAST_DAY);
        let dated = events.iter().filter(|event| !matches!(event.event, LoanEvent::ChargeAdded(_)));
        let dated = dated.filter_map(|event| event.event.days()).map(|(on, _)| on);
        let last = dated.filter(|on| *on <= day).max().unwrap_or(day);
        let deriving = tokio::task::spawn_blocking(move || {
            let book = LoanBook::of(loan, events).ok_or_else(|| no_loan(loan, as_of))?;
            SeenLoan::of(book, last, as_of).map_err(|error| underivable(loan, &error))
        });
        Ok(Some(deriving.await.map_err(|error| underivable(loan, &error))??))
    }

    /// A row as it is shown, with whether it had to be derived.
    pub(crate) async fn listed(
        &self,
        row: LoanRow,
        moment: &Moment,
        as_of: AsOf,
    ) -> Result<(Listed, bool), Refused> {
        let LoanRow { first_position, borrower_id, is_to_be_derived, mut view, .. } = row;
        if is_to_be_derived && let Some(seen) = self.derive((view.id, view.position), moment, as_of).await? {
            view = LoanView::of(&seen)?;
            view.count_days_past_due(moment.day);
        }
        Ok((Listed { first_position, borrower_id, view }, is_to_be_derived))
    }
}

impl Moment {
    /// A query that begins with every loan, its columns as [`LoanRow::read`] takes them, in a subquery `v`.
    pub(crate) fn query(&self) -> Result<QueryBuilder<'static, Postgres>, sqlx::Error> {
        if self.effective_on.is_none() && self.known.is_none() {
            return Ok(QueryBuilder::new(concat!(
                "select * from (",
                include_str!("loan_columns.sql"),
                ") v where true"
            )));
        }
        let select = concat!("select * from (", include_str!("seen_loan_columns.sql"), ") v where true");
        Ok(QueryBuilder::with_arguments(select, self.arguments()?))
    }

    /// The day and the position that the statements take first.
    pub(crate) fn arguments(&self) -> Result<PgArguments, sqlx::Error> {
        let mut arguments = PgArguments::default();
        arguments.add(self.effective_on.unwrap_or(LAST_DAY)).map_err(sqlx::Error::Encode)?;
        arguments.add(self.known.unwrap_or(i64::MAX)).map_err(sqlx::Error::Encode)?;
        Ok(arguments)
    }
}

impl Listed {
    pub(crate) fn named_from(mut self, borrowers: &HashMap<Uuid, Borrower>) -> LoanView {
        self.view.borrower.name_from(borrowers);
        self.view
    }

    pub(crate) const fn borrower_id(&self) -> Uuid {
        self.borrower_id
    }
}
