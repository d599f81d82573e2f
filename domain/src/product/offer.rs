//! What a version of a product offers: from what a lender sends to an offer that holds its own rules, and from an
//! application to the terms of a loan.

use serde_json::{Map, Value};

use super::limit::{self, Kind, Limit, LimitValue, Limits, Values};
use crate::amount::LARGEST_AMOUNT;
use crate::currency::Currency;
use crate::terms::{FieldError, MOST_INSTALLMENTS, Terms, TermsRequest};

/// The code of a field that a product does not let be so.
pub const OUTSIDE_LIMITS: &str = "outside_product_limits";

/// The terms that a product gives to what an application leaves open, and the limits of what it may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub currency: Currency,
    pub terms: TermsRequest,
    pub limits: Limits,
}

impl Offer {
    /// The offer of a product, or everything that is wrong with it. Pointers begin with `/currency`, `/terms` and
    /// `/limits`.
    ///
    /// Terms and limits are made to say the same: a default of either is in both, an only word is the default, and a
    /// limit of the rate settles what it is a rate for.
    pub fn check(
        currency: Option<&str>,
        terms: &TermsRequest,
        limits: Limits,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut check = Draft { terms: terms.fields(), limits, errors: &mut errors };
        let currency = check.currency(currency);
        check.known_fields();
        if check.errors.is_empty() {
            check.settle_rate();
            check.share_defaults();
            check.bounds(currency);
        }
        if check.errors.is_empty() {
            check.try_terms();
        }
        let Draft { terms, limits, .. } = check;
        if errors.is_empty() {
            Ok(Self { currency, terms: TermsRequest::of_fields(terms), limits })
        } else {
            Err(errors)
        }
    }

    /// The terms of a loan that is asked for on this offer, or everything that is wrong with them. Pointers start at
    /// the terms.
    pub fn take(&self, application: &TermsRequest) -> Result<Terms, Vec<FieldError>> {
        let terms = application.over(&self.terms).check()?;
        let mut errors = Vec::new();
        if terms.currency != self.currency {
            let detail = format!("currency {} is not the product's, {}", terms.currency, self.currency);
            errors.push(FieldError { pointer: "/currency".to_owned(), code: OUTSIDE_LIMITS, detail });
        }
        let values = Values::of(&terms);
        for (field, limit) in &self.limits {
            if let Some(rule) = limit.broken_by(values.find(field).as_ref()) {
                let detail = format!("{field}: {rule}");
                errors.push(FieldError { pointer: limit::pointer(field), code: OUTSIDE_LIMITS, detail });
            }
        }
        if errors.is_empty() { Ok(terms) } else { Err(errors) }
    }
}

struct Draft<'a> {
    terms: Map<String, Value>,
    limits: Limits,
    errors: &'a mut Vec<FieldError>,
}

impl Draft<'_> {
    fn refuse(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
    }

    /// The currency, which stands beside the terms, in them, or in both.
    fn currency(&mut self, beside: Option<&str>) -> Currency {
        let inside = self.terms.get("currency").and_then(Value::as_str).map(ToOwned::to_owned);
        if let (Some(beside), Some(inside)) = (beside, inside.as_deref())
            && beside != inside
        {
            let detail = format!("terms.currency {inside} is not currency {beside}");
            self.refuse("/terms/currency", "inconsistent", detail);
        }
        let (pointer, text) = match (beside, inside) {
            (Some(beside), _) => ("/currency", beside.to_owned()),
            (None, Some(inside)) => ("/terms/currency", inside),
            (None, None) => ("/currency", Currency::default().code().to_owned()),
        };
        self.terms.insert("currency".to_owned(), Value::from(text.as_str()));
        text.parse().unwrap_or_else(|unknown| {
            self.refuse(pointer, "unknown_currency", format!("currency {unknown}"));
            Currency::default()
        })
    }

    fn known_fields(&mut self) {
        let unknown: Vec<String> =
            self.limits.keys().filter(|field| limit::kind_of(field).is_none()).cloned().collect();
        for field in unknown {
            let detail = format!("limits: `{field}` is none of {}", limit::all_fields());
            self.refuse(format!("/limits/{}", escaped(&field)), "unknown_value", detail);
        }
    }

    /// A rate from 0.01 to 0.03 says nothing while it may be a day's as well as a year's.
    fn settle_rate(&mut self) {
        if !self.limits.contains_key("rate.value") {
            return;
        }
        for (field, standard) in [("rate.per", "month"), ("rate.compounding", "effective")] {
            let default = find(&self.terms, field).and_then(Value::as_str).unwrap_or(standard).to_owned();
            self.limits
                .entry(field.to_owned())
                .or_insert_with(|| Limit { allowed: Some(vec![default]), ..Limit::default() });
        }
    }

    fn share_defaults(&mut self) {
        for (field, limit) in &mut self.limits {
            let only = match limit.allowed.as_deref() {
                Some([only]) => Some(LimitValue::Text(only.clone())),
                _ => None,
            };
            let in_terms = find(&self.terms, field).and_then(LimitValue::of_json);
            match (limit.default.clone().or(only), in_terms) {
                (Some(default), None) => {
                    set(&mut self.terms, field, default.json());
                    limit.default = Some(default);
                }
                (None, Some(in_terms)) => limit.default = Some(in_terms),
                (Some(default), Some(in_terms))
                    if default == in_terms || same_number(&default, &in_terms) =>
                {
                    limit.default = Some(in_terms);
                }
                (Some(default), Some(in_terms)) => {
                    let pointer = format!("/limits/{field}/default");
                    let detail =
                        format!("limits: {field} has the default {default}, and in terms {in_terms}");
                    self.errors.push(FieldError { pointer, code: "inconsistent", detail });
                }
                (None, None) => {}
            }
        }
    }

    fn bounds(&mut self, currency: Currency) {
        for (field, limit) in &self.limits {
            let Some(kind) = limit::kind_of(field) else { continue };
            let found = match kind {
                Kind::Word(is_word) => words(limit, is_word),
                Kind::Amount | Kind::Rate | Kind::Number => numbers(limit, kind, currency),
            };
            if let Err((part, code, detail)) = found {
                let pointer = format!("/limits/{field}{part}");
                self.errors.push(FieldError { pointer, code, detail: format!("limits: {field}: {detail}") });
            }
        }
    }

    /// Checks the terms as those of a loan: what they leave open is tried with what lets everything else be.
    fn try_terms(&mut self) {
        let mut trial = TermsRequest::of_fields(self.terms.clone());
        let most = |field: &str, otherwise: String| {
            let most = self.limits.get(field).and_then(|limit| limit.most.as_ref());
            most.map_or(otherwise, ToString::to_string)
        };
        let open_principal = trial.principal.is_none();
        if open_principal {
            trial.principal = Some(most("principal", LARGEST_AMOUNT.to_string()));
        }
        let rate = trial.rate.get_or_insert_default();
        if rate.value.is_none() {
            rate.value = Some(most("rate.value", "0".to_owned()));
        }
        if trial.installments.is_none() && trial.due_dates.is_none() && trial.custom.is_none() {
            trial.installments = most("installments", MOST_INSTALLMENTS.to_string()).parse().ok();
        }
        let Err(errors) = trial.check() else { return };
        for mut error in errors {
            // A plan of its own adds up to the principal of the loan, not to the one that is tried.
            if open_principal && error.code == "custom_does_not_add_up" {
                continue;
            }
            error.pointer.insert_str(0, "/terms");
            self.errors.push(error);
        }
    }
}

/// What is wrong with a limit: which part of it, the code and the words.
type Wrong = (&'static str, &'static str, String);

fn words(limit: &Limit, is_word: fn(&str) -> bool) -> Result<(), Wrong> {
    for (part, bound) in [("/least", &limit.least), ("/most", &limit.most)] {
        if bound.is_some() {
            return Err((part, "inconsistent", "words have neither a least nor a most".to_owned()));
        }
    }
    let Some(allowed) = limit.allowed.as_deref().filter(|allowed| !allowed.is_empty()) else {
        return Err(("/allowed", "required", "`allowed` names at least one word".to_owned()));
    };
    if let Some(unknown) = allowed.iter().find(|word| !is_word(word)) {
        return Err(("/allowed", "unknown_value", format!("`{unknown}` is no word of this field")));
    }
    match limit.default.as_ref().map(ToString::to_string) {
        Some(default) if !allowed.contains(&default) => {
            let detail = format!("the default {default} is none of {}", allowed.join(", "));
            Err(("/default", "out_of_range", detail))
        }
        _ => Ok(()),
    }
}

fn numbers(limit: &Limit, kind: Kind, currency: Currency) -> Result<(), Wrong> {
    if limit.allowed.is_some() {
        return Err(("/allowed", "inconsistent", "numbers have a least and a most".to_owned()));
    }
    let read = |part: &'static str, value: &Option<LimitValue>| {
        let Some(value) = value else { return Ok(None) };
        let fits = matches!((kind, value), (Kind::Number, LimitValue::Number(_)))
            || matches!((kind, value), (Kind::Amount | Kind::Rate, LimitValue::Text(_)));
        let number = value.number().filter(|_| fits);
        let number = number.ok_or_else(|| {
            let wanted = if matches!(kind, Kind::Number) { "whole number" } else { "decimal number as text" };
            (part, "malformed", format!("`{value}` is no {wanted}"))
        })?;
        if matches!(kind, Kind::Amount) {
            let amount = currency.try_positive(number);
            amount.map_err(|error| (part, "out_of_range", error.to_string()))?;
        }
        Ok(Some(number))
    };
    let least = read("/least", &limit.least)?;
    let default = read("/default", &limit.default)?;
    let most = read("/most", &limit.most)?;
    if least.is_none() && most.is_none() {
        return Err(("", "required", "a least or a most is required".to_owned()));
    }
    let above =
        |low: Option<_>, high: Option<_>| matches!((low, high), (Some(low), Some(high)) if low > high);
    if above(least, most) {
        return Err(("/most", "out_of_range", "the least is more than the most".to_owned()));
    }
    if above(least, default) || above(default, most) {
        return Err(("/default", "out_of_range", "the default lies outside".to_owned()));
    }
    Ok(())
}

fn same_number(one: &LimitValue, other: &LimitValue) -> bool {
    matches!((one.number(), other.number()), (Some(one), Some(other)) if one == other)
}

fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn find<'a>(terms: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    let mut segments = field.split('.');
    let first = terms.get(segments.next()?)?;
    segments.try_fold(first, |value, segment| value.get(segment))
}

/// Puts a value in its place, making the objects around it.
fn set(terms: &mut Map<String, Value>, field: &str, value: Value) {
    match field.split_once('.') {
        None => {
            terms.insert(field.to_owned(), value);
        }
        Some((outer, inner)) => {
            let object = terms.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = object {
                set(object, inner, value);
            }
        }
    }
}
