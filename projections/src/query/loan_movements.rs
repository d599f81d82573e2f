//! The journal lines of one loan, or of a borrower's: they follow from the loan's own events.

use chrono::NaiveDate;
use domain::Currency;
use domain::journal::{Side, loan_postings};
use domain::loan::{Loan, LoanEvent};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::day_balance::Movement;
use super::ledger::DayBy;
use super::loans::find_borrower;
use super::point_in_time::KnownAt;
use super::request::{Reading, invalid};
use super::seen_loan::no_loan;
use crate::loans;
use crate::minor::to_minor;

/// A borrower's loans beyond this number are not read in one request.
const MOST_LOANS: i64 = 1_000;

/// Whose loans.
pub(crate) enum Scope<'a> {
    Loan(Uuid),
    /// The id or the tax id.
    Borrower(&'a str),
}

/// A line of the journal, as it follows from a loan's event.
#[derive(Debug, Clone)]
pub(crate) struct LoanLine {
    pub(crate) account: String,
    pub(crate) currency: Currency,
    pub(crate) booked_on: NaiveDate,
    pub(crate) value_date: NaiveDate,
    pub(crate) side: Side,
    /// In the currency's smallest unit.
    pub(crate) amount: i64,
    pub(crate) position: i64,
    /// Its number among the lines of the event.
    pub(crate) line: i32,
}

impl QueryState {
    /// The lines in the order of recording.
    pub(crate) async fn loan_lines(
        &self,
        scope: &Scope<'_>,
        known_at: Option<KnownAt>,
        reading: &Reading,
    ) -> Result<(Vec<LoanLine>, AsOf), Refused> {
        let as_of = self.known(known_at, reading).await?;
        let loans = match scope {
            Scope::Loan(loan) => vec![*loan],
            Scope::Borrower(named) => self.loans_of(named, as_of, reading).await?,
        };
        let mut lines = Vec::new();
        for loan in loans {
            let events = self.log.stream_up_to::<Loan>(loan, as_of.position).await?;
            if events.is_empty() {
                return Err(no_loan(loan, as_of).into());
            }
            for event in events {
                lines.extend(lines_of(event.position, &event.event));
            }
        }
        lines.sort_by_key(|line| (line.position, line.line));
        Ok((lines, as_of))
    }

    /// The loans of a borrower that were known.
    async fn loans_of(&self, named: &str, known: AsOf, reading: &Reading) -> Result<Vec<Uuid>, Refused> {
        let borrower = find_borrower(self, named).await?;
        let mut snapshot = self.snapshot_of_known(&[&loans::READ_MODEL], known, reading).await?;
        let of_borrower = "select id from loans where borrower_id = $1 and position <= $2 limit $3";
        let found: Vec<(Uuid,)> = sqlx::query_as(of_borrower)
            .bind(borrower)
            .bind(known.position)
            .bind(MOST_LOANS + 1)
            .fetch_all(&mut *snapshot.transaction)
            .await?;
        if i64::try_from(found.len()).is_ok_and(|count| count > MOST_LOANS) {
            let detail = format!("the borrower has more than {MOST_LOANS} loans; ask for each of them");
            return Err(invalid("borrower", detail).into());
        }
        Ok(found.into_iter().map(|(loan,)| loan).collect())
    }
}

/// The journal lines of a loan's event, numbered as in the journal.
pub(crate) fn lines_of(position: i64, event: &LoanEvent) -> Vec<LoanLine> {
    let value_date = event.days().map(|(on, _)| on);
    let postings = loan_postings(event);
    let lines =
        postings.iter().flat_map(|posting| posting.lines.iter().map(|line| (posting.booked_on, line)));
    let numbered = (1..).zip(lines).map(|(number, (booked_on, line))| LoanLine {
        account: line.account.as_str().to_owned(),
        currency: line.currency,
        booked_on,
        value_date: value_date.unwrap_or(booked_on),
        side: line.side,
        amount: to_minor(line.amount, line.currency),
        position,
        line: number,
    });
    numbered.collect()
}

impl LoanLine {
    pub(crate) fn movement(&self, by: DayBy) -> Movement {
        let amount = Decimal::from(self.amount);
        let (debits, credits) = match self.side {
            Side::Debit => (amount, Decimal::ZERO),
            Side::Credit => (Decimal::ZERO, amount),
        };
        Movement {
            account: self.account.clone(),
            currency: self.currency.code().to_owned(),
            day: Some(match by {
                DayBy::BookedOn => self.booked_on,
                DayBy::ValueDate => self.value_date,
            }),
            debits,
            credits,
            last_position: self.position,
        }
    }
}
