//! One loan of 360 installments with many events: deriving it after its oldest fact, and quoting what settles it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{Days, NaiveDate};
use domain::component::Component;
use domain::id::Id;
use domain::loan::engine::{self, Engine};
use domain::loan::facts::{Early, Fact, Payment, Purpose, What};
use domain::{Amount, Terms, TermsRequest};
use serde_json::json;
use uuid::Uuid;

/// So often each is measured; what counts is the least, which nothing else disturbed.
const TIMES: usize = 25;
/// The days over which the facts are spread: all but the last months of the loan.
const DAYS: u64 = 10_900;

/// The least times in milliseconds.
pub(super) struct Times {
    pub(super) derive: f64,
    /// From the facts.
    pub(super) quote: f64,
    /// From the loan as it is held after its last fact.
    pub(super) quote_held: f64,
}

/// Measures a loan with so many events.
pub(super) fn measure(events: u64) -> anyhow::Result<Times> {
    let terms = terms()?;
    let facts = facts(&terms, events)?;
    let last = facts.last().context("a loan has a fact")?.on;
    let held = Engine::after(&terms, &facts, last)?;
    Ok(Times {
        derive: least(|| engine::derive(&terms, &facts, last))?,
        quote: least(|| engine::quote(&terms, &facts, last))?,
        quote_held: least(|| held.quote(last))?,
    })
}

fn least<T, E: std::error::Error + Send + Sync + 'static>(
    work: impl Fn() -> Result<T, E>,
) -> anyhow::Result<f64> {
    let mut least = Duration::MAX;
    for _ in 0..TIMES {
        let began = Instant::now();
        black_box(work()?);
        least = least.min(began.elapsed());
    }
    Ok(least.as_secs_f64() * 1000.0)
}

fn terms() -> anyhow::Result<Terms> {
    let terms: TermsRequest = serde_json::from_value(json!({
        "principal": "500000.00", "installments": 360, "rate": {"value": "0.0095"}, "late": {},
        "first_due_on": "2020-02-10",
    }))?;
    terms.check().map_err(|errors| anyhow::anyhow!("the terms are refused: {errors:?}"))
}

/// A disbursement, then payments that are sometimes late and in parts, and fees.
fn facts(terms: &Terms, events: u64) -> anyhow::Result<Vec<Fact>> {
    let start = NaiveDate::from_ymd_opt(2020, 1, 10).context("a date")?;
    let amount = |text: &str| anyhow::Ok::<Amount>(terms.currency.try_amount(text.parse()?)?);
    let fact = |on, what| Fact { on, what, reversed: false };
    let first = What::Disbursement { id: Id::new(Uuid::from_u128(1)), amount: amount("500000.00")? };
    let (fee, paid) = (amount("12.00")?, amount("1750.00")?);
    let later = (1..events).map(|nth| {
        let id = Uuid::from_u128(u128::from(nth));
        let what = if nth % 20 == 7 {
            What::Charge { id: Id::new(id), component: Component::Fee, amount: fee }
        } else {
            let (purpose, early) = (Purpose::Repayment, Early::Installment);
            What::Payment(Payment { id: Id::new(id), purpose, amount: paid, early, excess: None })
        };
        fact(start + Days::new(nth * DAYS / events), what)
    });
    Ok(std::iter::once(fact(start, first)).chain(later).collect())
}
