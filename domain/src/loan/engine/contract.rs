//! What was agreed and since when: the terms, their periods, and how principal is shared out. A loan begins with one;
//! restructuring adds others.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use crate::Amount;
use crate::day_count::DayCount;
use crate::exact::{OutOfRange, div, mul};
use crate::rate::Growth;
use crate::schedule::{self, Period, RowFees, Timeline};
use crate::terms::{LateInterest, LateRate, Method, Terms};

#[derive(Debug, Clone)]
pub(super) struct Contract {
    pub(super) terms: Arc<Terms>,
    pub(super) timeline: Timeline<'static>,
    pub(super) started_on: NaiveDate,
    /// All that is amortized: what was disbursed, with financed fees and tax.
    pub(super) financed: Amount,
    pub(super) shape: Shape,
    /// A (sac: the part of principal), once it was asked for.
    pub(super) level: Option<Amount>,
    /// What IOF was computed on, oldest first: each disbursement with what was financed.
    pub(super) released: Vec<(NaiveDate, Decimal)>,
    /// The IOF charged so far.
    pub(super) taxed: Amount,
    late_growth: Option<Growth>,
    of_days: Vec<Decimal>,
}

/// How principal is shared out when rows are drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Equal installments.
    Installment,
    /// Equal parts of principal.
    Part,
    /// All with the last.
    AtTheEnd,
    /// Not at all: such a plan is settled, not drawn again.
    Fixed,
}

/// No amount of a loan lies beyond this, so that sums of them stay exact.
const LARGEST: Decimal = Decimal::from_parts(0xa4c6_8000, 0x0003_8d7e, 0, false, 0);

impl Contract {
    pub(super) fn new(
        terms: Arc<Terms>,
        timeline: Timeline<'static>,
        started_on: NaiveDate,
        financed: Amount,
    ) -> Outcome<Self> {
        let late_growth = match terms.late.as_ref().map(|late| late.interest) {
            Some(LateInterest::ByRate { interest_rate: LateRate::Own(rate) }) => {
                let rounding = &terms.rounding;
                Some(rate.growth(terms.day_count, rounding.rate_decimals, rounding.mode)?)
            }
            Some(LateInterest::ByRate { interest_rate: LateRate::Word(_) }) => Some(*timeline.growth()),
            Some(LateInterest::ByMonth(_)) | None => None,
        };
        let shape = match terms.method {
            Method::Price => Shape::Installment,
            Method::Sac => Shape::Part,
            Method::InterestOnly => Shape::AtTheEnd,
            Method::Sam | Method::Bullet | Method::Flat | Method::Custom => Shape::Fixed,
        };
        let nothing = terms.currency.zero();
        Ok(Self {
            terms,
            timeline,
            started_on,
            financed,
            shape,
            level: None,
            released: Vec::new(),
            taxed: nothing,
            late_growth,
            of_days: Vec::new(),
        })
    }

    pub(super) fn zero(&self) -> Amount {
        self.terms.currency.zero()
    }

    /// r(x) as an amount of the loan.
    pub(super) fn cents(&self, value: Decimal) -> Result<Amount, OutOfRange> {
        if value.abs() > LARGEST {
            return Err(OutOfRange);
        }
        Ok(self.terms.rounding.round_to_currency(value, self.terms.currency))
    }

    /// r(base·factor): interest.
    pub(super) fn interest(&self, base: Amount, factor: Decimal) -> Result<Amount, OutOfRange> {
        self.cents(mul(base.value(), factor)?)
    }

    pub(super) fn period(&self, index: usize) -> Result<&Period, OutOfRange> {
        self.timeline.periods.get(index).ok_or(OutOfRange)
    }

    /// f(a,b) for a part of a period.
    pub(super) fn factor_in(&self, index: usize, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        let period = self.period(index)?;
        if (a, b) != (period.from, period.to)
            && let Some(factor) = self.factor_of_days(a, b)
        {
            return Ok(factor);
        }
        self.timeline.factor_in(index, a, b)
    }

    /// The factor of a part of a period whose length is a number of days, where those are held ready.
    fn factor_of_days(&self, a: NaiveDate, b: NaiveDate) -> Option<Decimal> {
        let days = usize::try_from((b - a).num_days()).ok()?;
        self.of_days.get(days).copied()
    }

    /// Holds the factors of up to a month of days ready: where interest follows the balance, many are asked for.
    pub(super) fn hold_days_ready(&mut self) -> Outcome<()> {
        let by_days =
            matches!(self.terms.day_count, DayCount::Actual365 | DayCount::Actual360 | DayCount::Actual364);
        // A bullet plan compounds from due date to due date inside its one period.
        if by_days && self.terms.method != Method::Bullet {
            for days in 0..=31_u32 {
                let years = div(Decimal::from(days), Decimal::from(self.terms.day_count.days_a_year()))?;
                self.of_days.push(self.timeline.growth().factor(years)?);
            }
        }
        Ok(())
    }

    /// f(a,b) for any span, as one.
    pub(super) fn factor(&self, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        if b <= a {
            return Ok(Decimal::ZERO);
        }
        // A power costs more than a look.
        let periods = &self.timeline.periods;
        let at = periods.partition_point(|period| period.to < b);
        if let Some(period) = periods.get(at).filter(|period| (period.from, period.to) == (a, b)) {
            return Ok(period.factor);
        }
        if let Some(factor) = self.factor_of_days(a, b) {
            return Ok(factor);
        }
        self.timeline.growth().factor(self.timeline.years(a, b)?)
    }

    /// g(a,b): the same at the rate of late interest, if that is a rate.
    pub(super) fn late_factor(&self, a: NaiveDate, b: NaiveDate) -> Result<Decimal, OutOfRange> {
        match &self.late_growth {
            Some(growth) if b > a => growth.factor(self.timeline.years(a, b)?),
            _ => Ok(Decimal::ZERO),
        }
    }

    /// A, or the part: r(x), then the nearest multiple.
    pub(super) fn level_of(&self, value: Decimal) -> Result<Amount, OutOfRange> {
        let rounding = &self.terms.rounding;
        let rounded = rounding.round(value);
        let multiple = match rounding.multiple_of {
            Some(unit) if !unit.is_zero() => rounding.mode.to_multiple(rounded, unit.value())?,
            _ => rounded,
        };
        self.cents(multiple)
    }

    /// A (sac: the part), as the plan began with it.
    pub(super) fn level(&mut self) -> Outcome<Amount> {
        if let Some(level) = self.level {
            return Ok(level);
        }
        let levels = schedule::levels(&self.terms, &self.timeline, self.started_on, self.financed)?;
        let level = levels.last().copied().unwrap_or_else(|| self.zero());
        self.level = Some(level);
        Ok(level)
    }

    /// The fees of the terms that fall due with a row of so much, `balance` being open before it. A row with which
    /// nothing falls due any more has none.
    pub(super) fn fees_of(&self, period: usize, installment: Amount, balance: Amount) -> Outcome<Amount> {
        if self.terms.charges.is_empty() || installment.is_zero() && balance.is_zero() {
            return Ok(self.zero());
        }
        let before = period.checked_sub(1).and_then(|before| self.timeline.periods.get(before));
        let row = RowFees {
            financed: self.financed,
            installment,
            balance,
            last_due_on: before.map(|before| before.due_on),
            due_on: self.period(period)?.due_on,
        };
        Ok(schedule::fees_of_row(&self.terms, &row)?)
    }
}
