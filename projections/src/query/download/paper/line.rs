//! What one line of a statement is, in words.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::words::Language;

/// A line as it is answered.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) on: NaiveDate,
    what: What,
    pub(super) principal: Decimal,
    pub(super) balance: Decimal,
}

/// All that lines of any kind have of what is shown.
#[derive(Debug, Deserialize)]
struct What {
    kind: String,
    #[serde(rename = "type")]
    transaction: Option<String>,
    number: Option<u32>,
    amount: Option<Decimal>,
    /// Of a charge its kind, of a waiver the charge's id.
    charge: Option<String>,
    late_fee: Option<Decimal>,
    late_interest: Option<Decimal>,
    allocation: Option<Allocation>,
    #[serde(default)]
    overpaid: Decimal,
    #[serde(default)]
    credit: Decimal,
    #[serde(default)]
    reversed: bool,
    reversed_on: Option<NaiveDate>,
    external_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Allocation {
    late_fee: Decimal,
    late_interest: Decimal,
    penalty: Decimal,
    fee: Decimal,
    interest: Decimal,
    principal: Decimal,
}

impl Line {
    pub(super) fn amount(&self) -> Option<Decimal> {
        let late = || Some(self.what.late_fee? + self.what.late_interest?);
        self.what.amount.or_else(late)
    }

    pub(super) fn title(&self, language: Language) -> String {
        let What { kind, transaction, charge, number, .. } = &self.what;
        let called = match kind.as_str() {
            "transaction" => transaction.as_ref(),
            "charge" => charge.as_ref(),
            _ => None,
        };
        let title = capital(language.word(called.unwrap_or(kind)));
        number.map_or(title.clone(), |number| format!("{title} {number}"))
    }

    /// What it is made of, and what the lender's programs call it. Why it was done is a word among the lender's staff.
    pub(super) fn details(&self, language: Language) -> String {
        let What { allocation, external_id, .. } = &self.what;
        let parts = allocation.as_ref().map(Allocation::parts).unwrap_or_default();
        let late = [("late_fee", self.what.late_fee), ("late_interest", self.what.late_interest)];
        let late = late.into_iter().filter_map(|(part, amount)| Some((part, amount?)));
        let kept = if self.what.credit.is_sign_negative() { "taken_credit" } else { "kept_credit" };
        let beyond = [("overpaid", self.what.overpaid), (kept, self.what.credit.abs())];
        let parts = parts.into_iter().chain(late).chain(beyond).filter(|(_, amount)| !amount.is_zero());
        let part = |(part, amount)| format!("{} {}", language.word(part), language.amount(amount));
        let parts: Vec<String> = parts.map(part).collect();
        let reversed = match self.what.reversed_on {
            Some(on) => Some(format!("{} {}", language.word("reversed_on"), language.day(on))),
            None => self.what.reversed.then(|| language.word("reversed").to_owned()),
        };
        let all = [Some(parts.join(", ")), reversed, external_id.clone()];
        let all: Vec<String> = all.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        all.join("; ")
    }
}

impl Allocation {
    fn parts(&self) -> Vec<(&'static str, Decimal)> {
        let Self { late_fee, late_interest, penalty, fee, interest, principal } = *self;
        vec![
            ("late_fee", late_fee),
            ("late_interest", late_interest),
            ("penalty", penalty),
            ("fee", fee),
            ("interest", interest),
            ("principal", principal),
        ]
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
