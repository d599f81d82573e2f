//! Business days and the moving of dates (LENDING.md §2).

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The years whose holidays are held ready; those of other years are worked out when asked for.
const FIRST_YEAR: i32 = 1900;
const LAST_YEAR: i32 = 2201;

static BANK_HOLIDAYS: LazyLock<Vec<Vec<NaiveDate>>> =
    LazyLock::new(|| (FIRST_YEAR..=LAST_YEAR).map(work_out_bank_holidays).collect());

/// Which days are business days: one of the known calendars, or one adapted by single dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Calendar {
    Named(BaseCalendar),
    Adapted {
        base: BaseCalendar,
        /// Holidays that the base does not know, for example those of a state.
        #[serde(default)]
        add: BTreeSet<NaiveDate>,
        /// Days that are business days whatever the base says.
        #[serde(default)]
        remove: BTreeSet<NaiveDate>,
    },
}

/// The calendars that are known by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaseCalendar {
    /// Brazilian bank business days (Res. CMN 4.880/2020; Lei 14.759/2023).
    #[default]
    BrBank,
    /// Every day but Saturday and Sunday.
    Weekends,
    /// Every day.
    None,
}

/// How a due date that is no business day is moved (ISDA 2006 §4.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueDateShift {
    /// It stays; paying on the next business day is on time (Lei 7.089/1983).
    #[default]
    None,
    /// To the next business day.
    Following,
    /// To the next business day, unless that lies in another month: then to the one before.
    ModifiedFollowing,
    /// To the business day before.
    Preceding,
}

/// Which day stands for one that a month lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonthEnd {
    /// The last of the month.
    #[default]
    Clamp,
    /// The first of the next month (Código Civil art. 132 §3).
    Roll,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::Named(BaseCalendar::BrBank)
    }
}

impl Calendar {
    pub fn is_business(&self, day: NaiveDate) -> bool {
        match self {
            Self::Named(base) => base.is_business(day),
            Self::Adapted { base, add, remove } => {
                remove.contains(&day) || (!add.contains(&day) && base.is_business(day))
            }
        }
    }

    /// `day`, or where `shift` moves it to. A day stays where no business day is left in the calendar of
    /// years.
    pub fn moved(&self, day: NaiveDate, shift: DueDateShift) -> NaiveDate {
        let next = || self.nearest_business(day, NaiveDate::succ_opt);
        let previous = || self.nearest_business(day, NaiveDate::pred_opt);
        match shift {
            DueDateShift::None => day,
            DueDateShift::Following => next(),
            DueDateShift::Preceding => previous(),
            DueDateShift::ModifiedFollowing => {
                let ahead = next();
                if (ahead.year(), ahead.month()) == (day.year(), day.month()) { ahead } else { previous() }
            }
        }
    }

    fn nearest_business(&self, day: NaiveDate, step: fn(&NaiveDate) -> Option<NaiveDate>) -> NaiveDate {
        let mut days = std::iter::successors(Some(day), step);
        days.find(|&day| self.is_business(day)).unwrap_or(day)
    }

    /// `day`, or the next business day.
    pub fn following(&self, day: NaiveDate) -> NaiveDate {
        self.moved(day, DueDateShift::Following)
    }

    /// The business days of ]from, to].
    pub fn business_days(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        if to <= from {
            return 0;
        }
        match self {
            Self::Named(base) => base.business_days(from, to),
            Self::Adapted { base, add, remove } => {
                let inside = (Bound::Excluded(from), Bound::Included(to));
                let gained = remove.range(inside).filter(|&&day| !base.is_business(day)).count();
                let lost =
                    add.range(inside).filter(|&&day| base.is_business(day) && !remove.contains(&day)).count();
                let [gained, lost] = [gained, lost].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
                base.business_days(from, to) + gained - lost
            }
        }
    }
}

impl BaseCalendar {
    fn is_business(self, day: NaiveDate) -> bool {
        match self {
            Self::None => true,
            Self::Weekends => is_weekday(day),
            Self::BrBank => is_weekday(day) && !is_bank_holiday(day),
        }
    }

    fn business_days(self, from: NaiveDate, to: NaiveDate) -> i64 {
        match self {
            Self::None => (to - from).num_days(),
            Self::Weekends => weekdays(from, to),
            Self::BrBank => {
                let on_weekdays = with_bank_holidays(|holidays| {
                    holidays.iter().filter(|&&day| from < day && day <= to && is_weekday(day)).count()
                });
                let holidays: usize = (from.year()..=to.year()).map(on_weekdays).sum();
                weekdays(from, to) - i64::try_from(holidays).unwrap_or(i64::MAX)
            }
        }
    }
}

/// The days of `year` without banking in all of Brazil, in order, weekends among them.
pub fn bank_holidays(year: i32) -> Vec<NaiveDate> {
    with_bank_holidays(<[NaiveDate]>::to_vec)(year)
}

/// `months` later with the same day number, or the day that stands for it; `None` past the calendar of years.
pub fn months_later(day: NaiveDate, months: u32, month_end: MonthEnd) -> Option<NaiveDate> {
    let clamped = day.checked_add_months(chrono::Months::new(months))?;
    match month_end {
        MonthEnd::Roll if clamped.day() != day.day() => clamped.succ_opt(),
        MonthEnd::Roll | MonthEnd::Clamp => Some(clamped),
    }
}

fn is_weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Mondays to Fridays of ]from, to].
fn weekdays(from: NaiveDate, to: NaiveDate) -> i64 {
    let days = (to - from).num_days();
    let weekday_of_from = i64::from(from.weekday().num_days_from_monday());
    let beyond_whole_weeks = (1..=days % 7).filter(|n| (weekday_of_from + n) % 7 < 5).count();
    days / 7 * 5 + i64::try_from(beyond_whole_weeks).unwrap_or(0)
}

fn is_bank_holiday(day: NaiveDate) -> bool {
    with_bank_holidays(|holidays| holidays.contains(&day))(day.year())
}

/// Lets `look` see the bank holidays of a year, held ready or worked out.
fn with_bank_holidays<T>(look: impl Fn(&[NaiveDate]) -> T) -> impl Fn(i32) -> T {
    move |year| {
        let held = usize::try_from(year - FIRST_YEAR).ok().and_then(|index| BANK_HOLIDAYS.get(index));
        held.map_or_else(|| look(&work_out_bank_holidays(year)), |holidays| look(holidays))
    }
}

fn work_out_bank_holidays(year: i32) -> Vec<NaiveDate> {
    let fixed = [(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)];
    let mut holidays: BTreeSet<_> =
        fixed.into_iter().filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, month, day)).collect();
    // Consciência Negra is a national holiday since Lei 14.759/2023.
    holidays.extend(NaiveDate::from_ymd_opt(year, 11, 20).filter(|_| year >= 2024));
    if let Some(easter) = easter(year) {
        let before = [48, 47, 2].into_iter().filter_map(|days| easter.checked_sub_days(Days::new(days)));
        holidays.extend(before);
        holidays.extend(easter.checked_add_days(Days::new(60)));
    }
    holidays.into_iter().collect()
}

/// Easter Sunday by the Gregorian computation (Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * weekday) / 451;
    let days = moon + weekday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_business_days_agrees_with_asking_each_day() {
        let from = NaiveDate::from_ymd_opt(2023, 10, 28).unwrap();
        let day = |month, day| NaiveDate::from_ymd_opt(2024, month, day).unwrap();
        let adapted = Calendar::Adapted {
            base: BaseCalendar::BrBank,
            add: [day(1, 25), day(2, 10), day(2, 12)].into(),
            remove: [day(2, 12), day(2, 17), day(3, 29)].into(),
        };
        for calendar in [Calendar::default(), Calendar::Named(BaseCalendar::Weekends), adapted] {
            let (mut counted, mut to) = (0, from);
            for _ in 0..600 {
                assert_eq!(calendar.business_days(from, to), counted, "{calendar:?} to {to}");
                to = to.succ_opt().unwrap();
                counted += i64::from(calendar.is_business(to));
            }
        }
    }

    #[test]
    fn a_local_holiday_moves_a_due_date() {
        let revolution = NaiveDate::from_ymd_opt(2026, 7, 9).unwrap();
        let calendar = Calendar::Adapted {
            base: BaseCalendar::BrBank,
            add: [revolution].into(),
            remove: BTreeSet::new(),
        };
        assert_eq!(calendar.moved(revolution, DueDateShift::Preceding), revolution.pred_opt().unwrap());
    }
}
