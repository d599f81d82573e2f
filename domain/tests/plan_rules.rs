//! Rules of loans on their plan that are drawn anew while they run, one sentence each.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "servicing/adapter.rs"]
mod adapter;

use adapter::Played;
use chrono::NaiveDate;
use domain::loan::engine;
use domain::{ScheduleRequest, draw};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const ID: &str = "00000000-0000-0000-0000-000000000001";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 6000.00 in six installments at 2 % a month by commercial months, lent on 15 January 2026.
fn lent(method: &str, more: Value) -> Played {
    let mut terms = json!({
        "principal": "6000.00", "method": method, "installments": 6, "rate": {"value": "0.02"},
        "day_count": "30/360", "calendar": "none",
    });
    let Value::Object(more) = more else { panic!("{more}") };
    terms.as_object_mut().unwrap().extend(more);
    Played::begin(&terms, &json!([{"on": "2026-01-15", "amount": "6000.00"}]))
}

/// One figure of each row, as seen on a day.
fn column(played: &Played, on: &str, figure: &str) -> Vec<String> {
    let seen = played.seen_on(day(on));
    let rows = seen["installments"].as_array().unwrap();
    rows.iter().map(|row| row[figure].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_released_after_a_settlement_bears_interest_and_what_was_settled_does_not() {
    let mut loan = lent("sac", json!({}));
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
    loan.command("settle", &json!({"id": ID, "on": "2026-02-15", "amount": quote.amount}));
    loan.command("disburse", &json!({"on": "2026-05-15", "amount": "500.00"}));
    // Two rows are left: 2 % of 500.00, then of 250.00.
    assert_eq!(column(&loan, "2026-05-15", "interest")[4..], ["10.00", "5.00"]);
    assert_eq!(column(&loan, "2026-05-15", "outstanding")[4..], ["260.00", "255.00"]);
}

#[test]
fn rows_that_a_settlement_left_with_nothing_are_there_again_for_what_is_released_later() {
    let mut loan = lent("interest_only", json!({}));
    loan.command("settle", &json!({"id": ID, "on": "2026-02-15", "amount": "6120.00"}));
    assert_eq!(column(&loan, "2026-03-15", "total"), ["120.00", "6000.00"]);
    loan.command("disburse", &json!({"on": "2026-03-15", "amount": "500.00"}));
    assert_eq!(column(&loan, "2026-03-15", "outstanding"), ["0.00", "10.00", "10.00", "10.00", "510.00"]);
}

#[test]
fn two_disbursements_of_one_period_are_those_of_a_plan_that_knew_of_both() {
    let mut loan = lent("price", json!({"rounding": {"remainder": "first"}}));
    for on in ["2026-03-20", "2026-03-25"] {
        loan.command("disburse", &json!({"on": on, "amount": "300.00"}));
    }
    let mut at_once = lent("price", json!({"rounding": {"remainder": "first"}}));
    at_once.facts.extend(loan.facts[1..].iter().cloned());
    let disbursements: Vec<_> = ["2026-01-15", "2026-03-20", "2026-03-25"]
        .into_iter()
        .zip(["6000.00", "300.00", "300.00"])
        .map(|(on, amount)| {
            let amount = loan.terms.currency.try_amount(amount.parse().unwrap()).unwrap();
            domain::Disbursement { on: day(on), amount }
        })
        .collect();
    let plan = serde_json::to_value(domain::draw_for_loan(&loan.terms, &disbursements).unwrap()).unwrap();
    let totals = plan["installments"].as_array().unwrap().iter().map(|row| row["total"].as_str().unwrap());
    assert_eq!(column(&loan, "2026-03-25", "total"), totals.collect::<Vec<_>>());
}

#[test]
fn a_payment_does_not_see_what_is_charged_back_later_that_day_though_more_was_released_on_it() {
    let mut loan = lent("price", json!({}));
    // It pays all there is in advance, what will be charged back with it.
    loan.command("repayments", &json!({"id": ID, "on": "2026-02-20", "amount": "6500.00"}));
    loan.command("disburse", &json!({"on": "2026-03-10", "amount": "500.00"}));
    let later = "00000000-0000-0000-0000-000000000002";
    loan.command("repayments", &json!({"id": later, "on": "2026-03-10", "amount": "1000.00"}));
    let mut charged_back = loan.clone();
    let body = json!({"on": "2026-03-10", "amount": "5.60", "reason": "disputed"});
    charged_back.command(&format!("repayments/{ID}/chargeback"), &body);
    let principal = |loan: &Played| {
        let derived = engine::derive(&loan.terms, &loan.facts, day("2026-08-01")).unwrap();
        derived.effects[3].as_ref().unwrap().components().principal
    };
    assert_eq!(principal(&charged_back), principal(&loan));
}

#[test]
fn re_amortizing_where_nothing_is_past_due_changes_nothing() {
    let mut loan = lent("flat", json!({}));
    let before = column(&loan, "2026-01-20", "total");
    loan.command("restructure", &json!({"on": "2026-01-20", "mode": "re_amortize"}));
    assert_eq!(column(&loan, "2026-01-20", "total"), before);
}

#[test]
fn re_aged_principal_past_due_owes_no_interest_of_the_current_period() {
    let mut loan = lent("sac", json!({}));
    loan.command("restructure", &json!({
        "on": "2026-03-01", "mode": "re_age", "installments": 2, "every": {"months": 1}, "first_due_on": "2026-04-01",
    }));
    // 14 of 28 days on the 5000.00 not yet due: 5000.00 · (1.02^0.5 − 1).
    assert_eq!(column(&loan, "2026-03-01", "interest")[..2], ["120.00", "49.75"]);
    assert_eq!(column(&loan, "2026-03-01", "principal")[2..], ["3000.00", "3000.00"]);
}

#[test]
fn a_charge_due_before_a_restructuring_is_served_first_from_the_row_that_it_left() {
    let mut loan = lent("sac", json!({}));
    loan.command("charges", &json!({"id": ID, "kind": "fee", "amount": "30.00", "due_on": "2026-01-20"}));
    loan.command("restructure", &json!({
        "on": "2026-02-01", "mode": "re_age", "installments": 2, "every": {"months": 1}, "first_due_on": "2026-03-01",
    }));
    loan.command("repayments", &json!({"id": ID, "on": "2026-02-03", "amount": "100.00"}));
    let seen = loan.seen_on(day("2026-02-03"));
    assert_eq!(seen["transactions"][0]["allocation"]["fee"], "30.00");
}

#[test]
fn contract_interest_of_arrears_counts_the_periods_of_the_rule_in_a_bullet_plan_too() {
    let late = json!({"fee_rate": "0", "interest_rate_per_month": "0", "contract_interest": "period"});
    let mut loan = lent("bullet", json!({"late": late}));
    // Refunded but never overpaid: owed again in a row of its own, past due while the plan runs.
    loan.command("refunds", &json!({"on": "2026-02-15", "amount": "100.00"}));
    assert_eq!(column(&loan, "2026-03-16", "late_interest")[0], "4.00");
}

#[test]
fn deferred_interest_that_was_paid_in_advance_is_not_due_again_after_an_anticipation() {
    let grace = json!({"grace": {"principal": 2, "interest": 1, "mode": "deferred"}});
    let mut loan = lent("price", grace);
    // The interest of the second row and what the first one deferred to it.
    loan.command("repayments", &json!({"id": ID, "on": "2026-01-15", "amount": "240.00"}));
    let another = "00000000-0000-0000-0000-000000000002";
    let little = json!({"id": another, "on": "2026-01-15", "amount": "0.01", "as": "anticipation"});
    loan.command("repayments", &little);
    assert_eq!(column(&loan, "2026-01-15", "interest")[..3], ["0.00", "240.00", "120.00"]);
}

#[test]
fn a_first_installment_that_takes_the_remainder_may_carry_the_interest_of_a_long_first_period() {
    // Ten months to the first due date: more interest than an installment of equal months.
    let loan = lent(
        "price",
        json!({
            "installments": 3, "first_due_on": "2026-11-15", "installment_periods": "equal", "rate": {"value": "0.1"},
            "rounding": {"remainder": "first"},
        }),
    );
    assert_eq!(column(&loan, "2026-01-15", "interest"), ["9562.45", "418.73", "219.34"]);
}

#[test]
fn a_row_drawn_again_before_it_began_accrues_on_what_is_released_as_it_begins() {
    let mut loan = lent("sac", json!({}));
    // Two rows, then 100.00 off the 4000.00 of the others.
    loan.command("repayments", &json!({"id": ID, "on": "2026-01-20", "amount": "2220.00"}));
    let another = "00000000-0000-0000-0000-000000000002";
    let little = json!({"id": another, "on": "2026-01-25", "amount": "100.00", "as": "anticipation"});
    loan.command("repayments", &little);
    loan.command("disburse", &json!({"on": "2026-03-15", "amount": "1000.00"}));
    let total = engine::total_accrued(&loan.terms, &loan.facts, day("2026-03-30")).unwrap();
    // 15 of 31 days on 4900.00, after 120.00 and 100.00 of the rows before.
    assert_eq!(total.value().to_string(), "267.18");
}

#[test]
fn a_payment_sees_no_chargeback_of_its_day_though_another_paid_that_in_advance() {
    let mut loan = lent("sac", json!({"rate": {"value": "0"}}));
    let [all, some] = [ID, "00000000-0000-0000-0000-000000000002"];
    loan.command("repayments", &json!({"id": all, "on": "2026-03-15", "amount": "6010.00"}));
    let terms = json!({"rate": {"value": "0"}, "installments": 3, "calendar": "none"});
    loan.command("restructure", &json!({"on": "2026-04-01", "terms": terms, "capitalize": []}));
    loan.command("disburse", &json!({"on": "2026-04-01", "amount": "500.00"}));
    loan.command("repayments", &json!({"id": some, "on": "2026-06-01", "amount": "100.00"}));
    loan.command(&format!("repayments/{some}/chargeback"), &json!({"on": "2026-06-01", "amount": "10.00"}));
    let seen = loan.seen_on(day("2026-06-01"));
    // Of 6500.00 lent, 6110.00 is paid; the 10.00 comes on top.
    let transactions = seen["transactions"].as_array().unwrap();
    let found = transactions.iter().find(|transaction| transaction["id"] == some).unwrap();
    assert_eq!(found["balance"], "390.00");
    assert_eq!(seen["loan"]["balances"]["total"], "400.00");
}

#[test]
fn what_was_deferred_and_is_paid_with_its_row_is_not_drawn_again() {
    let mut loan = lent("sac", json!({"grace": {"principal": 2, "interest": 2, "mode": "deferred"}}));
    let [third_row, off] = [ID, "00000000-0000-0000-0000-000000000002"];
    loan.command("repayments", &json!({"id": third_row, "on": "2026-02-15", "amount": "1860.00"}));
    let body = json!({"id": off, "on": "2026-02-15", "amount": "1000.00", "excess": "reduce_term"});
    loan.command("repayments", &body);
    assert_eq!(
        column(&loan, "2026-02-15", "interest"),
        ["0.00", "0.00", "360.00", "70.00", "40.00", "10.00"]
    );
    let principal = ["1000.00", "0.00", "1500.00", "1500.00", "1500.00", "500.00"];
    assert_eq!(column(&loan, "2026-02-15", "principal"), principal);
}

#[test]
fn a_charge_of_a_day_between_the_end_of_a_period_and_its_due_date_falls_due_that_day() {
    let loan = lent(
        "sac",
        json!({
            "calendar": "weekends", "due_date_shift": "following", "accrue_to": "unshifted",
            "charges": [{"kind": "fee", "due": "2026-02-16", "amount": "10.00"}],
        }),
    );
    // 15 February is a Sunday.
    assert_eq!(column(&loan, "2026-02-16", "fees")[..2], ["10.00", "0.00"]);
}

#[test]
fn all_interest_is_accrued_in_the_end_though_rows_paid_ahead_lie_among_those_of_a_restructuring() {
    let new =
        json!({"rate": {"value": "0.02"}, "day_count": "30/360", "installments": 2, "calendar": "none"});
    for restructure in [
        json!({"mode": "re_age", "installments": 2, "every": {"months": 1}, "first_due_on": "2026-02-20"}),
        json!({"terms": new.clone(), "capitalize": []}),
        json!({"terms": new, "capitalize": ["interest"]}),
    ] {
        let mut loan = lent("sac", json!({}));
        // Two rows and the interest of the third.
        loan.command("repayments", &json!({"id": ID, "on": "2026-01-20", "amount": "2300.00"}));
        let mut body = restructure.clone();
        body["on"] = json!("2026-02-01");
        loan.command("restructure", &body);
        let interest = column(&loan, "2026-12-31", "interest");
        let interest: Decimal = interest.iter().map(|interest| interest.parse::<Decimal>().unwrap()).sum();
        let total = engine::total_accrued(&loan.terms, &loan.facts, day("2026-12-31")).unwrap();
        assert_eq!(total.value(), interest, "{restructure}");
    }
}

#[test]
fn interest_that_a_settlement_gives_back_is_not_earned_though_its_row_is_of_an_older_contract() {
    let mut loan = lent("sac", json!({"rate": {"value": "0.01"}}));
    let [old_row, new_row, all] = [1, 2, 3].map(|nth| format!("00000000-0000-0000-0000-00000000000{nth}"));
    // Two rows paid ahead, and part of the interest of the second new row: more than is owed when all is paid at once.
    loan.command("repayments", &json!({"id": old_row, "on": "2026-01-20", "amount": "2110.00"}));
    let new =
        json!({"rate": {"value": "0.01"}, "day_count": "act/365", "installments": 6, "calendar": "none"});
    loan.command("restructure", &json!({"on": "2026-01-20", "terms": new, "capitalize": []}));
    let first = column(&loan, "2026-01-20", "total")[1].clone();
    let first = first.parse::<Decimal>().unwrap() + Decimal::from(20);
    loan.command("repayments", &json!({"id": new_row, "on": "2026-01-20", "amount": first.to_string()}));
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-20")).unwrap();
    assert!(quote.interest.is_negative(), "{quote:?}");
    loan.command("settle", &json!({"id": all, "on": "2026-02-20", "amount": quote.amount}));
    let total = engine::total_accrued(&loan.terms, &loan.facts, day("2026-12-31")).unwrap();
    let interest = column(&loan, "2026-12-31", "interest");
    let interest: Decimal = interest.iter().map(|interest| interest.parse::<Decimal>().unwrap()).sum();
    assert_eq!(total.value(), interest);
}

#[test]
fn what_is_released_on_a_day_to_which_two_due_dates_were_moved_is_repaid_after_both() {
    let request: ScheduleRequest = serde_json::from_value(json!({
        "disbursements": [{"on": "2027-06-16", "amount": "90.00"}, {"on": "2027-07-16", "amount": "60.00"}],
        // A Friday, the Saturday after it, which is moved back to it, and a Monday.
        "due_dates": ["2027-07-16", "2027-07-17", "2027-07-19"],
        "due_date_shift": "preceding",
        "rate": {"value": "0", "per": "year"},
    }))
    .unwrap();
    let (terms, disbursements) = request.check().unwrap();
    let plan = serde_json::to_value(draw(&terms, &disbursements).unwrap()).unwrap();
    let principal: Vec<&Value> = (0..3).map(|row| &plan["installments"][row]["principal"]).collect();
    assert_eq!(principal, ["30.00", "30.00", "90.00"]);
}
