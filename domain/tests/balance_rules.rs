//! Rules of servicing where interest follows the balance (`daily_rest`, `period_rest`, `running_balance`) that no worked
//! case covers, one sentence each.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[allow(dead_code, reason = "the worked cases ask for more of it")]
#[path = "servicing/adapter.rs"]
mod adapter;
#[path = "servicing/six_installments.rs"]
mod six_installments;

use adapter::Played;
use chrono::NaiveDate;
use domain::loan::engine;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use six_installments::lent;

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";
const THIRD: &str = "00000000-0000-0000-0000-000000000003";
const PENALTY: &str = "00000000-0000-0000-0000-000000000004";
const FEE: &str = "00000000-0000-0000-0000-000000000005";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 6000.00 in six equal installments of 1071.15 at 2 % a month by commercial months, lent on 15 January 2026.
fn price(basis: &str, more: Value) -> Played {
    let mut terms = json!({"interest_basis": basis});
    let Value::Object(more) = more else { panic!("{more}") };
    terms.as_object_mut().unwrap().extend(more);
    lent("2026-01-15", terms)
}

fn pay(loan: &mut Played, id: &str, on: &str, amount: &str) {
    loan.command("repayments", &json!({"id": id, "on": on, "amount": amount}));
}

fn charge(loan: &mut Played, id: &str, kind: &str, due_on: &str, amount: &str) {
    loan.command("charges", &json!({"id": id, "kind": kind, "amount": amount, "due_on": due_on}));
}

/// What a payment covered, without what it did not.
fn allocation(loan: &Played, id: &str) -> Value {
    let seen = loan.seen_on(day("2027-01-01"));
    let all = seen["transactions"].as_array().unwrap();
    let found = all.iter().find(|transaction| transaction["id"] == id).unwrap();
    let mut allocation = found["allocation"].clone();
    allocation.as_object_mut().unwrap().retain(|_, amount| *amount != "0.00");
    allocation
}

#[test]
fn a_fee_is_paid_after_the_late_interest_of_a_running_balance() {
    let mut loan =
        price("running_balance", json!({"late": {"fee_rate": "0", "interest_rate_per_month": "0.01"}}));
    charge(&mut loan, FEE, "fee", "2026-02-01", "30.00");
    // 30 days late: 1 % of the balance and its interest of 120.00 up to the due date.
    pay(&mut loan, FIRST, "2026-03-17", "70.00");
    assert_eq!(allocation(&loan, FIRST), json!({"late_interest": "61.20", "fee": "8.80"}));
    // In a row of its own, after the last due date, too: 176 days late.
    let mut loan =
        price("running_balance", json!({"late": {"fee_rate": "0", "interest_rate_per_month": "0.01"}}));
    charge(&mut loan, FEE, "fee", "2026-08-01", "30.00");
    pay(&mut loan, FIRST, "2026-08-10", "360.00");
    assert_eq!(allocation(&loan, FIRST), json!({"late_interest": "359.04", "fee": "0.96"}));
}

#[test]
fn what_a_payment_to_a_running_balance_did_not_cover_is_owed_before_what_came_since() {
    let mut loan =
        price("running_balance", json!({"late": {"fee_rate": "0", "interest_rate_per_month": "0.01"}}));
    pay(&mut loan, FIRST, "2026-03-17", "70.00");
    assert_eq!(allocation(&loan, FIRST), json!({"late_interest": "61.20", "interest": "8.80"}));
    // Carried: the rest of 120.00, and the interest of the second row, 100.98. New: ten days of 1 % a month on 6000.00.
    pay(&mut loan, SECOND, "2026-03-27", "215.18");
    assert_eq!(allocation(&loan, SECOND), json!({"late_interest": "3.00", "interest": "212.18"}));
}

#[test]
fn late_interest_of_a_running_balance_runs_on_its_exact_interest() {
    let terms = json!({
        "principal": "3835.14", "installments": 10, "every": {"weeks": 3}, "day_count": "act/360",
        "rate": {"value": "0.27315", "per": "year"}, "rounding": {"mode": "down", "places": ["interest"]},
        "calendar": "none", "interest_basis": "running_balance",
        "late": {"fee_rate": "0", "interest_rate": "contract"},
    });
    let mut loan = Played::begin(&terms, &json!([{"on": "2025-05-22", "amount": "3835.14"}]));
    pay(&mut loan, FIRST, "2025-06-11", "45.55");
    pay(&mut loan, SECOND, "2025-06-12", "480.32");
    pay(&mut loan, THIRD, "2025-09-04", "343.67");
    let expected = json!({"late_interest": "147.26", "interest": "130.72", "principal": "65.69"});
    assert_eq!(allocation(&loan, THIRD), expected);
}

#[test]
fn charges_to_come_are_paid_in_the_order_in_advance() {
    for basis in ["daily_rest", "period_rest", "running_balance"] {
        let order = json!(["late_fee", "late_interest", "fee", "penalty", "interest", "principal"]);
        let mut loan = price(basis, json!({"allocation_in_advance": order}));
        charge(&mut loan, PENALTY, "penalty", "2026-09-01", "30.00");
        charge(&mut loan, FEE, "fee", "2026-09-01", "40.00");
        let quote = engine::quote(&loan.terms, &loan.facts, day("2026-07-15")).unwrap();
        let all_but_the_penalty = quote.amount.value() - Decimal::from(30);
        pay(&mut loan, FIRST, "2026-07-15", &all_but_the_penalty.to_string());
        let found = allocation(&loan, FIRST);
        assert_eq!((&found["fee"], &found["penalty"]), (&json!("40.00"), &Value::Null), "{basis}");
    }
}

#[test]
fn a_settlement_on_a_due_date_leaves_the_interest_of_its_row_accrued() {
    for basis in ["daily_rest", "period_rest"] {
        let mut loan = price(basis, json!({}));
        let on = day("2026-02-15");
        let quote = engine::quote(&loan.terms, &loan.facts, on).unwrap();
        loan.command("settle", &json!({"id": FIRST, "on": on, "amount": quote.amount}));
        let total = engine::total_accrued(&loan.terms, &loan.facts, day("2026-12-31")).unwrap();
        assert_eq!(total.value().to_string(), "120.00", "{basis}");
    }
}

#[test]
fn on_a_due_date_nothing_has_accrued_beyond_what_is_due() {
    for basis in ["daily_rest", "period_rest"] {
        let loan = price(basis, json!({"settlement": "interest_to_date"}));
        let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
        assert_eq!(json!(quote)["interest"], "0.00", "{basis}");
        assert_eq!(json!(quote)["amount"], "6120.00", "{basis}");
    }
}

#[test]
fn rows_due_on_one_day_repay_what_is_lent_once() {
    for basis in ["daily_rest", "period_rest"] {
        let mut loan = price(
            basis,
            json!({
                "method": "sac", "rate": {"value": "0"}, "installments": 3, "every": {"days": 1},
                "calendar": "weekends", "due_date_shift": "following",
            }),
        );
        // Saturday's and Sunday's row are due on Monday, 19 January.
        pay(&mut loan, FIRST, "2026-01-19", "2500.00");
        pay(&mut loan, SECOND, "2026-01-19", "3600.00");
        let seen = loan.seen_on(day("2026-01-20"));
        assert_eq!(seen["transactions"][0]["balance"], "3500.00", "{basis}");
        assert_eq!(seen["loan"]["overpaid"], "100.00", "{basis}");
        assert_eq!(seen["loan"]["balances"]["total"], "0.00", "{basis}");
    }
}

#[test]
fn an_installment_found_anew_is_found_with_discount_factors_as_rounded() {
    let mut loan =
        price("period_rest", json!({"excess": "reduce_installment", "rounding": {"factor_decimals": 2}}));
    // 6000.00 over 5.60; then what 2071.43 leave of it, over 0.98 + 0.96 + 0.94 + 0.92 + 0.91.
    pay(&mut loan, FIRST, "2026-02-15", "2071.43");
    let totals = loan.seen_on(day("2026-02-15"))["installments"].clone();
    assert_eq!((&totals[0]["total"], &totals[1]["total"]), (&json!("2071.43"), &json!("859.57")));
}

#[test]
fn all_interest_is_accrued_once_nothing_is_past_due_though_a_charge_came_after_the_last_row() {
    for basis in ["daily_rest", "period_rest", "running_balance"] {
        let mut loan = price(basis, json!({}));
        charge(&mut loan, PENALTY, "penalty", "2026-09-01", "30.00");
        pay(&mut loan, FIRST, "2026-12-01", "9000.00");
        let on = day("2026-12-31");
        let total = engine::total_accrued(&loan.terms, &loan.facts, on).unwrap();
        assert_eq!(total.value().to_string(), allocation(&loan, FIRST)["interest"], "{basis}");
    }
}

#[test]
fn an_installment_found_anew_in_grace_is_found_on_the_balance_at_its_end() {
    let grace = json!({"principal": 2, "interest": 2, "mode": "capitalized"});
    let mut loan = price("period_rest", json!({"excess": "reduce_installment", "grace": grace}));
    pay(&mut loan, FIRST, "2026-01-20", "1000.00");
    // 120.00 join the 5000.00 that are left, then 102.40: 5222.40 in four installments.
    let rows = loan.seen_on(day("2026-01-20"))["installments"].clone();
    let totals: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["total"]).collect();
    assert_eq!(totals[..5], ["1000.00", "0.00", "1371.53", "1371.53", "1371.53"]);
}

#[test]
fn interest_to_the_due_date_counts_that_of_a_grace_period() {
    for (mode, interest) in [("capitalized", "120.00"), ("deferred", "120.00"), ("free", "0.00")] {
        for basis in ["daily_rest", "period_rest"] {
            let grace = json!({"principal": 2, "interest": 2, "mode": mode});
            let loan = price(basis, json!({"settlement": "interest_to_due_date", "grace": grace}));
            let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-01")).unwrap();
            assert_eq!(json!(quote)["interest"], interest, "{basis}, {mode}");
        }
    }
}

#[test]
fn interest_of_a_grace_joins_a_running_balance_though_a_refund_is_owed_again_before() {
    let grace = json!({"principal": 2, "interest": 1, "mode": "capitalized"});
    let mut loan = price("running_balance", json!({"grace": grace}));
    loan.command("refunds", &json!({"on": "2026-01-15", "amount": "100.00"}));
    let rows = loan.seen_on(day("2026-01-15"))["installments"].clone();
    let principal = rows.as_array().unwrap().iter().map(|row| row["principal"].as_str().unwrap());
    let principal: Decimal = principal.map(|principal| principal.parse::<Decimal>().unwrap()).sum();
    // 6100.00, and 2 % of it.
    assert_eq!(principal.to_string(), "6222.00");
}

fn due(loan: &Played, on: &str, due_on: &str, figure: &str) -> String {
    let rows = loan.seen_on(day(on))["installments"].clone();
    let row = rows.as_array().unwrap().iter().find(|row| row["due_on"] == due_on).unwrap();
    row[figure].as_str().unwrap().to_owned()
}

#[test]
fn what_the_period_that_ends_defers_is_owed_with_a_settlement_of_its_last_day() {
    for basis in ["plan", "daily_rest", "period_rest"] {
        for (settlement, interest) in [("interest_to_date", "120.00"), ("interest_to_due_date", "240.00")] {
            let grace = json!({"principal": 2, "interest": 2, "mode": "deferred"});
            let loan = price(basis, json!({"settlement": settlement, "grace": grace}));
            let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
            assert_eq!(json!(quote)["interest"], interest, "{basis}, {settlement}");
        }
    }
}

#[test]
fn what_is_overdue_bears_nothing_after_a_write_off() {
    for basis in ["daily_rest", "period_rest", "running_balance"] {
        let mut loan = price(basis, json!({}));
        loan.command("write-off", &json!({"on": "2026-03-20", "reason": "x"}));
        let then = loan.seen_on(day("2026-03-20"))["loan"].clone();
        assert_eq!(then["balances"]["total"], then["write_off"]["amount"], "{basis}");
        let later = loan.seen_on(day("2027-03-20"))["loan"].clone();
        assert_eq!(later["balances"], then["balances"], "{basis}");
    }
}

#[test]
fn a_contract_replaced_on_a_due_date_owes_the_deferred_interest_once() {
    for basis in ["daily_rest", "period_rest"] {
        let grace = json!({"principal": 1, "interest": 1, "mode": "deferred"});
        let mut loan = price(basis, json!({"grace": grace}));
        let terms =
            json!({"method": "sac", "rate": {"value": "0"}, "installments": 1, "interest_basis": basis});
        let restructure = json!({"on": "2026-03-15", "terms": terms, "capitalize": ["interest"]});
        loan.command("restructure", &restructure);
        // 6000.00, the 120.00 of the second row and the 120.00 of the first.
        assert_eq!(due(&loan, "2026-03-15", "2026-04-15", "principal"), "6240.00", "{basis}");
    }
}

#[test]
fn by_whole_periods_what_fell_due_inside_one_bears_interest_from_the_day_on_which_it_is_moved() {
    let mut loan = price("period_rest", json!({}));
    pay(&mut loan, FIRST, "2026-01-20", "6620.00");
    loan.command("refunds", &json!({"on": "2026-02-20", "amount": "500.00"}));
    loan.command(&format!("repayments/{FIRST}/reverse"), &json!({"on": "2026-02-21"}));
    pay(&mut loan, SECOND, "2026-01-20", "3120.00");
    // The 500.00 are owed again on 20 February.
    assert_eq!(due(&loan, "2026-03-01", "2026-03-15", "interest"), "60.00");
    loan.command("restructure", &json!({"on": "2026-03-01", "mode": "re_amortize"}));
    // 2 % of 3000.00, and of 500.00 for 14 of 28 days.
    assert_eq!(due(&loan, "2026-03-01", "2026-03-15", "interest"), "64.98");
}

#[test]
fn charges_due_of_a_row_that_a_restructuring_left_come_before_what_is_not_due() {
    for basis in ["daily_rest", "period_rest"] {
        let mut loan = price(basis, json!({}));
        charge(&mut loan, PENALTY, "penalty", "2026-02-01", "30.00");
        loan.command("restructure", &json!({
            "on": "2026-02-03", "mode": "re_age", "installments": 3, "every": {"months": 1}, "first_due_on": "2026-02-10",
        }));
        pay(&mut loan, FIRST, "2026-02-05", "300.00");
        assert_eq!(allocation(&loan, FIRST)["penalty"], "30.00", "{basis}");
    }
}

#[test]
fn what_is_paid_beyond_the_row_of_a_due_date_repays_what_was_released_on_it() {
    for basis in ["daily_rest", "period_rest"] {
        let mut loan = price(basis, json!({}));
        loan.command("disburse", &json!({"on": "2026-02-15", "amount": "2000.00"}));
        pay(&mut loan, FIRST, "2026-02-15", "6600.00");
        let seen = loan.seen_on(day("2026-02-15"));
        assert_eq!(seen["loan"]["overpaid"], "0.00", "{basis}");
        let paid = seen["transactions"][0]["allocation"]["principal"].clone();
        // By whole periods the 40.00 of the row to come are paid first.
        assert_eq!(paid, if basis == "daily_rest" { "6480.00" } else { "6440.00" }, "{basis}");
    }
}

#[test]
fn late_interest_of_a_running_balance_runs_on_though_principal_is_charged_back() {
    let mut loan =
        price("running_balance", json!({"late": {"fee_rate": "0", "interest_rate_per_month": "0.01"}}));
    pay(&mut loan, FIRST, "2026-01-15", "1.00");
    let chargeback = json!({"on": "2026-03-02", "amount": "600.00", "reason": "x"});
    loan.command(&format!("repayments/{FIRST}/chargeback"), &chargeback);
    pay(&mut loan, SECOND, "2026-03-12", "200.00");
    // 1 % a month of 6000.00 for 15 days, then of 6600.00 for 10.
    let expected = json!({"late_interest": "52.00", "interest": "119.00", "principal": "29.00"});
    assert_eq!(allocation(&loan, SECOND), expected);
}

#[test]
fn interest_before_a_chargeback_compounds_in_a_running_balance() {
    let mut loan = price("running_balance", json!({}));
    pay(&mut loan, FIRST, "2026-02-15", "1071.15");
    let chargeback = json!({"on": "2026-03-01", "amount": "100.00", "reason": "x"});
    loan.command(&format!("repayments/{FIRST}/chargeback"), &chargeback);
    pay(&mut loan, SECOND, "2026-03-15", "150.00");
    // Half a period on 5048.85: 50.24; half a period on 5148.85 and that: 51.73.
    assert_eq!(allocation(&loan, SECOND), json!({"interest": "101.97", "principal": "48.03"}));
}

#[test]
fn a_running_balance_repaid_early_has_no_late_rows_when_principal_is_charged_back() {
    let mut loan = price("running_balance", json!({"late": {"interest_rate": "contract"}}));
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-01-20")).unwrap();
    loan.command("settle", &json!({"id": FIRST, "on": "2026-01-20", "amount": quote.amount}));
    let chargeback = json!({"on": "2026-05-20", "amount": "100.00", "reason": "x"});
    loan.command(&format!("repayments/{FIRST}/chargeback"), &chargeback);
    pay(&mut loan, SECOND, "2026-06-01", "50.00");
    // Due on 15 June: 26 of 31 days.
    assert_eq!(allocation(&loan, SECOND), json!({"interest": "1.67", "principal": "48.33"}));
}
