//! What a loan accrued of interest and did not receive by a day: what closing a day brings the books to.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::LoanHistory;
use super::engine::{self, EngineError};
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

impl LoanHistory {
    /// The loan's interest on a day, from the facts dated up to it. `None` before it is disbursed.
    pub fn unreceived(&self, day: NaiveDate) -> Result<Option<Unreceived>, EngineError> {
        let Some(terms) = self.terms().filter(|_| self.disbursed_by(day)) else { return Ok(None) };
        let write_off = self.write_off().filter(|index| self.facts()[*index].on <= day);
        let facts = self.on_the_books(write_off);
        let (accrued, loan) = engine::accrued_by(terms, &facts, day)?;
        // The books learn of credit that time applies with the loan's events, which see it on the latest value date.
        let received = loan.received(self.last_on().unwrap_or(day));
        let earned = if may_capitalize(terms, &facts) {
            let charges = loan.capitalized_charges();
            let derived = loan.seen_on(day)?;
            let capitalized = self.capitalized(&derived);
            let open = capitalized.min(derived.balances.principal).max(Amount::ZERO);
            // Received last: first what was interest.
            capitalized.minus(open).min(capitalized.minus(charges)).max(Amount::ZERO)
        } else {
            Amount::ZERO
        };
        let interest = interest_receivable(accrued, received, earned);
        Ok(Some(Unreceived { interest, is_written_off: write_off.is_some() }))
    }

    /// The facts without those that come once the loan is written off: what is received then is a recovery.
    fn on_the_books(&self, write_off: Option<usize>) -> Cow<'_, [Fact]> {
        if write_off.is_none() {
            return Cow::Borrowed(self.facts());
        }
        let mut facts = self.facts().to_vec();
        for (index, fact) in facts.iter_mut().enumerate() {
            fact.reversed |= self.is_written_off_at(index);
        }
        Cow::Owned(facts)
    }
}

/// Whether interest may become principal: only in grace, or where the loan is restructured.
fn may_capitalize(terms: &Terms, facts: &[Fact]) -> bool {
    let restructured = |fact: &Fact| matches!(fact.what, What::Restructure(_)) && !fact.reversed;
    terms.grace.interest > 0 || facts.iter().any(restructured)
}
