//! Year fractions: how much of a year lies between two days (LENDING.md §3).

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar::{Calendar, MonthEnd, months_later};
use crate::exact::{self, OutOfRange};

/// How days are counted and how many make a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
pub enum DayCount {
    /// By periods: a regular month is a twelfth of a year whatever its days (the commercial month).
    #[serde(rename = "30/360")]
    Thirty360,
    /// Every month has 30 days; the 31st counts as the 30th (ISDA 2006 §4.16(g)).
    #[serde(rename = "30e/360")]
    Thirty360European,
    /// As 30e/360, but an ending 31st counts as the 30th only after a 30th or 31st (ISDA 2006 §4.16(f)).
    #[serde(rename = "30u/360")]
    Thirty360Us,
    /// Calendar days over 365, in leap years too.
    #[default]
    #[serde(rename = "act/365")]
    Actual365,
    /// Calendar days over 360.
    #[serde(rename = "act/360")]
    Actual360,
    /// Calendar days over 364, 52 weeks.
    #[serde(rename = "act/364")]
    Actual364,
    /// Each day is 1/365 or 1/366 by the year in which it lies.
    #[serde(rename = "act/act")]
    ActualActual,
    /// Business days by the calendar over 252.
    #[serde(rename = "bus/252")]
    Business252,
}

impl DayCount {
    /// N of LENDING.md §3: the days that make the year of a rate.
    pub const fn days_a_year(self) -> u32 {
        match self {
            Self::Actual365 | Self::ActualActual => 365,
            Self::Thirty360 | Self::Thirty360European | Self::Thirty360Us | Self::Actual360 => 360,
            Self::Actual364 => 364,
            Self::Business252 => 252,
        }
    }

    /// t(a,b): the fraction of a year in ]from, to], zero where `to` is not after `from`.
    ///
    /// 30/360 goes by the periods of a plan; outside of one its span is taken as an irregular period.
    pub fn year_fraction(
        self,
        from: NaiveDate,
        to: NaiveDate,
        calendar: &Calendar,
    ) -> Result<Decimal, OutOfRange> {
        if to <= from {
            return Ok(Decimal::ZERO);
        }
        let days = match self {
            Self::Thirty360 => return exact::div(irregular_months(from, to)?, Decimal::from(12)),
            Self::ActualActual => return actual_years(from, to),
            Self::Thirty360European | Self::Thirty360Us => self.thirty_day_months(from, to),
            Self::Actual365 | Self::Actual360 | Self::Actual364 => (to - from).num_days(),
            Self::Business252 => calendar.business_days(from, to),
        };
        exact::div(Decimal::from(days), Decimal::from(self.days_a_year()))
    }

    fn thirty_day_months(self, from: NaiveDate, to: NaiveDate) -> i64 {
        let first = i64::from(from.day().min(30));
        let last = match to.day() {
            31 if self == Self::Thirty360European || first == 30 => 30,
            day => i64::from(day),
        };
        let years = i64::from(to.year() - from.year());
        let months = i64::from(to.month()) - i64::from(from.month());
        360 * years + 30 * months + last - first
    }
}

/// The months of an irregular period under 30/360: whole months from its start, plus the days left over the
/// length of the month that they fall in, which is the month of the first of them.
pub fn irregular_months(from: NaiveDate, to: NaiveDate) -> Result<Decimal, OutOfRange> {
    if to <= from {
        return Ok(Decimal::ZERO);
    }
    let calendar_months = 12 * (to.year() - from.year()) + i32::try_from(to.month0()).unwrap_or(0)
        - i32::try_from(from.month0()).unwrap_or(0);
    let mut whole = u32::try_from(calendar_months).map_err(|_| OutOfRange)?;
    let mut reached = months_later(from, whole, MonthEnd::Clamp).ok_or(OutOfRange)?;
    if reached > to {
        whole -= 1;
        reached = months_later(from, whole, MonthEnd::Clamp).ok_or(OutOfRange)?;
    }
    let days_left = (to - reached).num_days();
    if days_left == 0 {
        return Ok(Decimal::from(whole));
    }
    let length = month_length(reached.checked_add_days(Days::new(1)).ok_or(OutOfRange)?).ok_or(OutOfRange)?;
    exact::add(Decimal::from(whole), exact::div(Decimal::from(days_left), Decimal::from(length))?)
}

fn month_length(day: NaiveDate) -> Option<i64> {
    let first = day.with_day(1)?;
    Some((first.checked_add_months(Months::new(1))? - first).num_days())
}

/// Years under act/act, cut at the turn of each year.
fn actual_years(from: NaiveDate, to: NaiveDate) -> Result<Decimal, OutOfRange> {
    let (mut common, mut leap) = (0, 0);
    for year in from.year()..=to.year() {
        let turn = NaiveDate::from_ymd_opt(year, 12, 31).ok_or(OutOfRange)?;
        let before = NaiveDate::from_ymd_opt(year - 1, 12, 31).ok_or(OutOfRange)?;
        let days = (to.min(turn) - from.max(before)).num_days();
        if turn.ordinal() == 366 { leap += days } else { common += days }
    }
    let common = exact::div(Decimal::from(common), Decimal::from(365))?;
    exact::add(common, exact::div(Decimal::from(leap), Decimal::from(366))?)
}
