//! What a loan accrued of interest and did not receive by a day: what closing a day brings the books to.

use std::borrow::Cow;

use chrono::{Days, NaiveDate};

use super::LoanFacts;
use super::engine::{self, Engine, EngineError};
use super::facts::{Fact, What};
use crate::Amount;
use crate::journal::interest_receivable;
use crate::terms::Terms;

/// Interest accrued by the end of a day and not received by then; below zero where it was paid in advance. Of a loan
/// that is written off, as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreceived {
    pub interest: Amount,
    pub is_written_off: bool,
}

/// The same day by day, as long as nothing more happens to the loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreceivedAhead {
    /// One for each day, at least one.
    pub interest: Vec<Amount>,
    pub is_written_off: bool,
}

impl LoanFacts {
    /// The loan's interest on a day, from the facts dated up to it. `None` before it is disbursed.
    pub fn unreceived(&self, day: NaiveDate) -> Result<Option<Unreceived>, EngineError> {
        Ok(self
            .unreceived_ahead(day, 1)?
            .map(|ahead| Unreceived { interest: ahead.interest[0], is_written_off: ahead.is_written_off }))
    }

    /// The same for up to so many days from one on: for one alone where a fact is dated later, or where interest
    /// became principal.
    pub fn unreceived_ahead(
        &self,
        from: NaiveDate,
        days: u32,
    ) -> Result<Option<UnreceivedAhead>, EngineError> {
        let Some(terms) = self.terms().filter(|_| self.disbursed_by(from)) else { return Ok(None) };
        let write_off = self.write_off().filter(|index| self.facts()[*index].on <= from);
        let facts = self.on_the_books(write_off);
        let capitalizes = may_capitalize(terms, &facts);
        let is_quiet = !capitalizes
            && facts.iter().all(|fact| fact.on <= from)
            && self.last_on().is_some_and(|last_on| last_on <= from);
        let last = from.checked_add_days(Days::new(u64::from(days.max(1)) - 1)).unwrap_or(from);
        let (accrued, mut loan) = if is_quiet && last > from {
            engine::accrued_each_day(terms, &facts, from, last)?
        } else {
            let (accrued, loan) = engine::accrued_by(terms, &facts, from)?;
            (vec![accrued], loan)
        };
        // The books learn of credit that time applies with the loan's events, which see it on the latest value date.
        let learnt = self.last_on().unwrap_or(from);
        let received = loan.received_by(learnt, from)?;
        let earned = if capitalizes { self.received_as_principal(loan, from)? } else { Amount::ZERO };
        let unreceived = accrued.into_iter().map(|accrued| interest_receivable(accrued, received, earned));
        Ok(Some(UnreceivedAhead { interest: unreceived.collect(), is_written_off: write_off.is_some() }))
    }

    /// What was received of interest that had become principal: last of all principal, and before the charges that
    /// had become principal with it.
    fn received_as_principal(&self, loan: Engine<'_>, day: NaiveDate) -> Result<Amount, EngineError> {
        let charges = loan.capitalized_charges();
        let derived = loan.seen_on(day)?;
        let capitalized = self.capitalized(&derived);
        let open = capitalized.min(derived.balances.principal).max(Amount::ZERO);
        Ok(capitalized.minus(open).min(capitalized.minus(charges)).max(Amount::ZERO))
    }

    /// The facts without those that come once the loan is written off: what is received then is a recovery. Charges stay,
    /// as payments before them may have reached them.
    fn on_the_books(&self, write_off: Option<usize>) -> Cow<'_, [Fact]> {
        if write_off.is_none() {
            return Cow::Borrowed(self.facts());
        }
        let mut facts = self.facts().to_vec();
        for (index, fact) in facts.iter_mut().enumerate() {
            let is_charge = matches!(fact.what, What::Charge { .. });
            fact.reversed |= !is_charge && self.is_written_off_at(index);
        }
        Cow::Owned(facts)
    }
}

/// Whether interest may become principal: only in grace, or where the loan is restructured.
fn may_capitalize(terms: &Terms, facts: &[Fact]) -> bool {
    let restructured = |fact: &Fact| matches!(fact.what, What::Restructure(_)) && !fact.reversed;
    terms.grace.interest > 0 || facts.iter().any(restructured)
}
