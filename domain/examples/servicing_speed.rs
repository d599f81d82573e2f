//! How long deriving a loan of 360 installments with 1,000 facts takes, and what a settlement quote of it does.
//!
//! `cargo run --release -p domain --example servicing_speed`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints, and stops at the first surprise"
)]

use std::hint::black_box;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use domain::component::Component;
use domain::id::Id;
use domain::loan::engine::{self, Engine};
use domain::loan::facts::{Early, Fact, Payment, Purpose, What};
use domain::terms::Excess;
use domain::{Terms, TermsRequest};
use serde_json::{Value, json};
use uuid::Uuid;

const FACTS: u64 = 1000;

fn terms(more: &Value) -> Terms {
    let mut terms = json!({
        "principal": "500000.00", "installments": 360, "rate": {"value": "0.0095"}, "late": {},
        "first_due_on": "2020-02-10",
    });
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value::<TermsRequest>(terms).unwrap().check().unwrap()
}

fn facts(terms: &Terms, kind: &str) -> Vec<Fact> {
    let start = NaiveDate::from_ymd_opt(2020, 1, 10).unwrap();
    let amount = |text: &str| terms.currency.try_amount(text.parse().unwrap()).unwrap();
    let fact = |on, what| Fact { on, what, reversed: false };
    let mut facts = vec![fact(
        start,
        What::Disbursement { id: Id::new(Uuid::from_u128(1)), amount: amount("500000.00") },
    )];
    for nth in 1..FACTS {
        let on = start + Days::new(nth * 10_900 / FACTS);
        let payment = |early, excess, text: &str| {
            let id = Id::new(Uuid::from_u128(u128::from(nth)));
            What::Payment(Payment { id, purpose: Purpose::Repayment, amount: amount(text), early, excess })
        };
        let what = match (kind, nth % 20) {
            (_, 7) => {
                let id = Id::new(Uuid::from_u128(u128::from(nth)));
                What::Charge { id, component: Component::Fee, amount: amount("12.00") }
            }
            ("anticipations", 3 | 13) => payment(Early::Anticipation, None, "600.00"),
            ("reductions", 3 | 13) => payment(Early::Installment, Some(Excess::ReduceInstallment), "2600.00"),
            ("anticipations only", _) => payment(Early::Anticipation, None, "1700.00"),
            _ => payment(Early::Installment, None, "1750.00"),
        };
        facts.push(fact(on, what));
    }
    facts
}

fn measure(name: &str, terms: &Terms, facts: &[Fact]) {
    let last = facts.last().unwrap().on;
    let best = |work: &dyn Fn()| {
        let times = (0..15).map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        });
        times.min().unwrap()
    };
    let derive = best(&|| drop(engine::derive(terms, facts, last).unwrap()));
    let engine = Engine::after(terms, facts, last).unwrap();
    let from_state = best(&|| {
        black_box(engine.quote(last).unwrap());
    });
    let quote = best(&|| {
        black_box(engine::quote(terms, facts, last).unwrap());
    });
    let accrued = best(&|| {
        black_box(engine::total_accrued(terms, facts, last).unwrap());
    });
    println!(
        "{name}: derive {derive:?}, quote {quote:?}, from the state {from_state:?}, accrued {accrued:?}"
    );
}

fn main() {
    let only: Option<String> = std::env::args().nth(1);
    if let Some(kind) = only {
        let terms = terms(&json!({}));
        let facts = facts(&terms, &kind);
        for _ in 0..300 {
            engine::derive(&terms, &facts, facts.last().unwrap().on).unwrap();
        }
        return;
    }
    for kind in ["payments", "anticipations", "reductions", "anticipations only"] {
        let terms = terms(&json!({}));
        measure(kind, &terms, &facts(&terms, kind));
    }
    for basis in ["daily_rest", "period_rest", "running_balance"] {
        let terms = terms(&json!({"interest_basis": basis}));
        measure(basis, &terms, &facts(&terms, "payments"));
    }
    let terms = terms(&json!({"principal": "12000.00", "installments": 24}));
    let few: Vec<Fact> = facts(&terms, "payments").into_iter().take(12).collect();
    measure("24 installments, 12 facts", &terms, &few);
}
