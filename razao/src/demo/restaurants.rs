//! Two years of lending to restaurants.

use std::time::SystemTime;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use event_store::booking_day;
use serde_json::{Value, json};

use super::DemoArgs;
use super::book::{DAYS_OF_BOOK, Fate, PRODUCTS, Story, product};
use super::closing::Closing;
use super::entries;
use super::habit::{Installment, Step};
use super::names::{chances, id};
use super::poster::Poster;
use crate::failure::Failure;

/// Posts the book and reads how it stands.
pub(super) async fn post(poster: &Poster, args: &DemoArgs) -> anyhow::Result<Closing> {
    let book = format!("demo-{}", args.seed);
    let until = last_day(poster, &book, args.until).await?;
    let opened_on = until - Days::new(DAYS_OF_BOOK);
    // Nobody else may open the book between the look and the first entry, so that one goes first and alone.
    for contribution in entries::contributions(&book, args.loans, opened_on) {
        contribution.post(poster).await?;
    }
    for name in PRODUCTS {
        poster.post("/v1/products", &format!("{book}-product-{name}"), &product(name)).await?;
    }
    let stories = (0..args.loans).map(|number| Story::of(&book, number, until));
    poster.work_through("loans", stories, |story| play(poster, story, until)).await?;
    let entries = entries::monthly(&book, opened_on, until).into_iter();
    poster.work_through("entries", entries, |entry| entry.post(poster)).await?;
    Closing::read(poster).await
}

/// The last day of the book: it keeps the one that it was begun with.
async fn last_day(poster: &Poster, book: &str, wished: Option<NaiveDate>) -> anyhow::Result<NaiveDate> {
    let opening = format!("/v1/entries/{}", entries::opening_id(book));
    if let Some(entry) = poster.client.find(&opening, None).await? {
        let opened_on: NaiveDate = serde_json::from_value(entry["on"].clone())
            .with_context(|| format!("{opening} has no date: {entry}"))?;
        let until = opened_on + Days::new(DAYS_OF_BOOK);
        if wished.is_some_and(|wished| wished != until) {
            let there = format!("the server has the book {book} already, and there it ends on {until}");
            return Err(Failure::WrongUsage(there).into());
        }
        return Ok(until);
    }
    match wished {
        Some(until) => Ok(until),
        None => todays_booking_day(poster).await,
    }
}

/// The server's booking day: that of its trial balance when none is asked for.
async fn todays_booking_day(poster: &Poster) -> anyhow::Result<NaiveDate> {
    let balance = poster.client.read("/v1/trial-balance", None).await?;
    let told = balance.get("on").and_then(Value::as_str).and_then(|on| on.parse().ok());
    Ok(told.unwrap_or_else(|| booking_day(SystemTime::now().into())))
}

/// Posts one loan's story, command by command.
async fn play(poster: &Poster, story: Story, until: NaiveDate) -> anyhow::Result<()> {
    let told = Telling { poster, story: &story, path: format!("/v1/loans/{}", story.loan) };
    poster.post("/v1/loans", &told.key("apply"), &story.application).await?;
    match &story.fate {
        Fate::Open => {}
        Fate::Rejected { on, reason } => told.post("reject", &json!({ "on": on, "reason": reason })).await?,
        Fate::Withdrawn { approved_on, on, reason } => {
            if let Some(approved_on) = approved_on {
                told.post("approve", &json!({ "on": approved_on })).await?;
            }
            told.post("withdraw", &json!({ "on": on, "reason": reason })).await?;
        }
        Fate::Approved { on } => told.post("approve", &json!({ "on": on })).await?,
        Fate::Disbursed { approved_on, on, habit } => {
            told.post("approve", &json!({ "on": approved_on })).await?;
            let path = format!("{}/disburse", told.path);
            let disbursed = poster.post(&path, &told.key("disburse"), &json!({ "on": on })).await?;
            let plan = disbursed.events.first().and_then(|event| event.get("installments")).cloned();
            let plan: Vec<Installment> = serde_json::from_value(plan.unwrap_or_default())
                .with_context(|| format!("{path} answered without a plan"))?;
            let mut rng = chances(&format!("{} pays", story.name));
            let mut position = disbursed.position;
            for step in habit.steps(&plan, &mut rng, until) {
                position = told.take(&step, position).await?;
            }
        }
    }
    Ok(())
}

struct Telling<'a> {
    poster: &'a Poster,
    story: &'a Story,
    path: String,
}

impl Telling<'_> {
    fn key(&self, verb: &str) -> String {
        format!("{}-{verb}", self.story.name)
    }

    async fn post(&self, verb: &str, body: &Value) -> anyhow::Result<()> {
        self.poster.post(&format!("{}/{verb}", self.path), &self.key(verb), body).await?;
        Ok(())
    }

    /// Takes a step after what stands at `position`; answers where it stands itself.
    async fn take(&self, step: &Step, position: i64) -> anyhow::Result<i64> {
        let accepted = match step {
            Step::Pay { payment, on, amount, twice } => {
                let (path, key) = (format!("{}/repayments", self.path), self.key(&format!("pay-{payment}")));
                let receipt = end_to_end_id(&key, *on);
                let body =
                    json!({ "id": id(&key), "on": on, "amount": amount.to_string(), "external_id": receipt });
                if *twice {
                    self.poster.post_twice(&path, &key, &body).await?
                } else {
                    self.poster.post(&path, &key, &body).await?
                }
            }
            Step::Bounce { payment, on } => {
                let repayment = id(&self.key(&format!("pay-{payment}")));
                let path = format!("{}/repayments/{repayment}/reverse", self.path);
                let body = json!({ "on": on, "reason": "Pix devolvido" });
                self.poster.post(&path, &self.key(&format!("bounce-{payment}")), &body).await?
            }
            Step::Settle { on } => {
                let amount = self.settlement_amount(*on, position).await?;
                let (path, body) = (format!("{}/settle", self.path), json!({ "on": on, "amount": amount }));
                self.poster.post(&path, &self.key("settle"), &body).await?
            }
        };
        Ok(accepted.position)
    }

    /// The amount that settles the loan: the quote of the day, or what it was when the book was posted before.
    async fn settlement_amount(&self, on: NaiveDate, position: i64) -> anyhow::Result<Value> {
        let history = self.poster.client.list(&format!("{}/history", self.path), Some(position)).await?;
        let settled = history.iter().find(|event| event["type"] == "LoanSettledEarly");
        if let Some(event) = settled {
            return Ok(event["payload"]["amount"].clone());
        }
        let quote = format!("{}/settlement-quote?on={on}", self.path);
        let quote = self.poster.client.read(&quote, Some(position)).await?;
        Ok(quote["amount"].clone())
    }
}

/// The id that the central bank's Pix gives a receipt: E, the payer's bank, the minute, eleven characters.
fn end_to_end_id(key: &str, on: NaiveDate) -> String {
    let mut rng = chances(&format!("receipt of {key}"));
    let (hour, minute) = (rng.u8(11..23), rng.u8(..60));
    let unique: String = (0..11).map(|_| rng.alphanumeric()).collect();
    format!("E60701190{}{hour:02}{minute:02}{unique}", on.format("%Y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_named_as_pix_names_it() {
        let receipt = end_to_end_id("demo-1-loan-7-pay-3", "2026-03-02".parse().unwrap());
        assert_eq!(receipt.len(), 32);
        assert!(receipt.starts_with("E6070119020260302"), "{receipt}");
    }
}
