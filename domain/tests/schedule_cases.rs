//! Every worked schedule of `schemas/cases/schedules`, drawn and compared figure by figure.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use domain::{ScheduleRequest, draw};
use rust_decimal::Decimal;
use serde_json::Value;

fn cases(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect()
}

/// Notes where `found` does not state what `expected` states.
fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
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
        _ if expected == found || is_zero(expected) && is_zero(found) => {}
        _ => differences.push(format!("{at}: expected {expected}, found {found}")),
    }
}

/// The worked figures write a cost of nothing as `-0.0000`, as their bisection leaves it.
fn is_zero(value: &Value) -> bool {
    value.as_str().and_then(|text| text.parse::<Decimal>().ok()).is_some_and(|number| number.is_zero())
}

#[test]
fn every_worked_schedule_is_drawn_to_the_cent() {
    let mut differences = Vec::new();
    let cases = cases("schedules");
    assert!(cases.len() >= 81, "only {} cases were found", cases.len());
    for (path, case) in cases {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let request: ScheduleRequest = serde_json::from_value(case["request"].clone()).unwrap();
        let (terms, disbursements) = request.check().unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        let plan = draw(&terms, &disbursements).unwrap_or_else(|error| panic!("{name}: {error}"));
        compare(&name, &case["expected"], &serde_json::to_value(&plan).unwrap(), &mut differences);
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
