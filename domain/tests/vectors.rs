//! Every small figure of `schemas/cases/vectors`, by kind.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use domain::calendar::{Calendar, bank_holidays, months_later};
use domain::day_count::{DayCount, irregular_months};
use domain::effective_cost::{Flow, effective_cost, yearly_rate};
use domain::iof::{self, IofRates, IofTerms, RepaidPart};
use domain::power::power;
use domain::rounding::RoundingMode;
use domain::schedule::{OpenRow, Timeline, present_value};
use domain::tax_id::{Cnpj, Cpf, EndToEndId, IdError};
use domain::terms::{DueDates, Every, LateInterest};
use domain::{Currency, ScheduleRequest, TermsRequest, draw};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A vector, read by its fields.
struct Vector(Value);

impl Vector {
    fn field<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.0[name].clone())
            .unwrap_or_else(|error| panic!("{name} of {}: {error}", self.0))
    }

    fn text(&self, name: &str) -> String {
        self.field(name)
    }

    fn decimal(&self, name: &str) -> Decimal {
        self.text(name).parse().unwrap()
    }

    fn date(&self, name: &str) -> NaiveDate {
        self.field(name)
    }

    fn calendar(&self) -> Calendar {
        self.field("calendar")
    }

    fn rates(&self) -> IofRates {
        serde_json::from_value(self.0.clone()).unwrap()
    }

    fn flows(&self, name: &str) -> Vec<Flow> {
        let flows: Vec<Value> = self.field(name);
        flows
            .iter()
            .map(|flow| Flow {
                on: serde_json::from_value(flow["on"].clone()).unwrap(),
                amount: flow["amount"].as_str().unwrap().parse().unwrap(),
            })
            .collect()
    }

    fn iof_terms(&self) -> IofTerms {
        serde_json::from_value(json!({
            "rates": self.rates(), "collected": "cash", "financing": "fixed_point",
            "round": self.0["round"], "mode": self.0["mode"], "cap_days": self.0["cap_days"],
        }))
        .unwrap()
    }
}

fn rounded(value: Decimal, like: &str) -> String {
    let decimals = like.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    RoundingMode::HalfEven.round(value, u32::try_from(decimals).unwrap()).to_string()
}

/// What the engine makes of a vector, and what was expected.
fn check(vector: &Vector) -> (String, String) {
    let expected = || vector.text("expect");
    match vector.text("kind").as_str() {
        "holidays" => {
            let dates: Vec<NaiveDate> = vector.field("dates");
            (format!("{:?}", bank_holidays(vector.field("year"))), format!("{dates:?}"))
        }
        "shift" => {
            let moved = vector.calendar().moved(vector.date("date"), vector.field("rule"));
            (moved.to_string(), expected())
        }
        "business_days" => {
            let days = vector.calendar().business_days(vector.date("from"), vector.date("to"));
            (days.to_string(), vector.field::<i64>("count").to_string())
        }
        "add_months" => {
            let later = months_later(vector.date("date"), vector.field("months"), vector.field("month_end"));
            (later.unwrap().to_string(), expected())
        }
        "year_fraction" => {
            let day_count: DayCount = vector.field("day_count");
            let years = day_count.year_fraction(vector.date("from"), vector.date("to"), &vector.calendar());
            (rounded(years.unwrap(), &expected()), expected())
        }
        "months_30_360" => {
            let months = irregular_months(vector.date("from"), vector.date("to")).unwrap();
            (rounded(months, &expected()), expected())
        }
        "effective_cost" => check_effective_cost(vector),
        "cnpj" | "cpf" | "pix_end_to_end_id" => check_id(vector),
        "rate" => {
            let exponent = vector.text("exponent");
            let (times, parts) = exponent.split_once('/').unwrap();
            let exponent = times.parse::<Decimal>().unwrap() / parts.parse::<Decimal>().unwrap();
            let growth = power(Decimal::ONE + vector.decimal("rate"), exponent).unwrap();
            (rounded(growth - Decimal::ONE, &expected()), expected())
        }
        "round" => {
            let mode: RoundingMode = vector.field("mode");
            (mode.round(vector.decimal("value"), vector.field("decimals")).to_string(), expected())
        }
        "multiple_of" => {
            let mode: RoundingMode = vector.field("mode");
            let multiple =
                mode.to_multiple(mode.round(vector.decimal("value"), 2), vector.decimal("multiple_of"));
            (rounded(multiple.unwrap(), &expected()), expected())
        }
        "late" => check_late(vector),
        "present_value" => check_present_value(vector),
        _ => check_iof(vector),
    }
}

fn check_effective_cost(vector: &Vector) -> (String, String) {
    let (received, paid) = (vector.flows("received"), vector.flows("paid"));
    let cost = effective_cost(&received, &paid).unwrap();
    let exact = rounded(yearly_rate(&received, &paid).unwrap(), "0.000000000000");
    // A cost of nothing is written as `-0` by the bisection behind the vectors.
    let number =
        |name: &str| Decimal::from_scientific(&vector.text(name)).unwrap_or_else(|_| vector.decimal(name));
    let plain =
        |figures: [Decimal; 3]| format!("{:?}", figures.map(|figure| figure.normalize() + Decimal::ZERO));
    let expected = [number("yearly"), number("monthly"), number("yearly_exact")];
    (plain([cost.yearly, cost.monthly, exact.parse().unwrap()]), plain(expected))
}

fn check_id(vector: &Vector) -> (String, String) {
    let value = vector.text("value");
    let found: Result<Option<String>, IdError> = match vector.text("kind").as_str() {
        "cnpj" => Cnpj::parse(&value).map(|id| Some(id.formatted())),
        "cpf" => Cpf::parse(&value).map(|id| Some(id.formatted())),
        _ => EndToEndId::parse(&value).map(|_| None),
    };
    let expected: Result<Option<String>, String> =
        if vector.field("valid") { Ok(vector.field("formatted")) } else { Err(vector.text("why")) };
    (format!("{:?}", found.map_err(|error| error.code().to_owned())), format!("{expected:?}"))
}

fn check_late(vector: &Vector) -> (String, String) {
    let mut late = vector.0.clone();
    let kept = ["fee_rate", "interest_rate_per_month", "interest", "interest_days", "rounding"];
    late.as_object_mut().unwrap().retain(|field, _| kept.contains(&field.as_str()));
    let terms: TermsRequest = serde_json::from_value(
        json!({"principal": "1000.00", "rate": {"value": "0.01"}, "installments": 1, "late": late}),
    )
    .unwrap();
    let late = terms.check().unwrap().late.unwrap();
    let LateInterest::ByMonth(monthly) = late.interest else { panic!("{late:?}") };
    let open = vector.decimal("open");
    let interest = monthly.of_stretch(open, Decimal::ZERO, vector.field("days")).unwrap();
    let found = (late.fee(open, 2).unwrap().to_string(), late.rounding.round(interest, 2).to_string());
    (format!("{found:?}"), format!("{:?}", (vector.text("late_fee"), vector.text("late_interest"))))
}

fn check_present_value(vector: &Vector) -> (String, String) {
    let left: u32 = vector.field("left");
    let terms: TermsRequest = serde_json::from_value(json!({
        "principal": "10000.00", "installments": left, "day_count": "30/360",
        "rate": {"value": vector.text("rate_per_period"), "per": "month", "compounding": "nominal"},
    }))
    .unwrap();
    let terms = terms.check().unwrap();
    assert!(matches!(terms.due, DueDates::Regular { every: Every::Months(1), .. }));
    let start = NaiveDate::from_ymd_opt(2026, 1, 15).unwrap();
    let timeline = Timeline::try_new(&terms, start).unwrap();
    let amount = vector.decimal("installment");
    let open: Vec<_> = (0..left as usize).map(|index| OpenRow { index, amount }).collect();
    let value = present_value(&timeline, &open, start).unwrap();
    (terms.rounding.round(value).to_string(), vector.text("expect"))
}

fn check_iof(vector: &Vector) -> (String, String) {
    match vector.text("kind").as_str() {
        "iof_rate" => {
            let principal = Currency::Brl.try_amount(vector.decimal("principal")).unwrap();
            let found = iof::rates_on(vector.field("person"), vector.date("on"), principal).unwrap();
            let plain = |rates: IofRates| {
                format!("{:?}", [rates.daily, rates.additional].map(|rate| rate.normalize()))
            };
            (plain(found), plain(vector.rates()))
        }
        "iof" => {
            let terms = vector.iof_terms();
            let parts: Vec<(String, i64)> = vector.field("principals_days");
            let tax: Decimal = parts
                .into_iter()
                .map(|(principal, days)| {
                    let part =
                        RepaidPart { principal: principal.parse().unwrap(), days, rates: vector.rates() };
                    terms.tax_of_row(&[part], 2).unwrap()
                })
                .sum();
            (terms.mode.round(tax, 2).to_string(), vector.text("expect"))
        }
        "iof_daily_balances" => {
            let debits: Vec<domain::Amount> = vector.field("debits");
            let tax = iof::tax_of_daily_balances(&debits, vector.rates(), 2, vector.field("mode")).unwrap();
            (tax.to_string(), vector.text("expect"))
        }
        "iof_financed_one_payment" => {
            let request: ScheduleRequest = serde_json::from_value(json!({
                "method": "bullet", "rate": {"value": "0"}, "installments": 1,
                "every": {"days": vector.0["days"]},
                "tax": {"iof": {"rates": vector.rates(), "cap_days": vector.0["cap_days"],
                    "mode": vector.0["mode"], "round": []}},
                "disbursements": [{"on": "2026-02-02", "amount": vector.0["net"]}],
            }))
            .unwrap();
            let (terms, disbursements) = request.check().unwrap();
            let plan = draw(&terms, &disbursements).unwrap();
            let found = (plan.totals.financed.to_string(), plan.tax.unwrap().total.to_string());
            (format!("{found:?}"), format!("{:?}", (vector.text("financed"), vector.text("iof"))))
        }
        other => panic!("no test knows vectors of kind {other}"),
    }
}

#[test]
fn every_vector_comes_out_as_worked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases/vectors");
    let (mut wrong, mut kinds) = (Vec::new(), BTreeMap::<String, usize>::new());
    for entry in fs::read_dir(folder).unwrap() {
        let file: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        for vector in file["vectors"].as_array().unwrap() {
            let vector = Vector(vector.clone());
            *kinds.entry(vector.text("kind")).or_default() += 1;
            let (found, expected) = check(&vector);
            if found != expected {
                wrong.push(format!("{}: expected {expected}, found {found}", vector.text("id")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {kinds:?}\n{}", wrong.len(), wrong.join("\n"));
    assert!(kinds.values().sum::<usize>() >= 320, "only {kinds:?} were found");
}
