//! Every worked life of a loan, end to end: its commands sent in their order, what is read compared to the cent.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::path::Path;

use razao::client::Client;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use support::Server;

const COMPONENTS: [&str; 6] = ["late_fee", "late_interest", "penalty", "fee", "interest", "principal"];

/// A loan of a worked case on a server.
struct Played<'a> {
    case: &'a Value,
    name: String,
    loan: String,
    client: &'a Client,
    /// The position after each command, the first being that of the disbursements.
    positions: Vec<i64>,
    told: Vec<String>,
}

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cases/repayments");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> Decimal {
    text(value).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_worked_life_of_a_loan_is_read_to_the_cent() {
    let mut server = Server::on(Some("2030-01-01"));
    let client = server.start().await;
    let cases = cases();
    assert!(cases.len() > 60, "only {} cases were found", cases.len());
    let mut told = Vec::new();
    for case in &cases {
        let mut played = Played::begin(&client, case).await;
        played.live().await;
        // What was known at each checkpoint is still known.
        for checkpoint in list(&case["expected"]) {
            played.check(checkpoint, Some(played.position_after(checkpoint))).await;
        }
        told.append(&mut played.told);
    }
    assert!(told.is_empty(), "{} differences\n{}", told.len(), told.join("\n"));
    server.stop().await;
}

impl<'a> Played<'a> {
    async fn begin(client: &'a Client, case: &'a Value) -> Self {
        let name = text(&case["id"]).to_owned();
        let borrower = json!({"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"});
        let application = json!({"borrower": borrower, "terms": case["terms"]});
        let applied = client.command("/v1/loans", &format!("{name}-apply"), &application).await.unwrap();
        let loan = format!("/v1/loans/{}", applied.id);
        let mut played = Self { case, name, loan, client, positions: Vec::new(), told: Vec::new() };
        let disbursements = list(&case["disbursements"]);
        played.send("approve", &json!({"on": disbursements[0]["on"]}), "approve").await;
        let mut position = 0;
        for (index, disbursement) in disbursements.iter().enumerate() {
            position = played.send("disburse", disbursement, &format!("disburse-{index}")).await;
        }
        played.positions.push(position);
        played
    }

    async fn send(&self, path: &str, body: &Value, key: &str) -> i64 {
        let (path, key) = (format!("{}/{path}", self.loan), format!("{}-{key}", self.name));
        let done = self.client.command(&path, &key, body).await;
        done.unwrap_or_else(|error| panic!("{}: {path} {body}: {error}", self.name)).position
    }

    /// Sends the commands, and looks at each checkpoint when it is reached.
    async fn live(&mut self) {
        let commands = list(&self.case["commands"]);
        for done in 0..=commands.len() {
            for checkpoint in list(&self.case["expected"]) {
                if checkpoint["after"] == done {
                    self.check(checkpoint, None).await;
                }
            }
            if let Some(command) = commands.get(done) {
                let position =
                    self.send(text(&command["path"]), &command["body"], &format!("command-{done}")).await;
                self.positions.push(position);
            }
        }
    }

    fn position_after(&self, checkpoint: &Value) -> i64 {
        self.positions[usize::try_from(checkpoint["after"].as_u64().unwrap()).unwrap()]
    }

    async fn read(&self, path: &str, query: &[(&str, String)]) -> Value {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = format!("{}{path}?{}", self.loan, query.join("&"));
        let found = self.client.read(&path, self.positions.last().copied()).await;
        found.unwrap_or_else(|error| panic!("{}: {path}: {error}", self.name))
    }

    async fn check(&mut self, checkpoint: &Value, known_at: Option<i64>) {
        let known = known_at.map(|position| ("known_at", position.to_string()));
        let mut seen: Vec<(&str, String)> = known.clone().into_iter().collect();
        if let Some(day) = checkpoint["effective_on"].as_str() {
            seen.push(("effective_on", day.to_owned()));
        }
        let at = format!("{} after {} {seen:?}", self.name, checkpoint["after"]);
        let loan = self.read("", &seen).await;
        self.compare(&format!("{at}: loan"), &checkpoint["loan"], &loan);
        if let Some(rows) = checkpoint["installments"].as_array() {
            let found = self.read("/schedule", &seen).await;
            self.compare_list(&format!("{at}: schedule"), rows, list(&found["installments"]));
        }
        if let Some(transactions) = checkpoint["transactions"].as_array() {
            self.compare_transactions(&at, transactions, &self.read("/transactions", &seen).await);
        }
        let statement = self.read("/statement", &seen).await;
        self.check_statement(&format!("{at}: statement"), &loan, &statement);
        if let Some(quote) = checkpoint.get("settlement_quote") {
            let mut on: Vec<_> = known.clone().into_iter().collect();
            on.push(("on", text(&quote["on"]).to_owned()));
            let found = self.read("/settlement-quote", &on).await;
            self.compare(&format!("{at}: quote"), quote, &found);
        }
        if let Some(accruals) = checkpoint["accruals"].as_array() {
            let mut between: Vec<_> = known.into_iter().collect();
            between.push(("from", text(&accruals[0]["on"]).to_owned()));
            between.push(("to", text(&accruals[accruals.len() - 1]["on"]).to_owned()));
            let found = self.read("/accruals", &between).await;
            self.compare_list(&format!("{at}: accruals"), accruals, list(&found["items"]));
        }
    }

    /// After the last line of a statement is left what is owed, less what is the borrower's.
    fn check_statement(&mut self, at: &str, loan: &Value, statement: &Value) {
        let Some(last) = list(&statement["lines"]).last() else { return };
        let owed = number(&loan["balances"]["total"]) - number(&loan["overpaid"]) - number(&loan["credit"]);
        if number(&last["balance"]) != owed {
            self.told.push(format!("{at}: ends with {}, not {owed}", last["balance"]));
        }
    }

    fn compare_transactions(&mut self, at: &str, stated: &[Value], found: &Value) {
        for stated in stated {
            let at = format!("{at}: transaction {}", stated["id"]);
            let Some(found) = list(&found["items"]).iter().find(|found| found["id"] == stated["id"]) else {
                self.told.push(format!("{at} is not there"));
                continue;
            };
            let (mut stated, mut found) = (stated.clone(), found.clone());
            for component in COMPONENTS {
                for transaction in [&mut stated, &mut found] {
                    let allocation = transaction["allocation"].as_object_mut().unwrap();
                    allocation.entry(component).or_insert_with(|| "0.00".into());
                }
            }
            stated["reversed"] = Value::Bool(false);
            self.compare(&at, &stated, &found);
        }
    }

    /// As many, and each stated as it is found.
    fn compare_list(&mut self, at: &str, stated: &[Value], found: &[Value]) {
        if stated.len() != found.len() {
            self.told.push(format!("{at}: {} are there, not {}: {found:?}", found.len(), stated.len()));
        }
        for (index, (stated, found)) in stated.iter().zip(found).enumerate() {
            self.compare(&format!("{at}/{index}"), stated, found);
        }
    }

    /// Notes what is stated and is another, or not there.
    fn compare(&mut self, at: &str, stated: &Value, found: &Value) {
        match stated {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.compare(&format!("{at}/{name}"), value, &found[name]);
                }
            }
            _ if stated == found => {}
            _ => self.told.push(format!("{at}: {found}, not {stated}")),
        }
    }
}
