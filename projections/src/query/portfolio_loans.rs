//! Every loan of a portfolio, as it stands or as it once stood, added up while it is found.

use std::collections::HashMap;
use std::pin::pin;

use chrono::NaiveDate;
use domain::Currency;
use domain::component::{Component, Components};
use domain::loan::Status;
use domain::loan::standing::days_past_due;
use futures::{Stream, TryStreamExt, stream};
use rust_decimal::Decimal;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, Row};
use uuid::Uuid;

use super::QueryState;
use super::loan_list::Moment;
use super::loan_row::status_named;
use super::portfolio_sums::bucket_of;
use super::portfolio_window::Window;
use super::snapshot::Snapshot;
use crate::loans;
use crate::minor::from_sum;
use crate::session;

const NOW: &str = include_str!("portfolio_now.sql");
const SEEN: &str = include_str!("portfolio_seen.sql");
const LOOKED_UP: &str = include_str!("portfolio_looked_up.sql");
/// Helpers would each go through the whole table for the little that they do, a plan for any window at all would not be one
/// for this, and one loan after another is not how to put many together, however few were expected. Some 400,000
/// changes are sorted in memory.
const SETTINGS: &str = "set local max_parallel_workers_per_gather = 0; set local work_mem = '64MB'; \
    set local plan_cache_mode = force_custom_plan; set local enable_nestloop = off";
/// What else the transaction asks for is planned as ever.
const AS_EVER: &str = "set local plan_cache_mode = default; set local enable_nestloop = default";

/// What loans owe that have these in common: the currency, a place among the products, the status and the bucket.
type PartKey = (Currency, usize, Status, usize);

/// Loans while they are gone through, in the smallest units of their currencies.
#[derive(Default)]
pub(super) struct Gathered {
    /// The place of each product; that of no name stands for none.
    pub(super) products: HashMap<String, usize>,
    pub(super) parts: HashMap<PartKey, Owed>,
    pub(super) debts: HashMap<(Currency, Uuid), (i64, i128)>,
    to_look_up: Vec<Uuid>,
    pub(super) to_derive: Vec<PgRow>,
}

#[derive(Default)]
pub(super) struct Owed {
    pub(super) loans: i64,
    components: [i128; 6],
}

/// Where it is found how a loan stood: the last column of each statement.
enum Found {
    Here,
    ByLookingUp,
    ByDeriving,
}

impl QueryState {
    /// Goes through every loan once. What is found is added up here while Postgres finds the next.
    pub(super) async fn gather(
        &self,
        snapshot: &mut Snapshot,
        moment: &Moment,
    ) -> Result<Gathered, sqlx::Error> {
        let mut gathered = Gathered::default();
        let transaction = &mut *snapshot.transaction;
        if moment.effective_on.is_none() && moment.known.is_none() {
            gathered.take_all(sqlx::query(NOW).fetch(transaction), moment.day).await?;
            return Ok(gathered);
        }
        session::run(&mut *transaction, SETTINGS).await?;
        let window = Window::of(&mut *transaction, moment, snapshot.as_of).await?;
        let seen = sqlx::query_with(SEEN, window.arguments(moment)?);
        let out_of_order = sqlx::query_with(LOOKED_UP, looked_up(moment, window, None)?);
        match self.beside(&loans::READ_MODEL, snapshot).await? {
            None => {
                let transaction = &mut *snapshot.transaction;
                gathered.take_all(seen.fetch(&mut *transaction), moment.day).await?;
                gathered.take_all(out_of_order.fetch(transaction), moment.day).await?;
            }
            Some(mut beside) => {
                session::run(&mut beside, SETTINGS).await?;
                let seen = seen.fetch(&mut *snapshot.transaction);
                let both = stream::select(seen, out_of_order.fetch(&mut *beside));
                gathered.take_all(both, moment.day).await?;
            }
        }
        let missing = std::mem::take(&mut gathered.to_look_up);
        let missing = sqlx::query_with(LOOKED_UP, looked_up(moment, window, Some(missing))?);
        gathered.take_all(missing.fetch(&mut *snapshot.transaction), moment.day).await?;
        session::run(&mut snapshot.transaction, AS_EVER).await?;
        Ok(gathered)
    }
}

/// Of some loans; none: of those whose facts came out of order.
fn looked_up(moment: &Moment, window: Window, loans: Option<Vec<Uuid>>) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = moment.arguments()?;
    arguments.add(loans).map_err(sqlx::Error::Encode)?;
    arguments.add(window.needs_order()).map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}

impl Gathered {
    async fn take_all(
        &mut self,
        rows: impl Stream<Item = Result<PgRow, sqlx::Error>>,
        day: NaiveDate,
    ) -> Result<(), sqlx::Error> {
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            match Found::read(&row)? {
                Found::Here => self.take(&row, day)?,
                Found::ByLookingUp => self.to_look_up.push(row.try_get(0)?),
                Found::ByDeriving => self.to_derive.push(row),
            }
        }
        Ok(())
    }

    /// Takes in a loan, by the places of its columns: finding each by its name takes longer than reading it.
    pub(super) fn take(&mut self, row: &PgRow, day: NaiveDate) -> Result<(), sqlx::Error> {
        let is_disbursed: bool = row.try_get(13)?;
        if !is_disbursed {
            return Ok(());
        }
        let currency: Currency =
            row.try_get::<&str, _>(2)?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let product = row.try_get::<Option<&str>, _>(3)?.unwrap_or_default();
        let status = status_named(row.try_get(4)?)?;
        let mut owed = [0_i64; 6];
        for (index, minor) in (5..).zip(&mut owed) {
            *minor = row.try_get(index)?;
        }
        let next = self.products.len();
        let place = match self.products.get(product) {
            Some(place) => *place,
            None => *self.products.entry(product.to_owned()).or_insert(next),
        };
        let bucket = bucket_of(days_past_due(row.try_get(11)?, row.try_get(12)?, day));
        let part = self.parts.entry((currency, place, status, bucket)).or_default();
        part.loans += 1;
        for (sum, minor) in part.components.iter_mut().zip(owed) {
            *sum += i128::from(minor);
        }
        if status != Status::WrittenOff {
            let (loans, total) = self.debts.entry((currency, row.try_get(1)?)).or_default();
            *loans += 1;
            *total += owed.into_iter().map(i128::from).sum::<i128>();
        }
        Ok(())
    }
}

impl Found {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(match row.try_get(14)? {
            0 => Self::Here,
            1 => Self::ByLookingUp,
            _ => Self::ByDeriving,
        })
    }
}

impl Owed {
    pub(super) fn components(&self, currency: Currency) -> Components {
        let mut components = Components::NOTHING;
        for (component, minor) in Component::ALL.into_iter().zip(self.components) {
            *components.of_mut(component) = from_sum(Decimal::from_i128_with_scale(minor, 0), currency);
        }
        components
    }
}
