//! The facts of a loan, read from the commands that brought them (LENDING.md §9, §13).

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::fractions::Fraction;
use crate::parts::{FEE, PENALTY};
use crate::terms::{amount, day, text, word};

#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) on: NaiveDate,
    pub(crate) what: What,
    pub(crate) reversed: bool,
    pub(crate) id: String,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Disbursement(Fraction),
    Payment(Payment),
    Charge { part: usize, amount: Fraction },
    Waiver { charge: String, amount: Option<Fraction> },
    Chargeback { payment: String, amount: Fraction },
    Refund(Fraction),
    Restructure(Value),
    WriteOff,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    /// The command: repayments, credits, recoveries or settle.
    pub(crate) command: String,
    pub(crate) amount: Fraction,
    pub(crate) settles: bool,
    pub(crate) anticipates: bool,
    pub(crate) excess: Option<String>,
}

/// The facts of a case: its disbursements, then its commands in the order of recording.
pub(crate) fn facts(case: &Value, commands: usize) -> Vec<Fact> {
    let disburse = |body: &Value| json!({"path": "disburse", "body": body});
    let given = case["disbursements"].as_array().expect("disbursements").iter().map(disburse);
    let commands = case["commands"].as_array().expect("commands").iter().take(commands).cloned();
    let all: Vec<Value> = given.chain(commands).collect();
    let mut facts: Vec<Fact> = Vec::new();
    let mut undone: HashSet<String> = HashSet::new();
    for command in &all {
        let path: Vec<&str> = text(&command["path"]).split('/').collect();
        if path.last() == Some(&"reverse") {
            undone.insert(if path[0] == "write-off" { "write-off" } else { path[1] }.to_owned());
        } else {
            facts.push(fact(&path, &command["body"], &all));
        }
    }
    for fact in &mut facts {
        fact.reversed = undone.contains(&fact.id);
    }
    facts
}

fn fact(path: &[&str], body: &Value, all: &[Value]) -> Fact {
    let sum = || amount(&body["amount"]).expect("an amount");
    let payment = |settles: bool| {
        What::Payment(Payment {
            command: path[0].to_owned(),
            amount: sum(),
            settles,
            anticipates: body["as"] == "anticipation",
            excess: body["excess"].as_str().map(str::to_owned),
        })
    };
    let what = match path {
        ["disburse"] => What::Disbursement(sum()),
        ["repayments" | "credits" | "recoveries"] => payment(false),
        ["settle"] => payment(true),
        ["charges"] => {
            What::Charge { part: if body["kind"] == "penalty" { PENALTY } else { FEE }, amount: sum() }
        }
        ["charges", charge, "waive"] => {
            What::Waiver { charge: (*charge).to_owned(), amount: amount(&body["amount"]) }
        }
        ["repayments", repayment, "chargeback"] => {
            let paid = all.iter().find(|command| command["body"]["id"] == *repayment).expect("a repayment");
            What::Chargeback {
                payment: (*repayment).to_owned(),
                amount: amount(&body["amount"]).or(amount(&paid["body"]["amount"])).expect("an amount"),
            }
        }
        ["refunds"] => What::Refund(sum()),
        ["restructure"] => What::Restructure(body.clone()),
        ["write-off"] => What::WriteOff,
        other => panic!("no command: {other:?}"),
    };
    let on = if body["due_on"].is_string() { &body["due_on"] } else { &body["on"] };
    let id = if path == ["write-off"] { "write-off".to_owned() } else { word(&body["id"], "") };
    Fact { on: day(on), what, reversed: false, id }
}
