//! What the loans of a portfolio come to: sums over how each stood, and those that have to be derived one by one.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};
use domain::Currency;
use domain::component::Components;
use domain::loan::Status;
use futures::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{Arguments, QueryBuilder, Row};
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::loan::LoanView;
use super::loan_list::Moment;
use super::loan_row::{read_components, read_currency, read_status};
use super::snapshot::Snapshot;
use crate::daily_balances::blocks::Prefix;
use crate::minor::to_minor;

/// The buckets of days past due (LENDING §14): each ends where the next begins.
pub(crate) const BUCKETS: [(&str, u32); 8] = [
    ("0", 0),
    ("1-15", 1),
    ("16-30", 16),
    ("31-60", 31),
    ("61-90", 61),
    ("91-180", 91),
    ("181-360", 181),
    ("over-360", 361),
];

/// How many borrowers are named.
const LARGEST: usize = 10;
/// How many loans are derived at a time.
const AT_ONCE: usize = 8;

/// Loans that have these in common.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) product: Option<String>,
    pub(crate) status: Status,
    /// Among [`BUCKETS`].
    pub(crate) bucket: usize,
    pub(crate) loans: i64,
    pub(crate) outstanding: Components,
}

/// Who owes most, in the currency's smallest unit.
#[derive(Debug, Clone)]
pub(crate) struct Debtor {
    pub(crate) borrower: Uuid,
    pub(crate) loans: i64,
    pub(crate) outstanding: Decimal,
}

/// What moved in a month, in the currency's smallest unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flow {
    pub(crate) disbursed: Decimal,
    pub(crate) collected: Decimal,
    pub(crate) written_off: Decimal,
    pub(crate) recovered: Decimal,
}

/// The loans in one currency.
#[derive(Debug, Default)]
pub(crate) struct CurrencySums {
    pub(crate) parts: Vec<Part>,
    pub(crate) debtors: Vec<Debtor>,
    /// By the first day of the month.
    pub(crate) months: BTreeMap<NaiveDate, Flow>,
}

/// A loan that had to be derived.
struct DerivedPart {
    currency: Currency,
    borrower: Uuid,
    part: Part,
}

type Debts = HashMap<(Currency, Uuid), (i64, Decimal)>;

impl QueryState {
    pub(crate) async fn portfolio_sums(
        &self,
        snapshot: &mut Snapshot,
        moment: &Moment,
    ) -> Result<BTreeMap<Currency, CurrencySums>, Refused> {
        let mut currencies: BTreeMap<Currency, CurrencySums> = BTreeMap::new();
        let mut debts = Debts::new();
        let mut to_derive = Vec::new();
        for row in parts(snapshot, moment).await? {
            let currency = read_currency(&row)?;
            if let Some(borrower) = row.try_get::<Option<Uuid>, _>("borrower_id")? {
                let (loans, total) = debts.entry((currency, borrower)).or_default();
                *loans += row.try_get::<i64, _>("loans")?;
                *total += row.try_get::<Decimal, _>("total")?;
            } else if let Some(loan) = row.try_get::<Option<Uuid>, _>("derive")? {
                to_derive.push(loan);
            } else {
                currencies.entry(currency).or_default().parts.push(Part::read(&row, currency)?);
            }
        }
        let as_of = snapshot.as_of;
        let deriving = stream::iter(to_derive).map(|loan| self.derived_part(loan, moment, as_of));
        let mut derived = deriving.buffer_unordered(AT_ONCE);
        while let Some(one) = derived.try_next().await? {
            let Some(DerivedPart { currency, borrower, part }) = one else { continue };
            if part.status != Status::WrittenOff {
                let (loans, total) = debts.entry((currency, borrower)).or_default();
                *loans += 1;
                *total += Decimal::from(to_minor(part.outstanding.total(), currency));
            }
            currencies.entry(currency).or_default().parts.push(part);
        }
        for ((currency, borrower), (loans, outstanding)) in debts {
            let sums = currencies.entry(currency).or_default();
            sums.debtors.push(Debtor { borrower, loans, outstanding });
        }
        for sums in currencies.values_mut() {
            sums.debtors.retain(|debtor| debtor.outstanding > Decimal::ZERO);
            sums.debtors.sort_by_key(|debtor| (std::cmp::Reverse(debtor.outstanding), debtor.borrower));
            sums.debtors.truncate(LARGEST);
        }
        for row in flows(snapshot, moment).await? {
            let months = &mut currencies.entry(read_currency(&row)?).or_default().months;
            let month: NaiveDate = row.try_get("month")?;
            months.insert(month.with_day(1).unwrap_or(month), Flow::read(&row)?);
        }
        Ok(currencies)
    }

    /// A loan whose facts came out of order; none where it was not disbursed by the day.
    async fn derived_part(
        &self,
        loan: Uuid,
        moment: &Moment,
        as_of: AsOf,
    ) -> Result<Option<DerivedPart>, Refused> {
        let seen = self.derive(loan, moment, as_of).await?;
        if seen.derived.is_none() {
            return Ok(None);
        }
        let mut view = LoanView::of(&seen)?;
        view.count_days_past_due(moment.day);
        let days = u32::try_from(view.days_past_due).unwrap_or(0);
        let bucket = BUCKETS.iter().rposition(|(_, start)| *start <= days).unwrap_or(0);
        let outstanding = seen.balances();
        Ok(Some(DerivedPart {
            currency: view.currency,
            borrower: seen.book.applied.borrower_id.uuid(),
            part: Part { product: view.product, status: view.status, bucket, loans: 1, outstanding },
        }))
    }
}

async fn parts(snapshot: &mut Snapshot, moment: &Moment) -> Result<Vec<PgRow>, sqlx::Error> {
    let select = if moment.effective_on.is_none() && moment.known.is_none() {
        // The arguments have to be used, so that their types are known.
        concat!(
            "with moment as (select $1::date, $2::bigint), seen as (",
            include_str!("portfolio_now.sql"),
            ")",
            include_str!("portfolio.sql")
        )
    } else {
        concat!("with seen as (", include_str!("portfolio_seen.sql"), ")", include_str!("portfolio.sql"))
    };
    let starts: Vec<i32> = BUCKETS[1..].iter().map(|(_, start)| start.cast_signed()).collect();
    let mut arguments = moment.arguments()?;
    arguments.add(moment.day).map_err(sqlx::Error::Encode)?;
    arguments.add(starts).map_err(sqlx::Error::Encode)?;
    arguments.add(i64::try_from(LARGEST).expect("few")).map_err(sqlx::Error::Encode)?;
    sqlx::query_with(select, arguments).fetch_all(&mut *snapshot.transaction).await
}

/// By currency and month, what has a value date up to the day.
async fn flows(snapshot: &mut Snapshot, moment: &Moment) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut query = QueryBuilder::with_arguments(
        "select currency, date_trunc('month', on_day)::date as month, sum(disbursed) as disbursed, \
         sum(collected) as collected, sum(written_off) as written_off, sum(recovered) as recovered \
         from (select currency, on_day, disbursed, collected, written_off, recovered from flows f",
        moment.arguments()?,
    );
    match moment.known.map(Prefix::up_to) {
        None => drop(query.push(" where size = 0 and block = 0 and $2 > 0")),
        Some(prefix) => {
            let (sizes, blocks): (Vec<i32>, Vec<i64>) =
                prefix.blocks.iter().map(|(size, block)| (size.cast_signed(), *block)).unzip();
            query.push(" join unnest(").push_bind(sizes).push("::int[], ").push_bind(blocks);
            query.push("::bigint[]) as k (in_size, in_block) on f.size = k.in_size and f.block = k.in_block");
            query.push(concat!(" union all ", include_str!("flows_of_changes.sql"), " and c.position > "));
            query.push_bind(prefix.rest_after);
        }
    }
    query.push(") f where on_day <= $1 group by 1, 2 order by 1, 2");
    query.build().fetch_all(&mut *snapshot.transaction).await
}

impl Part {
    fn read(row: &PgRow, currency: Currency) -> Result<Self, sqlx::Error> {
        let bucket: i32 = row.try_get("bucket")?;
        Ok(Self {
            product: row.try_get("product")?,
            status: read_status(row)?,
            bucket: usize::try_from(bucket).unwrap_or(0),
            loans: row.try_get("loans")?,
            outstanding: read_components(row, currency)?,
        })
    }
}

impl Flow {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            disbursed: row.try_get("disbursed")?,
            collected: row.try_get("collected")?,
            written_off: row.try_get("written_off")?,
            recovered: row.try_get("recovered")?,
        })
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            disbursed: self.disbursed + other.disbursed,
            collected: self.collected + other.collected,
            written_off: self.written_off + other.written_off,
            recovered: self.recovered + other.recovered,
        }
    }
}
