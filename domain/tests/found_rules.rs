//! Where random histories found the engine to say something else than LENDING.md: each reduced, and worked by hand.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[allow(dead_code, reason = "the worked cases ask for more of it")]
#[path = "servicing/adapter.rs"]
mod adapter;
#[path = "servicing/six_installments.rs"]
mod six_installments;

use adapter::Played;
use chrono::NaiveDate;
use domain::loan::engine;
use serde_json::{Value, json};
use six_installments::lent;

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";
const THIRD: &str = "00000000-0000-0000-0000-000000000003";
const FOURTH: &str = "00000000-0000-0000-0000-000000000004";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The first period ends on Saturday 14 February 2026, and its row falls due on the Monday.
fn unshifted(more: Value) -> Played {
    let mut terms = json!({"calendar": "weekends", "due_date_shift": "following", "accrue_to": "unshifted"});
    let Value::Object(more) = more else { panic!("{more}") };
    terms.as_object_mut().unwrap().extend(more);
    lent("2026-01-14", terms)
}

fn pay(loan: &mut Played, path: &str, id: &str, on: &str, amount: &str) {
    loan.command(path, &json!({"id": id, "on": on, "amount": amount}));
}

fn transaction(loan: &Played, id: &str) -> Value {
    let seen = loan.seen_on(day("2027-01-01"));
    let all = seen["transactions"].as_array().unwrap();
    all.iter().find(|transaction| transaction["id"] == id).unwrap().clone()
}

/// What a payment covered, without what it did not.
fn allocation(loan: &Played, id: &str) -> Value {
    let mut allocation = transaction(loan, id)["allocation"].clone();
    allocation.as_object_mut().unwrap().retain(|_, amount| *amount != "0.00");
    allocation
}

fn principal_due(loan: &Played, on: &str) -> Vec<String> {
    let derived = engine::derive(&loan.terms, &loan.facts, day(on)).unwrap();
    derived.rows.iter().map(|row| row.due.principal.to_string()).collect()
}

#[test]
fn interest_of_a_period_that_ended_before_its_row_is_due_is_owed_once() {
    // 2 % of 6000.00, whether it falls due on Monday or is deferred to the next row.
    for basis in ["plan", "daily_rest", "period_rest"] {
        for grace in [json!({}), json!({"principal": 1, "interest": 1, "mode": "deferred"})] {
            let settlement = "interest_to_due_date";
            let loan = unshifted(json!({"interest_basis": basis, "grace": grace, "settlement": settlement}));
            let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
            assert_eq!(quote.interest.to_string(), "120.00", "{basis} {grace}");
            assert_eq!(quote.principal.to_string(), "6000.00", "{basis} {grace}");
        }
    }
}

#[test]
fn interest_to_date_runs_on_when_a_period_has_ended_and_its_row_is_not_due() {
    // The month, and one of the 28 days of the next: 6000.00·(1.02^(1/28) − 1) = 4.24 by rests, which begin anew; in one
    // span of both 6000.00·(1.02^(29/28) − 1).
    for (basis, interest) in [("daily_rest", "124.24"), ("period_rest", "124.24"), ("plan", "124.33")] {
        let loan = unshifted(json!({"interest_basis": basis, "settlement": "interest_to_date"}));
        let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
        assert_eq!(quote.interest.to_string(), interest, "{basis}");
    }
    // What a grace capitalizes is owed from the end of its period on.
    let grace = json!({"principal": 1, "interest": 1, "mode": "capitalized"});
    let more = json!({"interest_basis": "daily_rest", "settlement": "interest_to_date", "grace": grace});
    let loan = unshifted(more);
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-15")).unwrap();
    // One day on 6120.00 is 4.33.
    assert_eq!(
        (quote.principal.to_string(), quote.interest.to_string()),
        ("6000.00".into(), "124.33".into())
    );
}

#[test]
fn anticipating_after_the_end_of_a_period_pays_its_row_as_it_stands() {
    let mut loan = unshifted(json!({}));
    let body = json!({"id": FIRST, "on": "2026-02-15", "amount": "2071.15", "as": "anticipation"});
    loan.command("repayments", &body);
    // 1071.15 for the row; one of 28 days on 5048.85 is 3.57, the rest comes off the principal.
    assert_eq!(allocation(&loan, FIRST), json!({"interest": "123.57", "principal": "1947.58"}));
    // 27 of 28 days on 4052.42 are 78.13.
    let seen = loan.seen_on(day("2026-02-15"));
    assert_eq!(seen["installments"][1]["interest"], "81.70");
}

#[test]
fn principal_owed_again_is_paid_before_what_is_charged_back_that_day() {
    let terms = json!({"method": "flat", "installments": 3, "rate": {"value": "0"}});
    let mut loan = lent("2026-01-15", terms);
    pay(&mut loan, "repayments", FIRST, "2026-02-15", "6000.00");
    pay(&mut loan, "repayments", SECOND, "2026-03-15", "100.00");
    // Too much, until 30.00 are charged back.
    pay(&mut loan, "repayments", FOURTH, "2026-04-01", "30.00");
    loan.command("refunds", &json!({"on": "2026-05-10", "amount": "100.00"}));
    pay(&mut loan, "repayments", THIRD, "2026-05-10", "80.00");
    loan.command(&format!("repayments/{FIRST}/chargeback"), &json!({"on": "2026-05-10", "amount": "30.00"}));
    loan.command(&format!("repayments/{SECOND}/reverse"), &json!({"on": "2026-05-11"}));
    // 100.00 are owed again; the 30.00 paid ahead serve them, and the third payment does not see the chargeback.
    assert_eq!(allocation(&loan, THIRD), json!({"principal": "70.00"}));
    assert_eq!(transaction(&loan, THIRD)["overpaid"], "10.00");
    assert_eq!(loan.seen_on(day("2026-05-11"))["loan"]["balances"]["total"], "20.00");
}

#[test]
fn what_is_released_is_shared_out_without_what_was_charged_back() {
    for basis in ["daily_rest", "period_rest", "running_balance"] {
        let mut loan =
            lent("2026-01-15", json!({"method": "sac", "rate": {"value": "0"}, "interest_basis": basis}));
        pay(&mut loan, "repayments", FIRST, "2026-01-18", "300.00");
        loan.command(
            &format!("repayments/{FIRST}/chargeback"),
            &json!({"on": "2026-01-20", "amount": "300.00"}),
        );
        loan.command("disburse", &json!({"on": "2026-01-25", "amount": "600.00"}));
        // A sixth of 6600.00 each; what was charged back is due with its row, on top.
        let expected = ["1400.00", "1100.00", "1100.00", "1100.00", "1100.00", "1100.00"];
        assert_eq!(principal_due(&loan, "2026-01-25"), expected, "{basis}");
    }
}

#[test]
fn an_anticipation_under_a_rest_shortens_the_plan_even_if_its_excess_is_for_the_next_rows() {
    for basis in ["daily_rest", "period_rest"] {
        let mut loan =
            lent("2026-01-15", json!({"method": "sac", "rate": {"value": "0"}, "interest_basis": basis}));
        let body = json!({"id": FIRST, "on": "2026-01-20", "amount": "2500.00", "as": "anticipation",
            "excess": "next"});
        loan.command("repayments", &body);
        let expected = ["2500.00", "1000.00", "1000.00", "1000.00", "500.00"];
        assert_eq!(principal_due(&loan, "2026-01-20"), expected, "{basis}");
    }
}

#[test]
fn interest_that_a_grace_deferred_is_owed_though_the_balance_was_repaid_in_it() {
    let grace = json!({"principal": 1, "interest": 1, "mode": "deferred"});
    let rate = json!({"value": "0.02", "compounding": "nominal"});
    let mut loan =
        lent("2026-01-15", json!({"interest_basis": "running_balance", "grace": grace, "rate": rate}));
    pay(&mut loan, "repayments", FIRST, "2026-02-05", "6000.00");
    assert_eq!(allocation(&loan, FIRST), json!({"principal": "6000.00"}));
    // 21 of 31 days of 120.00.
    let quote = engine::quote(&loan.terms, &loan.facts, day("2026-02-10")).unwrap();
    assert_eq!(quote.amount.to_string(), "81.29");
    pay(&mut loan, "repayments", SECOND, "2026-03-10", "100.00");
    assert_eq!(allocation(&loan, SECOND), json!({"interest": "81.29"}));
    assert_eq!(loan.seen_on(day("2026-03-10"))["loan"]["overpaid"], "18.71");
}

#[test]
fn after_a_write_off_a_chargeback_to_a_running_balance_brings_no_late_interest() {
    let late = json!({"fee_rate": "0", "interest_rate_per_month": "0.01"});
    let mut loan = lent("2026-01-15", json!({"interest_basis": "running_balance", "late": late}));
    pay(&mut loan, "repayments", FIRST, "2026-02-10", "500.00");
    loan.command("write-off", &json!({"on": "2026-02-20"}));
    loan.command(&format!("repayments/{FIRST}/chargeback"), &json!({"on": "2026-04-10", "amount": "100.00"}));
    pay(&mut loan, "recoveries", SECOND, "2026-05-10", "50.00");
    // Five days of 1 % a month on 5620.00, up to the write-off.
    assert_eq!(allocation(&loan, SECOND), json!({"late_interest": "9.37", "principal": "40.63"}));
}

#[test]
fn what_is_released_when_only_rows_of_the_grace_are_left_is_repaid_by_the_last_of_them() {
    let grace = json!({"principal": 2});
    let mut loan = lent("2026-01-15", json!({"installments": 3, "rate": {"value": "0"}, "grace": grace}));
    let body = json!({"id": FIRST, "on": "2026-01-20", "amount": "6000.00", "excess": "reduce_installment"});
    loan.command("repayments", &body);
    loan.command("disburse", &json!({"on": "2026-02-01", "amount": "900.00"}));
    // The third row, which had all the principal, is gone; the first shows what was paid ahead.
    assert_eq!(principal_due(&loan, "2026-02-01"), ["6000.00", "900.00"]);
}

#[test]
fn interest_that_a_grace_deferred_is_owed_once_though_the_settlement_that_paid_it_is_followed_by_new_terms() {
    let grace = json!({"principal": 2, "interest": 1, "mode": "deferred"});
    let rate = json!({"value": "0.02", "compounding": "nominal"});
    let more = json!({"installments": 3, "rate": rate, "grace": grace, "settlement": "interest_to_date"});
    let mut loan = lent("2026-01-15", more);
    // 120.00 of the first month and, of 28 days to 15 March, 14 on 6000.00.
    pay(&mut loan, "settle", FIRST, "2026-03-01", "6180.00");
    assert_eq!(allocation(&loan, FIRST), json!({"interest": "180.00", "principal": "6000.00"}));
    let terms = json!({"method": "price", "installments": 1, "rate": {"value": "0.02"}});
    let body = json!({"on": "2026-03-10", "reason": "", "capitalize": ["interest"], "terms": terms});
    loan.command("restructure", &body);
    // Nothing is left to restructure: the rows are those of the settlement.
    assert_eq!(principal_due(&loan, "2026-03-10"), ["0.00", "0.00", "6000.00"]);
}

#[test]
fn of_two_chargebacks_to_come_that_a_restructuring_moves_the_first_is_the_one_that_was_paid() {
    let mut loan = lent("2026-01-15", json!({"method": "sac", "rate": {"value": "0"}}));
    // The last row, and 50.00 of the 120.00 that will be charged back into it.
    let body = json!({"id": FIRST, "on": "2026-01-20", "amount": "1050.00", "excess": "last"});
    loan.command("repayments", &body);
    for (on, amount) in [("2026-06-20", "50.00"), ("2026-07-05", "70.00")] {
        loan.command(&format!("repayments/{FIRST}/chargeback"), &json!({"on": on, "amount": amount}));
    }
    let (mode, every, first) = ("re_age", json!({"months": 1}), "2026-06-25");
    let rows =
        json!({"on": "2026-02-10", "mode": mode, "installments": 5, "every": every, "first_due_on": first});
    loan.command("restructure", &rows);
    // What is left of the second falls due on 25 July, with one of the new rows.
    let expected = ["1000.00", "1050.00", "1070.00", "1000.00", "1000.00", "1000.00"];
    assert_eq!(principal_due(&loan, "2026-07-20"), expected);
}

#[test]
fn principal_paid_ahead_on_a_due_date_shows_in_its_row_though_a_settlement_had_emptied_it() {
    let terms = json!({"method": "interest_only", "rate": {"value": "0"}, "excess": "reduce_term"});
    let mut loan = lent("2026-01-15", terms);
    pay(&mut loan, "settle", FIRST, "2026-01-20", "6000.00");
    // Released on a due date, it is in the rows after that.
    loan.command("disburse", &json!({"on": "2026-02-15", "amount": "900.00"}));
    pay(&mut loan, "repayments", SECOND, "2026-02-15", "400.00");
    let expected = ["400.00", "0.00", "0.00", "0.00", "0.00", "6500.00"];
    assert_eq!(principal_due(&loan, "2026-02-15"), expected);
}

#[test]
fn a_payment_on_a_due_date_keeps_its_excess_where_it_reaches_what_was_released_that_day() {
    for basis in ["daily_rest", "period_rest"] {
        for (excess, later) in [("reduce_installment", vec!["50.00"; 4]), ("reduce_term", vec!["100.00"; 2])]
        {
            let terms = json!({"method": "sac", "rate": {"value": "0"}, "interest_basis": basis,
                "excess": "reduce_term"});
            let mut loan = lent("2026-01-15", terms);
            loan.command("disburse", &json!({"on": "2026-02-15", "amount": "500.00"}));
            let body = json!({"id": FIRST, "on": "2026-02-15", "amount": "6300.00", "excess": excess});
            loan.command("repayments", &body);
            // All of 6000.00, and 300.00 of the 500.00 that five rows of 100.00 were to repay.
            let mut expected = vec!["6000.00", "300.00"];
            expected.extend(later);
            assert_eq!(principal_due(&loan, "2026-02-15"), expected, "{basis} {excess}");
        }
    }
}

#[test]
fn interest_to_date_runs_on_what_is_overdue_in_a_grace_whose_row_has_nothing_else() {
    // 14 of 28 days of 20.00 on what is owed again, and by whole periods 120.00 for the first month.
    for (basis, interest) in [("daily_rest", "10.00"), ("period_rest", "130.00")] {
        let grace = json!({"principal": 3, "interest": 3, "mode": "deferred"});
        let rate = json!({"value": "0.02", "compounding": "nominal"});
        let settlement = "interest_to_date";
        let terms = json!({"interest_basis": basis, "grace": grace, "rate": rate, "settlement": settlement});
        let mut loan = lent("2026-01-15", terms);
        pay(&mut loan, "repayments", FIRST, "2026-01-15", "6000.00");
        loan.command("refunds", &json!({"on": "2026-02-15", "amount": "1000.00"}));
        let quote = engine::quote(&loan.terms, &loan.facts, day("2026-03-01")).unwrap();
        assert_eq!(quote.interest.to_string(), interest, "{basis}");
    }
}

#[test]
fn what_a_restructuring_moves_goes_to_rows_that_a_settlement_left_something_of() {
    for basis in ["plan", "daily_rest", "period_rest"] {
        let terms = json!({"method": "interest_only", "rate": {"value": "0"}, "interest_basis": basis});
        let mut loan = lent("2026-01-15", terms);
        pay(&mut loan, "settle", FIRST, "2026-01-20", "6000.00");
        loan.command("refunds", &json!({"on": "2026-02-20", "amount": "900.00"}));
        loan.command("restructure", &json!({"mode": "re_amortize", "on": "2026-03-01"}));
        // Of the plan only the last row has anything: what was settled.
        let due = principal_due(&loan, "2026-03-01");
        assert_eq!(due.iter().filter(|due| *due != "0.00").collect::<Vec<_>>(), ["6900.00"], "{basis}");
    }
}

#[test]
fn a_row_that_is_late_before_its_period_ends_is_fined_for_what_it_was_when_more_is_released() {
    let late = json!({"fee_rate": "0.02", "interest_rate_per_month": "0.01"});
    let terms = json!({"method": "sac", "rate": {"value": "0"}, "calendar": "weekends", "accrue_to": "unshifted",
        "due_date_shift": "preceding", "late": late});
    // The first period ends on Sunday 15 March, and its row falls due on the Friday.
    let mut loan = lent("2026-02-15", terms);
    loan.command("disburse", &json!({"on": "2026-03-14", "amount": "600.00"}));
    let derived = engine::derive(&loan.terms, &loan.facts, day("2026-03-20")).unwrap();
    let due = &derived.rows[0].due;
    // One day of 1000.00, and six of 1100.00.
    assert_eq!(
        [due.principal, due.late_fee, due.late_interest].map(|x| x.to_string()),
        ["1100.00", "20.00", "2.53"]
    );
}

#[test]
fn interest_that_joins_the_principal_on_the_day_of_a_settlement_shows_in_its_row() {
    for basis in ["plan", "daily_rest", "period_rest"] {
        let grace = json!({"principal": 3, "interest": 2, "mode": "capitalized"});
        let mut loan = lent("2026-01-15", json!({"interest_basis": basis, "grace": grace}));
        // 2 % of 6000.00, and of 6120.00.
        pay(&mut loan, "settle", FIRST, "2026-03-15", "6242.40");
        assert_eq!(allocation(&loan, FIRST), json!({"principal": "6242.40"}), "{basis}");
        let derived = engine::derive(&loan.terms, &loan.facts, day("2026-03-20")).unwrap();
        let capitalized: Vec<_> = derived.rows.iter().map(|row| row.capitalized.to_string()).collect();
        assert_eq!(capitalized[..2], ["120.00", "122.40"], "{basis}");
    }
}

#[test]
fn what_is_owed_again_on_the_day_of_a_settlement_is_due_and_bears_interest_as_on_any_day() {
    for basis in ["daily_rest", "period_rest"] {
        let grace = json!({"principal": 3, "interest": 2, "mode": "capitalized"});
        let mut loan = lent("2026-01-15", json!({"interest_basis": basis, "grace": grace}));
        pay(&mut loan, "settle", FIRST, "2026-03-15", "6242.40");
        let mut charged_back = loan.clone();
        charged_back.command(
            &format!("repayments/{FIRST}/chargeback"),
            &json!({"on": "2026-03-15", "amount": "1000.00"}),
        );
        let seen = charged_back.seen_on(day("2026-04-10"));
        assert_eq!(seen["loan"]["days_past_due"], 26, "{basis}");
        loan.command("refunds", &json!({"on": "2026-03-15", "amount": "900.00"}));
        let derived = engine::derive(&loan.terms, &loan.facts, day("2026-04-15")).unwrap();
        let interest: Vec<_> = derived.rows.iter().map(|row| row.due.interest.to_string()).collect();
        // 2 % of what is overdue.
        assert!(interest.contains(&"18.00".to_owned()), "{basis}: {interest:?}");
    }
}
