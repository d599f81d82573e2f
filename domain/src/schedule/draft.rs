//! What every method draws its rows with: the disbursements laid along the periods, and the walk from row to
//! row.

use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::releases::Releases;
use super::{PlanError, Timeline};
use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::rounding::RoundingMode;
use crate::terms::{GraceMode, Method, Remainder, RoundingPlace, Terms};

/// The exact figures of a row, before they are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) principal: Decimal,
    /// With what was deferred from earlier rows.
    pub(super) interest: Decimal,
    pub(super) deferred: Decimal,
    pub(super) capitalized: Decimal,
    /// Principal after the row and after what is released that day.
    pub(super) balance: Decimal,
}

/// How figures are rounded while computing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Precision {
    pub(super) decimals: u32,
    pub(super) mode: RoundingMode,
    pub(super) remainder: Remainder,
    pub(super) factor_decimals: Option<u32>,
    multiple_of: Option<Decimal>,
    rounds_installment: bool,
    rounds_interest: bool,
}

/// A plan about to be drawn for a given amount financed beyond the disbursements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) terms: &'a Terms,
    pub(super) timeline: &'a Timeline<'a>,
    pub(super) releases: &'a Releases,
    pub(super) precision: Precision,
    /// Fees and tax that joined what is amortized.
    pub(super) added: Decimal,
    /// Interest of earlier rows that falls due on top of the next that bears any.
    pub(super) deferred: Decimal,
}

/// Where a walk stands before a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) balance: Decimal,
    pub(super) deferred: Decimal,
}

/// A row whose principal is to be decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) row: usize,
    pub(super) is_last: bool,
    pub(super) interest: Decimal,
    pub(super) balance: Decimal,
}

/// What a method decides for a row.
pub(super) struct Share {
    pub(super) principal: Decimal,
    pub(super) interest: Decimal,
}

impl Precision {
    fn of(terms: &Terms) -> Self {
        let rounding = &terms.rounding;
        Self {
            decimals: rounding.decimals,
            mode: rounding.mode,
            remainder: rounding.remainder,
            factor_decimals: rounding.factor_decimals,
            multiple_of: rounding.multiple_of.map(crate::amount::Amount::value),
            rounds_installment: rounding.rounds(RoundingPlace::Installment),
            rounds_interest: rounding.rounds(RoundingPlace::Interest),
        }
    }

    /// Nothing is rounded: the figures behind method sam.
    pub(super) const fn exact(mut self) -> Self {
        self.remainder = Remainder::Last;
        self.factor_decimals = None;
        self.multiple_of = None;
        self.rounds_installment = false;
        self.rounds_interest = false;
        self
    }

    /// r(x), wherever a figure is shown.
    pub(super) fn round(&self, value: Decimal) -> Decimal {
        self.mode.round(value, self.decimals)
    }

    pub(super) fn interest(&self, value: Decimal) -> Decimal {
        if self.rounds_interest { self.round(value) } else { value }
    }

    /// A, or the part of principal: r(x), then the nearest multiple.
    pub(super) fn installment(&self, value: Decimal) -> Result<Decimal, OutOfRange> {
        self.multiple(self.part(value))
    }

    /// The part of principal without the multiple.
    pub(super) fn part(&self, value: Decimal) -> Decimal {
        if self.rounds_installment { self.round(value) } else { value }
    }

    pub(super) fn multiple(&self, value: Decimal) -> Result<Decimal, OutOfRange> {
        self.multiple_of.map_or(Ok(value), |unit| self.mode.to_multiple(value, unit))
    }

    /// So many of the smallest amounts.
    pub(super) fn cents(&self, count: usize) -> Result<Decimal, OutOfRange> {
        let count = i64::try_from(count).map_err(|_| OutOfRange)?;
        Ok(Decimal::new(count, self.decimals))
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        terms: &'a Terms,
        timeline: &'a Timeline<'a>,
        releases: &'a Releases,
        added: Decimal,
    ) -> Result<Self, PlanError> {
        let draft = Self {
            terms,
            timeline,
            releases,
            precision: Precision::of(terms),
            added,
            deferred: Decimal::ZERO,
        };
        draft.financed()?;
        Ok(draft)
    }

    pub(super) fn with_added(mut self, added: Decimal) -> Self {
        self.added = added;
        self
    }

    pub(super) fn count(&self) -> usize {
        self.timeline.periods.len()
    }

    /// All that is amortized: disbursements, financed fees, financed tax.
    pub(super) fn financed(&self) -> Result<Decimal, OutOfRange> {
        add(self.releases.total(), self.added)
    }

    pub(super) fn start(&self) -> Result<Standing, OutOfRange> {
        Ok(Standing { balance: add(self.releases.at_start(), self.added)?, deferred: self.deferred })
    }

    /// The rows from which on the installment is another one, each with the last of the disbursement days that make it
    /// so.
    pub(super) fn turns(&self) -> Vec<(usize, NaiveDate)> {
        let mut turns: Vec<(usize, NaiveDate)> = Vec::new();
        for day in self.releases.days() {
            let first = self.first_amortizing(day);
            match turns.last_mut() {
                Some(turn) if turn.0 == first => turn.1 = day,
                _ => turns.push((first, day)),
            }
        }
        turns
    }

    /// What `find` makes of the rows from `first` on, found once for all rounds of a financed tax.
    pub(super) fn discounts(
        &self,
        first: usize,
        find: impl FnOnce() -> Result<Decimal, OutOfRange>,
    ) -> Result<Decimal, PlanError> {
        let key = (first, self.precision.factor_decimals);
        self.releases.discounts(key, self.count() - first, find)
    }

    /// The first row that repays principal of a disbursement on `day`.
    fn first_amortizing(&self, day: NaiveDate) -> usize {
        let grace = self.terms.grace.principal as usize;
        grace.max(self.releases.first_row_after(day)).min(self.count().saturating_sub(1))
    }

    /// The interest that a row earns by itself, and the balance with what was released inside its period.
    fn earned(
        &self,
        row: usize,
        balance: Decimal,
        until: NaiveDate,
    ) -> Result<(Decimal, Decimal), OutOfRange> {
        let period = &self.timeline.periods[row];
        if self.terms.method == Method::Flat {
            let interest = mul(self.financed()?, period.factor)?;
            return Ok((self.precision.interest(interest), balance));
        }
        let (mut interest, mut balance, mut from) = (Decimal::ZERO, balance, period.from);
        let span = |interest: Decimal, balance: Decimal, factor: Decimal| {
            let base = if self.timeline.compounds() { add(balance, interest)? } else { balance };
            // Only a simulation that keeps its residue can owe less than nothing; that earns nothing.
            add(interest, self.precision.interest(mul(base.max(Decimal::ZERO), factor)?))
        };
        for (on, amount) in self.releases.inside(row, until) {
            interest = span(interest, balance, self.timeline.factor_in(row, from, on)?)?;
            balance = add(balance, amount)?;
            from = on;
        }
        interest = span(interest, balance, self.timeline.factor_in(row, from, period.to)?)?;
        Ok((interest, balance))
    }

    /// Walks over `rows` from `standing`, as things are known on `until`. `decide` says what an amortizing
    /// row repays; rows of the grace period repay nothing.
    pub(super) fn walk(
        &self,
        standing: Standing,
        rows: Range<usize>,
        until: NaiveDate,
        drawn: &mut Vec<Row>,
        mut decide: impl FnMut(Turn) -> Result<Share, PlanError>,
    ) -> Result<Standing, PlanError> {
        self.releases.take(rows.len())?;
        let grace = self.terms.grace;
        let Standing { mut balance, mut deferred } = standing;
        for row in rows {
            let (mut interest, with_releases) = self.earned(row, balance, until)?;
            let (mut principal, mut capitalized, mut on_top) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
            if row < grace.interest as usize {
                match grace.mode {
                    GraceMode::Capitalized => capitalized = interest,
                    GraceMode::Deferred => deferred = add(deferred, interest)?,
                    GraceMode::Free => {}
                }
                interest = Decimal::ZERO;
            } else {
                if row >= grace.principal as usize {
                    let is_last = row + 1 == self.count();
                    let share = decide(Turn { row, is_last, interest, balance: with_releases })?;
                    (principal, interest) = (share.principal, share.interest);
                }
                on_top = std::mem::take(&mut deferred);
            }
            balance = sub(add(with_releases, capitalized)?, principal)?;
            balance = add(balance, self.releases.at_end(row, until))?;
            let interest = add(interest, on_top)?;
            drawn.push(Row { principal, interest, deferred: on_top, capitalized, balance });
        }
        Ok(Standing { balance, deferred })
    }

    /// Walks without keeping the rows.
    pub(super) fn walk_on(
        &self,
        standing: Standing,
        rows: Range<usize>,
        until: NaiveDate,
        decide: impl FnMut(Turn) -> Result<Share, PlanError>,
    ) -> Result<Standing, PlanError> {
        let mut passed = Vec::with_capacity(rows.len());
        self.walk(standing, rows, until, &mut passed, decide)
    }

    /// Refuses a part of principal or an installment that rounds to nothing: such rows repay nothing.
    pub(super) fn repays_something(&self, each: Decimal, rows: usize) -> Result<(), PlanError> {
        if rows > 1 && self.precision.round(each).is_zero() {
            return Err(PlanError::PrincipalRoundsToNothing { rows });
        }
        Ok(())
    }

    /// The product of 1 + f over `rows`.
    pub(super) fn growth_over(&self, rows: Range<usize>) -> Result<Decimal, OutOfRange> {
        let periods = &self.timeline.periods[rows];
        periods.iter().try_fold(Decimal::ONE, |grown, period| mul(grown, add(Decimal::ONE, period.factor)?))
    }

    /// `value` shared by so many rows.
    pub(super) fn per_row(value: Decimal, rows: usize) -> Result<Decimal, OutOfRange> {
        div(value, Decimal::from(u64::try_from(rows).map_err(|_| OutOfRange)?))
    }
}
