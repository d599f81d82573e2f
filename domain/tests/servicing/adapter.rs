//! From the commands of a worked case to facts, and from a derived loan to the answers of the API.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::component::{Component, Components};
use domain::loan::engine::{self, Derived};
use domain::loan::facts::{CreditKind, Early, Fact, Payment, Purpose, Restructure, What};
use domain::terms::{Every, Excess};
use domain::{Amount, Currency, Terms, TermsRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A loan of a worked case: its terms and the facts that its commands come to, in the order of recording.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) terms: Terms,
    pub(crate) facts: Vec<Fact>,
    /// The facts that commands name: by the command's number for those without an id.
    ids: HashMap<Uuid, usize>,
}

impl Played {
    pub(crate) fn begin(terms: &Value, disbursements: &Value) -> Self {
        let request: TermsRequest = serde_json::from_value(terms.clone()).unwrap();
        let terms = request.check().unwrap_or_else(|errors| panic!("{errors:#?}"));
        let mut played = Self { terms, facts: Vec::new(), ids: HashMap::new() };
        for disbursement in disbursements.as_array().unwrap() {
            played.command("disburse", disbursement);
        }
        played
    }

    pub(crate) fn command(&mut self, path: &str, body: &Value) {
        let parts: Vec<&str> = path.split('/').collect();
        let named = parts.get(1).and_then(|id| id.parse::<Uuid>().ok());
        let id = body.get("id").map_or_else(|| Uuid::from_u128(self.facts.len() as u128), field);
        let amount = || self.amount(&body["amount"]);
        let what = match parts.as_slice() {
            ["disburse"] => What::Disbursement { id: domain::id::Id::new(id), amount: amount() },
            ["repayments"] => self.payment(id, body, Purpose::Repayment),
            ["settle"] => self.payment(id, body, Purpose::Settlement),
            ["recoveries"] => self.payment(id, body, Purpose::Recovery),
            ["credits"] => {
                let kind: CreditKind = field(&body["kind"]);
                self.payment(id, body, Purpose::Credit(kind))
            }
            ["charges"] => {
                let component = if body["kind"] == "penalty" { Component::Penalty } else { Component::Fee };
                What::Charge { id: domain::id::Id::new(id), component, amount: amount() }
            }
            ["charges", _, "waive"] => What::Waiver {
                charge: domain::id::Id::new(named.unwrap()),
                amount: body.get("amount").map(|amount| self.amount(amount)),
            },
            ["repayments", _, "chargeback"] => {
                What::Chargeback { payment: domain::id::Id::new(named.unwrap()), amount: amount() }
            }
            ["refunds"] => What::Refund { amount: amount() },
            ["restructure"] => What::Restructure(restructure(body)),
            ["write-off"] => What::WriteOff,
            ["write-off", "reverse"] => {
                for fact in &mut self.facts {
                    fact.reversed |= fact.what == What::WriteOff;
                }
                return;
            }
            [_, _, "reverse"] => {
                let index = self.ids[&named.unwrap()];
                self.facts[index].reversed = true;
                return;
            }
            other => panic!("no adapter for {other:?}"),
        };
        self.ids.insert(id, self.facts.len());
        let on = field(body.get("on").unwrap_or(&body["due_on"]));
        self.facts.push(Fact { on, what, reversed: false });
    }

    fn payment(&self, id: Uuid, body: &Value, purpose: Purpose) -> What {
        What::Payment(Payment {
            id: domain::id::Id::new(id),
            purpose,
            amount: self.amount(&body["amount"]),
            early: body.get("as").map_or(Early::Installment, field),
            excess: body.get("excess").map(field::<Excess>),
        })
    }

    fn amount(&self, value: &Value) -> Amount {
        let currency: Currency = self.terms.currency;
        currency.try_amount(value.as_str().unwrap().parse().unwrap()).unwrap()
    }

    /// The answers of the API as of a day: schedule, transactions and the loan.
    pub(crate) fn seen_on(&self, day: NaiveDate) -> Value {
        let derived = engine::derive(&self.terms, &self.facts, day).unwrap();
        json!({
            "installments": installments(&derived),
            "transactions": self.transactions(&derived),
            "loan": loan(&derived),
        })
    }

    fn transactions(&self, derived: &Derived) -> Value {
        let zero = self.terms.currency.zero();
        let mut transactions = Vec::new();
        for (fact, effect) in self.facts.iter().zip(&derived.effects) {
            let (What::Payment(payment), Some(effect)) = (&fact.what, effect) else { continue };
            let covered = effect.shares.iter().map(|share| share.allocation);
            let covered = covered.fold(Components::NOTHING, Components::plus);
            let allocation: Map<String, Value> = covered
                .iter()
                .map(|(component, amount)| (component.name().to_owned(), json!(zero.plus(amount))))
                .collect();
            transactions.push(json!({
                "id": payment.id, "on": fact.on, "amount": payment.amount, "allocation": allocation,
                "balance": effect.balance, "overpaid": effect.overpaid,
            }));
        }
        Value::Array(transactions)
    }
}

pub(crate) fn field<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn restructure(body: &Value) -> Restructure {
    match body.get("mode").and_then(Value::as_str).unwrap_or("replace") {
        "replace" => {
            let mut terms = body["terms"].clone();
            // Servicing puts in what is open.
            terms["principal"] = json!("1000000.00");
            let request: TermsRequest = field(&terms);
            let terms = request.check().unwrap_or_else(|errors| panic!("{errors:#?}"));
            let capitalize: Vec<Component> = body.get("capitalize").map(field).unwrap_or_default();
            Restructure::Replace { terms: Arc::new(terms), capitalize }
        }
        "re_age" => Restructure::ReAge {
            installments: field(&body["installments"]),
            every: field::<Every>(&body["every"]),
            first_due_on: field(&body["first_due_on"]),
        },
        "re_amortize" => Restructure::ReAmortize,
        other => panic!("no restructure of mode {other}"),
    }
}

fn installments(derived: &Derived) -> Value {
    let rows = derived.rows.iter().map(|row| {
        let zero = row.due.principal.minus(row.due.principal);
        let open = row.due.minus(row.paid).minus(row.waived).total();
        json!({
            "due_on": row.due_on,
            "principal": row.due.principal,
            "interest": row.due.interest.plus(zero),
            "fees": row.due.fee.minus(row.tax).plus(zero),
            "penalties": row.due.penalty.plus(zero),
            "tax": row.tax.plus(zero),
            "late_fee": row.due.late_fee.plus(zero),
            "late_interest": row.due.late_interest.plus(zero),
            "total": row.due.total().plus(zero),
            "balance": row.balance,
            "paid": row.paid.total().plus(zero),
            "paid_in_advance": row.paid_in_advance.plus(zero),
            "paid_late": row.paid_late.plus(zero),
            "outstanding": open.plus(zero),
        })
    });
    rows.collect()
}

fn loan(derived: &Derived) -> Value {
    let zero = derived.overpaid.minus(derived.overpaid);
    let mut loan = json!({
        "status": derived.status,
        "balances": {"total": derived.balances.total().plus(zero)},
        "overpaid": derived.overpaid,
        "credit": derived.credit,
        "days_past_due": derived.days_past_due,
    });
    if let Some(write_off) = derived.write_off {
        let mut shown = json!({"on": write_off.on, "amount": write_off.open.total().plus(zero)});
        for (component, amount) in write_off.open.iter() {
            shown[component.name()] = json!(amount.plus(zero));
        }
        loan["write_off"] = shown;
    }
    loan
}
