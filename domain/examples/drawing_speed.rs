//! How long plans take to draw, from the usual to the worst that is accepted:
//! `cargo run --release -p domain --example drawing_speed`.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]
#![allow(clippy::unwrap_used, reason = "an example may stop at the first surprise")]

use std::hint::black_box;
use std::time::{Duration, Instant};

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

fn requests() -> Vec<(&'static str, Value)> {
    let disbursed = json!([{"on": "2026-01-15", "amount": "300000.00"}]);
    let many: Vec<_> = (0..120_u64)
        .map(|at| {
            let on = "2026-01-15".parse::<chrono::NaiveDate>().unwrap() + chrono::Days::new(at * 3);
            json!({"on": on.to_string(), "amount": "2500.00"})
        })
        .collect();
    let fees: Vec<_> = (0..100)
        .map(|_| json!({"kind": "fee", "due": "installment", "rate": "0.000001", "base": "balance"}))
        .collect();
    let start: chrono::NaiveDate = "1950-01-01".parse().unwrap();
    // Gaps of many lengths, so that few powers can be shared.
    let uneven: Vec<_> = (0..9_900_u64)
        .map(|at| (start + chrono::Days::new(at * 9 + at % 9 + at / 1100 * 7)).to_string())
        .collect();
    let holidays: Vec<_> =
        (0..1000_u64).map(|at| (start + chrono::Days::new(at + 500)).to_string()).collect();
    let with = |changes: Value| {
        let mut request = json!({"rate": {"value": "0.0089"}, "disbursements": disbursed});
        for (field, value) in changes.as_object().unwrap() {
            request[field] = value.clone();
        }
        request
    };
    let daily = json!({"days": 1});
    let iof = json!({"iof": {"person": "natural"}});
    let steep = json!({"iof": {"rates": {"daily": "0.0015", "additional": "0.05"}, "cap_days": 365}});
    vec![
        ("360 months, act/365 effective", with(json!({"installments": 360}))),
        ("360 months, act/act", with(json!({"installments": 360, "day_count": "act/act"}))),
        (
            "360 months, bus/252, shifted, IOF",
            with(json!({"installments": 360, "day_count": "bus/252",
            "due_date_shift": "following", "tax": iof})),
        ),
        ("360 months, IOF financed", with(json!({"installments": 360, "tax": iof}))),
        ("10 000 days", with(json!({"installments": 10_000, "every": daily}))),
        ("10 000 days, IOF financed", with(json!({"installments": 10_000, "every": daily, "tax": iof}))),
        (
            "10 000 days, steep IOF, respread",
            with(json!({"installments": 10_000, "every": daily, "tax": steep,
            "rounding": {"remainder": "respread"}})),
        ),
        (
            "10 000 days, 120 disbursements, respread",
            with(json!({"installments": 10_000, "every": daily,
            "rounding": {"remainder": "respread"}, "disbursements": many})),
        ),
        (
            "1 000 days, 120 disbursements, respread, steep IOF",
            with(json!({"installments": 1_000, "every": daily,
            "rounding": {"remainder": "respread"}, "disbursements": many, "tax": steep})),
        ),
        (
            "10 000 days, 100 fees on the balance",
            with(json!({"installments": 10_000, "every": daily,
            "charges": fees})),
        ),
        (
            "9 900 uneven dates, all of it",
            with(json!({"due_dates": uneven, "day_count": "act/act",
            "charges": fees, "tax": steep, "calendar": {"add": holidays},
            "due_date_shift": "modified_following", "rounding": {"remainder": "respread"},
            "disbursements": [{"on": "1950-01-01", "amount": "300000.00"}]})),
        ),
        (
            "10 000 days at 0, daily rate at its highest",
            with(json!({"installments": 10_000, "every": daily,
            "method": "sac", "rate": {"value": "0.05", "per": "day"}})),
        ),
    ]
}
