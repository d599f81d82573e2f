//! Rules of servicing that no worked case covers, one sentence each.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "servicing/adapter.rs"]
mod adapter;

use adapter::Played;
use chrono::NaiveDate;
use domain::loan::engine::{self, EngineError};
use domain::{Disbursement, draw_for_loan};
use serde_json::{Value, json};

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";
const CHARGE: &str = "00000000-0000-0000-0000-000000000003";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 900.00 in three installments without interest, lent on 15 January 2026, with `more` terms.
fn plain(more: Value) -> Played {
    let terms = json!({"principal": "900.00", "method": "flat", "installments": 3, "rate": {"value": "0"}, "calendar": "none"});
    begin(terms, more, "900.00")
}

/// 6000.00 in six equal installments at 2 % a month by commercial months, lent on 15 January 2026.
fn price(more: Value) -> Played {
    let terms = json!({
        "principal": "6000.00", "installments": 6, "rate": {"value": "0.02"}, "day_count": "30/360",
        "calendar": "none",
    });
    begin(terms, more, "6000.00")
}

fn begin(mut terms: Value, more: Value, amount: &str) -> Played {
    let Value::Object(more) = more else { panic!("{more}") };
    terms.as_object_mut().unwrap().extend(more);
    Played::begin(&terms, &json!([{"on": "2026-01-15", "amount": amount}]))
}

fn pay(id: &str, on: &str, amount: &str) -> Value {
    json!({"id": id, "on": on, "amount": amount})
}

/// One figure of each row, as seen on a day.
fn column(played: &Played, on: &str, figure: &str) -> Vec<String> {
    let seen = played.seen_on(day(on));
    let rows = seen["installments"].as_array().unwrap();
    rows.iter().map(|row| row[figure].as_str().unwrap().to_owned()).collect()
}

fn refusal(played: &Played, on: &str) -> EngineError {
    engine::derive(&played.terms, &played.facts, day(on)).unwrap_err()
}

#[test]
fn what_is_less_than_a_cent_for_each_row_goes_to_the_first() {
    let mut loan = plain(json!({"excess": "equal"}));
    loan.command("repayments", &pay(FIRST, "2026-01-20", "0.02"));
    assert_eq!(column(&loan, "2026-01-20", "paid"), ["0.01", "0.01", "0.00"]);
}

#[test]
fn spread_equally_a_row_takes_no_more_than_it_owes() {
    let mut loan = plain(json!({"excess": "equal"}));
    loan.command(
        "repayments",
        &json!({"id": FIRST, "on": "2026-01-16", "amount": "290.00", "excess": "next"}),
    );
    loan.command("repayments", &pay(SECOND, "2026-01-20", "100.00"));
    assert_eq!(column(&loan, "2026-01-20", "paid"), ["300.00", "45.00", "45.00"]);
}

#[test]
fn credit_serves_each_due_date_in_turn_and_what_is_left_after_the_last_is_overpaid() {
    let mut loan = plain(json!({"excess": "credit"}));
    loan.command("repayments", &pay(FIRST, "2026-01-20", "1000.00"));
    assert_eq!(column(&loan, "2026-02-14", "paid"), ["0.00", "0.00", "0.00"]);
    assert_eq!(column(&loan, "2026-03-15", "paid"), ["300.00", "300.00", "0.00"]);
    let seen = loan.seen_on(day("2026-04-15"));
    assert_eq!(seen["loan"]["status"], "overpaid");
    assert_eq!((&seen["loan"]["credit"], &seen["loan"]["overpaid"]), (&json!("0.00"), &json!("100.00")));
    assert_eq!(column(&loan, "2026-04-15", "paid_in_advance"), ["0.00", "0.00", "0.00"]);
}

#[test]
fn a_refund_whose_overpayment_is_taken_back_is_owed_again_on_its_date() {
    let mut loan = plain(json!({}));
    loan.command("repayments", &pay(FIRST, "2026-02-15", "600.00"));
    loan.command("repayments", &pay(SECOND, "2026-03-15", "400.00"));
    loan.command("refunds", &json!({"on": "2026-03-20", "amount": "100.00"}));
    loan.command(&format!("repayments/{FIRST}/reverse"), &json!({"on": "2026-03-25"}));
    assert_eq!(
        column(&loan, "2026-03-25", "due_on"),
        ["2026-02-15", "2026-03-15", "2026-03-20", "2026-04-15"]
    );
    assert_eq!(column(&loan, "2026-03-25", "outstanding"), ["0.00", "200.00", "100.00", "300.00"]);
    assert_eq!(column(&loan, "2026-03-25", "balance"), ["600.00", "300.00", "300.00", "0.00"]);
}

#[test]
fn a_further_disbursement_draws_the_same_rows_as_a_plan_that_knew_of_it() {
    for (method, on) in [
        ("price", "2026-03-02"),
        ("price", "2026-03-15"),
        ("sac", "2026-02-20"),
        ("interest_only", "2026-02-20"),
    ] {
        let mut loan = begin(
            json!({"principal": "8000.00", "method": method, "installments": 6, "rate": {"value": "0.02"}, "day_count": "act/365"}),
            json!({}),
            "6000.00",
        );
        loan.command("disburse", &json!({"on": on, "amount": "2000.00"}));
        let amount = |text: &str| loan.terms.currency.try_amount(text.parse().unwrap()).unwrap();
        let disbursements = [
            Disbursement { on: day("2026-01-15"), amount: amount("6000.00") },
            Disbursement { on: day(on), amount: amount("2000.00") },
        ];
        let plan = draw_for_loan(&loan.terms, &disbursements).unwrap();
        let figures = |figure: &str| -> Vec<String> {
            let plan = serde_json::to_value(&plan).unwrap();
            let rows = plan["installments"].as_array().unwrap();
            rows.iter().map(|row| row[figure].as_str().unwrap().to_owned()).collect()
        };
        for figure in ["principal", "interest", "total", "balance"] {
            assert_eq!(column(&loan, on, figure), figures(figure), "{figure} of {method} on {on}");
        }
    }
}

#[test]
fn anticipating_while_the_current_installment_is_paid_ahead_claims_no_interest() {
    let mut loan = price(json!({}));
    loan.command("repayments", &pay(FIRST, "2026-01-20", "1071.15"));
    loan.command(
        "repayments",
        &json!({"id": SECOND, "on": "2026-02-01", "amount": "1000.00", "as": "anticipation"}),
    );
    let seen = loan.seen_on(day("2026-02-01"));
    assert_eq!(column(&loan, "2026-02-01", "paid")[..2], ["1071.15", "1000.00"]);
    assert_eq!(seen["transactions"][1]["allocation"]["principal"], "1000.00");
    // The whole period bears interest on what is left: 2 % of 5048.85 − 1000.00.
    assert_eq!(column(&loan, "2026-02-01", "interest")[1], "80.98");
}

#[test]
fn anticipating_in_a_grace_pays_its_interest_to_the_day_and_capitalizes_the_rest() {
    let mut loan = price(json!({"grace": {"principal": 1, "interest": 1, "mode": "capitalized"}}));
    let body = json!({"id": FIRST, "on": "2026-01-30", "amount": "1057.77", "as": "anticipation"});
    loan.command("repayments", &body);
    // 15 of 31 days at 2 % a month on 6000.00, as without the grace; then 16 days on 5000.00.
    let paid = &loan.seen_on(day("2026-01-30"))["transactions"][0];
    assert_eq!((&paid["allocation"]["interest"], &paid["balance"]), (&json!("57.77"), &json!("5000.00")));
    let derived = engine::derive(&loan.terms, &loan.facts, day("2026-01-30")).unwrap();
    assert_eq!(derived.rows[0].capitalized.to_string(), "51.37");
    assert_eq!(
        derived.rows.iter().map(|row| row.due.principal).sum::<domain::Amount>().to_string(),
        "6051.37"
    );
}

#[test]
fn who_settles_owes_what_was_deferred_and_nothing_for_a_free_period() {
    for (mode, settlement, on, interest) in [
        ("deferred", "interest_to_date", "2026-02-15", "120.00"),
        ("deferred", "interest_to_due_date", "2026-02-10", "120.00"),
        ("capitalized", "interest_to_due_date", "2026-02-10", "120.00"),
        ("free", "interest_to_date", "2026-02-10", "0.00"),
        ("free", "present_value", "2026-01-20", "0.00"),
    ] {
        let grace = json!({"principal": 1, "interest": 1, "mode": mode});
        let loan = price(json!({"grace": grace, "settlement": settlement}));
        let quote = engine::quote(&loan.terms, &loan.facts, day(on)).unwrap();
        assert_eq!(quote.principal.to_string(), "6000.00", "{mode} {settlement}");
        assert_eq!(quote.interest.to_string(), interest, "{mode} {settlement}");
    }
}

#[test]
fn present_value_takes_off_interest_never_principal() {
    let rows = json!([{"due_on": "2026-07-15", "principal": "900.00", "interest": "10.00"}]);
    let terms = json!({"principal": "900.00", "method": "custom", "custom": rows, "rate": {"value": "0.02"}});
    let loan = begin(terms, json!({}), "900.00");
    // 910.00 in 181 days is worth less than the 900.00 that were lent.
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-01-15")).unwrap();
    assert_eq!((quote.amount.to_string(), quote.interest.to_string()), ("900.00".into(), "0.00".into()));
}

#[test]
fn a_plan_of_another_method_is_settled_not_drawn_again() {
    let mut loan = plain(json!({}));
    loan.command(
        "repayments",
        &json!({"id": FIRST, "on": "2026-01-20", "amount": "10.00", "as": "anticipation"}),
    );
    assert_eq!(refusal(&loan, "2026-01-20").code(), "plan_cannot_be_drawn_again");
}

#[test]
fn excess_cannot_be_kept_where_interest_follows_the_balance() {
    let mut loan = price(json!({"interest_basis": "daily_rest"}));
    loan.command(
        "repayments",
        &json!({"id": FIRST, "on": "2026-01-20", "amount": "10.00", "excess": "credit"}),
    );
    assert_eq!(refusal(&loan, "2026-01-20").code(), "excess_not_for_basis");
}

#[test]
fn part_of_a_charge_is_waived_and_the_rest_stays() {
    let mut loan = plain(json!({}));
    loan.command("charges", &json!({"id": CHARGE, "kind": "fee", "amount": "50.00", "due_on": "2026-02-01"}));
    loan.command("repayments", &pay(FIRST, "2026-02-02", "20.00"));
    loan.command(
        &format!("charges/{CHARGE}/waive"),
        &json!({"on": "2026-02-03", "amount": "12.00", "reason": "x"}),
    );
    assert_eq!(column(&loan, "2026-02-03", "outstanding"), ["318.00", "300.00", "300.00"]);
    loan.command(&format!("charges/{CHARGE}/waive"), &json!({"on": "2026-02-04", "reason": "x"}));
    assert_eq!(column(&loan, "2026-02-04", "outstanding"), ["300.00", "300.00", "300.00"]);
}

#[test]
fn a_payment_has_not_paid_a_charge_of_its_day_that_was_recorded_after_it() {
    let fee = json!([{"kind": "service_fee", "due": "installment", "amount": "11.83"}]);
    let mut loan = plain(json!({"charges": fee}));
    loan.command("repayments", &pay(FIRST, "2026-02-15", "11.83"));
    loan.command("charges", &json!({"id": CHARGE, "kind": "fee", "amount": "20.93", "due_on": "2026-02-15"}));
    loan.command(&format!("charges/{CHARGE}/waive"), &json!({"on": "2026-02-15", "reason": "x"}));
    assert_eq!(column(&loan, "2026-02-15", "outstanding")[0], "300.00");
}

#[test]
fn on_the_day_of_disbursement_too_a_payment_does_not_see_a_charge_recorded_after_it() {
    let mut loan = plain(json!({}));
    loan.command("repayments", &pay(FIRST, "2026-01-15", "5.00"));
    loan.command("charges", &json!({"id": CHARGE, "kind": "fee", "amount": "7.00", "due_on": "2026-01-15"}));
    let seen = loan.seen_on(day("2026-01-15"));
    assert_eq!(seen["transactions"][0]["allocation"]["principal"], "5.00");
    assert_eq!(column(&loan, "2026-01-15", "outstanding")[0], "302.00");
}

#[test]
fn the_balance_leaves_out_later_chargebacks_of_one_row_together() {
    let mut loan = plain(json!({}));
    loan.command("repayments", &pay(FIRST, "2026-02-15", "300.00"));
    for (on, amount) in [("2026-02-20", "13.86"), ("2026-02-22", "13.09")] {
        loan.command(
            &format!("repayments/{FIRST}/chargeback"),
            &json!({"on": on, "amount": amount, "reason": "x"}),
        );
    }
    // It leaves 14.01 of the second row, whose last 26.95 are not lent again yet.
    loan.command("repayments", &pay(SECOND, "2026-02-16", "312.94"));
    assert_eq!(column(&loan, "2026-02-22", "outstanding"), ["0.00", "14.01", "300.00"]);
    assert_eq!(loan.seen_on(day("2026-02-22"))["transactions"][1]["balance"], "300.00");
}

#[test]
fn fees_of_installments_not_yet_due_are_not_owed_by_who_settles_but_charges_by_hand_are() {
    let mut loan =
        plain(json!({"charges": [{"kind": "service_fee", "due": "installment", "amount": "5.00"}]}));
    loan.command(
        "charges",
        &json!({"id": CHARGE, "kind": "penalty", "amount": "7.00", "due_on": "2026-03-01"}),
    );
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
    assert_eq!((quote.due.to_string(), quote.principal.to_string()), ("312.00".into(), "600.00".into()));
    loan.command("settle", &json!({"id": FIRST, "on": "2026-02-15", "amount": "912.00"}));
    assert_eq!(loan.seen_on(day("2026-06-01"))["loan"]["status"], "settled");
}

#[test]
fn a_settlement_for_which_a_later_fact_makes_the_amount_too_small_repays() {
    let mut loan = plain(json!({}));
    loan.command("settle", &json!({"id": FIRST, "on": "2026-02-15", "amount": "900.00"}));
    loan.command("charges", &json!({"id": CHARGE, "kind": "fee", "amount": "10.00", "due_on": "2026-02-01"}));
    assert_eq!(column(&loan, "2026-02-15", "outstanding"), ["0.00", "0.00", "10.00"]);
}

#[test]
fn late_interest_of_a_rate_runs_by_the_day_count_of_the_loan() {
    let late =
        json!({"fee_rate": "0", "interest_rate": {"value": "0.12", "per": "year", "compounding": "nominal"}});
    let mut loan = plain(json!({"late": late, "day_count": "act/360"}));
    assert_eq!(column(&loan, "2026-02-25", "late_interest")[0], "1.00");
    // Two stretches: 300.00 for ten days, 200.00 for ten days.
    loan.command("repayments", &pay(FIRST, "2026-02-25", "101.00"));
    assert_eq!(column(&loan, "2026-03-07", "late_interest")[0], "1.67");
}

#[test]
fn a_stretch_ends_only_where_the_open_base_changes() {
    // 10 % a month on 100.05 for 1 day is 0.3335, for 2 days 0.667: cut in two it would be 0.33 + 0.33.
    let late = json!({"fee_rate": "0", "interest_rate_per_month": "0.10"});
    let terms = json!({"principal": "200.10", "method": "flat", "installments": 2, "rate": {"value": "0"}, "calendar": "none"});
    let mut loan = begin(terms, json!({"late": late}), "200.10");
    loan.command(
        "charges",
        &json!({"id": CHARGE, "kind": "penalty", "amount": "30.00", "due_on": "2026-02-10"}),
    );
    loan.command("repayments", &pay(FIRST, "2026-02-16", "10.00"));
    assert_eq!(column(&loan, "2026-02-17", "late_interest")[0], "0.67");
}

#[test]
fn after_a_write_off_nothing_more_is_charged() {
    let mut loan = plain(json!({"late": {}}));
    loan.command("write-off", &json!({"on": "2026-03-01", "reason": "x"}));
    let before = column(&loan, "2026-03-01", "outstanding");
    assert_eq!(before, ["307.40", "300.00", "300.00"]);
    assert_eq!(column(&loan, "2027-03-01", "outstanding"), before);
}

#[test]
fn by_whole_periods_principal_paid_ahead_counts_from_the_end_of_its_period() {
    let mut loan = price(json!({"interest_basis": "period_rest"}));
    loan.command("repayments", &pay(FIRST, "2026-01-20", "2000.00"));
    // 2 % of 6000.00, whatever was paid inside; then 2 % of 6000.00 − 1880.00.
    assert_eq!(column(&loan, "2026-01-20", "interest")[..2], ["120.00", "82.40"]);
}

#[test]
fn what_was_taxed_for_fewer_days_is_taxed_for_the_rest_when_it_is_re_aged() {
    let tax = json!({"iof": {"rates": {"daily": "0.0001", "additional": "0.0038"}, "collected": "cash"}});
    let terms = json!({"principal": "1000.00", "method": "flat", "installments": 1, "rate": {"value": "0"}, "calendar": "none"});
    let mut loan = begin(terms, json!({"tax": tax}), "1000.00");
    loan.command("restructure", &json!({
        "on": "2026-02-15", "mode": "re_age", "installments": 2, "every": {"days": 20}, "first_due_on": "2026-03-07",
    }));
    let derived = engine::derive(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
    // Taxed for 31 days; now 500.00 for 51 and 500.00 for 71: 20 and 40 more days.
    assert_eq!(derived.effects[1].as_ref().unwrap().outlay.unwrap().tax.to_string(), "3.00");
}

#[test]
fn interest_of_the_current_period_is_owed_on_the_day_of_re_aging() {
    let mut loan = price(json!({}));
    loan.command("restructure", &json!({
        "on": "2026-01-30", "mode": "re_age", "installments": 3, "every": {"months": 1}, "first_due_on": "2026-02-28",
    }));
    // 15 of 31 days at 2 % a month, effective.
    assert_eq!(column(&loan, "2026-01-30", "due_on")[0], "2026-01-30");
    assert_eq!(column(&loan, "2026-01-30", "interest")[0], "57.77");
    assert_eq!(column(&loan, "2026-01-30", "principal"), ["0.00", "2000.00", "2000.00", "2000.00"]);
}

#[test]
fn a_loan_seen_before_its_disbursement_owes_nothing() {
    let loan = plain(json!({}));
    let derived = engine::derive(&loan.terms, &loan.facts, day("2026-01-14")).unwrap();
    assert!(derived.rows.is_empty() && derived.balances.is_nothing());
    assert_eq!(
        engine::quote(&loan.terms, &loan.facts, day("2026-01-14")).unwrap_err().code(),
        "nothing_disbursed"
    );
}

#[test]
fn figures_beyond_reach_are_refused_whatever_the_facts() {
    let mut loan = begin(
        json!({"principal": "900000000000.00", "installments": 12, "rate": {"value": "0.02"}}),
        json!({"late": {"interest": "compound", "interest_rate_per_month": "1"}}),
        "900000000000.00",
    );
    loan.command("repayments", &pay(FIRST, "2026-02-20", "1.00"));
    assert_eq!(refusal(&loan, "2180-01-01").code(), "out_of_range");
}

#[test]
fn where_restructuring_left_no_due_date_to_come_nothing_is_kept_for_one() {
    let mut loan = plain(json!({"excess": "credit"}));
    loan.command("restructure", &json!({
        "on": "2026-01-20", "mode": "re_age", "installments": 1, "every": {"months": 1}, "first_due_on": "2026-02-01",
    }));
    loan.command("repayments", &pay(FIRST, "2026-02-01", "1000.00"));
    let seen = loan.seen_on(day("2026-02-01"))["loan"].clone();
    assert_eq!((&seen["credit"], &seen["overpaid"]), (&json!("0.00"), &json!("100.00")));
}
