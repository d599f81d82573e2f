//! One test for each refusal of terms and schedules (LENDING.md §16), and for what a check of fields finds.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use domain::terms::leading_code;
use domain::{FieldError, ScheduleRequest, Terms, TermsRequest, draw, draw_for_loan};
use serde_json::{Value, json};

/// A plain loan: price, six months, 2 % a month.
fn request() -> Value {
    json!({
        "principal": "6000.00", "rate": {"value": "0.02"}, "installments": 6,
        "disbursements": [{"on": "2026-03-10", "amount": "6000.00"}],
    })
}

/// The same with some fields changed; `null` leaves one out.
fn with(changes: &Value) -> Value {
    let mut request = request();
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    request
}

fn errors(changes: &Value) -> Vec<FieldError> {
    let request: ScheduleRequest = serde_json::from_value(with(changes)).unwrap();
    request.check().expect_err("the terms are refused")
}

/// The pointer and code of each error.
fn found(changes: &Value) -> Vec<(String, &'static str)> {
    errors(changes).into_iter().map(|error| (error.pointer, error.code)).collect()
}

/// Pointer, code and detail of the refusal to draw.
fn undrawn(changes: &Value) -> (String, &'static str, String) {
    let request: ScheduleRequest = serde_json::from_value(with(changes)).unwrap();
    let (terms, disbursements) = request.check().unwrap();
    let refusal = draw(&terms, &disbursements).expect_err("no plan is drawn");
    (refusal.pointer(), refusal.code(), refusal.to_string())
}

fn refused(pointer: &str, code: &'static str, detail: &str) -> (String, &'static str, String) {
    (pointer.to_owned(), code, detail.to_owned())
}

fn one(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn an_installment_below_its_interest_is_refused() {
    let agreed = json!({"installment_amount": "100.00"});
    let detail = "installment 100.00 of row 1 is below its interest 122.32, so what is owed would grow: \
                  a higher installment_amount repays it";
    assert_eq!(undrawn(&agreed), refused("/installment_amount", "negative_amortization", detail));
    let down = json!({"rounding": {"multiple_of": "10000", "mode": "down"}});
    let detail = "installment 0.00 of row 1 is below its interest 122.32, so what is owed would grow: \
                  fewer installments, a lower rate or shorter periods repay it (the interest of a period \
                  follows its days)";
    assert_eq!(undrawn(&down), refused("/installments", "negative_amortization", detail));
}

#[test]
fn a_grace_that_leaves_no_installment_is_too_long() {
    assert_eq!(found(&json!({"grace": {"principal": 6}})), one("/grace/principal", "grace_too_long"));
}

#[test]
fn a_grace_of_interest_beyond_that_of_principal_is_too_long() {
    let grace = json!({"grace": {"principal": 1, "interest": 2}});
    assert_eq!(found(&grace), one("/grace/interest", "grace_too_long"));
}

#[test]
fn some_methods_have_no_grace() {
    for method in ["sam", "bullet"] {
        let grace = json!({"method": method, "grace": {"principal": 2}});
        assert_eq!(found(&grace), one("/grace", "grace_not_for_method"));
    }
    let flat = json!({"method": "flat", "grace": {"principal": 2, "interest": 1}});
    assert_eq!(found(&flat), one("/grace/mode", "grace_not_for_method"));
}

#[test]
fn due_dates_must_increase() {
    let listed = json!({"installments": null, "due_dates": ["2026-05-04", "2026-06-04", "2026-06-04"]});
    assert_eq!(found(&listed), one("/due_dates/2", "due_dates_not_increasing"));
}

#[test]
fn nothing_falls_due_before_the_first_disbursement() {
    let first = json!({"first_due_on": "2026-03-09"});
    let detail = "first due date 2026-03-09 lies before the first disbursement on 2026-03-10";
    assert_eq!(undrawn(&first), refused("/first_due_on", "first_due_before_disbursement", detail));
}

#[test]
fn a_first_due_date_must_not_move_before_the_disbursement() {
    // A Saturday, moved to the Friday before.
    let preceding = json!({
        "first_due_on": "2026-03-14", "due_date_shift": "preceding",
        "disbursements": [{"on": "2026-03-14", "amount": "6000.00"}],
    });
    assert_eq!(undrawn(&preceding).1, "first_due_before_disbursement");
}

#[test]
fn nothing_is_disbursed_on_or_after_the_last_due_date() {
    let late = json!({"disbursements": [
        {"on": "2026-03-10", "amount": "5000.00"}, {"on": "2026-09-10", "amount": "1000.00"},
    ]});
    let detail = "disbursement on 2026-09-10 does not lie before the last due date 2026-09-10";
    assert_eq!(undrawn(&late), refused("/disbursements/1/on", "disbursement_after_last_due_date", detail));
}

#[test]
fn a_fee_after_the_last_due_date_has_no_installment() {
    let charges = json!({"charges": [{"kind": "fee", "due": "2026-09-11", "amount": "10.00"}]});
    let detail = "charge due on 2026-09-11 lies after the last due date 2026-09-10";
    assert_eq!(undrawn(&charges), refused("/charges/0/due", "charge_after_last_due_date", detail));
}

#[test]
fn a_custom_plan_must_add_up_to_what_is_financed() {
    let rows = json!([
        {"due_on": "2026-05-10", "principal": "2000.00"}, {"due_on": "2026-08-10", "principal": "3999.99"},
    ]);
    let short = json!({"installments": null, "method": "custom", "custom": rows});
    assert_eq!(found(&short), one("/custom", "custom_does_not_add_up"));
    let taxed = json!({
        "installments": null, "method": "custom", "custom": rows, "tax": {"iof": {"person": "natural"}},
    });
    assert_eq!(undrawn(&taxed).1, "custom_does_not_add_up");
}

#[test]
fn some_methods_know_one_disbursement_only() {
    for method in ["sam", "flat", "bullet"] {
        let two = json!({"method": method, "disbursements": [
            {"on": "2026-03-10", "amount": "5000.00"}, {"on": "2026-04-01", "amount": "1000.00"},
        ]});
        let detail = "methods sam, flat, bullet and custom need exactly one disbursement, not 2";
        assert_eq!(undrawn(&two), refused("/disbursements", "method_needs_one_disbursement", detail));
    }
}

#[test]
fn a_loan_keeps_no_residue() {
    let none = with(&json!({"rounding": {"remainder": "none"}}));
    let mut terms = none.clone();
    terms.as_object_mut().unwrap().remove("disbursements");
    let loan: TermsRequest = serde_json::from_value(terms).unwrap();
    let errors = loan.check().unwrap_err();
    assert_eq!(leading_code(&errors), Some("simulation_only"));
    let simulation: ScheduleRequest = serde_json::from_value(none).unwrap();
    let (terms, disbursements) = simulation.check().unwrap();
    assert!(draw(&terms, &disbursements).is_ok());
    assert_eq!(draw_for_loan(&terms, &disbursements).unwrap_err().code(), "simulation_only");
}

#[test]
fn a_rest_basis_knows_few_excesses() {
    let last = json!({"interest_basis": "daily_rest", "excess": "last"});
    assert_eq!(found(&last), one("/excess", "excess_not_for_basis"));
}

#[test]
fn some_methods_cannot_be_drawn_again() {
    let flat = json!({"method": "flat", "excess": "reduce_term"});
    assert_eq!(found(&flat), one("/excess", "plan_cannot_be_drawn_again"));
}

#[test]
fn the_table_of_iof_begins_in_2015() {
    let early = json!({
        "tax": {"iof": {"person": "legal"}}, "disbursements": [{"on": "2015-01-21", "amount": "6000.00"}],
    });
    let detail = "no IOF rate is known for 2015-01-21; give tax.iof.rates";
    assert_eq!(undrawn(&early), refused("/tax/iof/rates", "iof_rate_unknown", detail));
}

#[test]
fn an_order_names_known_components_once() {
    let unknown = errors(&json!({"allocation": ["principal", "tip"]}));
    assert_eq!((unknown[0].pointer.as_str(), unknown[0].code), ("/allocation/1", "unknown_component"));
    assert!(unknown[0].detail.contains("tip"), "{}", unknown[0].detail);
    let twice = json!({"allocation_in_advance": ["principal", "principal"]});
    assert_eq!(found(&twice), one("/allocation_in_advance/1", "repeated"));
}

#[test]
fn more_kept_back_than_is_disbursed_is_refused() {
    let charges = json!({"charges": [{"kind": "fee", "due": "disbursement", "amount": "6000.01"}]});
    let detail = "6000.01 is kept back from 6000.00, more than is disbursed";
    assert_eq!(undrawn(&charges), refused("/charges", "out_of_range", detail));
}

#[test]
fn a_plan_past_the_years_that_are_known_is_refused() {
    let long = json!({"installments": 1200, "every": {"months": 12}});
    assert_eq!(undrawn(&long).1, "out_of_range");
}

#[test]
fn figures_beyond_what_can_be_computed_with_are_refused() {
    let huge = json!({
        "rate": {"value": "0.05", "per": "day"}, "installments": 1200, "every": {"months": 1},
        "grace": {"principal": 1199, "interest": 1199},
    });
    assert_eq!(undrawn(&huge).1, "out_of_range");
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = json!({
        "principal": "6000.001", "currency": "XXX", "method": "magic", "day_count": "act/366",
        "rate": {"value": "1.5", "per": "month", "compounding": "sometimes"},
        "installments": 0, "first_due_on": "2026-02-30", "late": {"interest_days": 31},
        "disbursements": [{"on": "2026-03-10", "amount": "-1.00"}],
    });
    let mut found = found(&wrong);
    found.sort();
    let expected = [
        ("/currency", "unknown_currency"),
        ("/day_count", "unknown_value"),
        ("/disbursements/0/amount", "not_positive"),
        ("/first_due_on", "malformed"),
        ("/installments", "out_of_range"),
        ("/late/interest_days", "unknown_value"),
        ("/method", "unknown_value"),
        ("/principal", "too_many_decimals"),
        ("/rate/compounding", "unknown_value"),
        ("/rate/value", "out_of_range"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}

#[test]
fn a_detail_names_field_rule_and_value() {
    let detail = |changes: Value| errors(&changes).remove(0).detail;
    assert_eq!(detail(json!({"rate": {"value": "-0.01"}})), "rate.value -0.01 does not lie between 0 and 1");
    assert_eq!(detail(json!({"principal": "0.00"})), "principal 0.00 is not positive");
    assert_eq!(
        detail(json!({"principal": "1e5"})),
        "principal `1e5` is no decimal number of at most 28 digits"
    );
    assert_eq!(
        detail(json!({"disbursements": [{"on": "1899-12-31", "amount": "1.00"}]})),
        "disbursements.0.on 1899-12-31 lies outside of 1900 to 2200"
    );
}

#[test]
fn combinations_that_cannot_be_are_refused() {
    let cases = [
        (json!({"installments": null}), "/installments", "required"),
        (json!({"principal": "6000000000000.00"}), "/principal", "too_large"),
        (json!({"due_dates": ["2026-05-04"]}), "/installments", "inconsistent"),
        (json!({"method": "custom"}), "/custom", "required"),
        (json!({"method": "sac", "installment_amount": "1.00"}), "/installment_amount", "inconsistent"),
        (json!({"method": "sac", "installment_periods": "equal"}), "/installment_periods", "inconsistent"),
        (json!({"rounding": {"decimals": 3}}), "/rounding/decimals", "too_many_decimals"),
        (json!({"rounding": {"decimals": 0}, "principal": "6000.50"}), "/principal", "too_many_decimals"),
        (json!({"disbursements": []}), "/disbursements", "required"),
        (json!({"principal": "5999.99"}), "/disbursements", "inconsistent"),
        (json!({"tax": {"iof": {}}}), "/tax/iof/person", "required"),
        (json!({"charges": [{"kind": "fee", "due": "financed"}]}), "/charges/0", "inconsistent"),
        (
            json!({"charges": [{"kind": "fee", "due": "financed", "rate": "0.01", "base": "financed"}]}),
            "/charges/0/base",
            "inconsistent",
        ),
        (
            json!({"late": {"interest_rate": "contract", "interest": "simple"}}),
            "/late/interest",
            "inconsistent",
        ),
        (
            json!({"calendar": {"add": ["2026-07-09"], "remove": ["2026-07-09"]}}),
            "/calendar/remove",
            "inconsistent",
        ),
    ];
    for (changes, pointer, code) in cases {
        assert_eq!(found(&changes), one(pointer, code), "{changes}");
    }
}

#[test]
fn a_number_where_an_amount_or_a_rate_belongs_is_a_wrong_type() {
    for changes in
        [json!({"principal": 6000}), json!({"rate": {"value": 0.02}}), json!({"installments": "6"})]
    {
        assert!(serde_json::from_value::<ScheduleRequest>(with(&changes)).is_err(), "{changes}");
    }
}

#[test]
fn unknown_fields_are_refused_at_every_depth() {
    let cases = [
        json!({"colour": "red"}),
        json!({"rate": {"value": "0.02", "colour": "red"}}),
        json!({"disbursements": [{"on": "2026-03-10", "amount": "1.00", "colour": "red"}]}),
        json!({"tax": {"iof": {"person": "natural", "colour": "red"}}}),
    ];
    for changes in cases {
        let refused = serde_json::from_value::<ScheduleRequest>(with(&changes)).unwrap_err();
        assert!(refused.to_string().contains("colour"), "{refused}");
    }
    assert!(serde_json::from_value::<TermsRequest>(request()).is_err(), "terms have no disbursements");
}

#[test]
fn terms_record_every_default() {
    let mut plain = request();
    plain.as_object_mut().unwrap().remove("disbursements");
    let terms = serde_json::from_value::<TermsRequest>(plain).unwrap().check().unwrap();
    let recorded = serde_json::to_value(&terms).unwrap();
    let expected = json!({
        "principal": "6000.00", "currency": "BRL", "method": "price", "installments": 6, "every": {"months": 1},
        "rate": {"value": "0.02", "per": "month", "compounding": "effective"}, "day_count": "act/365",
        "month_end": "clamp", "calendar": "br-bank", "due_date_shift": "none", "accrue_to": "shifted",
        "grace": {"principal": 0, "interest": 0, "mode": "capitalized"}, "installment_periods": "actual",
        "rounding": {"decimals": 2, "mode": "half_even", "places": ["installment", "interest"], "remainder": "last"},
        "charges": [], "interest_basis": "plan", "allocation_scope": "installment", "excess": "next",
        "allocation": ["late_fee", "late_interest", "penalty", "fee", "interest", "principal"],
        "allocation_in_advance": ["late_fee", "late_interest", "penalty", "fee", "interest", "principal"],
        "settlement": "present_value", "accrual": {"stop_after_days": 90},
    });
    assert_eq!(recorded, expected);
    assert_eq!(serde_json::from_value::<Terms>(recorded).unwrap(), terms);
}

#[test]
fn everything_about_servicing_is_recorded_and_can_be_asked_for_again() {
    let servicing = json!({
        "principal": "6000.00", "rate": {"value": "0.02"}, "installments": 6, "interest_basis": "running_balance",
        "late": {"fee_rate": "0.01", "fee_base": "installment", "grace_days": 3, "rounding": "down"},
        "allocation": ["principal"], "allocation_in_advance": ["fee"], "allocation_scope": "loan",
        "settlement": "interest_to_date", "accrual": {"stop_after_days": 60},
        "charges": [{"kind": "insurance", "due": "2026-05-01", "rate": "0.01", "base": "balance"}],
        "tax": {"iof": {"person": "mei", "collected": "cash"}},
    });
    let terms = serde_json::from_value::<TermsRequest>(servicing).unwrap().check().unwrap();
    let recorded = serde_json::to_value(&terms).unwrap();
    // With a running balance late interest is the contract's unless another is named (LENDING.md §9).
    assert_eq!(recorded["late"]["interest_rate"], "contract");
    assert_eq!(recorded["allocation"][5], "principal");
    assert_eq!(recorded["allocation_in_advance"][0], "late_fee");
    let again: TermsRequest = serde_json::from_value(recorded.clone()).unwrap();
    assert_eq!(again.check().unwrap(), terms);
    assert_eq!(serde_json::from_value::<Terms>(recorded).unwrap(), terms);
}
