//! The limits of what is drawn: everything below them is drawn, and whatever lies above is refused by the field and the
//! rule, before it costs time.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use chrono::{Days, NaiveDate};
use domain::{Plan, ScheduleRequest, draw};
use serde_json::{Value, json};

/// Pointer, code and detail of a refusal.
type Refusal = (String, &'static str, String);

fn outcome(changes: &Value) -> Result<Plan, Vec<Refusal>> {
    let mut request = json!({
        "rate": {"value": "0.001"}, "installments": 12,
        "disbursements": [{"on": "2026-01-15", "amount": "1000.00"}],
    });
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let request: ScheduleRequest = serde_json::from_value(request).unwrap();
    let (terms, disbursements) = request.check().map_err(|errors| -> Vec<Refusal> {
        errors.into_iter().map(|error| (error.pointer, error.code, error.detail)).collect()
    })?;
    draw(&terms, &disbursements).map_err(|error| vec![(error.pointer(), error.code(), error.to_string())])
}

fn refusal(changes: &Value) -> (String, &'static str) {
    let mut refusals = outcome(changes).expect_err("it is refused");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let (pointer, code, _) = refusals.remove(0);
    (pointer, code)
}

fn refused(pointer: &str, code: &'static str) -> (String, &'static str) {
    (pointer.to_owned(), code)
}

fn days_from(start: &str, count: u64, apart: u64) -> Vec<String> {
    let start: NaiveDate = start.parse().unwrap();
    (0..count).map(|at| (start + Days::new(at * apart)).to_string()).collect()
}

fn disbursements(count: u64) -> Value {
    days_from("2026-01-15", count, 7)
        .into_iter()
        .map(|on| json!({"on": on, "amount": "25000.00"}))
        .collect::<Vec<_>>()
        .into()
}

#[test]
fn ten_thousand_installments_are_drawn_and_not_one_more() {
    let most = json!({"installments": 10_000, "every": {"days": 1}, "rate": {"value": "0"},
        "disbursements": [{"on": "2026-01-15", "amount": "1000000.00"}]});
    assert_eq!(outcome(&most).unwrap().installments.len(), 10_000);
    assert_eq!(refusal(&json!({"installments": 10_001})), refused("/installments", "out_of_range"));
    let listed = json!({"installments": null, "due_dates": days_from("1950-01-01", 10_001, 1)});
    assert_eq!(refusal(&listed), refused("/due_dates", "out_of_range"));
    let row = json!({"due_on": "2026-02-15", "principal": "1.00"});
    let custom = json!({"installments": null, "method": "custom", "custom": vec![row; 10_001]});
    assert_eq!(refusal(&custom), refused("/custom", "out_of_range"));
}

#[test]
fn no_installments_are_none() {
    assert_eq!(refusal(&json!({"installments": 0})), refused("/installments", "out_of_range"));
    let none = json!({"installments": null, "due_dates": []});
    assert_eq!(refusal(&none), refused("/due_dates", "out_of_range"));
    assert_eq!(refusal(&json!({"installments": null})), refused("/installments", "required"));
}

#[test]
fn a_plan_ends_within_the_years_that_are_computed_with() {
    let long = json!({"installments": 3000});
    assert_eq!(refusal(&long), refused("/installments", "out_of_range"));
    let detail = &outcome(&long).unwrap_err()[0].2;
    assert_eq!(
        detail,
        "the due date of installment 2100 lies outside of the years that can be computed with (1900 to 2200)"
    );
}

#[test]
fn lists_have_an_end() {
    assert_eq!(
        refusal(&json!({"disbursements": disbursements(121)})),
        refused("/disbursements", "out_of_range")
    );
    let fee = json!({"kind": "fee", "due": "installment", "amount": "1.00"});
    assert_eq!(refusal(&json!({"charges": vec![fee; 101]})), refused("/charges", "out_of_range"));
    let add = json!({"calendar": {"add": days_from("2026-01-01", 1001, 1)}});
    assert_eq!(refusal(&add), refused("/calendar/add", "out_of_range"));
}

#[test]
fn a_long_list_of_errors_is_cut() {
    let dates = vec!["2026-02-30"; 10_000];
    assert_eq!(outcome(&json!({"installments": null, "due_dates": dates})).unwrap_err().len(), 100);
}

#[test]
fn principal_that_rounds_to_nothing_is_refused() {
    let cents = json!([{"on": "2026-01-15", "amount": "0.05"}]);
    for method in ["price", "sac", "sam", "flat"] {
        let tiny = json!({"method": method, "disbursements": cents, "rate": {"value": "0"}});
        assert_eq!(refusal(&tiny), refused("/installments", "rounds_to_nothing"), "{method}");
    }
    let one = json!({"installments": 1, "disbursements": cents});
    assert_eq!(outcome(&one).unwrap().installments[0].principal.to_string(), "0.05");
    let below_a_cent = json!({"disbursements": [{"on": "2026-01-15", "amount": "0.004"}]});
    assert_eq!(refusal(&below_a_cent), refused("/disbursements/0/amount", "too_many_decimals"));
}

#[test]
fn a_multiple_above_the_installment_is_refused() {
    let free = json!({"rate": {"value": "0"}, "rounding": {"multiple_of": "1000.00"}});
    assert_eq!(refusal(&free), refused("/installments", "rounds_to_nothing"));
    let dear = json!({"rate": {"value": "0.02"}, "rounding": {"multiple_of": "1000.00"}});
    assert_eq!(refusal(&dear), refused("/installments", "negative_amortization"));
    // Rounded up it repays everything at once.
    let up = json!({"rate": {"value": "0"}, "installments": 2, "rounding": {"multiple_of": "1000.00", "mode": "half_up"}});
    let totals: Vec<_> = outcome(&up).unwrap().installments.iter().map(|row| row.total.to_string()).collect();
    assert_eq!(totals, ["1000.00", "0.00"]);
}

#[test]
fn an_installment_that_the_remainder_brings_back_is_not_nothing() {
    for method in ["price", "sac", "sam", "flat"] {
        let rounding = json!({"multiple_of": "1000.00", "mode": "down", "remainder": "respread"});
        let spread =
            json!({"method": method, "rate": {"value": "0"}, "installments": 3, "rounding": rounding});
        let totals = outcome(&spread).unwrap();
        let totals: Vec<_> = totals.installments.iter().map(|row| row.total.to_string()).collect();
        assert_eq!(totals, ["333.33", "333.33", "333.34"], "{method}");
    }
    // With interest a part below zero is one of the plan on the way, which is not drawn.
    let rounding = json!({"multiple_of": "10.00", "mode": "down", "remainder": "respread"});
    let flat = json!({"method": "flat", "rate": {"value": "0.092"}, "day_count": "30/360", "installments": 200,
        "rounding": rounding});
    assert_eq!(outcome(&flat).unwrap().installments[0].principal.to_string(), "5.00");
}

#[test]
fn a_multiple_is_an_amount_of_the_plan() {
    let multiple = |text: &str| json!({"rounding": {"multiple_of": text, "decimals": 0}});
    assert_eq!(refusal(&multiple("0")), refused("/rounding/multiple_of", "not_positive"));
    assert_eq!(refusal(&multiple("0.50")), refused("/rounding/multiple_of", "too_many_decimals"));
    assert!(outcome(&multiple("5")).is_ok());
}

#[test]
fn the_most_disbursements_are_drawn_along_the_most_installments() {
    let most = json!({"installments": 10_000, "every": {"days": 1}, "disbursements": disbursements(120)});
    let plan = outcome(&most).unwrap();
    assert_eq!(plan.totals.principal.to_string(), "3000000.00");
}

#[test]
fn a_plan_that_takes_too_many_steps_is_refused() {
    // Each disbursement lets the rest of the plan be walked over twice for the remainder.
    let respread = json!({"installments": 10_000, "every": {"days": 1}, "disbursements": disbursements(120),
        "rounding": {"remainder": "respread"}});
    assert_eq!(refusal(&respread), refused("/installments", "out_of_range"));
    assert!(
        outcome(&respread).unwrap_err()[0].2.starts_with("drawing the plan takes more than 1000000 steps")
    );
}

#[test]
fn a_financed_tax_that_asks_for_more_each_round_has_no_end() {
    let tax = |daily: &str| {
        json!({"rate": {"value": "0"},
            "tax": {"iof": {"rates": {"daily": daily, "additional": "0.1"}, "cap_days": 365}}})
    };
    assert_eq!(refusal(&tax("0.015")), refused("/tax/iof", "out_of_range"));
    // Half of the principal is still found, far beyond every law.
    let half = outcome(&tax("0.002")).unwrap();
    assert_eq!(half.totals.financed, half.totals.released.plus(half.tax.unwrap().total));
}

#[test]
fn a_financed_tax_may_climb_in_steps_of_a_cent_for_every_row() {
    // A part of 30.31 is taxed with a cent more than one of 30.30, and that 2 000 times.
    let steps = json!({"method": "sac", "installments": 2000, "every": {"days": 1}, "rate": {"value": "0"},
        "disbursements": [{"on": "2026-01-15", "amount": "60600.00"}],
        "tax": {"iof": {"rates": {"daily": "0.0015", "additional": "0.05"}}}});
    let plan = outcome(&steps).unwrap();
    assert_eq!(plan.totals.financed, plan.totals.released.plus(plan.tax.unwrap().total));
}

#[test]
fn sums_that_overflow_are_refused() {
    let explodes = json!({"method": "bullet", "installments": 1200,  "rate": {"value": "1"},
        "disbursements": [{"on": "2026-01-15", "amount": "1000000000000.00"}]});
    assert_eq!(refusal(&explodes), refused("/rate/value", "out_of_range"));
    let too_large = json!({"disbursements": [{"on": "2026-01-15", "amount": "1000000000000.01"}]});
    assert_eq!(refusal(&too_large), refused("/disbursements/0/amount", "too_large"));
}

#[test]
fn a_respread_that_no_row_lets_pass_is_not_kept() {
    // Nearly five years of interest lie before the first row: it lets the agreed installment pass, but not the mean.
    let agreed = json!({
        "rate": {"value": "0.02"}, "installments": 2, "first_due_on": "2030-09-15", "installment_amount": "2500.00",
        "rounding": {"remainder": "respread"},
    });
    let plan = outcome(&agreed).unwrap();
    assert_eq!(plan.installments[0].total.to_string(), "2500.00");
    let mean = json!({
        "rate": {"value": "0.02"}, "installments": 2, "first_due_on": "2030-09-15", "installment_amount": "1600.00",
    });
    assert_eq!(refusal(&mean), refused("/installment_amount", "negative_amortization"));
}

#[test]
fn a_calendar_that_does_not_exist_is_refused() {
    assert_eq!(refusal(&json!({"calendar": "moon"})), refused("/calendar", "unknown_value"));
    assert_eq!(refusal(&json!({"calendar": {"base": "moon"}})), refused("/calendar/base", "unknown_value"));
}
