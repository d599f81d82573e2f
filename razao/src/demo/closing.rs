//! How the books of the server stand after a run: the table that closes it.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context;
use rust_decimal::Decimal;
use serde_json::Value;

use super::poster::{Poster, Tally};

/// What the read models say once they have caught up with the last command.
#[derive(Debug, Default)]
pub(super) struct Closing {
    pub(super) loans: Vec<Value>,
    pub(super) accounts: Vec<AccountBalance>,
    /// What else there is to say, as label and figure.
    pub(super) remarks: Vec<(String, String)>,
    /// What does not tie out.
    pub(super) off: Vec<String>,
}

/// An account of the trial balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountBalance {
    pub(super) account: String,
    pub(super) currency: String,
    /// Debits less credits.
    pub(super) balance: Decimal,
}

impl Closing {
    /// Reads the books as of everything that was posted.
    pub(super) async fn read(poster: &Poster) -> anyhow::Result<Self> {
        let position = Some(poster.position());
        let loans = poster.client.list("/v1/loans", position).await?;
        let trial_balance = poster.client.read("/v1/trial-balance", position).await?;
        let lines = trial_balance["items"].as_array().context("the trial balance has no `items`")?;
        let accounts: Vec<AccountBalance> =
            lines.iter().map(AccountBalance::read).collect::<anyhow::Result<_>>()?;
        let mut closing = Self { loans, accounts, ..Self::default() };
        for (currency, sum) in closing.trial_balance() {
            closing.expect(sum.is_zero(), || format!("the trial balance in {currency} sums to {sum}"));
        }
        Ok(closing)
    }

    /// Notes what is off unless it `holds`.
    pub(super) fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.off.push(otherwise());
        }
    }

    pub(super) fn ties_out(&self) -> bool {
        self.off.is_empty()
    }

    /// Debits less credits of all accounts, by currency.
    pub(super) fn trial_balance(&self) -> BTreeMap<String, Decimal> {
        sums(self.accounts.iter().map(|line| (line.currency.clone(), line.balance)))
    }

    /// The balance of an account in a currency; zero where it has no line.
    pub(super) fn balance_of(&self, account: &str, currency: &str) -> Decimal {
        let lines = self.accounts.iter().filter(|line| line.account == account && line.currency == currency);
        lines.map(|line| line.balance).sum()
    }

    pub(super) fn print(&self, poster: &Poster) -> anyhow::Result<()> {
        let statuses = sums(self.loans.iter().map(|loan| (text(loan, "status"), Decimal::ONE)));
        let outstanding = sums(self.loans.iter().map(|loan| (currency_of(loan), outstanding(loan))));
        let mut rows = Vec::new();
        rows.extend(statuses.iter().map(|(status, count)| (format!("loans {status}"), count.to_string())));
        rows.extend(
            outstanding.iter().map(|(currency, sum)| (format!("outstanding {currency}"), sum.to_string())),
        );
        let trial_balance = self.trial_balance();
        rows.extend(
            trial_balance
                .iter()
                .map(|(currency, sum)| (format!("trial balance {currency}"), sum.to_string())),
        );
        rows.extend(self.remarks.iter().cloned());
        rows.extend(poster.tally().rows());

        let mut out = std::io::stdout().lock();
        let widest = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
        for (label, figure) in rows {
            writeln!(out, "{label:widest$}  {figure:>18}")?;
        }
        for off in &self.off {
            writeln!(out, "OFF: {off}")?;
        }
        out.flush()?;
        Ok(())
    }
}

impl AccountBalance {
    fn read(line: &Value) -> anyhow::Result<Self> {
        let balance = decimal(&line["balance"]).with_context(|| format!("no balance in {line}"))?;
        Ok(Self { account: text(line, "account"), currency: text(line, "currency"), balance })
    }
}

impl Tally {
    fn rows(self) -> Vec<(String, String)> {
        let millis = self.elapsed.as_millis().max(1);
        let a_second = u128::from(self.commands) * 1000 / millis;
        vec![
            ("commands".to_owned(), self.commands.to_string()),
            ("commands a second".to_owned(), a_second.to_string()),
            ("replayed".to_owned(), self.replays.to_string()),
        ]
    }
}

/// What is unpaid of a loan, all components together.
pub(super) fn outstanding(loan: &Value) -> Decimal {
    loan.get("balances").and_then(|balances| decimal(&balances["total"])).unwrap_or_default()
}

pub(super) fn text(object: &Value, field: &str) -> String {
    object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    value.as_str().and_then(|text| text.parse().ok())
}

fn currency_of(loan: &Value) -> String {
    text(loan, "currency")
}

fn sums(parts: impl Iterator<Item = (String, Decimal)>) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for (name, part) in parts {
        *sums.entry(name).or_default() += part;
    }
    sums
}
