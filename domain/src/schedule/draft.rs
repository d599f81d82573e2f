//! What every method draws its rows with: the disbursements laid along the periods, and the walk from row to
//! row.

use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{PlanError, Timeline};
use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::rounding::RoundingMode;
use crate::terms::{Disbursement, GraceMode, Method, Remainder, RoundingPlace, Terms};

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

/// Disbursements, first by day, laid along the periods.
#[derive(Debug, Clone)]
pub(super) struct Releases {
    pub(super) all: Vec<Disbursement>,
    first_on: NaiveDate,
    /// Those after the first day, in order.
    later: Vec<Later>,
}

#[derive(Debug, Clone, Copy)]
struct Later {
    on: NaiveDate,
    amount: Decimal,
    /// The row in whose period it lies, or with whose end it falls together.
    row: usize,
    /// Whether it cuts the period in two.
    inside: bool,
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

impl Releases {
    pub(super) fn of(terms: &Terms, disbursements: &[Disbursement]) -> Result<Self, PlanError> {
        let mut all = disbursements.to_vec();
        all.sort_by_key(|disbursement| disbursement.on);
        let first_on = all.first().ok_or(PlanError::NothingDisbursed)?.on;
        let several = matches!(terms.method, Method::Price | Method::Sac | Method::InterestOnly);
        if !several && all.len() > 1 {
            return Err(PlanError::MethodNeedsOneDisbursement { disbursements: all.len() });
        }
        Ok(Self { all, first_on, later: Vec::new() })
    }

    pub(super) const fn first_on(&self) -> NaiveDate {
        self.first_on
    }

    /// The same, knowing the periods.
    pub(super) fn along(mut self, timeline: &Timeline<'_>) -> Result<Self, PlanError> {
        let Some(last) = timeline.periods.last() else { return Err(OutOfRange.into()) };
        for (at, disbursement) in self.all.iter().enumerate() {
            let on = disbursement.on;
            if on >= last.to || on >= last.due_on {
                return Err(PlanError::DisbursementAfterLastDueDate { at, on, last_due_on: last.due_on });
            }
            if on > self.first_on {
                let row = timeline.periods.partition_point(|period| period.to < on);
                let inside = on < timeline.periods[row].to;
                self.later.push(Later { on, amount: disbursement.amount.value(), row, inside });
            }
        }
        Ok(self)
    }

    /// Σ of the first day.
    fn at_start(&self) -> Decimal {
        let first = self.all.iter().take_while(|disbursement| disbursement.on == self.first_on);
        first.map(|disbursement| disbursement.amount.value()).sum()
    }

    pub(super) fn total(&self) -> Decimal {
        self.all.iter().map(|disbursement| disbursement.amount.value()).sum()
    }

    /// The days on which something is released, in order.
    pub(super) fn days(&self) -> Vec<NaiveDate> {
        let mut days: Vec<_> = self.all.iter().map(|disbursement| disbursement.on).collect();
        days.dedup();
        days
    }

    fn of_row(&self, row: usize) -> &[Later] {
        let first = self.later.partition_point(|release| release.row < row);
        let end = self.later.partition_point(|release| release.row <= row);
        &self.later[first..end]
    }

    /// What cuts the period of `row`, as known on `until`.
    pub(super) fn inside(&self, row: usize, until: NaiveDate) -> impl Iterator<Item = (NaiveDate, Decimal)> {
        let known = move |release: &&Later| release.inside && release.on <= until;
        self.of_row(row).iter().filter(known).map(|release| (release.on, release.amount))
    }

    /// What is released on the last day of the period of `row`, as known on `until`.
    fn at_end(&self, row: usize, until: NaiveDate) -> Decimal {
        let known = |release: &&Later| !release.inside && release.on <= until;
        self.of_row(row).iter().filter(known).map(|release| release.amount).sum()
    }

    /// All that is released in the period of `row`, its last day with it.
    pub(super) fn within(&self, row: usize) -> Decimal {
        self.of_row(row).iter().map(|release| release.amount).sum()
    }

    /// The first row that a disbursement on `day` changes: on a due date it counts from the next period on.
    pub(super) fn first_row_after(&self, day: NaiveDate) -> usize {
        let found = self.later.iter().find(|release| release.on == day);
        found.map_or(0, |release| if release.inside { release.row } else { release.row + 1 })
    }
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

    /// The first row that repays principal of a disbursement on `day`.
    pub(super) fn first_amortizing(&self, day: NaiveDate) -> usize {
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
    pub(super) fn walk_to(
        &self,
        row: usize,
        until: NaiveDate,
        decide: impl FnMut(Turn) -> Result<Share, PlanError>,
    ) -> Result<Standing, PlanError> {
        self.walk(self.start()?, 0..row, until, &mut Vec::with_capacity(row), decide)
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
