//! The fields that commands have in common, as they stand in JSON.

use std::fmt;
use std::marker::PhantomData;

use chrono::{Datelike, NaiveDate};
use domain::texts;
use rust_decimal::Decimal;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The years that dates may lie in: a loan of today is repaid within them, and its calendar is known.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// A calendar day, written `YYYY-MM-DD` and in no other way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(pub(crate) NaiveDate);

/// An amount as a plain decimal number in a text. Its currency, and so its decimals, are not known yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AmountText(pub(crate) Decimal);

/// A JSON object. On their own, types read from JSON also take a list of their fields' values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<T>(pub(crate) T);

/// A text that `parse` reads, or the error that says what was `expected`.
struct FromText<T> {
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

struct FromFields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FromFields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FromFields(PhantomData)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a day that exists, as YYYY-MM-DD, from 1900 to 2199";
        deserializer.deserialize_str(FromText { expected, parse: parse_day }).map(Self)
    }
}

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an amount as text, such as \"1234.50\"";
        deserializer.deserialize_str(FromText { expected, parse: parse_amount }).map(Self)
    }
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    // chrono also takes signs, blanks and single digits.
    let bytes = text.as_bytes();
    let dashed = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let digits = bytes.iter().enumerate().all(|(at, byte)| at == 4 || at == 7 || byte.is_ascii_digit());
    if !dashed || !digits {
        return None;
    }
    text.parse().ok().filter(|day: &NaiveDate| YEARS.contains(&day.year()))
}

fn parse_amount(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        texts::Day::schema()
    }
}

impl ToSchema for Day {}

impl PartialSchema for AmountText {
    fn schema() -> RefOr<Schema> {
        texts::AmountText::schema()
    }
}

impl ToSchema for AmountText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_exists_and_is_written_in_one_way() {
        assert_eq!(parse_day("2024-02-29"), NaiveDate::from_ymd_opt(2024, 2, 29));
        for text in [
            "2026-02-30",
            "2026-2-3",
            "+2026-01-01",
            "2026-01-1 ",
            "20260101",
            "1899-12-31",
            "2200-01-01",
            "",
        ] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn an_amount_is_a_plain_decimal_number() {
        assert_eq!(parse_amount("1234.50"), Some(Decimal::new(123_450, 2)));
        assert_eq!(parse_amount("-0.01"), Some(Decimal::new(-1, 2)));
        for text in ["", "NaN", "1e400", "1_000", "+1", ".5", "5.", "1,00", " 1", "0x1", "Infinity", "--1"] {
            assert_eq!(parse_amount(text), None, "{text}");
        }
        let beyond_decimal = "1".repeat(40);
        assert_eq!(parse_amount(&beyond_decimal), None);
    }
}
