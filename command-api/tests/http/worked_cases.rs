use std::fmt::Write as _;
use std::path::Path;

use command_api::CommandState;
use event_store::BookingDay;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases/repayments");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

/// What is stated and is another, or not there.
fn differences(stated: &Value, found: &Value, at: &str, told: &mut String) {
    match stated {
        Value::Object(fields) => {
            for (name, value) in fields {
                differences(value, &found[name], &format!("{at}/{name}"), told);
            }
        }
        _ if stated == found => {}
        _ => writeln!(told, "{at}: {found}, not {stated}").unwrap(),
    }
}

fn compare(case: &Value, checkpoint: &Value, simulated: &Value, told: &mut String) {
    let at = format!("{} after {}", case["id"], checkpoint["after"]);
    if let Some(loan) = checkpoint.get("loan") {
        differences(loan, &simulated["loan"], &format!("{at}: loan"), told);
    }
    let Some(stated) = checkpoint["installments"].as_array() else { return };
    let found = simulated["schedule"]["installments"].as_array().unwrap();
    let due = |row: &Value| row["due_on"].as_str().unwrap().to_owned();
    if stated.iter().map(due).ne(found.iter().map(due)) {
        let found: Vec<String> = found.iter().map(due).collect();
        writeln!(told, "{at}: the installments are due on {found:?}").unwrap();
    }
    for (stated, found) in stated.iter().zip(found) {
        differences(stated, found, &format!("{at}: {}", due(stated)), told);
    }
}

/// Every worked life of a loan, asked for as a whole before its first day, and then lived.
#[sqlx::test(migrations = false)]
async fn what_is_simulated_is_what_then_happens(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start_with(&options, |log, _| {
        CommandState::new(log, BookingDay::Fixed("2026-12-31".parse().unwrap()), 1 << 20)
    })
    .await;
    let mut told = String::new();
    let cases = cases();
    assert!(cases.len() > 60, "the cases are there");
    for case in &cases {
        let borrower = json!({"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"});
        let application = json!({"borrower": borrower, "terms": case["terms"]}).to_string();
        let loan = format!("/v1/loans/{}", server.take("/v1/loans", &application).await.id());
        let disbursements = case["disbursements"].as_array().unwrap();
        let mut life = vec![json!({"path": "approve", "body": {"on": disbursements[0]["on"]}})];
        life.extend(disbursements.iter().map(|body| json!({"path": "disburse", "body": body})));
        let begun = life.len();
        life.extend(case["commands"].as_array().unwrap().iter().cloned());
        for checkpoint in case["expected"].as_array().unwrap() {
            let after = usize::try_from(checkpoint["after"].as_u64().unwrap()).unwrap();
            let mut asked = json!({"commands": life[..begun + after]});
            if let Some(day) = checkpoint.get("effective_on") {
                asked["effective_on"] = day.clone();
            }
            let simulated = server.simulate(&loan, &asked.to_string()).await;
            assert_eq!(simulated.status, 200, "{}: {}", case["id"], simulated.body);
            compare(case, checkpoint, &simulated.json(), &mut told);
        }
        let simulated = server.simulate(&loan, &json!({"commands": life}).to_string()).await.json();
        for (index, command) in life.iter().enumerate() {
            let path = format!("{loan}/{}", command["path"].as_str().unwrap());
            let done = server.take(&path, &command["body"].to_string()).await.json();
            let (shown, done) = (&simulated["events"][index], &done["events"][0]);
            for field in ["type", "sequence", "effect", "outcome"] {
                assert_eq!(shown[field], done[field], "{}: {path}", case["id"]);
            }
        }
    }
    assert!(told.is_empty(), "{told}");
    server.stop().await;
}
