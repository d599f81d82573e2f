//! The limits that a product sets to single fields of terms: from least to most, or one of some words.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::Terms;
use crate::calendar::{BaseCalendar, DueDateShift, MonthEnd};
use crate::day_count::DayCount;
use crate::iof::{IofCollection, Person};
use crate::rate::{Compounding, RatePeriod};
use crate::rounding::RoundingMode;
use crate::terms::{
    AccrueTo, AllocationScope, Excess, GraceMode, InstallmentPeriods, InterestBasis, Method, Remainder,
    Settlement,
};

/// The limits of a product by the field's name, such as `rate.value`.
pub type Limits = BTreeMap<String, Limit>;

/// What a field of a loan's terms may be: from `least` to `most` for amounts, rates and numbers, one of `allowed` for
/// words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<LimitValue>,
    /// What a loan has that leaves the field open; the same as in the product's terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<LimitValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<LimitValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
}

/// An amount, a rate or a word as text, a whole number as a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LimitValue {
    Number(u32),
    Text(String),
}

/// What kind of value a field has that can be limited.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Text with at most the currency's decimals.
    Amount,
    /// A fraction as text.
    Rate,
    Number,
    /// Whether a text is one of the words.
    Word(fn(&str) -> bool),
}

/// The fields that can be limited.
const FIELDS: [(&str, Kind); 30] = [
    ("principal", Kind::Amount),
    ("installments", Kind::Number),
    ("every.months", Kind::Number),
    ("every.weeks", Kind::Number),
    ("every.days", Kind::Number),
    ("grace.principal", Kind::Number),
    ("grace.interest", Kind::Number),
    ("late.grace_days", Kind::Number),
    ("accrual.stop_after_days", Kind::Number),
    ("rate.value", Kind::Rate),
    ("late.fee_rate", Kind::Rate),
    ("late.interest_rate_per_month", Kind::Rate),
    ("method", Kind::Word(is::<Method>)),
    ("rate.per", Kind::Word(is::<RatePeriod>)),
    ("rate.compounding", Kind::Word(is::<Compounding>)),
    ("day_count", Kind::Word(is::<DayCount>)),
    ("month_end", Kind::Word(is::<MonthEnd>)),
    ("calendar", Kind::Word(is::<BaseCalendar>)),
    ("due_date_shift", Kind::Word(is::<DueDateShift>)),
    ("accrue_to", Kind::Word(is::<AccrueTo>)),
    ("grace.mode", Kind::Word(is::<GraceMode>)),
    ("installment_periods", Kind::Word(is::<InstallmentPeriods>)),
    ("rounding.mode", Kind::Word(is::<RoundingMode>)),
    ("rounding.remainder", Kind::Word(is::<Remainder>)),
    ("tax.iof.person", Kind::Word(is::<Person>)),
    ("tax.iof.collected", Kind::Word(is::<IofCollection>)),
    ("interest_basis", Kind::Word(is::<InterestBasis>)),
    ("allocation_scope", Kind::Word(is::<AllocationScope>)),
    ("excess", Kind::Word(is::<Excess>)),
    ("settlement", Kind::Word(is::<Settlement>)),
];

/// A number as digits with at most one point: neither signs nor exponents.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    if digits(whole) && digits(fraction) { Decimal::from_str_exact(text).ok() } else { None }
}

fn is<T: for<'a> Deserialize<'a>>(text: &str) -> bool {
    let read: Result<T, WordError> = T::deserialize(text.into_deserializer());
    read.is_ok()
}

/// The kind of a field's value, where it can be limited.
pub(super) fn kind_of(field: &str) -> Option<Kind> {
    FIELDS.iter().find(|(name, _)| *name == field).map(|(_, kind)| *kind)
}

/// The name of a field that can be limited.
#[derive(Debug)]
pub struct LimitedField;

impl PartialSchema for LimitedField {
    fn schema() -> RefOr<Schema> {
        let names = FIELDS.map(|(name, _)| name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for LimitedField {}

/// The names of all fields that can be limited, for whoever named another.
pub(super) fn all_fields() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

impl LimitValue {
    /// The value as a number, where it is one.
    pub(super) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(Decimal::from(*number)),
            Self::Text(text) => plain_decimal(text),
        }
    }

    /// As it stands in JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }

    pub(super) fn of_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Number(number) => Some(Self::Number(u32::try_from(number.as_u64()?).ok()?)),
            _ => None,
        }
    }
}

impl std::fmt::Display for LimitValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Limit {
    /// Which rule a value breaks, in words. What terms do not have counts as zero; a word that they do not have is
    /// not missed.
    pub(super) fn broken_by(&self, value: Option<&Value>) -> Option<String> {
        if let Some(allowed) = &self.allowed {
            let given = match value? {
                Value::String(word) => word.clone(),
                other => other.to_string(),
            };
            return (!allowed.contains(&given)).then(|| format!("{given} is none of {}", allowed.join(", ")));
        }
        let value = match value {
            Some(value) => LimitValue::of_json(value)?.number()?,
            None => Decimal::ZERO,
        };
        let below = self.least.as_ref().filter(|least| least.number().is_some_and(|least| value < least));
        let above = self.most.as_ref().filter(|most| most.number().is_some_and(|most| value > most));
        match (below, above) {
            (Some(least), _) => Some(format!("{value} is less than the least, {least}")),
            (None, Some(most)) => Some(format!("{value} is more than the most, {most}")),
            (None, None) => None,
        }
    }
}

/// The values of terms by the names of their fields.
pub(super) struct Values {
    terms: Value,
    due_dates: u32,
}

impl Values {
    pub(super) fn of(terms: &Terms) -> Self {
        let due_dates = terms.due_date_count();
        Self { terms: serde_json::to_value(terms).expect("terms are plain data"), due_dates }
    }

    /// The value of a field; listed due dates are installments too.
    pub(super) fn find(&self, field: &str) -> Option<Value> {
        if field == "installments" {
            return Some(Value::from(self.due_dates));
        }
        self.terms.pointer(&pointer(field)).cloned()
    }
}

/// The JSON pointer of a field: `/rate/value` for `rate.value`.
pub(super) fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}
