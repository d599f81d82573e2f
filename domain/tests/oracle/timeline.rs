//! The periods of a plan and the interest factor of any stretch of days (LENDING.md §2, §3).

use chrono::{Datelike, NaiveDate};

use crate::calendar::{days_between, later, months_later, whole_months_and_rest};
use crate::fractions::{Fraction, kept, one, part, power, rounded, whole, zero};
use crate::terms::{Every, Rate, Terms};

#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) due_on: NaiveDate,
    /// The year fraction by the commercial month (day count 30/360).
    commercial: Fraction,
}

#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pub(crate) terms: Terms,
    pub(crate) start: NaiveDate,
    pub(crate) periods: Vec<Period>,
}

impl Timeline {
    pub(crate) fn new(terms: &Terms, start: NaiveDate) -> Self {
        let planned = planned_dates(terms, start);
        let shown = planned.iter().map(|day| terms.calendar.moved(*day, &terms.shift));
        let mut periods: Vec<Period> = Vec::new();
        for (k, due_on) in shown.enumerate() {
            let from = periods.last().map_or(start, |before| before.to);
            let to = if terms.unshifted { planned[k] } else { due_on };
            let commercial = commercial(terms, start, k, planned[k], (from, to));
            periods.push(Period { from, to, due_on, commercial });
        }
        Self { terms: terms.clone(), start, periods }
    }

    /// t(a, b): the year fraction of ]a, b].
    pub(crate) fn years(&self, from: NaiveDate, to: NaiveDate) -> Fraction {
        if to <= from {
            return zero();
        }
        match self.terms.day_count.as_str() {
            "30/360" => self.commercial_years(from, to),
            "bus/252" => part(self.terms.calendar.business_days(from, to), 252),
            "act/act" => days_of_their_years(from, to),
            "30e/360" => thirties(from, to, true),
            "30u/360" => thirties(from, to, false),
            other => part(days_between(from, to), days_of_year(other)),
        }
    }

    /// By periods: of each its share, and after the last one an irregular one of its own.
    fn commercial_years(&self, from: NaiveDate, to: NaiveDate) -> Fraction {
        let mut years = zero();
        for period in &self.periods {
            let (a, b) = (from.max(period.from), to.min(period.to));
            if a < b {
                let whole_period = days_between(period.from, period.to);
                years += &period.commercial * part(days_between(a, b), whole_period);
            }
        }
        let end = self.periods.last().map_or(self.start, |last| last.to);
        if to > end {
            years += irregular_months(from.max(end), to);
        }
        years
    }

    /// f(a, b) by the rate of the terms.
    pub(crate) fn factor(&self, from: NaiveDate, to: NaiveDate) -> Fraction {
        let span = |from, to| self.growth(&self.terms.rate, &self.years(from, to));
        if self.terms.method != "bullet" {
            return span(from, to);
        }
        // Interest of a bullet plan joins what it grows on with each due date that passes (§5).
        let mut cuts: Vec<NaiveDate> = self.periods.iter().map(|period| period.to).collect();
        cuts.retain(|cut| from < *cut && *cut < to);
        cuts.push(to);
        let (mut since, mut grown) = (from, one());
        for cut in cuts {
            grown = kept(grown * (one() + span(std::mem::replace(&mut since, cut), cut)));
        }
        grown - one()
    }

    pub(crate) fn factor_by(&self, rate: &Rate, from: NaiveDate, to: NaiveDate) -> Fraction {
        self.growth(rate, &self.years(from, to))
    }

    pub(crate) fn period_factor(&self, k: usize) -> Fraction {
        self.factor(self.periods[k].from, self.periods[k].to)
    }

    /// The factor as if each month had 30 days (bus/252: 21).
    pub(crate) fn equal_factor(&self) -> Option<Fraction> {
        let unit = days_of_year(&self.terms.day_count);
        let days = match self.terms.every {
            Every::Months(months) if unit == 252 => whole(21 * i64::from(months)),
            Every::Months(months) => whole(30 * i64::from(months)),
            Every::Days(days) if unit == 252 => part(i64::from(days) * 21, 30),
            Every::Days(days) => whole(i64::from(days)),
        };
        let listed = self.terms.due_dates.is_some() || !self.terms.custom.is_empty();
        (!listed).then(|| self.growth(&self.terms.rate, &(days / whole(unit))))
    }

    fn growth(&self, rate: &Rate, years: &Fraction) -> Fraction {
        let unit = days_of_year(&self.terms.day_count);
        let times = match rate.per.as_str() {
            "year" => whole(1),
            "month" => whole(12),
            _ => whole(unit),
        };
        let rounding = &self.terms.rounding;
        let days = years * whole(unit);
        match (rate.effective, rounding.rate_decimals) {
            (false, None) => &rate.value * times * years,
            (true, None) => power(&(one() + &rate.value), &(times * years)) - one(),
            (false, Some(decimals)) => {
                rounded(&(&rate.value * times / whole(unit)), decimals, rounding.mode) * days
            }
            (true, Some(decimals)) => {
                let day = power(&(one() + &rate.value), &(times / whole(unit))) - one();
                power(&(one() + rounded(&day, decimals, rounding.mode)), &days) - one()
            }
        }
    }

    /// The sum of the v: of each period the product of 1/(1 + f) up to it.
    pub(crate) fn discounts(&self, factors: &[Fraction]) -> Fraction {
        let rounding = &self.terms.rounding;
        let mut product = one();
        let mut next = |factor: &Fraction| {
            product = kept(&product / (one() + factor));
            rounding
                .factor_decimals
                .map_or_else(|| product.clone(), |decimals| rounded(&product, decimals, rounding.mode))
        };
        factors.iter().map(&mut next).sum()
    }
}

fn planned_dates(terms: &Terms, start: NaiveDate) -> Vec<NaiveDate> {
    if terms.method == "custom" {
        return terms.custom.iter().map(|row| row.due_on).collect();
    }
    if let Some(dates) = &terms.due_dates {
        return dates.clone();
    }
    let (first, skipped) = match terms.first_due_on {
        Some(first) => (first, 0),
        None => (start, 1),
    };
    (0..terms.installments).map(|k| step(terms, first, k + skipped)).collect()
}

fn step(terms: &Terms, day: NaiveDate, times: u32) -> NaiveDate {
    match terms.every {
        Every::Months(months) => months_later(day, months * times, terms.roll),
        Every::Days(days) => later(day, u64::from(days) * u64::from(times)),
    }
}

fn commercial(
    terms: &Terms,
    start: NaiveDate,
    k: usize,
    planned: NaiveDate,
    (from, to): (NaiveDate, NaiveDate),
) -> Fraction {
    let built_by_every = terms.method != "custom" && terms.due_dates.is_none();
    let regular = built_by_every && (k > 0 || planned == step(terms, start, 1));
    match terms.every {
        _ if !built_by_every => irregular_months(from, to),
        Every::Days(_) => part(days_between(from, to), 360),
        Every::Months(months) if regular => part(i64::from(months), 12),
        Every::Months(_) => irregular_months(from, to),
    }
}

fn irregular_months(from: NaiveDate, to: NaiveDate) -> Fraction {
    let (months, days, length) = whole_months_and_rest(from, to);
    (whole(months) + part(days, length)) / whole(12)
}

fn days_of_year(day_count: &str) -> i64 {
    match day_count {
        "act/365" | "act/act" => 365,
        "act/364" => 364,
        "bus/252" => 252,
        _ => 360,
    }
}

/// Each day is 1/365 or 1/366 by its year.
fn days_of_their_years(from: NaiveDate, to: NaiveDate) -> Fraction {
    let leap = from.iter_days().skip(1).take_while(|day| *day <= to).filter(NaiveDate::leap_year).count();
    let leap = i64::try_from(leap).expect("few days");
    part(leap, 366) + part(days_between(from, to) - leap, 365)
}

fn thirties(from: NaiveDate, to: NaiveDate, european: bool) -> Fraction {
    let d1 = i64::from(from.day()).min(30);
    let mut d2 = i64::from(to.day());
    if european || d1 == 30 {
        d2 = d2.min(30);
    }
    let years = i64::from(to.year() - from.year());
    let months = i64::from(to.month()) - i64::from(from.month());
    part(360 * years + 30 * months + d2 - d1, 360)
}
