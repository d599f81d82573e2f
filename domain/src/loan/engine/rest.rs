//! Interest by the dated balance (LENDING.md §9, `daily_rest` and `period_rest`): the period that is running.
//!
//! B stands for what the loan would owe if earlier rows had been paid when due, O for principal of earlier rows that is
//! still unpaid, V for principal paid in the period before its end.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::contract::{Contract, Shape};
use super::fold::{Basis, Engine};
use crate::Amount;
use crate::terms::{Disbursement, Excess, GraceMode, InterestBasis};

#[derive(Debug, Clone)]
pub(super) struct Rest {
    pub(super) is_daily: bool,
    /// The id of the first row; those of the following periods follow.
    first_id: u32,
    /// The period that is running, from zero on; past the last, none is.
    pub(super) period: usize,
    /// B at its start.
    pub(super) balance: Amount,
    /// What joined B inside it, and on its last day.
    pub(super) joined: Vec<(NaiveDate, Amount)>,
    /// Of that, what A was found for: released, not charged back or moved.
    pub(super) released: Vec<Disbursement>,
    pub(super) joined_at_end: Amount,
    /// Whether A is to be found anew at its end.
    pub(super) level_at_end: bool,
    /// Principal that was charged back into the row or moved to it: due on top of A.
    pub(super) extra: Vec<Amount>,
    /// O now, and at the start of the period.
    pub(super) overdue: Amount,
    pub(super) overdue_at_start: Amount,
    /// Whether O bears interest: not after a write-off.
    pub(super) is_overdue_charged: bool,
    /// V, and what was paid on the last day.
    pub(super) paid: Amount,
    pub(super) paid_at_end: Amount,
    /// Interest of the spans up to `reached`.
    pub(super) accrued: Amount,
    pub(super) reached: NaiveDate,
    pub(super) levels: Vec<Amount>,
    /// X: what was paid ahead of later rows.
    pub(super) ahead: Amount,
    pub(super) excess: Excess,
    pub(super) deferred: Amount,
}

/// What a period comes to.
pub(super) struct Closed {
    pub(super) principal: Amount,
    pub(super) interest: Amount,
    pub(super) capitalized: Amount,
    pub(super) earned: Amount,
    /// Its interest does not fall due with its row (grace).
    pub(super) bears_none: bool,
}

impl Rest {
    pub(super) fn begin(contract: &Contract, levels: Vec<Amount>, first_id: u32) -> Self {
        let zero = contract.zero();
        Self {
            is_daily: contract.terms.interest_basis == InterestBasis::DailyRest,
            first_id,
            period: 0,
            balance: contract.financed,
            joined: Vec::new(),
            released: Vec::new(),
            joined_at_end: zero,
            level_at_end: false,
            extra: vec![zero; contract.timeline.periods.len()],
            overdue: zero,
            overdue_at_start: zero,
            is_overdue_charged: true,
            paid: zero,
            paid_at_end: zero,
            accrued: zero,
            reached: contract.started_on,
            levels,
            ahead: zero,
            excess: contract.terms.excess,
            deferred: zero,
        }
    }

    pub(super) fn row_id(&self, period: usize) -> u32 {
        self.first_id + u32::try_from(period).unwrap_or(u32::MAX / 2)
    }

    pub(super) fn is_over(&self, contract: &Contract) -> bool {
        self.period >= contract.timeline.periods.len()
    }

    /// B with what joined it.
    pub(super) fn available(&self) -> Amount {
        self.joined.iter().fold(self.balance, |sum, (_, amount)| sum.plus(*amount))
    }

    /// Principal that is open now, whether due or not.
    pub(super) fn open_principal(&self) -> Amount {
        self.available().plus(self.joined_at_end).plus(self.overdue).minus(self.paid).minus(self.paid_at_end)
    }

    /// Ends a span: B + O − V is another from here on. `paid_interest` is that of the row.
    pub(super) fn cut(&mut self, contract: &Contract, day: NaiveDate, paid_interest: Amount) -> Outcome<()> {
        if day <= self.reached || self.is_over(contract) {
            return Ok(());
        }
        if self.is_daily {
            let overdue = if self.is_overdue_charged { self.overdue } else { contract.zero() };
            let base = self.available().plus(overdue).minus(self.paid);
            self.accrued = self.accrued.plus(self.span(contract, base, day, paid_interest)?);
        }
        self.reached = day;
        Ok(())
    }

    pub(super) fn span(
        &self,
        contract: &Contract,
        base: Amount,
        day: NaiveDate,
        paid_interest: Amount,
    ) -> Outcome<Amount> {
        let unpaid = self.accrued.minus(paid_interest);
        let base =
            if contract.timeline.compounds() && unpaid.is_positive() { base.plus(unpaid) } else { base };
        let base = base.max(contract.zero());
        Ok(contract.interest(base, contract.factor_in(self.period, self.reached, day)?)?)
    }

    /// `period_rest`: r((B + O at the start)·f), and that of what joined inside the period.
    pub(super) fn of_period(&self, contract: &Contract, overdue: Amount, to: NaiveDate) -> Outcome<Amount> {
        let from = contract.period(self.period)?.from;
        let factor = contract.factor_in(self.period, from, to)?;
        let mut interest = contract.interest(self.balance.plus(overdue), factor)?;
        for (on, amount) in &self.joined {
            let factor = contract.factor_in(self.period, (*on).min(to), to)?;
            interest = interest.plus(contract.interest(*amount, factor)?);
        }
        Ok(interest)
    }

    /// Interest of the running period up to a day in it.
    pub(super) fn accrued_by(&self, engine: &Engine<'_>, day: NaiveDate) -> Outcome<Amount> {
        let contract = engine.contract();
        let grace = contract.terms.grace;
        let is_free = grace.mode == GraceMode::Free && self.period < grace.interest as usize;
        if self.is_over(contract) || is_free {
            return Ok(contract.zero());
        }
        let mut seen = self.clone();
        let paid = engine.paid_interest(self.row_id(self.period));
        let end = contract.period(self.period)?.to;
        if !self.is_daily {
            return self.of_period(contract, self.overdue_at_start, day.min(end));
        }
        seen.cut(contract, day.min(end), paid)?;
        Ok(seen.accrued)
    }

    /// The row's principal before anything is paid beyond it: max(A − interest − X, 0).
    fn scheduled(&self, contract: &Contract, interest: Amount) -> Amount {
        let zero = contract.zero();
        if self.period < contract.terms.grace.principal as usize {
            return zero;
        }
        let level = self.levels.get(self.period).copied().unwrap_or(zero);
        let part = if contract.shape == Shape::Installment { level.minus(interest) } else { level };
        part.minus(self.ahead).max(zero)
    }

    /// What the row comes to with `earned` as the interest of its period.
    pub(super) fn closed(&self, contract: &Contract, earned: Amount) -> Closed {
        let zero = contract.zero();
        let grace = contract.terms.grace;
        let is_last = self.period + 1 >= contract.timeline.periods.len();
        let bears_none = self.period < grace.interest as usize && !is_last;
        let capitalized = if bears_none && grace.mode == GraceMode::Capitalized { earned } else { zero };
        // What is never charged is never earned.
        let earned = if bears_none && grace.mode == GraceMode::Free { zero } else { earned };
        let interest = if bears_none { zero } else { earned.plus(self.deferred) };
        let available = self.available();
        let extra = self.extra.get(self.period).copied().unwrap_or(zero);
        let principal = if is_last {
            available
        } else {
            let scheduled = self.scheduled(contract, earned).plus(extra);
            scheduled.max(self.paid.plus(self.paid_at_end)).min(available)
        };
        Closed { principal, interest, capitalized, earned, bears_none }
    }

    /// Goes on to the next period, the row of this one being `closed` with so much principal paid of it.
    pub(super) fn go_on(&mut self, contract: &Contract, closed: &Closed) -> Outcome<()> {
        let zero = contract.zero();
        let paid = self.paid.plus(self.paid_at_end);
        let extra = self.extra.get(self.period).copied().unwrap_or(zero);
        let level = self.levels.get(self.period).copied().unwrap_or(zero);
        // What A leaves for principal; a row of the grace period leaves nothing.
        let scheduled = if self.period < contract.terms.grace.principal as usize {
            zero
        } else if contract.shape == Shape::Installment {
            level.minus(closed.earned)
        } else {
            level
        };
        let beyond = closed.principal.minus(extra).minus(scheduled);
        let grace = contract.terms.grace;
        if self.period < grace.interest as usize && grace.mode == GraceMode::Deferred {
            self.deferred = self.deferred.plus(closed.earned);
        } else {
            self.deferred = zero;
        }
        self.balance =
            self.available().minus(closed.principal).plus(closed.capitalized).plus(self.joined_at_end);
        self.overdue = self.overdue.plus(closed.principal).minus(paid);
        self.overdue_at_start = if self.is_overdue_charged { self.overdue } else { zero };
        match self.excess {
            Excess::Next => self.ahead = self.ahead.plus(beyond).max(zero),
            Excess::ReduceInstallment if beyond.is_positive() => self.level_at_end = true,
            _ => {}
        }
        self.period += 1;
        let end = contract.period(self.period - 1)?.to;
        if self.level_at_end && !self.is_over(contract) {
            self.find_level(contract)?;
        }
        self.level_at_end = false;
        self.joined.clear();
        self.released.clear();
        self.joined_at_end = zero;
        (self.paid, self.paid_at_end, self.accrued) = (zero, zero, zero);
        self.reached = end;
        self.excess = contract.terms.excess;
        Ok(())
    }

    /// A anew on what is left.
    fn find_level(&mut self, contract: &Contract) -> Outcome<()> {
        let agreed = contract.terms.installment_amount.filter(|_| self.joined_at_end.is_positive());
        let periods: Vec<(usize, Decimal)> = contract.timeline.periods[self.period..]
            .iter()
            .enumerate()
            .map(|(nth, period)| (self.period + nth, period.factor))
            .collect();
        let moved = self.extra[self.period..].iter().copied().fold(contract.zero(), Amount::plus);
        let balance = self.balance.minus(moved).max(contract.zero());
        let level = if let Some(agreed) = agreed {
            agreed
        } else {
            let grown = contract.balance_after_grace(balance, &periods, contract.zero())?;
            contract.level_anew(grown, &periods)?
        };
        if contract.shape != Shape::Fixed {
            self.levels[self.period..].fill(level);
            self.ahead = if agreed.is_some() { self.ahead } else { contract.zero() };
        }
        Ok(())
    }
}

impl Engine<'_> {
    /// What was paid of a row's interest, since it was last settled early.
    pub(super) fn paid_interest(&self, row: u32) -> Amount {
        let row = self.rows.iter().find(|found| found.id == row);
        row.map_or_else(|| self.zero(), |row| row.paid.interest.minus(row.interest_ahead))
    }

    /// The row of the period that is running; past the last there is none.
    pub(super) fn running_row(&self) -> usize {
        match &self.basis {
            Basis::Rest(rest) if !rest.is_over(self.contract()) => self.index_of(rest.row_id(rest.period)),
            _ => self.rows.len(),
        }
    }

    /// Closes the periods that end before `day`.
    pub(super) fn roll(&mut self, day: NaiveDate) -> Outcome<()> {
        let contract = self.contract_shared();
        loop {
            let Basis::Rest(rest) = &self.basis else { return Ok(()) };
            let Some(period) = contract.timeline.periods.get(rest.period) else { return Ok(()) };
            if period.to >= day {
                return Ok(());
            }
            let mut rest = rest.clone();
            let id = rest.row_id(rest.period);
            let closed = rest.close(&contract, period.to, self.paid_interest(id), rest.overdue_at_start)?;
            let index = self.index_of(id);
            self.write(index, &contract, &closed, rest.available())?;
            rest.go_on(&contract, &closed)?;
            self.earned = self.earned.plus(closed.earned);
            self.basis = Basis::Rest(rest);
        }
    }
}

impl Rest {
    /// The row of the running period at its end.
    pub(super) fn close(
        &mut self,
        contract: &Contract,
        end: NaiveDate,
        paid_interest: Amount,
        overdue: Amount,
    ) -> Outcome<Closed> {
        let earned = if self.is_daily {
            self.cut(contract, end, paid_interest)?;
            self.accrued
        } else {
            self.of_period(contract, overdue, end)?
        };
        Ok(self.closed(contract, earned))
    }
}
