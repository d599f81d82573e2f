//! One loan seen on a day: what its events decided, and what time alone did since (LENDING.md §9).

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::NaiveDate;
use domain::component::Components;
use domain::decider::Decider;
use domain::loan::Loan;
use domain::loan::engine::{Derived, EngineError, Row};
use domain::loan::facts::{Effect, Fact, Purpose, What};
use domain::loan::standing::Status;
use domain::{Amount, Currency};
use event_store::LoanHead;
use problems::{INTERNAL, NOT_FOUND, Problem};
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::loan_book::{LoanBook, Record};
use super::point_in_time::{KnownAt, PointInTime};
use super::request::Reading;
use crate::parking::refusal::panic_text;

/// A life of so many events takes a while to be derived: off the threads that answer requests.
const LONG: i64 = 128;

/// A loan as it was known at a position of the log, seen on a day.
#[derive(Debug)]
pub(crate) struct SeenLoan {
    pub(crate) book: LoanBook,
    pub(crate) day: NaiveDate,
    pub(crate) as_of: AsOf,
    /// None before the disbursement.
    pub(crate) derived: Option<Derived>,
}

/// As of when a loan is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownLoan {
    pub(crate) as_of: AsOf,
    /// The position of its last event by then, where that is known.
    pub(crate) last: Option<i64>,
    /// How many events it has by then, where that is known.
    events: Option<i64>,
}

/// A fact that counts on the day seen, or is reversed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenFact<'a> {
    /// Its place in the order of recording.
    index: usize,
    pub(crate) id: Option<Uuid>,
    pub(crate) fact: &'a Fact,
    pub(crate) record: &'a Record,
    /// What it comes to; of a reversed one nothing.
    pub(crate) effect: Option<&'a Effect>,
    /// The loan's principal after it.
    pub(crate) principal: Amount,
}

impl QueryState {
    /// A loan as it is asked for.
    pub(crate) async fn loan(
        &self,
        id: Uuid,
        point: PointInTime,
        reading: &Reading,
    ) -> Result<SeenLoan, Refused> {
        let day = point.day(self.booking_day.today())?;
        let known = self.known_of_loan(id, point.known_at, reading).await?;
        self.derived_loan(id, day, known).await
    }

    /// A loan as its events come to it on a day.
    pub(crate) async fn derived_loan(
        &self,
        id: Uuid,
        day: NaiveDate,
        known: KnownLoan,
    ) -> Result<SeenLoan, Refused> {
        let KnownLoan { as_of, events, .. } = known;
        let events = match events {
            Some(count) if count < LONG => self.log.short_loan_up_to(id, as_of.position).await?,
            _ => self.log.stream_up_to::<Loan>(id, as_of.position).await?,
        };
        let is_long = i64::try_from(events.len()).is_ok_and(|count| count >= LONG);
        let see = move || {
            let book = LoanBook::of(id, events).ok_or_else(|| no_loan(id, as_of))?;
            SeenLoan::of(book, day, as_of).map_err(|error| underivable(id, &error))
        };
        if is_long {
            let seen = tokio::task::spawn_blocking(see).await.map_err(|error| underivable(id, &error))?;
            return Ok(seen?);
        }
        let seen = catch_unwind(AssertUnwindSafe(see))
            .map_err(|panic| underivable(id, &*Box::<dyn Error>::from(panic_text(&*panic))))?;
        Ok(seen?)
    }
}

impl QueryState {
    /// Where the log ended when that was known, and the loan with it; ends the read where the loan was like this when the
    /// same was asked.
    pub(crate) async fn known_of_loan(
        &self,
        id: Uuid,
        known_at: Option<KnownAt>,
        reading: &Reading,
    ) -> Result<KnownLoan, Refused> {
        let today = self.booking_day.today();
        if known_at.is_none() && self.place.replay().is_none() {
            let LoanHead { head, last, borrower } = self.log.loan_head(id).await?;
            if reading.min_position.is_none_or(|wanted| wanted <= head.position) {
                let as_of = AsOf::from(head);
                let (last, count) = last.ok_or_else(|| no_loan(id, as_of))?;
                if let Some(borrower) = borrower {
                    reading.knows(borrower);
                }
                self.unless_known(reading, &depends_on(last, today), as_of, today).await?;
                return Ok(KnownLoan { as_of, last: Some(last), events: Some(count) });
            }
        }
        let as_of = self.known(known_at, reading).await?;
        let mut known = KnownLoan { as_of, last: None, events: None };
        if self.cache.is_some() {
            let last = self.log.last_by(Loan::TYPE, id, as_of.position).await?;
            let last = last.ok_or_else(|| no_loan(id, as_of))?;
            known.last = Some(last);
            self.unless_known(reading, &depends_on(last, today), as_of, today).await?;
        }
        Ok(known)
    }
}

/// A loan is its events and what time alone did since.
fn depends_on(last: i64, today: NaiveDate) -> String {
    format!("loan {last} {today}")
}

pub(crate) fn no_loan(id: Uuid, as_of: AsOf) -> Problem {
    NOT_FOUND.because(format!(
        "there is no {} {id} as of position {}",
        Loan::TYPE.to_lowercase(),
        as_of.position
    ))
}

/// The facts of a loan were accepted one by one, so that they make no loan together is the program's fault.
pub(crate) fn underivable(id: Uuid, error: &dyn Error) -> Problem {
    tracing::error!(loan = %id, %error, "a loan could not be derived from its events");
    INTERNAL.because("the loan could not be derived; the server's log has the cause")
}

impl SeenFact<'_> {
    /// Its number in the order of recording, from 1.
    pub(crate) const fn number(&self) -> usize {
        self.index + 1
    }
}

impl SeenLoan {
    pub(crate) fn of(book: LoanBook, day: NaiveDate, as_of: AsOf) -> Result<Self, EngineError> {
        let derived =
            if book.history.known().disbursed_by(day) { Some(book.history.derive(day)?) } else { None };
        Ok(Self { book, day, as_of, derived })
    }

    pub(crate) fn currency(&self) -> Currency {
        self.book.currency()
    }

    pub(crate) fn rows(&self) -> &[Row] {
        self.derived.as_ref().map_or(&[], |derived| &derived.rows)
    }

    pub(crate) fn balances(&self) -> Components {
        self.derived.as_ref().map_or(Components::NOTHING, |derived| derived.balances)
    }

    pub(crate) fn status(&self) -> Status {
        let approved = self.book.approved.as_ref().filter(|approved| approved.on <= self.day);
        match (&self.derived, &self.book.closed) {
            (Some(derived), _) => derived.status,
            (None, Some((status, closed))) if closed.on <= self.day => *status,
            (None, _) if approved.is_some() => Status::Approved,
            (None, _) => Status::Applied,
        }
    }

    /// The facts dated up to the day and every charge, by value date and then by recording, reversed ones among them.
    pub(crate) fn facts(&self) -> Vec<SeenFact<'_>> {
        let Some(derived) = &self.derived else { return Vec::new() };
        let facts = self.book.history.facts();
        // What the events decided holds; the past is seen as if later facts were not.
        let is_past = self.book.history.last_on().is_some_and(|last_on| self.day < last_on);
        let mut decided: Vec<Option<&Effect>> = derived.effects.iter().map(Option::as_ref).collect();
        if !is_past {
            let recorded = self.book.history.effects();
            for ((decided, recorded), fact) in decided.iter_mut().zip(recorded).zip(facts) {
                // The principal after a charge is not kept up to date in the events: no charge changes it.
                if !matches!(fact.what, What::Charge { .. }) {
                    *decided = recorded.or(*decided);
                }
            }
        }
        let mut order: Vec<usize> = (0..facts.len()).collect();
        order.retain(|index| facts[*index].on <= self.day);
        order.sort_by_key(|index| facts[*index].on);
        let mut principal = self.currency().zero();
        let seen = order.into_iter().map(|index| {
            let (fact, effect) = (&facts[index], decided[index].filter(|_| !facts[index].reversed));
            principal = effect.map_or(principal, |effect| effect.balance);
            let (id, record) = (self.book.history.id_of(index), &self.book.records[index]);
            SeenFact { index, id, fact, record, effect, principal }
        });
        seen.collect()
    }

    /// What the calculation makes of a fact, in the numbers of the rows as they are seen.
    pub(crate) fn derived_effect(&self, fact: &SeenFact<'_>) -> Option<&Effect> {
        self.derived.as_ref()?.effects[fact.index].as_ref()
    }

    /// The facts that the engine is to know, in the order of recording.
    pub(crate) fn known_facts(&self) -> Vec<Fact> {
        let is_known = |fact: &&Fact| fact.on <= self.day || matches!(fact.what, What::Charge { .. });
        self.book.history.facts().iter().filter(is_known).cloned().collect()
    }

    /// What was disbursed by the day.
    pub(crate) fn disbursed(&self) -> Amount {
        self.sum(|what| match what {
            What::Disbursement { amount, .. } => *amount,
            _ => Amount::ZERO,
        })
    }

    /// What was received by the day and not given back.
    pub(crate) fn received(&self) -> Amount {
        self.sum(|what| match what {
            What::Payment(payment) if !matches!(payment.purpose, Purpose::Credit(_)) => payment.amount,
            What::Chargeback { amount, .. } | What::Refund { amount } => amount.negated(),
            _ => Amount::ZERO,
        })
    }

    /// The last restructuring by the day.
    pub(crate) fn restructured_on(&self) -> Option<NaiveDate> {
        let restructured = self.standing().filter(|fact| matches!(fact.what, What::Restructure(_)));
        restructured.map(|fact| fact.on).max()
    }

    fn sum(&self, amount: fn(&What) -> Amount) -> Amount {
        self.standing().map(|fact| amount(&fact.what)).fold(self.currency().zero(), Amount::plus)
    }

    fn standing(&self) -> impl Iterator<Item = &Fact> {
        self.book.history.facts().iter().filter(|fact| !fact.reversed && fact.on <= self.day)
    }
}
