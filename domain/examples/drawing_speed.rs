//! How long plans take to draw, from the usual to the worst that is accepted:
//! `cargo run --release -p domain --example drawing_speed`.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]
#![allow(clippy::unwrap_used, reason = "an example may stop at the first surprise")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use domain::power::power;
use domain::{ScheduleRequest, draw};
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn main() {
    powers();
    for (name, request) in requests() {
        let request: ScheduleRequest = serde_json::from_value(request).unwrap();
        let best = (0..5).map(|_| timed(|| drawn(request.clone()))).min().unwrap();
        println!("{name:<52} {:>9.3} ms  {}", millis(best.0), best.1);
    }
}

fn powers() {
    let base = Decimal::new(10_199, 4);
    let (took, _) = timed(|| {
        for days in 1..=1000 {
            black_box(power(black_box(base), Decimal::from(days) / Decimal::from(365)).unwrap());
        }
        String::new()
    });
    println!("{:<52} {:>9.3} µs", "a power with a broken exponent", millis(took));
}

fn drawn(request: ScheduleRequest) -> String {
    let (terms, disbursements) = match request.check() {
        Ok(checked) => checked,
        Err(errors) => return errors[0].detail.clone(),
    };
    match draw(&terms, &disbursements) {
        Ok(plan) => format!("{} installments of {}", plan.installments.len(), plan.installments[0].total),
        Err(error) => error.to_string(),
    }
}

fn timed(work: impl Fn() -> String) -> (Duration, String) {
    let start = Instant::now();
    let outcome = work();
    (start.elapsed(), outcome)
}

#[allow(clippy::float_arithmetic, reason = "a duration for reading")]
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The usual loan with some fields changed.
fn with(changes: &Value) -> Value {
    let disbursed = json!([{"on": "2026-01-15", "amount": "300000.00"}]);
    let mut request = json!({"rate": {"value": "0.0089"}, "installments": 360, "disbursements": disbursed});
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    request
}

fn dates(start: &str, count: u64, apart: impl Fn(u64) -> u64) -> Vec<String> {
    let start: NaiveDate = start.parse().unwrap();
    (0..count).map(|at| (start + Days::new(apart(at))).to_string()).collect()
}

fn requests() -> Vec<(&'static str, Value)> {
    let iof = json!({"iof": {"person": "natural"}});
    let usual = [
        ("360 months, act/365 effective", json!({})),
        ("360 months, act/act", json!({"day_count": "act/act"})),
        ("360 months, IOF financed", json!({"tax": iof})),
        (
            "120 months, bus/252, shifted, IOF financed",
            json!({"installments": 120, "day_count": "bus/252", "due_date_shift": "following", "tax": iof}),
        ),
        ("10 000 days", json!({"installments": 10_000, "every": {"days": 1}})),
        ("10 000 days, IOF financed", json!({"installments": 10_000, "every": {"days": 1}, "tax": iof})),
    ];
    usual.into_iter().chain(worst()).map(|(name, changes)| (name, with(&changes))).collect()
}

fn worst() -> [(&'static str, Value); 6] {
    let many: Vec<_> = dates("2026-01-15", 120, |at| at * 3)
        .into_iter()
        .map(|on| json!({"on": on, "amount": "25000.00"}))
        .collect();
    let fee = json!({"kind": "fee", "due": "installment", "rate": "0.000001", "base": "balance"});
    let steep = json!({"iof": {"rates": {"daily": "0.0015", "additional": "0.05"}}});
    let respread = json!({"remainder": "respread"});
    // Gaps of many lengths, so that few powers can be shared.
    let uneven = dates("1950-01-01", 9_900, |at| 9 + at * 9 + at % 9 + at / 1100 * 7);
    let holidays = dates("1950-01-01", 1000, |at| at + 500);
    let daily = |changes: Value| {
        let mut all = json!({"installments": 10_000, "every": {"days": 1}});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    [
        ("10 000 days, steep IOF, respread", daily(json!({"tax": steep, "rounding": respread}))),
        ("10 000 days, 120 disbursements", daily(json!({"disbursements": many}))),
        (
            "10 000 days, 120 disbursements, respread",
            daily(json!({"disbursements": many, "rounding": respread})),
        ),
        (
            "1 000 days, 120 disbursements, respread, steep IOF",
            daily(json!({"installments": 1_000, "disbursements": many, "rounding": respread, "tax": steep})),
        ),
        ("10 000 days, 100 fees on the balance", daily(json!({"charges": vec![fee.clone(); 100]}))),
        (
            "9 900 uneven dates with all of it",
            json!({"method": "sac", "installments": null, "due_dates": uneven, "day_count": "act/act", "charges": vec![fee; 100],
                "rate": {"value": "0.002"}, "tax": steep, "calendar": {"add": holidays}, "rounding": respread,
                "due_date_shift": "following", "disbursements": [{"on": "1950-01-01", "amount": "300000.00"}]}),
        ),
    ]
}
