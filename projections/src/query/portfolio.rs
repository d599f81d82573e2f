//! The portfolio as it stands today: by product and by days past due.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::NaiveDate;
use domain::component::Components;
use domain::{Amount, Currency};
use problems::{NOT_SUPPORTED, ProblemDetails};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::{IntoResponses, ToSchema};

use super::QueryState;
use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::loan::Balances;
use super::loan_row::{read_components, read_currency};
use super::request::{Params, ReadHeaders, Reading};
use crate::loans;
use crate::minor::from_minor;

/// The buckets of days past due (LENDING §14): each ends where the next begins.
const BUCKETS: [(&str, u32); 8] = [
    ("0", 0),
    ("1-15", 1),
    ("16-30", 16),
    ("31-60", 31),
    ("61-90", 61),
    ("91-180", 91),
    ("181-360", 181),
    ("over-360", 361),
];

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PortfolioOn {
    /// Today, the only day for which there is an answer yet.
    on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
struct PortfolioAnswer {
    on: NaiveDate,
    currencies: Vec<Portfolio>,
    as_of: AsOf,
}

/// The loans in one currency.
#[derive(Serialize, ToSchema)]
struct Portfolio {
    currency: Currency,
    /// How many were disbursed.
    loans: i64,
    /// What is owed, write-offs apart.
    outstanding: Balances,
    disbursed: Amount,
    /// What was received and neither reversed nor given back.
    collected: Amount,
    /// What write-offs that stand took off the books.
    written_off: Amount,
    /// What of `collected` came after a write-off.
    recovered: Amount,
    by_product: Vec<ProductShare>,
    by_days_past_due: Vec<BucketShare>,
}

#[derive(Serialize, ToSchema)]
struct ProductShare {
    /// Null for loans without one.
    product: Option<String>,
    loans: i64,
    outstanding: Balances,
}

#[derive(Serialize, ToSchema)]
struct BucketShare {
    /// Calendar days past due: `0`, `1-15`, `16-30`, `31-60`, `61-90`, `91-180`, `181-360` or `over-360`.
    days_past_due: &'static str,
    loans: i64,
    outstanding: Balances,
}

#[derive(IntoResponses)]
#[allow(dead_code, reason = "only documents")]
enum OnlyToday {
    /// `not_supported`: the portfolio of another day than today.
    #[response(status = 422, content_type = "application/problem+json")]
    NotSupported(ProblemDetails),
}

/// Loans, and what is outstanding of them.
#[derive(Clone, Copy)]
struct Sums {
    loans: i64,
    outstanding: Components,
}

const NOTHING: Sums = Sums { loans: 0, outstanding: Components::NOTHING };

/// What is outstanding by product and by days past due, what was disbursed and what was collected.
#[utoipa::path(
    get, path = "/v1/portfolio", tag = "loans",
    params(PortfolioOn, ReadHeaders),
    responses((status = 200, description = "The portfolio", body = PortfolioAnswer), OnlyToday, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    Params(params): Params<PortfolioOn>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    if let Some(on) = params.on.filter(|on| *on != today) {
        let detail = format!("the portfolio is known for today, {today}, and not for {on}");
        return Err(NOT_SUPPORTED.because(detail).in_field("on").into());
    }
    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let starts: Vec<i32> = BUCKETS[1..].iter().map(|(_, start)| start.cast_signed()).collect();
    let rows = sqlx::query(include_str!("portfolio.sql"))
        .bind(today)
        .bind(starts)
        .fetch_all(&mut *snapshot.transaction)
        .await?;
    let mut by_currency: BTreeMap<Currency, Vec<PgRow>> = BTreeMap::new();
    for row in rows {
        by_currency.entry(read_currency(&row)?).or_default().push(row);
    }
    let currencies = by_currency.into_iter().map(|(currency, rows)| Portfolio::of(currency, &rows));
    let currencies = currencies.collect::<Result<_, _>>()?;
    Ok(answer(&reading, as_of, today, PortfolioAnswer { on: today, currencies, as_of }))
}

impl Portfolio {
    fn of(currency: Currency, rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let mut all = NOTHING;
        let (mut disbursed, mut collected, mut written_off, mut recovered) = (0, 0, 0, 0);
        let mut products: BTreeMap<Option<String>, Sums> = BTreeMap::new();
        let mut buckets = [NOTHING; BUCKETS.len()];
        for row in rows {
            let sums = Sums { loans: row.try_get("loans")?, outstanding: read_components(row, currency)? };
            disbursed += row.try_get::<i64, _>("disbursed")?;
            collected += row.try_get::<i64, _>("collected")?;
            written_off += row.try_get::<i64, _>("written_off")?;
            recovered += row.try_get::<i64, _>("recovered")?;
            let bucket: i32 = row.try_get("bucket")?;
            all.add(sums);
            products.entry(row.try_get("product")?).or_insert(NOTHING).add(sums);
            buckets[usize::try_from(bucket).unwrap_or(0)].add(sums);
        }
        let outstanding = |sums: Sums| Balances::of(sums.outstanding, currency);
        let by_product = products.into_iter().map(|(product, sums)| ProductShare {
            product,
            loans: sums.loans,
            outstanding: outstanding(sums),
        });
        let by_days_past_due = BUCKETS.iter().zip(buckets).map(|((days_past_due, _), sums)| BucketShare {
            days_past_due,
            loans: sums.loans,
            outstanding: outstanding(sums),
        });
        Ok(Self {
            currency,
            loans: all.loans,
            outstanding: outstanding(all),
            disbursed: from_minor(disbursed, currency),
            collected: from_minor(collected, currency),
            written_off: from_minor(written_off, currency),
            recovered: from_minor(recovered, currency),
            by_product: by_product.collect(),
            by_days_past_due: by_days_past_due.collect(),
        })
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.loans += other.loans;
        self.outstanding = self.outstanding.plus(other.outstanding);
    }
}
