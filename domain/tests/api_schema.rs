//! The schemas that the API document is made of: complete, and strict about unknown fields.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;

use domain::{FieldError, Plan, ScheduleRequest, Terms, TermsRequest};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

/// Every `$ref` in `value`, by the name that it leads to.
fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                names.insert(reference.rsplit('/').next().unwrap().to_owned());
            }
            fields.values().for_each(|field| references(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    let mut schemas = Vec::new();
    TermsRequest::schemas(&mut schemas);
    ScheduleRequest::schemas(&mut schemas);
    Terms::schemas(&mut schemas);
    Plan::schemas(&mut schemas);
    FieldError::schemas(&mut schemas);
    let known: BTreeSet<_> = schemas.iter().map(|schema| schema.0.clone()).collect();
    let mut named = BTreeSet::new();
    let roots = [
        TermsRequest::schema(),
        ScheduleRequest::schema(),
        Terms::schema(),
        Plan::schema(),
        FieldError::schema(),
    ];
    for schema in schemas.iter().map(|schema| &schema.1).chain(&roots) {
        references(&serde_json::to_value(schema).unwrap(), &mut named);
    }
    let missing: Vec<_> = named.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_schedule_request_is_terms_with_disbursements_and_nothing_else() {
    let schema = serde_json::to_value(ScheduleRequest::schema()).unwrap();
    let terms = serde_json::to_value(TermsRequest::schema()).unwrap();
    let count = |schema: &Value| schema["properties"].as_object().unwrap().len();
    assert_eq!(count(&schema), count(&terms) + 1);
    assert_eq!(schema["required"], serde_json::json!(["disbursements"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(terms["additionalProperties"], false);
}
