//! Daily balances: what each account was debited and credited on each day, and in each block of the log, with their sums by
//! months.

pub(crate) mod blocks;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};
use domain::Currency;
use domain::journal::{Account, Side};
use domain::loan::LoanEvent;
use futures::FutureExt;
use futures::future::BoxFuture;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::{Event, Fact, StreamKind};
use crate::minor::to_minor;
use crate::read_model::{Changes, ReadModel, Table};
use blocks::{LARGEST, SIZES, WHOLE, block_of};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "daily_balances",
    schema: "read_balances",
    tables: &[
        Table { name: "daily_balances", key: "account, currency, booked_on, value_date, product" },
        Table {
            name: "block_balances",
            key: "size, block, account, currency, booked_on, value_date, product",
        },
        Table {
            name: "monthly_balances",
            key: "size, block, account, currency, booked_month, value_month, product",
        },
        Table { name: "loan_products", key: "loan_id" },
    ],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: include_str!("views.sql"),
    kinds: &[StreamKind::Loan, StreamKind::Entry, StreamKind::DayClose],
    begin: || Box::new(Movements::default()),
};

const COPY_LOANS: &str = "copy loan_products (loan_id, product) from stdin (format binary)";

const PRODUCTS: &str = "select loan_id, product from loan_products where loan_id = any($1)";

/// What moved in a page: by its smallest block and by loan, whose product may be known only when it is written.
#[derive(Default)]
struct Movements {
    applied: HashMap<Uuid, String>,
    moved: HashMap<(i64, Option<Uuid>, Key), Sums>,
}

/// An account in one currency on one day. In order, so that two writers cannot block each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    booked_on: NaiveDate,
    account: Account,
    currency: Currency,
    value_date: NaiveDate,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    debits: i128,
    credits: i128,
    last_position: i64,
}

impl Changes for Movements {
    fn fold(&mut self, event: &Event) {
        let loan = matches!(event.fact, Fact::Loan(_)).then_some(event.stream_id);
        if let Fact::Loan(fact) = &event.fact
            && let LoanEvent::Applied(applied) = &**fact
        {
            let product = applied.product.as_deref().map(storable).unwrap_or_default();
            self.applied.insert(event.stream_id, product.into_owned());
        }
        let block = block_of(event.position, SIZES[0]);
        for posting in &event.postings {
            for line in &posting.lines {
                let key = Key {
                    booked_on: posting.booked_on,
                    account: line.account.clone(),
                    currency: line.currency,
                    value_date: event.value_date.unwrap_or(posting.booked_on),
                };
                let amount = i128::from(to_minor(line.amount, line.currency));
                let (debits, credits) = match line.side {
                    Side::Debit => (amount, 0),
                    Side::Credit => (0, amount),
                };
                let sums = Sums { debits, credits, last_position: event.position };
                self.moved.entry((block, loan, key)).or_default().add(sums);
            }
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            let mut loans = CopyRows::new(2);
            for (loan, product) in &self.applied {
                loans.row().uuid(*loan).text(product.as_str());
            }
            loans.write(connection, COPY_LOANS).await?;
            let products = self.products(connection).await?;
            let (mut days, mut blocks) = (Rows::new(), Blocks::new());
            for ((block, loan, key), sums) in &self.moved {
                let product = loan.and_then(|loan| products.get(&loan)).map_or("", String::as_str);
                days.entry((Cow::Borrowed(key), product)).or_default().add(*sums);
                for size in SIZES {
                    let rows = blocks.entry((size, block >> (size - SIZES[0]))).or_default();
                    rows.entry((Cow::Borrowed(key), product)).or_default().add(*sums);
                }
            }
            let months = by_months(&blocks);
            upsert(include_str!("upsert_days.sql"), &days.into_iter().collect::<Vec<_>>(), None, connection)
                .await?;
            upsert_by_blocks(include_str!("upsert_blocks.sql"), blocks, connection).await?;
            upsert_by_blocks(include_str!("upsert_months.sql"), months, connection).await
        }
        .boxed()
    }
}

/// By days, account and product.
type Rows<'a> = BTreeMap<(Cow<'a, Key>, &'a str), Sums>;
/// By size and number.
type Blocks<'a> = BTreeMap<(u32, i64), Rows<'a>>;

impl Key {
    /// The months of its days, by their first.
    fn of_month(&self) -> Self {
        let first = |day: NaiveDate| day.with_day(1).expect("each month has a first day");
        Self { booked_on: first(self.booked_on), value_date: first(self.value_date), ..self.clone() }
    }
}

impl Movements {
    /// The products of the loans that moved.
    async fn products(&self, connection: &mut PgConnection) -> Result<HashMap<Uuid, String>, sqlx::Error> {
        let mut products = self.applied.clone();
        let moved = self.moved.keys().filter_map(|(_, loan, _)| *loan);
        let mut earlier: Vec<Uuid> = moved.filter(|loan| !products.contains_key(loan)).collect();
        earlier.sort_unstable();
        earlier.dedup();
        if !earlier.is_empty() {
            let known: Vec<(Uuid, String)> =
                sqlx::query_as(PRODUCTS).bind(&earlier).fetch_all(connection).await?;
            products.extend(known);
        }
        Ok(products)
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.debits += other.debits;
        self.credits += other.credits;
        self.last_position = self.last_position.max(other.last_position);
    }
}

/// The sums of the blocks by months, and those of the whole log.
fn by_months<'a>(blocks: &Blocks<'a>) -> Blocks<'a> {
    let mut months = Blocks::new();
    for (place, rows) in blocks {
        let mut of_block = Rows::new();
        for ((key, product), sums) in rows {
            of_block.entry((Cow::Owned(key.of_month()), *product)).or_default().add(*sums);
        }
        if place.0 == LARGEST {
            // What the largest blocks have is all that moved.
            let whole = months.entry(WHOLE).or_default();
            for (row, sums) in &of_block {
                whole.entry(row.clone()).or_default().add(*sums);
            }
        }
        months.insert(*place, of_block);
    }
    months
}

async fn upsert_by_blocks(
    statement: &'static str,
    blocks: Blocks<'_>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let places = blocks
        .iter()
        .flat_map(|((size, block), rows)| rows.iter().map(move |_| (size.cast_signed(), *block)));
    let places: Vec<(i32, i64)> = places.collect();
    let rows: Vec<_> = blocks.into_values().flatten().collect();
    upsert(statement, &rows, Some(&places), connection).await
}

async fn upsert(
    statement: &'static str,
    rows: &[((Cow<'_, Key>, &str), Sums)],
    places: Option<&[(i32, i64)]>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys = || rows.iter().map(|((key, _), _)| key);
    let amount = |amount: i128| Decimal::from_i128_with_scale(amount, 0);
    let mut query = sqlx::query(statement)
        .bind(keys().map(|key| key.account.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.currency.code()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.booked_on).collect::<Vec<_>>())
        .bind(keys().map(|key| key.value_date).collect::<Vec<_>>())
        .bind(rows.iter().map(|((_, product), _)| *product).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, sums)| amount(sums.debits)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, sums)| amount(sums.credits)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, sums)| sums.last_position).collect::<Vec<_>>());
    if let Some(places) = places {
        let (sizes, blocks): (Vec<i32>, Vec<i64>) = places.iter().copied().unzip();
        query = query.bind(sizes).bind(blocks);
    }
    query.execute(connection).await?;
    Ok(())
}
