//! Every worked life of a loan of `schemas/cases/repayments`, derived and compared to the cent.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "servicing/adapter.rs"]
mod adapter;

use std::fs;
use std::path::Path;

use adapter::{Played, field};
use chrono::NaiveDate;
use domain::loan::engine;
use serde_json::{Value, json};

#[test]
fn every_worked_life_of_a_loan_comes_out_to_the_cent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases/repayments");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 53, "only {} cases were found", paths.len());
    let mut differences = Vec::new();
    for path in paths {
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        play(&name, &case, &mut differences);
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// Plays a case, and notes where a checkpoint is not met.
fn play(name: &str, case: &Value, differences: &mut Vec<String>) {
    let mut played = Played::begin(&case["terms"], &case["disbursements"]);
    let commands = case["commands"].as_array().unwrap();
    let mut done = 0;
    for expected in case["expected"].as_array().unwrap() {
        let after: usize = field(&expected["after"]);
        for command in &commands[done..after] {
            played.command(command["path"].as_str().unwrap(), &command["body"]);
        }
        done = after;
        let at = format!("{name} after {after}");
        if let Some(day) = expected.get("effective_on").filter(|day| !day.is_null()) {
            let found = played.seen_on(field(day));
            for part in ["installments", "transactions", "loan"] {
                if let Some(expected) = expected.get(part) {
                    compare(&format!("{at}/{part}"), expected, &found[part], differences);
                }
            }
        }
        if let Some(quote) = expected.get("settlement_quote") {
            let found = engine::quote(&played.terms, &played.facts, field(&quote["on"])).unwrap();
            compare(&format!("{at}/quote"), quote, &json!(found), differences);
        }
        if let Some(accruals) = expected.get("accruals") {
            compare_accruals(&at, &played, accruals.as_array().unwrap(), differences);
        }
    }
}

/// A day in the range of those listed that is not listed has no entry.
fn compare_accruals(at: &str, played: &Played, expected: &[Value], differences: &mut Vec<String>) {
    let day = |entry: &Value| -> NaiveDate { field(&entry["on"]) };
    let (from, to) = (day(&expected[0]), day(&expected[expected.len() - 1]));
    let found = engine::accruals(&played.terms, &played.facts, from, to).unwrap();
    let found = found
        .iter()
        .map(|accrued| json!({"on": accrued.on, "amount": accrued.amount, "total": accrued.total}));
    compare(&format!("{at}/accruals"), &json!(expected), &found.collect(), differences);
    for entry in expected {
        let total = engine::total_accrued(&played.terms, &played.facts, day(entry)).unwrap();
        compare(&format!("{at}/total accrued"), &entry["total"], &json!(total), differences);
    }
}

/// Notes where `found` does not state what `expected` states. Transactions are found by their ids.
fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                compare(&format!("{at}/{key}"), value, found.get(key).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() && !at.ends_with("transactions") {
                differences.push(format!(
                    "{at}: expected {} entries, found {}: {}",
                    expected.len(),
                    found.len(),
                    json!(found)
                ));
                return;
            }
            for (index, expected) in expected.iter().enumerate() {
                let of_id =
                    expected.get("id").and_then(|id| found.iter().find(|other| other.get("id") == Some(id)));
                let found = of_id.or(found.get(index)).unwrap_or(&Value::Null);
                compare(&format!("{at}/{index}"), expected, found, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{at}: expected {expected}, found {found}")),
    }
}
