//! The movements of accounts on both axes of time: as they are, or as they were known at a position.
//!
//! What was known is a sum over whole blocks of the log and the journal lines after the last of them (ADR 0018), so it
//! costs about what the present costs, however much came since. Where days do not matter, whole months are
//! summed, so that neither costs more with each day that the book has lived.

use chrono::{Datelike, NaiveDate};
use domain::Currency;
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;

use super::QueryState;
use super::answer::Refused;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::Reading;
use super::snapshot::Snapshot;
use crate::daily_balances::blocks::{Prefix, WHOLE};
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
#[derive(Debug, Clone, Copy, Default)]
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
    const fn column(self) -> &'static str {
        match self {
            Self::BookedOn => "booked_on",
            Self::ValueDate => "value_date",
        }
    }

    const fn month_column(self) -> &'static str {
        match self {
            Self::BookedOn => "booked_month",
            Self::ValueDate => "value_month",
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

/// What is taken of a movement: of one that is kept in a sum, and of a journal line.
struct Columns {
    kept: &'static str,
    of_lines: &'static str,
}

const ALL: Columns = Columns {
    kept: "account, currency, booked_on, value_date, debits, credits, last_position",
    of_lines: "account, currency, booked_on, value_date, \
               case side when 'debit' then amount else 0 end::numeric, \
               case side when 'credit' then amount else 0 end::numeric, position",
};
const SUMMED: Columns = Columns {
    kept: "account, currency, debits, credits",
    of_lines: "account, currency, case side when 'debit' then amount else 0 end::numeric, \
               case side when 'credit' then amount else 0 end::numeric",
};

impl Ledger {
    /// Adds a select of the chosen movements in parentheses: account, currency, `booked_on`, `value_date`, debits,
    /// credits and `last_position`.
    fn push_movements(&self, query: &mut QueryBuilder<'_, Postgres>, chosen: &Chosen<'_>) {
        query.push(format!("(select {} from ", ALL.kept));
        self.push_days_kept(query);
        chosen.push(query, true);
        self.push_lines(query, &ALL, chosen);
        query.push(")");
    }

    /// The same where the days do not matter: account, currency, debits and credits, of whole months as far as all
    /// of their days are chosen.
    pub(crate) fn push_sums(&self, query: &mut QueryBuilder<'_, Postgres>, chosen: &Chosen<'_>) {
        query.push(format!("(select {} from ", SUMMED.kept));
        self.push_months_kept(query);
        chosen.push_keys(query, true);
        let begun: Vec<_> = chosen.days().map(|(by, day)| (by, begun_month(day))).collect();
        for (by, first) in &begun {
            query.push(format!(" and m.{} < ", by.month_column())).push_bind(*first);
        }
        // The days of the months that are not whole by one of the dates, and were by those before it: so each comes once.
        for (at, (by, first)) in begun.iter().enumerate() {
            query.push(format!(" union all select {} from ", SUMMED.kept));
            self.push_days_kept(query);
            query.push(format!(" and m.{} >= ", by.column())).push_bind(*first);
            for (by, first) in &begun[..at] {
                query.push(format!(" and m.{} < ", by.column())).push_bind(*first);
            }
            chosen.push(query, true);
        }
        self.push_lines(query, &SUMMED, chosen);
        query.push(")");
    }

    /// Adds a select of [`Movement`](super::day_balance::Movement)s: for each day from one to another, by one of the
    /// dates, and for all before.
    pub(crate) fn push_days(
        &self,
        query: &mut QueryBuilder<'_, Postgres>,
        chosen: Chosen<'_>,
        by: DayBy,
        (from, to): (NaiveDate, NaiveDate),
    ) {
        let (day, before) = (by.column(), from.pred_opt().unwrap_or(from));
        // In one pass: whole months would spare days before `from`, and cost another one over the blocks.
        query.push(format!("select account, currency, nullif(greatest({day}, ")).push_bind(before);
        query.push("), ").push_bind(before).push(
            ") as day, sum(debits) as debits, sum(credits) as credits, max(last_position) as last_position from ",
        );
        self.push_movements(query, &chosen.until(by, to));
        query.push(" m group by 1, 2, 3");
    }

    /// Adds where sums by days are: now, or in the blocks.
    fn push_days_kept(&self, query: &mut QueryBuilder<'_, Postgres>) {
        match &self.known {
            None => _ = query.push("daily_balances m where true"),
            Some(prefix) => push_kept_of_blocks(query, "block_balances", prefix),
        }
    }

    /// Adds where sums by months are.
    fn push_months_kept(&self, query: &mut QueryBuilder<'_, Postgres>) {
        match &self.known {
            None => {
                let (size, block) = WHOLE;
                query.push(format!("monthly_balances m where m.size = {size} and m.block = {block}"));
            }
            Some(prefix) => push_kept_of_blocks(query, "monthly_balances", prefix),
        }
    }

    /// Adds a select of the journal lines after the last block.
    fn push_lines(&self, query: &mut QueryBuilder<'_, Postgres>, columns: &Columns, chosen: &Chosen<'_>) {
        let Some(prefix) = &self.known else { return };
        query.push(format!(
            " union all select {} from journal_lines m \
             left join loan_products p on p.loan_id = m.stream_id where m.position > ",
            columns.of_lines
        ));
        query.push_bind(prefix.rest_after).push(" and m.position <= ").push_bind(prefix.position);
        chosen.push(query, false);
    }
}

fn push_kept_of_blocks(query: &mut QueryBuilder<'_, Postgres>, table: &str, prefix: &Prefix) {
    push_blocks(query, prefix);
    query.push(format!(" join {table} m on m.size = k.in_size and m.block = k.in_block where true"));
}

/// Adds the blocks of a prefix as a table: `k`, with `in_size` and `in_block`.
pub(super) fn push_blocks(query: &mut QueryBuilder<'_, Postgres>, prefix: &Prefix) {
    let (sizes, blocks): (Vec<i32>, Vec<i64>) =
        prefix.blocks.iter().map(|(size, block)| (size.cast_signed(), *block)).unzip();
    query.push("unnest(").push_bind(sizes).push("::int[], ").push_bind(blocks);
    query.push("::bigint[]) as k (in_size, in_block)");
}

impl Chosen<'_> {
    /// Of these only what is on a day or before, by one of the dates.
    fn until(self, by: DayBy, day: NaiveDate) -> Self {
        let until = |chosen: Option<NaiveDate>| Some(chosen.map_or(day, |chosen| chosen.min(day)));
        match by {
            DayBy::BookedOn => Self { booked_by: until(self.booked_by), ..self },
            DayBy::ValueDate => Self { effective_on: until(self.effective_on), ..self },
        }
    }

    fn push(&self, query: &mut QueryBuilder<'_, Postgres>, has_product: bool) {
        self.push_keys(query, has_product);
        for (by, day) in self.days() {
            query.push(format!(" and m.{} <= ", by.column())).push_bind(day);
        }
    }

    /// The last days that are chosen, by their columns.
    fn days(&self) -> impl Iterator<Item = (DayBy, NaiveDate)> {
        let days = [(DayBy::BookedOn, self.booked_by), (DayBy::ValueDate, self.effective_on)];
        days.into_iter().filter_map(|(by, day)| Some((by, day?)))
    }

    fn push_keys(&self, query: &mut QueryBuilder<'_, Postgres>, has_product: bool) {
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
    }
}

/// The first day of the first month that does not end by a day.
fn begun_month(day: NaiveDate) -> NaiveDate {
    let next = day.succ_opt().unwrap_or(day);
    next.with_day(1).expect("each month has a first day")
}
