//! The API document tells the truth: every example in it is sent to the built server, and answered as the document says.
//!
//! What `make fuzz-api` draws at random is seldom a whole life of a loan; here each example finds the loan that it needs.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::path::Path;

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use support::Server;
use uuid::Uuid;

const TODAY: &str = "2026-12-31";
/// The one that the example of a bulk is about.
const LOAN_OF_BULK: &str = "018f0000-0000-7000-8000-000000000001";
/// From the first of these on, who writes off waits for a second person, and from the last on, who approves.
const LAST: [&str; 5] =
    ["set_approval_policy", "accept_proposal", "refuse_proposal", "withdraw_proposal", "set_staff_limits"];
/// It needs an event that cannot be read: `dead_letters.rs` makes one.
const ELSEWHERE: &str = "discard_dead_letter";

fn document() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A request of the document, with the example of its body.
struct Example {
    operation: String,
    path: String,
    media_type: String,
    body: Value,
    responses: Value,
}

fn examples(document: &Value) -> Vec<Example> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let post = &item["post"];
        let Some(content) = post["requestBody"]["content"].as_object() else { continue };
        let (media_type, content) = content.iter().next().unwrap();
        let name = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let of_schema = &document["components"]["schemas"][name]["example"];
        let body = if content["example"].is_null() { of_schema } else { &content["example"] };
        let operation = post["operationId"].as_str().unwrap().to_owned();
        assert!(body.is_object(), "{operation} shows no example of its body");
        let (path, media_type, body) = (path.clone(), media_type.clone(), body.clone());
        found.push(Example { operation, path, media_type, body, responses: post["responses"].clone() });
    }
    found.sort_by_key(|example| LAST.iter().position(|last| *last == example.operation));
    found
}

/// Who asks. Nobody is the second person of their own command.
#[derive(Clone, Copy)]
enum Who {
    Ana,
    Bruno,
}

struct Lender {
    address: String,
    tokens: [String; 2],
    document: Value,
}

impl Lender {
    async fn send(&self, who: Who, path: &str, media_type: &str, body: String) -> (u16, String, String) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.address)).body(body);
        let request = request.header(CONTENT_TYPE, media_type).bearer_auth(&self.tokens[who as usize]);
        let response = request.header("idempotency-key", Uuid::new_v4().to_string()).send().await.unwrap();
        let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        (response.status().as_u16(), media_type, response.text().await.unwrap())
    }

    /// Sends what an example needs before it: the id of what it is about.
    async fn post(&self, path: &str, body: Value) -> String {
        let (status, _, text) = self.send(Who::Ana, path, "application/json", body.to_string()).await;
        assert!((200..300).contains(&status), "{path} {body}: {status} {text}");
        serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn applied(&self) -> String {
        self.applied_as(&Uuid::now_v7().to_string()).await
    }

    async fn applied_as(&self, id: &str) -> String {
        let rate = json!({"value": "0.0199", "per": "month", "compounding": "effective"});
        let terms = json!({"principal": "10000.00", "currency": "BRL", "method": "price", "rate": rate,
            "day_count": "30/360", "installments": 12, "every": {"months": 1}});
        let borrower = json!({"name": "Cantina da Praça Ltda", "tax_id": "11.222.333/0001-81"});
        self.post("/v1/loans", json!({"id": id, "borrower": borrower, "terms": terms})).await
    }

    async fn approved(&self, loan: String) -> String {
        self.post(&format!("/v1/loans/{loan}/approve"), json!({"on": "2026-01-12"})).await
    }

    async fn active(&self, loan: String) -> String {
        let loan = self.approved(loan).await;
        self.post(&format!("/v1/loans/{loan}/disburse"), json!({"on": "2026-01-15"})).await
    }

    /// Gives an active loan a command with an id of its own: the path of that.
    async fn with(&self, what: &str, mut body: Value) -> String {
        let (loan, id) = (self.active(self.applied().await).await, Uuid::now_v7());
        body["id"] = json!(id);
        self.post(&format!("/v1/loans/{loan}/{what}"), body).await;
        format!("/v1/loans/{loan}/{what}/{id}")
    }

    async fn written_off(&self, on: &str) -> String {
        let loan = self.active(self.applied().await).await;
        self.post(&format!("/v1/loans/{loan}/write-off"), json!({"on": on, "reason": "lost"})).await
    }

    /// Makes what the operation needs: the path to send its example to.
    async fn prepared(&self, operation: &str, path: &str) -> String {
        let of = |id: String| path.replace("{id}", &id);
        match operation {
            "apply_for_loan" => {
                let product = &self.document["components"]["schemas"]["ProductBody"]["example"];
                self.post("/v1/products", product.clone()).await;
            }
            "send_bulk" => _ = self.active(self.applied_as(LOAN_OF_BULK).await).await,
            _ => {}
        }
        match operation {
            "approve_loan" | "reject_loan" | "withdraw_loan" => of(self.applied().await),
            "disburse_loan" => of(self.approved(self.applied().await).await),
            "waive_charge" => {
                let fee = json!({"kind": "collection_cost", "amount": "35.00", "due_on": "2026-04-15"});
                self.with("charges", fee).await + "/waive"
            }
            "reverse_credit" => {
                let credit =
                    json!({"on": "2026-02-16", "kind": "goodwill", "amount": "25.00", "reason": "care"});
                self.with("credits", credit).await + "/reverse"
            }
            "reverse_repayment" => self.repaid("945.60").await + "/reverse",
            "charge_back_repayment" => self.repaid("945.60").await + "/chargeback",
            "refund_overpayment" => of(self.repaid("20000.00").await.split('/').nth(3).unwrap().to_owned()),
            "settle_loan" => of(self.repaid_for_months().await),
            "record_recovery" | "reverse_write_off" | "refuse_proposal" | "withdraw_proposal" => {
                of(self.written_off("2026-06-20").await)
            }
            "reverse_recovery" => self.recovered().await + "/reverse",
            "reverse_entry" => of(self.entered().await),
            "close_period" | "reopen_period" => path.replace("{month}", "2026-01"),
            "retire_product" => path.replace("{product}", "working%20capital"),
            "set_staff_limits" => path.replace("{subject}", "carla"),
            "accept_proposal" => {
                let limits = json!({"limits": {"write_off": {"BRL": "20000.00"}}});
                self.post("/v1/staff/bruno/limits", limits).await;
                of(self.written_off("2026-06-20").await)
            }
            _ if path.starts_with("/v1/loans/{id}") => of(self.active(self.applied().await).await),
            _ => path.to_owned(),
        }
    }

    async fn repaid(&self, amount: &str) -> String {
        self.with("repayments", json!({"on": "2026-02-15", "amount": amount})).await
    }

    async fn repaid_for_months(&self) -> String {
        let loan = self.active(self.applied().await).await;
        for month in 2..=5 {
            let paid = json!({"on": format!("2026-0{month}-15"), "amount": "945.60"});
            self.post(&format!("/v1/loans/{loan}/repayments"), paid).await;
        }
        loan
    }

    async fn recovered(&self) -> String {
        let (loan, id) = (self.written_off("2026-02-01").await, Uuid::now_v7());
        let recovered = json!({"id": id, "on": "2026-02-10", "amount": "300.00"});
        self.post(&format!("/v1/loans/{loan}/recoveries"), recovered).await;
        format!("/v1/loans/{loan}/recoveries/{id}")
    }

    async fn entered(&self) -> String {
        let lines = json!([{"account": "assets:cash", "debit": "1.00"},
            {"account": "equity:capital", "credit": "1.00"}]);
        self.post("/v1/entries", json!({"on": "2026-01-02", "description": "capital", "lines": lines})).await
    }

    /// What is wrong with the answer to an example.
    async fn try_out(&self, example: &Example) -> Vec<String> {
        let Example { operation, path, media_type, body, responses } = example;
        let path = self.prepared(operation, path).await;
        let who = if ["accept_proposal", "refuse_proposal"].contains(&operation.as_str()) {
            Who::Bruno
        } else {
            Who::Ana
        };
        let (status, answered_as, text) = self.send(who, &path, media_type, body.to_string()).await;
        let told = |what: String| vec![format!("{operation} at {path}: {what}")];
        if !(200..300).contains(&status) {
            return told(format!("{status} {text}"));
        }
        let schema = &responses[status.to_string()]["content"][answered_as.as_str()]["schema"];
        if schema.is_null() {
            return told(format!("{status} as {answered_as} is not in the document"));
        }
        let answer: Value = serde_json::from_str(text.trim_end()).unwrap();
        if operation == "send_bulk" && answer["status"] != 201 {
            return told(text);
        }
        let schema = json!({"allOf": [schema], "components": self.document["components"]});
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        validator
            .iter_errors(&answer)
            .flat_map(|error| told(format!("{}: {error}", error.instance_path)))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_body_is_answered_as_the_document_says() {
    let mut server = Server::on(Some(TODAY)).with_settings("require_token = true\n");
    server.start().await;
    let data = server.data_dir();
    let token = async |subject: &str| {
        let mut arguments = vec!["token", "--subject", subject, "--data-dir", data.to_str().unwrap()];
        for role in ["integrator", "operator", "approver", "finance", "admin"] {
            arguments.extend(["--role", role]);
        }
        server.run(&arguments).await.trim().to_owned()
    };
    let tokens = [token("ana").await, token("bruno").await];
    let lender = Lender { address: server.address(), tokens, document: document() };
    let examples = examples(&lender.document);
    assert!(examples.len() > 30, "{} examples", examples.len());
    let mut wrong = Vec::new();
    for example in examples.iter().filter(|example| example.operation != ELSEWHERE) {
        wrong.extend(lender.try_out(example).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.stop().await;
}
