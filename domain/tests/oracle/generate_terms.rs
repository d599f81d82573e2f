//! Random terms of loans, within what LENDING.md speaks of.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::fractions::whole;
use crate::requests::{calendar, cents, day_count, every, maybe, rate, rounding};

fn late() -> impl Strategy<Value = Value> {
    let some = (
        maybe(&["0.02", "0", "0.013"]),
        maybe(&["overdue", "installment", "principal"]),
        maybe(&["0.01", "0.035"]),
        maybe(&["simple", "compound"]),
        maybe(&["30", "actual"]),
        maybe(&["installment", "principal"]),
        maybe(&["none", "none", "daily", "period"]),
        prop_oneof![2 => Just(Value::Null), 1 => (1..6_u32).prop_map(Value::from)],
        maybe(&["half_even", "half_up", "down"]),
    )
        .prop_map(
            |(fee_rate, fee_base, monthly, interest, days, base, contract, grace_days, rounding)| {
                // Whether contract interest itself bears compound late interest is nowhere said.
                let contract = if interest == "compound" { Value::Null } else { contract };
                json!({"fee_rate": fee_rate, "fee_base": fee_base, "interest_rate_per_month": monthly,
                "interest": interest, "interest_days": days, "interest_base": base,
                "contract_interest": contract, "grace_days": grace_days, "rounding": rounding})
            },
        );
    prop_oneof![1 => Just(Value::Null), 3 => some]
}

fn order() -> impl Strategy<Value = Value> {
    let all = vec!["late_fee", "late_interest", "penalty", "fee", "interest", "principal"];
    let some = prop::sample::subsequence(all, 1..=6).prop_shuffle().prop_map(Value::from);
    prop_oneof![1 => Just(Value::Null), 1 => some]
}

/// A flat loan cannot capitalize, and grace leaves rows to repay the principal.
fn grace_fits(method: &str, installments: u32, grace: &Value) -> bool {
    let capitalizes = grace["mode"].is_null() || grace["mode"] == "capitalized";
    let leaves_rows = grace["principal"].as_u64().is_none_or(|rows| rows < u64::from(installments));
    leaves_rows && (is_redrawable(method) || method == "flat" && !capitalizes)
}

/// Whether plans of the method can be drawn again.
pub(crate) fn is_redrawable(method: &str) -> bool {
    ["price", "sac", "interest_only"].contains(&method)
}

fn grace() -> impl Strategy<Value = Value> {
    let some = (1..4_u32, 0..4_u32, maybe(&["capitalized", "deferred", "free"])).prop_map(
        |(principal, interest, mode)| {
            json!({"principal": principal, "interest": interest.min(principal), "mode": mode})
        },
    );
    prop_oneof![2 => Just(Value::Null), 1 => some]
}

/// The rows of a custom plan: days since the one before, a share of the principal, and maybe its interest.
pub(crate) fn listed() -> impl Strategy<Value = Vec<(u64, u64, Option<u64>)>> {
    prop::collection::vec((1..70_u64, 0..100_u64, prop::option::weighted(0.3, 0..9_000_u64)), 1..12)
}

/// Puts a custom plan in place of dates by a rule.
pub(crate) fn list(terms: &mut Value, start: NaiveDate, principal: u64, rows: &[(u64, u64, Option<u64>)]) {
    let all: u64 = rows.iter().map(|(_, share, _)| share).sum();
    let (mut day, mut left) = (start, principal);
    let row = |(k, (gap, share, interest)): (usize, &(u64, u64, Option<u64>))| {
        day = day + Days::new(*gap);
        let part = if k + 1 == rows.len() { left } else { principal * share / (all + 1) };
        left -= part;
        json!({"due_on": day.to_string(), "principal": cents(part), "interest": interest.map(cents)})
    };
    terms["custom"] = rows.iter().enumerate().map(row).collect();
    terms["installments"] = Value::Null;
    terms["every"] = Value::Null;
}

/// Terms of a loan of the basis, without its principal.
pub(crate) fn terms(basis: &'static str) -> impl Strategy<Value = Value> {
    let plan = basis == "plan";
    let dates = (1..15_u32, every());
    let shift = maybe(&["none", "following", "modified_following", "preceding"]);
    let days = (day_count(), calendar(), shift, maybe(&["shifted", "unshifted"]));
    let money = (
        rate(),
        rounding(if plan { &["last", "first", "respread"] } else { &["last", "respread"] }),
        late(),
        prop::option::weighted(0.3, 100..900_u64),
    );
    let paying = (
        order(),
        order(),
        maybe(&["installment", "loan"]),
        select(excesses(basis)),
        maybe(&["present_value", "interest_to_date", "interest_to_due_date"]),
    );
    let all = (select(methods(plan)), dates, days, money, paying, grace());
    all.prop_map(move |(method, dates, days, money, paying, mut grace)| {
        let (installments, every) = dates;
        if !grace_fits(method, installments, &grace) {
            grace = Value::Null;
        }
        let (day_count, calendar, shift, accrue_to) = days;
        let (rate, mut rounding, late, fee) = money;
        let (order, in_advance, scope, excess, settlement) = paying;
        rounding["decimals"] = Value::Null;
        let redraws = is_redrawable(method);
        let excess = if excess.starts_with("reduce") && !redraws { "next" } else { excess };
        // Open questions: fees of rows that a shorter plan lacks, and cents of rows drawn again from exact ones.
        let fee = fee.filter(|_| !redraws);
        let mut rate = rate;
        if method == "interest_only" && crate::terms::Rate::read(&rate).value == whole(0) {
            rate["value"] = "0.01".into();
        }
        if redraws && basis != "running_balance" {
            rounding["places"] = Value::Null;
        }
        // Nor is it said what rounded factors mean for the exact plan behind sam, and for V (§6).
        if plan && (redraws || method == "sam") {
            rounding["factor_decimals"] = Value::Null;
        }
        let fee = fee.map(|fee| json!([{"kind": "service_fee", "due": "installment", "amount": cents(fee)}]));
        let mut terms = json!({"method": method, "interest_basis": basis, "installments": installments, "every": every,
            "day_count": day_count, "calendar": calendar, "due_date_shift": shift, "accrue_to": accrue_to, "rate": rate,
            "rounding": rounding, "late": late, "allocation": order, "allocation_in_advance": in_advance,
            "allocation_scope": scope, "excess": excess, "settlement": settlement,
            "charges": fee.unwrap_or(Value::Null), "grace": grace});
        if basis == "running_balance" {
            leave_out_what_is_not_said(&mut terms);
        }
        // Nor what a row comes to that falls due before its period has ended, where it follows the balance.
        if basis.ends_with("_rest") && terms["accrue_to"] == "unshifted" && !terms["due_date_shift"].is_null() {
            terms["due_date_shift"] = "following".into();
        }
        terms
    })
}

/// Of a running balance nothing is said about weekends, days of grace, or an order of its own (§9).
fn leave_out_what_is_not_said(terms: &mut Value) {
    terms["calendar"] = "none".into();
    for field in ["due_date_shift", "accrue_to", "allocation"] {
        terms[field] = Value::Null;
    }
    if !terms["late"].is_null() {
        terms["late"] = json!({"fee_rate": terms["late"]["fee_rate"], "interest_rate": "contract"});
    }
}

fn methods(plan: bool) -> Vec<&'static str> {
    if plan {
        vec!["price", "price", "sac", "interest_only", "flat", "sam", "bullet", "custom"]
    } else {
        vec!["price", "sac", "interest_only"]
    }
}

fn excesses(basis: &str) -> Vec<&'static str> {
    match basis {
        "plan" => vec!["next", "last", "equal", "credit", "reduce_term", "reduce_installment"],
        "running_balance" => vec!["next"],
        _ => vec!["next", "reduce_term", "reduce_installment"],
    }
}
