//! Periods, factors of their parts, and present values: what servicing builds on.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use chrono::NaiveDate;
use domain::schedule::{OpenRow, Timeline, present_value};
use domain::{Plan, ScheduleRequest, Terms, TermsRequest, draw};
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn terms(changes: &Value) -> Terms {
    let mut terms = json!({"principal": "1000.00", "rate": {"value": "0.02"}, "installments": 3});
    for (field, value) in changes.as_object().unwrap() {
        terms[field] = value.clone();
    }
    serde_json::from_value::<TermsRequest>(terms).unwrap().check().unwrap()
}

fn plan(request: Value) -> Plan {
    let (terms, disbursements) = serde_json::from_value::<ScheduleRequest>(request).unwrap().check().unwrap();
    draw(&terms, &disbursements).unwrap()
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn rounded(value: Decimal) -> String {
    value.round_dp(12).to_string()
}

#[test]
fn the_parts_of_an_effective_period_compound_to_all_of_it() {
    let terms = terms(&json!({}));
    let timeline = Timeline::try_new(&terms, day(1, 15)).unwrap();
    let [first, second] = [(day(1, 15), day(2, 1)), (day(2, 1), day(2, 15))]
        .map(|(from, to)| timeline.factor_in(0, from, to).unwrap() + Decimal::ONE);
    assert_eq!(rounded(first * second), rounded(timeline.periods[0].factor + Decimal::ONE));
}

#[test]
fn a_part_of_a_commercial_month_is_its_share_of_the_calendar_days() {
    let terms = terms(&json!({"day_count": "30/360", "rate": {"value": "0.028", "compounding": "nominal"}}));
    let timeline = Timeline::try_new(&terms, day(2, 10)).unwrap();
    // Ten of the 28 days from 10 February to 10 March.
    assert_eq!(rounded(timeline.factor_in(0, day(2, 10), day(2, 20)).unwrap()), "0.010000000000");
    assert_eq!(rounded(timeline.factor(day(2, 10), day(4, 10)).unwrap()), "0.056784000000");
}

#[test]
fn a_bullet_plan_has_one_period_compounded_from_those_of_its_due_dates() {
    let terms = terms(&json!({
        "method": "bullet", "day_count": "30/360", "rate": {"value": "0.02", "compounding": "nominal"},
    }));
    let timeline = Timeline::try_new(&terms, day(1, 15)).unwrap();
    assert_eq!(timeline.periods.len(), 1);
    assert_eq!(rounded(timeline.periods[0].factor), "0.061208000000");
    assert_eq!(rounded(timeline.factor_in(0, day(2, 15), day(4, 15)).unwrap()), "0.040400000000");
    let open = [OpenRow { index: 0, amount: "1061.21".parse().unwrap() }];
    let value = present_value(&timeline, &open, day(2, 15)).unwrap();
    assert_eq!(terms.rounding.round(value).to_string(), "1020.00");
}

#[test]
fn nothing_accrued_of_a_row_whose_period_has_not_begun() {
    let terms = terms(&json!({"day_count": "30/360", "rate": {"value": "0.02", "compounding": "nominal"}}));
    let timeline = Timeline::try_new(&terms, day(1, 15)).unwrap();
    let open = [OpenRow { index: 2, amount: "102.00".parse().unwrap() }];
    assert_eq!(rounded(present_value(&timeline, &open, day(1, 20)).unwrap()), "100.000000000000");
}

#[test]
fn days_after_the_last_due_date_still_have_a_factor() {
    let terms = terms(&json!({"rate": {"value": "0.365", "per": "year", "compounding": "nominal"}}));
    let timeline = Timeline::try_new(&terms, day(1, 15)).unwrap();
    assert_eq!(rounded(timeline.factor(day(4, 15), day(4, 25)).unwrap()), "0.010000000000");
}

#[test]
fn a_dated_fee_falls_due_with_the_installment_of_its_period() {
    let plan = plan(json!({
        "rate": {"value": "0"}, "installments": 3, "method": "sac",
        "charges": [
            {"kind": "fee", "due": "2025-12-24", "amount": "1.00"},
            {"kind": "fee", "due": "2026-02-15", "amount": "2.00"},
            {"kind": "insurance", "due": "2026-02-16", "rate": "0.01", "base": "balance"},
            {"kind": "service_fee", "due": "2026-04-15", "rate": "0.01", "base": "installment"},
        ],
        "disbursements": [{"on": "2026-01-15", "amount": "900.00"}],
    }));
    let fees: Vec<_> = plan.installments.iter().map(|row| row.fees.to_string()).collect();
    assert_eq!(fees, ["3.00", "6.00", "3.00"]);
}

#[test]
fn a_currency_without_cents_has_a_plan_without_cents() {
    let plan = plan(json!({
        "currency": "JPY", "rate": {"value": "0.01"}, "installments": 3,
        "disbursements": [{"on": "2026-01-15", "amount": "100000"}],
    }));
    assert_eq!(plan.installments[0].total.to_string(), "33993");
    assert_eq!(plan.totals.principal.to_string(), "100000");
}

#[test]
fn a_plan_in_whole_reais_still_shows_cents() {
    let plan = plan(json!({
        "rate": {"value": "0.01"}, "installments": 3, "rounding": {"decimals": 0},
        "disbursements": [{"on": "2026-01-15", "amount": "1000.00"}],
    }));
    let totals: Vec<_> = plan.installments.iter().map(|row| row.total.to_string()).collect();
    assert_eq!(totals, ["340.00", "340.00", "339.00"]);
}

#[test]
fn an_installment_agreed_too_high_repays_the_loan_early() {
    let plan = plan(json!({
        "rate": {"value": "0"}, "installments": 4, "installment_amount": "400.00",
        "disbursements": [{"on": "2026-01-15", "amount": "1000.00"}],
    }));
    let totals: Vec<_> = plan.installments.iter().map(|row| row.total.to_string()).collect();
    assert_eq!(totals, ["400.00", "400.00", "200.00", "0.00"]);
}
