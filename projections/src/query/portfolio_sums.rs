//! What the loans of a portfolio come to: sums over how each stood, and those that have to be derived one by one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::pin::pin;

use chrono::{Datelike, NaiveDate};
use domain::Currency;
use domain::component::Components;
use domain::loan::Status;
use futures::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::ledger::push_blocks;
use super::loan::LoanView;
use super::loan_list::Moment;
use super::loan_row::read_currency;
use super::portfolio_loans::Gathered;
use super::seen_loan::SeenLoan;
use super::snapshot::Snapshot;
use crate::daily_balances::blocks::{Prefix, WHOLE};
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

impl QueryState {
    pub(crate) async fn portfolio_sums(
        &self,
        snapshot: &mut Snapshot,
        moment: &Moment,
    ) -> Result<BTreeMap<Currency, CurrencySums>, Refused> {
        let mut gathered = self.gather(snapshot, moment).await?;
        let derived = self.derive_all(&mut gathered, moment, snapshot.as_of).await?;
        let Gathered { products, parts, mut debts, .. } = gathered;
        let mut names = vec![None; products.len()];
        for (name, place) in products {
            names[place] = Some(name).filter(|name| !name.is_empty());
        }
        let mut currencies: BTreeMap<Currency, CurrencySums> = BTreeMap::new();
        for ((currency, product, status, bucket), owed) in parts {
            let (loans, outstanding) = (owed.loans, owed.components(currency));
            let part = Part { product: names[product].clone(), status, bucket, loans, outstanding };
            currencies.entry(currency).or_default().parts.push(part);
        }
        for DerivedPart { currency, borrower, part } in derived {
            if part.status != Status::WrittenOff {
                let (loans, total) = debts.entry((currency, borrower)).or_default();
                *loans += 1;
                *total += i128::from(to_minor(part.outstanding.total(), currency));
            }
            currencies.entry(currency).or_default().parts.push(part);
        }
        for (currency, debtors) in largest(debts) {
            currencies.entry(currency).or_default().debtors = debtors;
        }
        for row in flows(snapshot, moment).await? {
            let months = &mut currencies.entry(read_currency(&row)?).or_default().months;
            let month: NaiveDate = row.try_get("month")?;
            months.insert(month.with_day(1).unwrap_or(month), Flow::read(&row)?);
        }
        Ok(currencies)
    }

    /// The loans whose facts came out of order. Those that cannot be derived are taken as their read model has them.
    async fn derive_all(
        &self,
        gathered: &mut Gathered,
        moment: &Moment,
        as_of: AsOf,
    ) -> Result<Vec<DerivedPart>, Refused> {
        let to_derive = std::mem::take(&mut gathered.to_derive);
        let deriving = stream::iter(to_derive).map(async |row| {
            let seen = self.derive((row.try_get(0)?, row.try_get(15)?), moment, as_of).await?;
            Ok::<_, Refused>((row, seen))
        });
        let (mut deriving, mut derived) = (pin!(deriving.buffer_unordered(AT_ONCE)), Vec::new());
        while let Some((row, seen)) = deriving.try_next().await? {
            match seen {
                Some(seen) => derived.extend(derived_part(&seen, moment)?),
                None => gathered.take(&row, moment.day)?,
            }
        }
        Ok(derived)
    }
}

/// What a loan adds to the portfolio; none where it was not disbursed by the day.
fn derived_part(seen: &SeenLoan, moment: &Moment) -> Result<Option<DerivedPart>, Refused> {
    if seen.derived.is_none() {
        return Ok(None);
    }
    let mut view = LoanView::of(seen)?;
    view.count_days_past_due(moment.day);
    let bucket = bucket_of(view.days_past_due);
    let outstanding = seen.balances();
    Ok(Some(DerivedPart {
        currency: view.currency,
        borrower: seen.book.applied.borrower_id.uuid(),
        part: Part { product: view.product, status: view.status, bucket, loans: 1, outstanding },
    }))
}

pub(super) fn bucket_of(days_past_due: i64) -> usize {
    let days = u32::try_from(days_past_due).unwrap_or(0);
    BUCKETS.iter().rposition(|(_, start)| *start <= days).unwrap_or(0)
}

/// Who owes most in each currency.
fn largest(debts: HashMap<(Currency, Uuid), (i64, i128)>) -> BTreeMap<Currency, Vec<Debtor>> {
    let mut currencies: BTreeMap<Currency, Vec<Debtor>> = BTreeMap::new();
    for ((currency, borrower), (loans, outstanding)) in debts.into_iter().filter(|(_, (_, owed))| *owed > 0) {
        let outstanding = Decimal::from_i128_with_scale(outstanding, 0);
        currencies.entry(currency).or_default().push(Debtor { borrower, loans, outstanding });
    }
    let order = |debtor: &Debtor| (Reverse(debtor.outstanding), debtor.borrower);
    for debtors in currencies.values_mut() {
        if debtors.len() > LARGEST {
            debtors.select_nth_unstable_by_key(LARGEST, order);
            debtors.truncate(LARGEST);
        }
        debtors.sort_by_key(order);
    }
    currencies
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
        None => {
            let (size, block) = WHOLE;
            query.push(format!(" where size = {size} and block = {block} and $2 > 0"));
        }
        Some(prefix) => {
            push_blocks(query.push(" join "), &prefix);
            query.push(" on f.size = k.in_size and f.block = k.in_block");
            query.push(concat!(" union all ", include_str!("flows_of_changes.sql"), " and c.position > "));
            query.push_bind(prefix.rest_after);
        }
    }
    query.push(") f where on_day <= $1 group by 1, 2 order by 1, 2");
    query.build().fetch_all(&mut *snapshot.transaction).await
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
