//! The movements of accounts on both axes of time: as they are, or as they were known at a position.
//!
//! What was known is a sum over whole blocks of the log and the journal lines after the last of them (ADR 0018), so it
//! costs about what the present costs, however much came since.

use chrono::NaiveDate;
use domain::Currency;
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;

use super::QueryState;
use super::answer::Refused;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::Reading;
use super::snapshot::Snapshot;
use crate::daily_balances::blocks::Prefix;
use crate::{daily_balances, journal};

/// The ledger as it is known at a position.
pub(crate) struct Ledger {
    pub(crate) snapshot: Snapshot,
    /// None: as it is now.
    known: Option<Prefix>,
}

/// By which of its two dates a movement is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayBy {
    /// The accounting day.
    #[default]
    BookedOn,
    /// The day on which it counts, which may lie in a closed period.
    ValueDate,
}

/// Which movements are summed. Nothing chosen: all.
#[derive(Debug, Default)]
pub(crate) struct Chosen<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) currency: Option<Currency>,
    pub(crate) product: Option<&'a str>,
    /// Only accounts and currencies behind this place, from this one on, or these.
    pub(crate) after: Option<(&'a str, &'a str)>,
    pub(crate) from: Option<(&'a str, &'a str)>,
    pub(crate) keys: Option<(&'a [String], &'a [String])>,
    /// Booked by the end of this day.
    pub(crate) booked_by: Option<NaiveDate>,
    /// With a value date up to this day.
    pub(crate) effective_on: Option<NaiveDate>,
}

impl DayBy {
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::BookedOn => "booked_on",
            Self::ValueDate => "value_date",
        }
    }
}

impl QueryState {
    pub(crate) async fn ledger(
        &self,
        effective_on: Option<NaiveDate>,
        known_at: Option<KnownAt>,
        reading: &Reading,
    ) -> Result<Ledger, Refused> {
        if let Some(day) = effective_on {
            in_known_years("effective_on", day)?;
        }
        if known_at.is_none() {
            let snapshot = self.snapshot(&daily_balances::READ_MODEL, reading).await?;
            return Ok(Ledger { snapshot, known: None });
        }
        let known = self.known(known_at, reading).await?;
        let models = [&daily_balances::READ_MODEL, &journal::READ_MODEL];
        let snapshot = self.snapshot_of_known(&models, known, reading).await?;
        Ok(Ledger { snapshot, known: Some(Prefix::up_to(known.position)) })
    }
}

impl QueryState {
    /// The last position that both the balances and the journal have.
    pub(crate) async fn position_of_ledger(&self, reading: &Reading) -> Result<KnownAt, Refused> {
        let balances = self.snapshot(&daily_balances::READ_MODEL, reading).await?.as_of.position;
        let lines = self.snapshot(&journal::READ_MODEL, reading).await?.as_of.position;
        Ok(KnownAt::Position(balances.min(lines)))
    }

    /// The journal, as it was known then: its statements leave out what came after the position that it is as of.
    pub(crate) async fn journal(
        &self,
        known_at: Option<KnownAt>,
        reading: &Reading,
    ) -> Result<Snapshot, Refused> {
        if known_at.is_none() {
            return self.snapshot(&journal::READ_MODEL, reading).await;
        }
        let known = self.known(known_at, reading).await?;
        self.snapshot_of_known(&[&journal::READ_MODEL], known, reading).await
    }
}

impl Ledger {
    /// Adds a select of the chosen movements in parentheses: account, currency, product, `booked_on`, `value_date`,
    /// debits, credits and `last_position`.
    pub(crate) fn push_movements(&self, query: &mut QueryBuilder<'_, Postgres>, chosen: &Chosen<'_>) {
        const COLUMNS: &str =
            "account, currency, product, booked_on, value_date, debits, credits, last_position";
        let Some(prefix) = &self.known else {
            query.push(format!("(select {COLUMNS} from daily_balances m where true"));
            chosen.push(query, true);
            query.push(")");
            return;
        };
        let (sizes, blocks): (Vec<i32>, Vec<i64>) =
            prefix.blocks.iter().map(|(size, block)| (size.cast_signed(), *block)).unzip();
        query.push(format!("(select {COLUMNS} from unnest(")).push_bind(sizes).push("::int[], ");
        query.push_bind(blocks).push(
            "::bigint[]) as k (in_size, in_block) join block_balances m \
             on m.size = k.in_size and m.block = k.in_block where true",
        );
        chosen.push(query, true);
        query.push(
            " union all select account, currency, coalesce(p.product, ''), booked_on, value_date, \
             case side when 'debit' then amount else 0 end::numeric, \
             case side when 'credit' then amount else 0 end::numeric, position \
             from journal_lines m \
             left join loan_products p on p.loan_id = m.stream_id where m.position > ",
        );
        query.push_bind(prefix.rest_after).push(" and m.position <= ").push_bind(prefix.position);
        chosen.push(query, false);
        query.push(")");
    }
}

impl Chosen<'_> {
    fn push(&self, query: &mut QueryBuilder<'_, Postgres>, has_product: bool) {
        if let Some(account) = self.account {
            query.push(" and m.account = ").push_bind(account.to_owned());
        }
        if let Some(currency) = self.currency {
            query.push(" and m.currency = ").push_bind(currency.code());
        }
        if let Some(product) = self.product {
            query.push(if has_product { " and m.product = " } else { " and p.product = " });
            query.push_bind(product.to_owned());
        }
        for (place, comparison) in [(self.after, ">"), (self.from, ">=")] {
            let Some((account, currency)) = place else { continue };
            query.push(format!(" and (m.account, m.currency) {comparison} ("));
            query.push_bind(account.to_owned()).push(", ").push_bind(currency.to_owned()).push(")");
        }
        if let Some((accounts, currencies)) = self.keys {
            query.push(" and (m.account, m.currency) in (select * from unnest(").push_bind(accounts.to_vec());
            query.push("::text[], ").push_bind(currencies.to_vec()).push("::text[]))");
        }
        if let Some(day) = self.booked_by {
            query.push(" and m.booked_on <= ").push_bind(day);
        }
        if let Some(day) = self.effective_on {
            query.push(" and m.value_date <= ").push_bind(day);
        }
    }
}
