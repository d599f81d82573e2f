//! The 682 real loans that the PKDD'99 Discovery Challenge published (`razao/data/pkdd99`), in CZK.
//!
//! Flat and without interest, disbursed on the date granted, repaid month by month until the end of 2018; those in
//! debt miss the last three payments. What this must add up to is known, so the book checks itself.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::closing::{Closing, decimal, outstanding, text};
use super::names::id;
use super::poster::Poster;
use super::tax_id::cnpj;

const LOANS: &str = include_str!("../../data/pkdd99/pkdd99-loans.tsv");
const CURRENCY: &str = "CZK";
const PRODUCT: &str = "pkdd99";
/// How many of the payments due by then a borrower in debt has missed.
const MISSED: usize = 3;

/// A loan as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    loan: u32,
    account: u32,
    on: NaiveDate,
    amount: Decimal,
    months: u32,
    payment: Decimal,
    standing: Standing,
}

/// The challenge's status of a loan at the end of 2018.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// A: finished, all paid.
    Finished,
    /// B: finished, not all paid.
    FinishedInDebt,
    /// C: running, all paid so far.
    Running,
    /// D: running, in debt.
    RunningInDebt,
}

/// Posts the book, and checks that it ties out.
pub(super) async fn post(poster: &Poster) -> anyhow::Result<Closing> {
    let loans = published()?;
    let last_day = last_day();
    poster.post("/v1/products", "pkdd99-product", &product()).await?;
    let stories = loans.clone().into_iter();
    poster.work_through("loans", stories, |loan| play(poster, loan, last_day)).await?;
    let mut closing = Closing::read(poster).await?;
    tie_out(&mut closing, &loans, last_day);
    Ok(closing)
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2018, 12, 31).expect("a date")
}

/// What the bank offered: flat, without interest, in months.
fn product() -> Value {
    json!({
        "name": PRODUCT,
        "currency": CURRENCY,
        "terms": {
            "method": "flat",
            "rate": { "value": "0", "per": "month", "compounding": "nominal" },
            "day_count": "30/360",
            "every": { "months": 1 },
            "calendar": "none",
        },
    })
}

async fn play(poster: &Poster, granted: Granted, last_day: NaiveDate) -> anyhow::Result<()> {
    let name = granted.name();
    let path = format!("/v1/loans/{}", id(&name));
    let on = granted.on;
    poster.post("/v1/loans", &format!("{name}-apply"), &granted.application()).await?;
    poster.post(&format!("{path}/approve"), &format!("{name}-approve"), &json!({ "on": on })).await?;
    poster.post(&format!("{path}/disburse"), &format!("{name}-disburse"), &json!({ "on": on })).await?;
    for (number, on) in (1..).zip(granted.paid_on(last_day)) {
        let key = format!("{name}-pay-{number}");
        let body = json!({ "id": id(&key), "on": on, "amount": granted.payment.to_string() });
        poster.post(&format!("{path}/repayments"), &key, &body).await?;
    }
    Ok(())
}

impl Granted {
    fn name(&self) -> String {
        format!("pkdd99-loan-{}", self.loan)
    }

    fn application(&self) -> Value {
        let account = self.account;
        json!({
            "id": id(&self.name()),
            // The accounts are anonymous; a tax id that could be real, always the same, stands for each.
            "borrower": { "tax_id": cnpj(&format!("9{account:07}0001")), "name": format!("PKDD'99 account {account}") },
            "product": PRODUCT,
            "external_id": self.name(),
            "terms": {
                "principal": self.amount.to_string(),
                "installments": self.months,
            },
        })
    }

    fn due_on(&self, last_day: NaiveDate) -> Vec<NaiveDate> {
        let dates = (1..=self.months).map(|number| self.on + Months::new(number));
        dates.take_while(|due_on| *due_on <= last_day).collect()
    }

    /// The days on which its payments were made.
    fn paid_on(&self, last_day: NaiveDate) -> Vec<NaiveDate> {
        let mut paid = self.due_on(last_day);
        if self.standing.is_in_debt() {
            paid.truncate(paid.len().saturating_sub(MISSED));
        }
        paid
    }

    fn outstanding(&self, last_day: NaiveDate) -> Decimal {
        let paid = Decimal::from(self.paid_on(last_day).len());
        self.amount - self.payment * paid
    }
}

impl Standing {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "A" => Some(Self::Finished),
            "B" => Some(Self::FinishedInDebt),
            "C" => Some(Self::Running),
            "D" => Some(Self::RunningInDebt),
            _ => None,
        }
    }

    fn is_in_debt(self) -> bool {
        matches!(self, Self::FinishedInDebt | Self::RunningInDebt)
    }
}

/// Compares what the server says with what is known of the book.
fn tie_out(closing: &mut Closing, loans: &[Granted], last_day: NaiveDate) {
    let read: HashMap<String, Value> =
        closing.loans.iter().map(|loan| (text(loan, "external_id"), loan.clone())).collect();
    let mut counts: BTreeMap<(Standing, String), u32> = BTreeMap::new();
    let (mut owed, mut disbursed) = (Decimal::ZERO, Decimal::ZERO);
    for granted in loans {
        let name = granted.name();
        let Some(loan) = read.get(&name) else {
            closing.off.push(format!("{name} is not among the loans"));
            continue;
        };
        let (status, open) = (text(loan, "status"), outstanding(loan));
        let expected = granted.outstanding(last_day);
        closing.expect(open == expected, || format!("{name} owes {open}, not {expected}"));
        let settled = status == "settled";
        let should_be_settled = granted.standing == Standing::Finished;
        closing.expect(settled == should_be_settled, || format!("{name} is {status}"));
        let late = is_past_due(loan, last_day);
        let should_be_late = granted.standing.is_in_debt();
        closing.expect(late == should_be_late, || {
            format!(
                "{name}, {:?}, is {}past due on {last_day}",
                granted.standing,
                if late { "" } else { "not " }
            )
        });
        *counts.entry((granted.standing, status)).or_default() += 1;
        owed += open;
        disbursed += decimal(&loan["disbursed_amount"]).unwrap_or_default();
    }
    let granted: Decimal = loans.iter().map(|granted| granted.amount).sum();
    closing.expect(disbursed == granted, || format!("{disbursed} {CURRENCY} was disbursed, not {granted}"));
    let in_the_journal = closing.balance_of("assets:loans:principal", CURRENCY);
    closing.expect(in_the_journal == owed, || {
        format!(
            "the journal says that {in_the_journal} {CURRENCY} of principal is owed, the loans say {owed}"
        )
    });
    let cash = closing.balance_of("assets:cash", CURRENCY);
    closing.expect(cash == -owed, || format!("cash is {cash} {CURRENCY}, not {}", -owed));
    closing.remarks.push((format!("disbursed {CURRENCY}"), disbursed.to_string()));
    for ((standing, status), count) in counts {
        closing.remarks.push((format!("{standing:?}, {status}"), count.to_string()));
    }
    let ties_out = if closing.ties_out() { "yes" } else { "no" };
    closing.remarks.push(("ties out".to_owned(), ties_out.to_owned()));
}

/// Whether the oldest installment that is still open was late on `day`.
fn is_past_due(loan: &Value, day: NaiveDate) -> bool {
    let due_on = loan.get("oldest_due_on").and_then(Value::as_str);
    due_on.and_then(|due_on| due_on.parse::<NaiveDate>().ok()).is_some_and(|due_on| due_on < day)
}

fn published() -> anyhow::Result<Vec<Granted>> {
    LOANS
        .lines()
        .map(|line| read(line).with_context(|| format!("the published loans have the line {line:?}")))
        .collect()
}

fn read(line: &str) -> Option<Granted> {
    let mut fields = line.split('\t');
    let granted = Granted {
        loan: fields.next()?.parse().ok()?,
        account: fields.next()?.parse().ok()?,
        on: fields.next()?.parse().ok()?,
        amount: fields.next()?.parse().ok()?,
        months: fields.next()?.parse().ok()?,
        payment: fields.next()?.parse().ok()?,
        standing: Standing::parse(fields.next()?.trim())?,
    };
    fields.next().is_none().then_some(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_loans_add_up() {
        let loans = published().unwrap();
        assert_eq!(loans.len(), 682);
        let disbursed: Decimal = loans.iter().map(|loan| loan.amount).sum();
        assert_eq!(disbursed.to_string(), "10326174.00");
        assert!(loans.iter().all(|loan| loan.payment * Decimal::from(loan.months) == loan.amount));
    }

    #[test]
    fn finished_loans_are_paid_and_those_in_debt_have_missed_payments() {
        let loans = published().unwrap();
        let day = last_day();
        for loan in &loans {
            let missed = loan.due_on(day).len() - loan.paid_on(day).len();
            assert_eq!(missed > 0, loan.standing.is_in_debt(), "{}", loan.name());
            assert_eq!(
                loan.outstanding(day).is_zero(),
                loan.standing == Standing::Finished,
                "{}",
                loan.name()
            );
        }
        let outstanding: Decimal = loans.iter().map(|loan| loan.outstanding(day)).sum();
        assert_eq!(outstanding.to_string(), "4783116.70");
    }
}
