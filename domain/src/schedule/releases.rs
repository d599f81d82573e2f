//! Disbursements laid along the periods of a plan (LENDING.md §6), and what is counted and kept while it is drawn.

use std::cell::{Cell, RefCell};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{PlanError, Timeline};
use crate::exact::OutOfRange;
use crate::terms::{Disbursement, Method, Terms};

/// The first row of those whose discount factors are added up, and the decimals of each.
type Discounted = (usize, Option<u32>);

/// Disbursements, first by day, laid along the periods.
#[derive(Debug, Clone)]
pub(super) struct Releases {
    pub(super) all: Vec<Disbursement>,
    first_on: NaiveDate,
    /// Those after the first day, in order.
    later: Vec<Later>,
    /// The steps taken so far.
    steps: Cell<usize>,
    /// Sums of discount factors found so far, by first row and decimals: the same in every round of a financed tax.
    discounts: RefCell<Vec<(Discounted, Decimal)>>,
}

/// A plan takes at most so many steps to draw, a step being one row walked over or taxed, or three discounted: less than
/// half a second.
pub(super) const MOST_STEPS: usize = 1_000_000;
const DISCOUNTED_IN_A_STEP: usize = 3;

#[derive(Debug, Clone, Copy)]
struct Later {
    on: NaiveDate,
    amount: Decimal,
    /// The row in whose period it lies, or with whose end it falls together.
    row: usize,
    /// Whether it cuts the period in two.
    inside: bool,
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
        let (steps, discounts) = (Cell::new(0), RefCell::new(Vec::new()));
        Ok(Self { all, first_on, later: Vec::new(), steps, discounts })
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
                // Moved to the same business day, several rows can fall due on it: it counts after all of them.
                let ended = timeline.periods.partition_point(|period| period.to <= on);
                let inside = ended == 0 || timeline.periods[ended - 1].to < on;
                let row = if inside { ended } else { ended - 1 };
                self.later.push(Later { on, amount: disbursement.amount.value(), row, inside });
            }
        }
        Ok(self)
    }

    /// Σ of the first day.
    pub(super) fn at_start(&self) -> Decimal {
        let first = self.all.iter().take_while(|disbursement| disbursement.on == self.first_on);
        first.map(|disbursement| disbursement.amount.value()).sum()
    }

    pub(super) fn total(&self) -> Decimal {
        self.all.iter().map(|disbursement| disbursement.amount.value()).sum()
    }

    /// Counts steps; no plan may take more than [`MOST_STEPS`].
    pub(super) fn take(&self, steps: usize) -> Result<(), PlanError> {
        let taken = self.steps.get().saturating_add(steps);
        self.steps.set(taken);
        if taken > MOST_STEPS { Err(PlanError::TooManySteps { most: MOST_STEPS }) } else { Ok(()) }
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
    pub(super) fn at_end(&self, row: usize, until: NaiveDate) -> Decimal {
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

    /// The sum of discount factors that `find` makes of so many rows, found once for all rounds of a financed tax.
    pub(super) fn discounts(
        &self,
        key: Discounted,
        rows: usize,
        find: impl FnOnce() -> Result<Decimal, OutOfRange>,
    ) -> Result<Decimal, PlanError> {
        let mut known = self.discounts.borrow_mut();
        if let Some((_, sum)) = known.iter().find(|(of, _)| *of == key) {
            return Ok(*sum);
        }
        self.take(rows / DISCOUNTED_IN_A_STEP)?;
        let sum = find()?;
        known.push((key, sum));
        Ok(sum)
    }
}
