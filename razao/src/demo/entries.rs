//! The plain entries of the book of restaurants: the capital that starts it, rent and payroll month by month.

use chrono::{Days, Months, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::names::{chances, id};
use super::poster::Poster;

/// How many loans one contribution of capital carries.
const LOANS_PER_CONTRIBUTION: u32 = 100;

/// A plain entry of the book.
pub(super) struct Entry {
    name: String,
    body: Value,
    reversed_on: Option<NaiveDate>,
}

/// The entry that opens a book. Its date tells when the book begins.
pub(super) fn opening_id(book: &str) -> Uuid {
    id(&format!("{book}-capital-0"))
}

/// The contributions of capital that a book of so many loans begins with.
pub(super) fn contributions(book: &str, loans: u32, opened_on: NaiveDate) -> Vec<Entry> {
    let count = loans.div_ceil(LOANS_PER_CONTRIBUTION).max(1);
    let contribution = |number| {
        let lines = ("assets:cash", "equity:capital", "8000000.00");
        Entry::new(format!("{book}-capital-{number}"), opened_on, "Aporte de capital", lines)
    };
    (0..count).map(contribution).collect()
}

/// What it costs to run the house, month by month; now and then an entry is made twice and then reversed.
pub(super) fn monthly(book: &str, opened_on: NaiveDate, until: NaiveDate) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rng = chances(&format!("{book}-entries"));
    for month in (0..).map(|number| opened_on + Months::new(number)).take_while(|month| *month <= until) {
        let called = month.format("%Y-%m");
        let rent = ("expenses:rent", "assets:cash", "12500.00");
        let rent_on = month + Days::new(5);
        entries.push(Entry::new(
            format!("{book}-rent-{called}"),
            rent_on,
            &format!("Aluguel {called}"),
            rent,
        ));
        if rng.u8(..5) == 0 {
            let name = format!("{book}-rent-{called}-duplicate");
            let mut duplicate = Entry::new(name, rent_on, &format!("Aluguel {called} (duplicado)"), rent);
            duplicate.reversed_on = Some(rent_on + Days::new(rng.u64(1..=4)));
            entries.push(duplicate);
        }
        let amount = format!("{}.{:02}", rng.u32(41_000..=46_000), rng.u32(..100));
        let payroll = ("expenses:payroll", "assets:cash", amount.as_str());
        let paid_on = month + Days::new(25);
        entries.push(Entry::new(
            format!("{book}-payroll-{called}"),
            paid_on,
            &format!("Folha {called}"),
            payroll,
        ));
    }
    entries.retain(|entry| entry.last_on() <= until);
    entries
}

impl Entry {
    fn new(
        name: String,
        on: NaiveDate,
        description: &str,
        (debit, credit, amount): (&str, &str, &str),
    ) -> Self {
        let body = json!({
            "id": id(&name),
            "on": on,
            "description": description,
            "lines": [{ "account": debit, "debit": amount }, { "account": credit, "credit": amount }],
            "external_id": name,
        });
        Self { name, body, reversed_on: None }
    }

    /// Posts the entry, and its reversal where it has one.
    pub(super) async fn post(self, poster: &Poster) -> anyhow::Result<()> {
        poster.post("/v1/entries", &self.name, &self.body).await?;
        if let Some(on) = self.reversed_on {
            let path = format!("/v1/entries/{}/reverse", id(&self.name));
            let body = json!({ "on": on, "reason": "lançamento em duplicidade" });
            poster.post(&path, &format!("{}-reverse", self.name), &body).await?;
        }
        Ok(())
    }

    fn last_on(&self) -> NaiveDate {
        let on = self.body["on"].as_str().and_then(|on| on.parse().ok()).expect("an entry has a date");
        self.reversed_on.unwrap_or(on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_years_have_rents_payrolls_and_some_reversals() {
        let opened_on: NaiveDate = "2024-03-02".parse().unwrap();
        let entries = monthly("demo-1", opened_on, opened_on + Days::new(730));
        assert!(entries.len() > 48, "{}", entries.len());
        assert!(entries.iter().any(|entry| entry.reversed_on.is_some()));
    }

    #[test]
    fn a_larger_book_begins_with_the_contributions_of_the_smaller_one() {
        let opened_on: NaiveDate = "2024-03-02".parse().unwrap();
        let bodies = |loans| contributions("demo-1", loans, opened_on).into_iter().map(|entry| entry.body);
        assert!(bodies(500).zip(bodies(300)).all(|(larger, smaller)| larger == smaller));
        assert_eq!(bodies(500).count(), 5);
    }
}
