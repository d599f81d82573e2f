//! The periods of a plan and the interest factors of any part of them (LENDING.md §2, §3).

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;

use super::PlanError;
use crate::calendar::{Calendar, months_later};
use crate::day_count::{DayCount, irregular_months};
use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::rate::Growth;
use crate::terms::{AccrueTo, DueDates, Every, FIRST_YEAR, LAST_YEAR, Method, Terms};

/// The periods of a plan, one for each installment, in order and without gaps.
#[derive(Debug, Clone)]
pub struct Timeline<'a> {
    pub periods: Vec<Period>,
    /// What the one period of a bullet plan is compounded from; empty for the other methods.
    pieces: Vec<Period>,
    day_count: DayCount,
    calendar: Cow<'a, Calendar>,
    /// The interval of the rule, in thirtieths of a month.
    thirtieths: i64,
    growth: Growth,
}

/// The period `]from, to]` of an installment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its interest runs from the day after.
    pub from: NaiveDate,
    /// Up to and with this day.
    pub to: NaiveDate,
    /// When its installment falls due; another day than `to` only with `accrue_to: unshifted`.
    pub due_on: NaiveDate,
    /// The year fraction of all of it.
    pub years: Decimal,
    /// The interest factor of all of it.
    pub factor: Decimal,
}

impl<'a> Timeline<'a> {
    /// The periods of `terms` when the first disbursement is on `start`.
    pub fn try_new(terms: &'a Terms, start: NaiveDate) -> Result<Self, PlanError> {
        let rounding = &terms.rounding;
        let growth = terms.rate.growth(terms.day_count, rounding.rate_decimals, rounding.mode)?;
        let mut timeline = Self {
            periods: Vec::new(),
            pieces: Vec::new(),
            day_count: terms.day_count,
            calendar: Cow::Borrowed(&terms.calendar),
            thirtieths: thirtieths(&terms.due),
            growth,
        };
        let plain = due_dates(terms, start)?;
        let first_is_regular = first_is_regular(terms, start);
        // Most periods share their length with another, and a power costs more than a look.
        let mut known: Vec<(Decimal, Decimal)> = Vec::with_capacity(4);
        let mut from = start;
        timeline.periods.reserve_exact(plain.len());
        for (k, date) in plain.into_iter().enumerate() {
            let due_on = terms.calendar.moved(date, terms.due_date_shift);
            let to = match terms.accrue_to {
                AccrueTo::Shifted => due_on,
                AccrueTo::Unshifted => date,
            };
            if k == 0 && (to < start || due_on < start) {
                let pointer = first_due_pointer(terms);
                return Err(PlanError::FirstDueBeforeDisbursement { due_on, disbursed_on: start, pointer });
            }
            let years = timeline.years_of_period(&terms.due, from, to, k > 0 || first_is_regular)?;
            let factor = match known.iter().find(|(length, _)| *length == years) {
                Some((_, factor)) => *factor,
                None => timeline.growth.factor(years)?,
            };
            if known.len() < 16 {
                known.push((years, factor));
            }
            timeline.periods.push(Period { from, to, due_on, years, factor });
            from = to;
        }
        if terms.method == Method::Bullet {
            timeline.merge()?;
        }
        Ok(timeline)
    }

    /// Makes one period of all of them.
    fn merge(&mut self) -> Result<(), OutOfRange> {
        let pieces = std::mem::take(&mut self.periods);
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return Ok(()) };
        let years = pieces.iter().try_fold(Decimal::ZERO, |sum, piece| add(sum, piece.years))?;
        let grown = pieces
            .iter()
            .try_fold(Decimal::ONE, |grown, piece| mul(grown, add(Decimal::ONE, piece.factor)?))?;
        let factor = sub(grown, Decimal::ONE)?;
        self.periods.push(Period { from: first.from, to: last.to, due_on: last.due_on, years, factor });
        self.pieces = pieces;
        Ok(())
    }

    /// f(a,b) for ]a, b]. Inside one period it is the factor of that part; over several, their factors
    /// compounded. Days past the last period count as one more, irregular one.
    pub fn factor(&self, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        let periods = self.by_rule();
        let mut grown = Decimal::ONE;
        let first = periods.partition_point(|period| period.to <= a);
        for period in periods[first..].iter().take_while(|period| period.from < b) {
            let part = self.factor_of_part(period, a.max(period.from), b.min(period.to))?;
            grown = mul(grown, add(Decimal::ONE, part)?)?;
        }
        let end = self.periods.last().map_or(a, |period| period.to).max(a);
        if b > end {
            let years = self.day_count.year_fraction(end, b, &self.calendar)?;
            grown = mul(grown, add(Decimal::ONE, self.growth.factor(years)?)?)?;
        }
        sub(grown, Decimal::ONE)
    }

    /// The periods from due date to due date of the rule, also where one installment ends them all (bullet).
    pub fn by_rule(&self) -> &[Period] {
        if self.pieces.is_empty() { &self.periods } else { &self.pieces }
    }

    /// f(a,b) for a part ]a, b] of the period at `index`, which is counted from zero.
    pub fn factor_in(&self, index: usize, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        let period = self.periods.get(index).ok_or(OutOfRange)?;
        if b <= a {
            return Ok(Decimal::ZERO);
        }
        if !self.pieces.is_empty() && (a, b) != (period.from, period.to) {
            return self.factor(a, b);
        }
        self.factor_of_part(period, a, b)
    }

    fn factor_of_part(&self, period: &Period, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        if (a, b) == (period.from, period.to) {
            return Ok(period.factor);
        }
        self.growth.factor(self.years_of_part(period, a, b)?)
    }

    fn years_of_part(&self, period: &Period, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        match self.day_count {
            _ if (a, b) == (period.from, period.to) => Ok(period.years),
            DayCount::Thirty360 => {
                let share = div(days(a, b), days(period.from, period.to))?;
                mul(period.years, share)
            }
            day_count => day_count.year_fraction(a, b, &self.calendar),
        }
    }

    /// t(a,b) for any ]a, b], whatever periods it touches: 30/360 goes by the parts of each.
    pub fn years(&self, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        if self.day_count != DayCount::Thirty360 {
            return self.day_count.year_fraction(a, b, &self.calendar);
        }
        let periods = self.by_rule();
        let mut years = Decimal::ZERO;
        let first = periods.partition_point(|period| period.to <= a);
        for period in periods[first..].iter().take_while(|period| period.from < b) {
            years = add(years, self.years_of_part(period, a.max(period.from), b.min(period.to))?)?;
        }
        let end = self.periods.last().map_or(a, |period| period.to).max(a);
        add(years, self.day_count.year_fraction(end, b, &self.calendar)?)
    }

    /// How money grows at the rate of the terms.
    pub const fn growth(&self) -> &Growth {
        &self.growth
    }

    /// The same, borrowing nothing.
    pub(crate) fn into_owned(self) -> Timeline<'static> {
        let Self { periods, pieces, day_count, calendar, thirtieths, growth } = self;
        let calendar = Cow::Owned(calendar.into_owned());
        Timeline { periods, pieces, day_count, calendar, thirtieths, growth }
    }

    /// The periods from the one at `index` on, as a timeline of its own.
    pub(super) fn rest(&self, index: usize) -> Timeline<'_> {
        Timeline {
            periods: self.periods[index..].to_vec(),
            pieces: self.pieces.clone(),
            day_count: self.day_count,
            calendar: Cow::Borrowed(&self.calendar),
            thirtieths: self.thirtieths,
            growth: self.growth,
        }
    }

    /// The factor of a regular period as if each month had 30 days (bus/252: 21), for `installment_periods:
    /// equal`.
    pub fn equal_factor(&self) -> Result<Decimal, OutOfRange> {
        let days_a_month = if self.day_count == DayCount::Business252 { 21 } else { 30 };
        let year = 30 * i64::from(self.day_count.days_a_year());
        self.growth.factor(div(Decimal::from(self.thirtieths * days_a_month), Decimal::from(year))?)
    }

    /// Whether interest of an earlier span of a period bears interest in a later one.
    pub const fn compounds(&self) -> bool {
        self.growth.compounds()
    }

    /// The day on which the last installment falls due.
    pub fn last_due_on(&self) -> Option<NaiveDate> {
        self.periods.last().map(|period| period.due_on)
    }

    fn years_of_period(
        &self,
        due: &DueDates,
        from: NaiveDate,
        to: NaiveDate,
        regular: bool,
    ) -> Result<Decimal, OutOfRange> {
        if self.day_count != DayCount::Thirty360 {
            return self.day_count.year_fraction(from, to, &self.calendar);
        }
        match due {
            DueDates::Regular { every: Every::Months(months), .. } if regular => {
                div(Decimal::from(*months), Decimal::from(12))
            }
            DueDates::Regular { every: Every::Weeks(_) | Every::Days(_), .. } => {
                div(days(from, to), Decimal::from(360))
            }
            _ => div(irregular_months(from, to)?, Decimal::from(12)),
        }
    }
}

/// The interval of the rule, in thirtieths of a month.
fn thirtieths(due: &DueDates) -> i64 {
    match due {
        DueDates::Regular { every: Every::Months(months), .. } => 30 * i64::from(*months),
        DueDates::Regular { every: Every::Weeks(weeks), .. } => 7 * i64::from(*weeks),
        DueDates::Regular { every: Every::Days(days), .. } => i64::from(*days),
        DueDates::Listed { .. } | DueDates::Custom { .. } => 30,
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> Decimal {
    Decimal::from((to - from).num_days())
}

/// Due dates before any moving.
fn due_dates(terms: &Terms, start: NaiveDate) -> Result<Vec<NaiveDate>, PlanError> {
    match &terms.due {
        DueDates::Custom { custom } => Ok(custom.iter().map(|row| row.due_on).collect()),
        DueDates::Listed { due_dates } => Ok(due_dates.clone()),
        DueDates::Regular { installments, first_due_on, .. } => {
            // Counted from the first date of the rule, never from the date before, so that a 31st stays one.
            let (first, offset) = first_due_on.map_or((start, 1), |first| (first, 0));
            (0..*installments)
                .map(|k| {
                    let date = later(terms, first, k + offset);
                    let inside = date.filter(|date| (FIRST_YEAR..=LAST_YEAR).contains(&date.year()));
                    inside.ok_or(PlanError::DateOutOfRange { number: k as usize + 1 })
                })
                .collect()
        }
    }
}

/// `date` plus `times` the interval of the rule.
fn later(terms: &Terms, date: NaiveDate, times: u32) -> Option<NaiveDate> {
    let DueDates::Regular { every, .. } = &terms.due else { return None };
    match every {
        Every::Months(months) => months_later(date, months.checked_mul(times)?, terms.month_end),
        Every::Weeks(weeks) => date.checked_add_days(Days::new(7 * u64::from(*weeks) * u64::from(times))),
        Every::Days(days) => date.checked_add_days(Days::new(u64::from(*days) * u64::from(times))),
    }
}

fn first_is_regular(terms: &Terms, start: NaiveDate) -> bool {
    match &terms.due {
        DueDates::Regular { first_due_on, .. } => {
            first_due_on.is_none_or(|first| Some(first) == later(terms, start, 1))
        }
        DueDates::Listed { .. } | DueDates::Custom { .. } => false,
    }
}

fn first_due_pointer(terms: &Terms) -> &'static str {
    match &terms.due {
        DueDates::Regular { .. } => "/first_due_on",
        DueDates::Listed { .. } => "/due_dates/0",
        DueDates::Custom { .. } => "/custom/0/due_on",
    }
}
