//! Accrual (LENDING.md §14): the interest of a day is the difference of two rounded totals; none is booked while the
//! loan is long past due, nor from a write-off on.

use chrono::{Days, NaiveDate};

use super::fold::{Basis, Engine};
use super::row::LiveRow;
use super::view::days_past;
use super::{Accrued, Outcome};
use crate::Amount;
use crate::component::Components;
use crate::loan::facts::Fact;
use crate::terms::{LAST_YEAR, Terms};

/// The entries of the days from `from` to `to`, both included; a day on which nothing is booked has none.
pub fn accruals(terms: &Terms, facts: &[Fact], from: NaiveDate, to: NaiveDate) -> Outcome<Vec<Accrued>> {
    let mut book = Book::open(terms, facts, from, to);
    book.walk()?;
    Ok(book.entries)
}

/// The total booked by the end of a day.
pub fn total_accrued(terms: &Terms, facts: &[Fact], day: NaiveDate) -> Outcome<Amount> {
    Ok(accrued_by(terms, facts, day)?.0)
}

/// The same with the loan as it is then.
pub(crate) fn accrued_by<'f>(
    terms: &Terms,
    facts: &'f [Fact],
    day: NaiveDate,
) -> Outcome<(Amount, Engine<'f>)> {
    let mut book = Book::open(terms, facts, after(day), day);
    book.walk()?;
    Ok((book.booked, book.engine))
}

/// The totals by the end of each day from `from` to `to`, with the loan as it is on the last.
pub(crate) fn accrued_each_day<'f>(
    terms: &Terms,
    facts: &'f [Fact],
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<(Vec<Amount>, Engine<'f>)> {
    let mut book = Book::open(terms, facts, from, to);
    book.walk()?;
    let mut entries = book.entries.into_iter().peekable();
    let mut total = entries.peek().map_or(book.booked, |first| first.total.minus(first.amount));
    let totals = from.iter_days().take_while(|day| *day <= to).map(|day| {
        total = entries.next_if(|entry| entry.on == day).map_or(total, |entry| entry.total);
        total
    });
    Ok((totals.collect(), book.engine))
}

/// The accruals of a loan while its days pass.
struct Book<'f> {
    engine: Engine<'f>,
    from: NaiveDate,
    to: NaiveDate,
    is_stopped: bool,
    /// The total that was booked last.
    booked: Amount,
    entries: Vec<Accrued>,
}

impl<'f> Book<'f> {
    fn open(terms: &Terms, facts: &'f [Fact], from: NaiveDate, to: NaiveDate) -> Self {
        // No interest runs beyond the last year that terms can name.
        let to = NaiveDate::from_ymd_opt(LAST_YEAR + 1, 12, 31).map_or(to, |last| to.min(last));
        let engine = Engine::begin(terms, facts, to);
        let booked = terms.currency.zero();
        Self { engine, from, to, is_stopped: false, booked, entries: Vec::new() }
    }

    /// From one day on which something changes to the next.
    fn walk(&mut self) -> Outcome<()> {
        let Some(mut day) = self.engine.next_on() else { return Ok(()) };
        while day <= self.to {
            // Had nothing happened on this day, it might have been the first that is not booked any more.
            if !self.is_stopped && self.engine.past_due_on(day) > self.stop_after() {
                self.booked = self.engine.earned_by(before(day))?;
            }
            while self.engine.next_on() == Some(day) {
                self.engine.take_next()?;
            }
            let next = self.engine.next_change(day).min(after(self.to));
            self.pass(day, before(next))?;
            day = next;
        }
        Ok(())
    }

    /// The days `first` to `last`, on which nothing but time passes.
    fn pass(&mut self, first: NaiveDate, last: NaiveDate) -> Outcome<()> {
        if self.is_stopped && self.engine.past_due_on(first) == 0 && !self.engine.is_written_off(first) {
            self.is_stopped = false;
        }
        let stop = if self.is_stopped { Some(first) } else { self.first_not_booked(first, last) };
        let last_booked = stop.map_or(last, before);
        let mut day = first.max(self.from);
        if !self.is_stopped && last_booked >= first {
            // What comes before the days asked for matters as one total.
            if day > first && last_booked < self.from || self.from > last {
                self.booked = self.engine.earned_by(last_booked)?;
            } else if day > first {
                self.booked = self.engine.earned_by(before(day))?;
            }
            while day <= last_booked {
                let total = self.engine.earned_by(day)?;
                if total != self.booked {
                    self.entries.push(Accrued { on: day, amount: total.minus(self.booked), total });
                    self.booked = total;
                }
                day = after(day);
            }
        }
        self.is_stopped = stop.is_some();
        Ok(())
    }

    /// So many days past due are still booked, by the terms that hold.
    fn stop_after(&self) -> i64 {
        let terms = self.engine.contracts.last().map_or(&self.engine.terms, |contract| &contract.terms);
        i64::from(terms.accrual.stop_after_days)
    }

    fn first_not_booked(&mut self, first: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
        if self.engine.is_written_off(first) {
            return Some(first);
        }
        let (due_on, on_time_until) = self.engine.oldest_open()?;
        let days = Days::new(u64::try_from(self.stop_after() + 1).unwrap_or(0));
        let beyond = due_on.checked_add_days(days)?.max(after(on_time_until)).max(first);
        (beyond <= last).then_some(beyond)
    }
}

impl Engine<'_> {
    /// What was covered by the end of `day` of all installments by the facts taken in, and by credit that time alone
    /// applied up to another day.
    pub(crate) fn received_by(&mut self, applied_by: NaiveDate, day: NaiveDate) -> Outcome<Components> {
        self.apply_credit(after(applied_by.min(day)))?;
        let effects = self.effects.iter().flatten().flat_map(|effect| {
            let applied = effect.applied.iter().flat_map(|applied| &applied.shares);
            effect.shares.iter().chain(applied).map(|share| share.allocation)
        });
        let by_time = self.applied.iter().filter(|(on, _)| *on <= applied_by);
        let by_time = by_time.flat_map(|(_, shares)| shares.iter().map(|(_, allocation)| *allocation));
        Ok(effects.chain(by_time).fold(Components::NOTHING, Components::plus))
    }

    /// Charges other than interest that became principal.
    pub(crate) const fn capitalized_charges(&self) -> Amount {
        self.capitalized_charges
    }

    /// Counts the interest of the periods that end before `day`.
    pub(super) fn pass_interest(&mut self, day: NaiveDate) {
        if !matches!(self.basis, Basis::Plan) {
            return;
        }
        let contract = self.contracts.len() - 1;
        while let Some(row) = self.rows.get_mut(self.passed).filter(|row| row.counted || row.to < day) {
            if !row.counted && row.contract == contract && row.period.is_some() {
                let earns = row.earns.unwrap_or(row.due.interest);
                self.earned = self.earned.plus(earns).minus(row.interest_ahead);
            }
            row.counted = true;
            self.passed += 1;
        }
    }

    /// Counts the interest of rows from `end` on that a settlement paid: what they show is all that they earn, and
    /// `deferred` of it was earned in the grace before.
    pub(super) fn count_settled(&mut self, end: usize, deferred: Amount) {
        self.earned = self.earned.minus(deferred);
        let contract = self.contracts.len() - 1;
        let of_plan = |row: &&mut LiveRow| row.contract == contract && row.period.is_some() && !row.counted;
        for row in self.rows[end..].iter_mut().filter(of_plan) {
            self.earned = self.earned.plus(row.due.interest).minus(row.interest_ahead);
            row.interest_ahead = row.due.interest;
        }
    }

    /// Counts once and for all what rows show of interest, where a restructuring has left what was paid or is due of it:
    /// they earn nothing more.
    pub(super) fn end_accrual(&mut self) {
        self.earned = self.capitalized_interest;
        for row in &mut self.rows {
            self.earned = self.earned.plus(row.due.interest).plus(row.capitalized);
            row.counted = true;
        }
    }

    /// All interest earned by the end of a day that no later fact was taken in for.
    fn earned_by(&mut self, day: NaiveDate) -> Outcome<Amount> {
        if self.contracts.is_empty() {
            return Ok(self.zero());
        }
        self.pass_days_before(day)?;
        self.pass_interest(after(day));
        match &self.basis {
            Basis::Plan => match self.current_row(day).filter(|index| !self.rows[*index].counted) {
                Some(index) => {
                    let counted = self.rows[index].interest_ahead;
                    let more = self.accrued_in(index, day)?.minus(counted).max(self.zero());
                    Ok(self.earned.plus(more))
                }
                None => Ok(self.earned),
            },
            Basis::Rest(_) => Ok(self.earned.plus(self.accrued_now(day)?)),
            Basis::Running(running) => Ok(self.earned.plus(running.earned_by(self, day)?)),
        }
    }

    /// The first day after `day` on which more than time passes.
    fn next_change(&self, day: NaiveDate) -> NaiveDate {
        let mut next = self.next_on().unwrap_or(NaiveDate::MAX);
        if let (Basis::Rest(rest), Some(contract)) = (&self.basis, self.contracts.last()) {
            let period = contract.timeline.periods.get(rest.period);
            next = period.map_or(next, |period| next.min(after(period.to).max(after(day))));
        }
        if self.credit.is_positive() {
            let due_on = self.rows.iter().map(|row| row.due_on).find(|due_on| *due_on > day);
            next = due_on.map_or(next, |due_on| next.min(due_on));
        }
        next
    }

    fn is_written_off(&self, day: NaiveDate) -> bool {
        self.write_off.is_some_and(|write_off| write_off.on <= day)
    }

    fn past_due_on(&mut self, day: NaiveDate) -> i64 {
        self.oldest_open().map_or(0, |(due_on, on_time_until)| days_past(due_on, on_time_until, day))
    }

    /// The oldest row that is not settled: its due date, and until when paying it is on time.
    fn oldest_open(&mut self) -> Option<(NaiveDate, NaiveDate)> {
        let index = match &self.basis {
            Basis::Plan => self.first_open(),
            Basis::Rest(_) => {
                let here = self.running_row();
                self.first_open().min(here)
            }
            Basis::Running(running) => {
                if !running.balance.is_positive() && running.carried.is_nothing() {
                    return None;
                }
                self.index_of(running.plan.get(running.first_uncovered())?.row)
            }
        };
        self.rows.get(index).map(|row| (row.due_on, row.on_time_until))
    }

    /// Interest of the current period that was accrued before `on` and is neither due nor paid.
    pub(super) fn accrued_and_unpaid(&self, on: NaiveDate) -> Outcome<Amount> {
        let Some(index) = self.current_row(on) else { return Ok(self.zero()) };
        let row = &self.rows[index];
        let day = before(on);
        if row.due_on <= on || day <= row.from {
            return Ok(self.zero());
        }
        Ok(self.accrued_now(day)?.minus(row.paid.interest).max(self.zero()))
    }
}

fn after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

fn before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}
