//! Dates and business days, worked out anew (LENDING.md §2).

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A base and the dates that adapt it.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) base: String,
    pub(crate) add: BTreeSet<NaiveDate>,
    pub(crate) remove: BTreeSet<NaiveDate>,
}

impl Calendar {
    pub(crate) fn named(base: &str) -> Self {
        Self { base: base.to_owned(), add: BTreeSet::new(), remove: BTreeSet::new() }
    }

    pub(crate) fn is_business(&self, day: NaiveDate) -> bool {
        if self.remove.contains(&day) {
            return true;
        }
        if self.add.contains(&day) {
            return false;
        }
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        match self.base.as_str() {
            "none" => true,
            "weekends" => !weekend,
            _ => !weekend && !is_bank_holiday(day),
        }
    }

    pub(crate) fn following(&self, day: NaiveDate) -> NaiveDate {
        self.moved(day, "following")
    }

    pub(crate) fn moved(&self, day: NaiveDate, rule: &str) -> NaiveDate {
        let (mut ahead, mut back) = (day, day);
        while !self.is_business(ahead) {
            ahead = later(ahead, 1);
        }
        while !self.is_business(back) {
            back = back.pred_opt().expect("an earlier day");
        }
        match rule {
            "none" => day,
            "following" => ahead,
            "preceding" => back,
            "modified_following" if ahead.month() == day.month() => ahead,
            "modified_following" => back,
            other => panic!("no shift: {other}"),
        }
    }

    /// Business days of ]from, to].
    pub(crate) fn business_days(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let days = from.iter_days().skip(1).take_while(|day| *day <= to);
        i64::try_from(days.filter(|day| self.is_business(*day)).count()).expect("few days")
    }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("no date: {text}"))
}

pub(crate) fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).expect("a later day")
}

pub(crate) fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days()
}

/// `months` after `day`; where the month lacks the day its last, or with `roll` the first of the next.
pub(crate) fn months_later(day: NaiveDate, months: u32, roll: bool) -> NaiveDate {
    let month0 = i64::from(day.year()) * 12 + i64::from(day.month0()) + i64::from(months);
    let first = |month0: i64| {
        let year = i32::try_from(month0.div_euclid(12)).expect("a year");
        let month = u32::try_from(month0.rem_euclid(12)).expect("a month") + 1;
        NaiveDate::from_ymd_opt(year, month, 1).expect("the first of a month")
    };
    let (this, next) = (first(month0), first(month0 + 1));
    match this.with_day(day.day()) {
        Some(day) => day,
        None if roll => next,
        None => next.pred_opt().expect("the last of a month"),
    }
}

/// Commercial months of ]from, to]: whole ones, then days over the length of the month that they fall in.
pub(crate) fn whole_months_and_rest(from: NaiveDate, to: NaiveDate) -> (i64, i64, i64) {
    let mut months = 0;
    while months_later(from, months + 1, false) <= to {
        months += 1;
    }
    let anchor = months_later(from, months, false);
    let first_left = later(anchor, 1);
    let month = first_left.with_day(1).expect("a first");
    (i64::from(months), days_between(anchor, to), days_between(month, months_later(month, 1, false)))
}

thread_local! {
    static HOLIDAYS: RefCell<HashMap<i32, BTreeSet<NaiveDate>>> = RefCell::new(HashMap::new());
}

fn is_bank_holiday(day: NaiveDate) -> bool {
    HOLIDAYS.with_borrow_mut(|years| {
        years.entry(day.year()).or_insert_with(|| bank_holidays(day.year())).contains(&day)
    })
}

fn bank_holidays(year: i32) -> BTreeSet<NaiveDate> {
    let fixed = [(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)];
    let mut days: BTreeSet<NaiveDate> = fixed.into_iter().filter_map(|(m, d)| at(year, m, d)).collect();
    if year >= 2024 {
        days.extend(at(year, 11, 20));
    }
    let easter = easter(year);
    for distance in [-48, -47, -2, 60] {
        days.insert(easter + chrono::TimeDelta::days(distance));
    }
    days
}

fn at(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The Sunday after the full moon of spring, by Gauss's rule.
fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year % 4, year % 7);
    let century = year / 100;
    let p = (13 + 8 * century) / 25;
    let q = century / 4;
    let m = (15 - p + century - q).rem_euclid(30);
    let n = (4 + century - q).rem_euclid(7);
    let d = (19 * a + m) % 30;
    let e = (2 * b + 4 * c + 6 * d + n) % 7;
    let mut days = 22 + d + e;
    if d == 29 && e == 6 {
        days = 50;
    }
    if d == 28 && e == 6 && a > 10 {
        days = 49;
    }
    at(year, 3, 1).expect("a first of March") + chrono::TimeDelta::days(i64::from(days) - 1)
}

#[test]
fn easter_is_where_the_almanac_has_it() {
    let known =
        ["1954-04-18", "1981-04-19", "2000-04-23", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25"];
    for text in known {
        let day = date(text);
        assert_eq!(easter(day.year()), day);
    }
}
