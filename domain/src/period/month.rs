//! A month of the calendar, written `YYYY-MM`.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::spelt;

/// The years that accounts are kept for.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// A month from January 1900 to December 2199, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(NaiveDate);

/// A text that names no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no month YYYY-MM from 1900-01 to 2199-12")]
pub struct NotAMonth(pub String);

impl Month {
    pub fn parse(text: &str) -> Result<Self, NotAMonth> {
        let bytes = text.as_bytes();
        // chrono also takes signs and single digits.
        let shaped = bytes.len() == 7
            && bytes[4] == b'-'
            && bytes.iter().enumerate().all(|(at, byte)| at == 4 || byte.is_ascii_digit());
        let first = if shaped { format!("{text}-01").parse::<NaiveDate>().ok() } else { None };
        let first = first.filter(|day| YEARS.contains(&day.year()));
        first.map(Self).ok_or_else(|| NotAMonth(text.to_owned()))
    }

    /// The month in which a day lies.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).expect("every month has a first day"))
    }

    pub fn last_day(self) -> NaiveDate {
        self.next().0.pred_opt().expect("months lie within the calendar's days")
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).expect("months lie within the calendar's days"))
    }

    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).expect("months lie within the calendar's days"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        spelt::deserialize(deserializer, Self::parse)
    }
}

impl PartialSchema for Month {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"))
            .description(Some("A month, as `YYYY-MM`, from 1900 to 2199."))
            .examples(["2026-03"])
            .into()
    }
}

impl ToSchema for Month {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_in_one_way() {
        let february = Month::parse("2024-02").expect("a month");
        assert_eq!(february.to_string(), "2024-02");
        assert_eq!(february.last_day(), NaiveDate::from_ymd_opt(2024, 2, 29).expect("a date"));
        assert_eq!(february.next().to_string(), "2024-03");
        assert_eq!(Month::parse("2026-01").expect("a month").previous().to_string(), "2025-12");
        for text in
            ["2026-13", "2026-00", "2026-1", "2026-1 ", "+026-01", "1899-12", "2200-01", "2026-01-01", ""]
        {
            assert_eq!(Month::parse(text), Err(NotAMonth(text.to_owned())), "{text}");
        }
    }
}
