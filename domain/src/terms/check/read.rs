//! Reading single values: numbers, amounts, dates, words.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;

use super::super::{FIRST_YEAR, FieldError, LAST_YEAR};
use super::Check;
use crate::amount::{Amount, AmountError};
use crate::currency::Currency;

/// A list of ten thousand wrong dates is not answered with as many errors.
const MOST_ERRORS: usize = 100;

/// The field that a pointer leads to, as people write it: `rate.value`.
pub(super) fn name(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

impl Check {
    pub(super) fn refuse(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) {
        if self.errors.len() == MOST_ERRORS {
            return;
        }
        self.errors.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
    }

    pub(in crate::terms) fn currency(&mut self, text: Option<&str>) -> Currency {
        text.map_or(Ok(Currency::default()), str::parse).unwrap_or_else(|unknown| {
            self.refuse("/currency", "unknown_currency", format!("currency {unknown}"));
            Currency::default()
        })
    }

    /// One of the words of `T`, its default where none is given.
    pub(super) fn choice<T: Default + for<'a> Deserialize<'a>>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
    ) -> T {
        text.and_then(|text| self.word(pointer, text)).unwrap_or_default()
    }

    /// One of the words of `T`.
    pub(super) fn word<T: for<'a> Deserialize<'a>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        let read: Result<T, WordError> = T::deserialize(text.into_deserializer());
        match read {
            Ok(word) => Some(word),
            Err(error) => {
                self.refuse(pointer, "unknown_value", format!("{}: {error}", name(pointer)));
                None
            }
        }
    }

    /// Words of `T`, each once.
    pub(super) fn words<T: PartialEq + for<'a> Deserialize<'a>>(
        &mut self,
        pointer: &str,
        texts: &[String],
    ) -> Vec<T> {
        let mut words = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let pointer = format!("{pointer}/{at}");
            let Some(word) = self.word(&pointer, text) else { continue };
            if words.contains(&word) {
                self.refuse(pointer.as_str(), "repeated", format!("{} names {text} again", name(&pointer)));
            } else {
                words.push(word);
            }
        }
        words
    }

    pub(super) fn decimal(&mut self, pointer: &str, text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let shaped = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction);
        let read = if shaped { Decimal::from_str_exact(text).ok() } else { None };
        if read.is_none() {
            let shown: String = text.chars().take(40).collect();
            let detail = format!("{} `{shown}` is no decimal number of at most 28 digits", name(pointer));
            self.refuse(pointer, "malformed", detail);
        }
        read
    }

    /// A number from zero to `highest`.
    pub(super) fn fraction(&mut self, pointer: &str, text: &str, highest: Decimal) -> Option<Decimal> {
        let value = self.decimal(pointer, text)?;
        if value < Decimal::ZERO || value > highest {
            let detail = format!("{} {value} does not lie between 0 and {highest}", name(pointer));
            self.refuse(pointer, "out_of_range", detail);
            return None;
        }
        Some(value)
    }

    pub(super) fn at_most(&mut self, pointer: &str, value: u32, most: u32) {
        if value > most {
            let detail = format!("{} {value} is more than {most}", name(pointer));
            self.refuse(pointer, "out_of_range", detail);
        }
    }

    pub(super) fn positive_amount(
        &mut self,
        pointer: &str,
        text: &str,
        currency: Currency,
    ) -> Option<Amount> {
        let value = self.decimal(pointer, text)?;
        let read = currency.try_positive(value);
        self.amount_read(pointer, read)
    }

    /// An amount of zero or more.
    pub(super) fn amount(&mut self, pointer: &str, text: &str, currency: Currency) -> Option<Amount> {
        let value = self.decimal(pointer, text)?;
        let read = if value.is_zero() { Ok(currency.zero()) } else { currency.try_positive(value) };
        self.amount_read(pointer, read)
    }

    pub(super) fn amount_read(&mut self, pointer: &str, read: Result<Amount, AmountError>) -> Option<Amount> {
        let error = match read {
            Ok(amount) => return Some(amount),
            Err(error) => error,
        };
        let code = match &error {
            AmountError::TooManyDecimals { .. } => "too_many_decimals",
            AmountError::TooLarge { .. } => "too_large",
            AmountError::NotPositive { .. } => "not_positive",
        };
        self.refuse(pointer, code, format!("{} {error}", name(pointer)));
        None
    }

    pub(super) fn date(&mut self, pointer: &str, text: &str) -> Option<NaiveDate> {
        // chrono alone would take `2026-1-5` and signs too.
        let shaped = text.len() == 10 && text.bytes().all(|c| c.is_ascii_digit() || c == b'-');
        let read = if shaped { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
        let Some(date) = read else {
            let shown: String = text.chars().take(40).collect();
            let detail = format!("{} `{shown}` is no date YYYY-MM-DD", name(pointer));
            self.refuse(pointer, "malformed", detail);
            return None;
        };
        if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
            let detail = format!("{} {date} lies outside of {FIRST_YEAR} to {LAST_YEAR}", name(pointer));
            self.refuse(pointer, "out_of_range", detail);
            return None;
        }
        Some(date)
    }
}
