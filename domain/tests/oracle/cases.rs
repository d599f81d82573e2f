//! The oracle against the worked cases: what it says of others must first hold of these.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use serde_json::Value;

use crate::fractions::read;
use crate::history::{What, facts};
use crate::loan::{EVERYTHING, Loan};
use crate::rest::Rest;
use crate::running::Running;
use crate::terms::{Terms, day, list};
use crate::{accrual, answer, views};

pub(crate) fn cases(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// Notes where `found` does not state what `expected` states.
pub(crate) fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                compare(&format!("{at}/{key}"), value, found.get(key).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{at}/{index}"), expected, found, differences);
            }
        }
        _ if expected == found || same_number(expected, found) => {}
        _ => differences.push(format!("{at}: expected {expected}, found {found}")),
    }
}

/// Figures of other decimals, or a zero with a sign as a bisection leaves it.
fn same_number(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| {
        let text = value.as_str()?;
        let is_number =
            text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-') && !text[1..].contains('-');
        is_number.then(|| read(text))
    };
    matches!((number(one), number(other)), (Some(one), Some(other)) if one == other)
}

#[test]
fn the_oracle_agrees_with_the_worked_schedules() {
    let mut differences = Vec::new();
    let cases = cases("schedules");
    assert!(cases.len() >= 62, "only {} cases were found", cases.len());
    for case in cases {
        let id = case["id"].as_str().unwrap();
        match answer::answer(&case["request"], false) {
            Ok(found) => compare(id, &case["expected"], &found, &mut differences),
            Err(refusal) => differences.push(format!("{id}: refused as {refusal}")),
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_oracle_agrees_with_the_worked_repayments() {
    let mut differences = Vec::new();
    let cases = cases("repayments");
    assert!(cases.len() >= 68, "only {} cases were found", cases.len());
    for case in cases {
        let id = case["id"].as_str().unwrap();
        for (at, expected) in list(&case["expected"]).iter().enumerate() {
            checkpoint(&format!("{id}/{at}"), &case, expected, &mut differences);
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

fn checkpoint(at: &str, case: &Value, expected: &Value, differences: &mut Vec<String>) {
    let facts = facts(case, usize::try_from(expected["after"].as_u64().unwrap()).unwrap());
    let terms = Terms::read(&case["terms"]);
    let seen_on = expected["effective_on"].as_str().map(|text| text.parse::<NaiveDate>().unwrap());
    let loan = match terms.basis.as_str() {
        "plan" => Loan::replay(&terms, &facts, seen_on),
        "running_balance" => Running::replay(&terms, &facts, seen_on.unwrap()).loan,
        _ => Rest::replay(&terms, &facts, seen_on.unwrap()).loan,
    };
    if !expected["installments"].is_null() {
        compare(at, &expected["installments"], &views::installments(&loan), differences);
    }
    for transaction in list(&expected["transactions"]) {
        let fact = facts.iter().position(|fact| fact.id == transaction["id"]).unwrap();
        let What::Payment(payment) = &facts[fact].what else { panic!("no payment") };
        let receipt = loan.receipts.iter().find(|receipt| receipt.fact == fact).unwrap();
        let found = views::transaction(receipt, &facts[fact], &payment.amount);
        compare(&format!("{at}/{fact}"), transaction, &found, differences);
    }
    if !expected["loan"].is_null() {
        compare(at, &expected["loan"], &views::loan(&loan, seen_on.unwrap()), differences);
    }
    if !expected["settlement_quote"].is_null() {
        let on = day(&expected["settlement_quote"]["on"]);
        let found = Loan::found_on(&terms, &facts, on).quote(on, EVERYTHING);
        compare(at, &expected["settlement_quote"], &views::quote(on, &found), differences);
    }
    if let Some(listed) = expected["accruals"].as_array() {
        let (first, last) = (day(&listed[0]["on"]), day(&listed[listed.len() - 1]["on"]));
        let items = accrual::accruals(&terms, &facts, last.max(first));
        let items: Vec<_> = items.into_iter().filter(|(on, ..)| *on >= first).collect();
        compare(at, &expected["accruals"], &views::accruals(&items), differences);
    }
}
