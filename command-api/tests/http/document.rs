use std::collections::BTreeSet;

use command_api::CommandState;
use event_store::{BookingDay, Log};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

async fn document(options: &PgConnectOptions) -> Value {
    Log::migrate(options).await.unwrap();
    let log = Log::connect(options).await.unwrap();
    let state = CommandState::new(log.clone(), BookingDay::OfTheClock, 1 << 20);
    let (_, openapi) = command_api::router(state).split_for_parts();
    log.close().await;
    serde_json::to_value(openapi).unwrap()
}

#[sqlx::test(migrations = false)]
async fn every_operation_says_what_it_takes_and_gives(_: PgPoolOptions, options: PgConnectOptions) {
    let document = document(&options).await;
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 33);
    for (path, item) in paths.iter().filter(|(path, _)| *path != "/v1/requests/{id}") {
        let operation = &item["post"];
        assert!(operation["summary"].is_string(), "{path} has a summary");
        assert!(operation["requestBody"]["content"]["application/json"]["schema"].is_object(), "{path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{path} answers");
        let refused = |status: &str| responses[status]["content"]["application/problem+json"].is_object();
        assert!(["400", "408", "413", "415", "422"].into_iter().all(refused), "{path} names its problems");
        let stores_nothing = ["/v1/schedules", "/v1/loans/{id}/simulate"].contains(&path.as_str());
        if !stores_nothing {
            let headers: Vec<_> = operation["parameters"].as_array().unwrap().iter().collect();
            assert!(headers.iter().any(|header| header["name"] == "Idempotency-Key"), "{path} takes a key");
            assert!(headers.iter().any(|header| header["name"] == "Prefer"), "{path} takes a preference");
            assert!(responses["202"]["headers"]["Location"].is_object(), "{path} may wait");
            assert!(["409", "412", "503"].into_iter().all(refused), "{path} names its problems");
        }
    }
}

#[sqlx::test(migrations = false)]
async fn every_schema_that_is_named_is_there(_: PgPoolOptions, options: PgConnectOptions) {
    let document = document(&options).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut named = BTreeSet::new();
    collect(&document, &mut named);
    let missing: Vec<_> = named.iter().filter(|name| !schemas.contains_key(name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                named.insert(reference.trim_start_matches("#/components/schemas/").to_owned());
            }
            fields.values().for_each(|value| collect(value, named));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, named)),
        _ => {}
    }
}
