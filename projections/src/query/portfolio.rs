//! The portfolio as it stood on a day: by product, status, days past due and month, who owes most, and the stages of
//! provisioning.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use domain::component::Components;
use domain::loan::Status;
use domain::period::Month;
use domain::{Amount, Currency};
use event_store::Borrower;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::loan::{Balances, BorrowerView};
use super::point_in_time::{KnownAt, in_known_years};
use super::portfolio_sums::{BUCKETS, CurrencySums, Debtor, Flow, Part};
use super::request::{Params, ReadHeaders, Reading, day, invalid};
use super::{QueryState, State};
use crate::minor::{from_sum, to_minor};

/// The stages of Res. CMN 4.966/2021 art. 37 by days past due alone: from 31 on credit risk counts as significantly
/// increased, from 91 on as a problem asset (art. 3).
const STAGES: [(u8, u32); 3] = [(1, 0), (2, 31), (3, 91)];

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PortfolioOn {
    /// The day on which the loans are seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(default, deserialize_with = "day")]
    on: Option<NaiveDate>,
    /// The same as `on`.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

#[derive(Serialize, ToSchema)]
struct PortfolioAnswer {
    on: NaiveDate,
    currencies: Vec<Portfolio>,
    as_of: AsOf,
}

/// The loans in one currency. Each as it stood after its last event by the day.
#[derive(Serialize, ToSchema)]
struct Portfolio {
    currency: Currency,
    /// How many were disbursed.
    loans: i64,
    /// What is owed, write-offs apart.
    outstanding: Balances,
    disbursed: Amount,
    /// What was received, less what was reversed and given back by the day.
    collected: Amount,
    /// What write-offs took off the books, less those undone by the day.
    written_off: Amount,
    /// What of `collected` came after a write-off.
    recovered: Amount,
    by_product: Vec<ProductShare>,
    by_status: Vec<StatusShare>,
    by_days_past_due: Vec<BucketShare>,
    /// What moved in each month, by value date: a reversal in the month of its own.
    by_month: Vec<MonthFlow>,
    /// Who owes most, the ten largest.
    concentration: Vec<BorrowerShare>,
    /// The stages of provisioning (Res. CMN 4.966/2021) by days past due alone; whether a borrower is unlikely to pay
    /// for other reasons is not known here. Write-offs apart.
    stages: Vec<StageShare>,
}

#[derive(Serialize, ToSchema)]
struct ProductShare {
    /// Null for loans without one.
    product: Option<String>,
    loans: i64,
    outstanding: Balances,
}

#[derive(Serialize, ToSchema)]
struct StatusShare {
    status: Status,
    loans: i64,
    /// Of written-off loans what is still owed, which is in no other sum.
    outstanding: Balances,
}

#[derive(Serialize, ToSchema)]
struct BucketShare {
    /// Calendar days past due: `0`, `1-15`, `16-30`, `31-60`, `61-90`, `91-180`, `181-360` or `over-360`.
    days_past_due: &'static str,
    loans: i64,
    outstanding: Balances,
}

#[derive(Serialize, ToSchema)]
struct MonthFlow {
    #[schema(value_type = Month)]
    month: String,
    disbursed: Amount,
    collected: Amount,
    written_off: Amount,
    recovered: Amount,
}

#[derive(Serialize, ToSchema)]
struct BorrowerShare {
    borrower: BorrowerView,
    loans: i64,
    outstanding: Amount,
    /// Of all that is outstanding, as a fraction to four decimals.
    share: Decimal,
}

#[derive(Serialize, ToSchema)]
struct StageShare {
    stage: u8,
    /// The least days past due.
    days_past_due_from: u32,
    loans: i64,
    outstanding: Balances,
}

/// Loans, and what is outstanding of them.
#[derive(Clone, Copy)]
struct Sums {
    loans: i64,
    outstanding: Components,
}

const NOTHING: Sums = Sums { loans: 0, outstanding: Components::NOTHING };

/// What is outstanding by product, status and days past due, what was disbursed, collected and lost in each month, who
/// owes most, and the stages of provisioning, as of a day.
#[utoipa::path(
    get, path = "/v1/portfolio", tag = "loans", operation_id = "find_portfolio",
    params(PortfolioOn, ReadHeaders),
    responses((status = 200, description = "The portfolio", body = PortfolioAnswer), ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    Params(params): Params<PortfolioOn>,
    reading: Reading,
) -> Answer {
    let on = params.on.or(params.effective_on);
    if params.effective_on.is_some_and(|day| Some(day) != on) {
        return Err(invalid("effective_on", "another day than `on`, which means the same").into());
    }
    if let Some(day) = params.on {
        in_known_years("on", day)?;
    }
    let (mut snapshot, moment) = state.loans_at(on, params.known_at, &reading).await?;
    let as_of = snapshot.as_of;
    let sums = state.portfolio_sums(&mut snapshot, &moment).await?;
    let debtors: Vec<Uuid> =
        sums.values().flat_map(|sums| &sums.debtors).map(|debtor| debtor.borrower).collect();
    let borrowers = state.names(&debtors, &reading).await?;
    let currencies = sums.into_iter().map(|(currency, sums)| Portfolio::of(currency, sums, &borrowers));
    let currencies = currencies.collect();
    let body = PortfolioAnswer { on: moment.day, currencies, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

/// What the parts of a portfolio come to, put together in each way.
struct Shares {
    all: Sums,
    products: BTreeMap<Option<String>, Sums>,
    /// In the order of [`Status::ALL`].
    statuses: [Sums; Status::ALL.len()],
    buckets: [Sums; BUCKETS.len()],
    stages: [Sums; STAGES.len()],
}

impl Portfolio {
    fn of(currency: Currency, sums: CurrencySums, borrowers: &HashMap<Uuid, Borrower>) -> Self {
        let shares = Shares::of(sums.parts);
        let flow = sums.months.values().fold(Flow::default(), |sum, flow| sum.plus(*flow));
        let total = Decimal::from(to_minor(shares.all.outstanding.total(), currency));
        let months = sums.months.iter().map(|(month, flow)| MonthFlow::of(*month, *flow, currency));
        let debtors = sums.debtors.iter().map(|debtor| BorrowerShare::of(debtor, total, currency, borrowers));
        Self {
            currency,
            loans: shares.all.loans,
            outstanding: shares.all.balances(currency),
            disbursed: from_sum(flow.disbursed, currency),
            collected: from_sum(flow.collected, currency),
            written_off: from_sum(flow.written_off, currency),
            recovered: from_sum(flow.recovered, currency),
            by_status: shares.by_status(currency),
            by_days_past_due: shares.by_days_past_due(currency),
            by_month: months.collect(),
            concentration: debtors.collect(),
            stages: shares.by_stage(currency),
            by_product: shares.by_product(currency),
        }
    }
}

impl Shares {
    fn of(parts: Vec<Part>) -> Self {
        let mut shares = Self {
            all: NOTHING,
            products: BTreeMap::new(),
            statuses: [NOTHING; Status::ALL.len()],
            buckets: [NOTHING; BUCKETS.len()],
            stages: [NOTHING; STAGES.len()],
        };
        for part in parts {
            let owed = part.owed();
            shares.all.add(owed);
            shares.buckets[part.bucket].add(owed);
            if part.status == Status::Active {
                let days = BUCKETS[part.bucket].1;
                let stage = STAGES.iter().rposition(|(_, from)| *from <= days).unwrap_or(0);
                shares.stages[stage].add(owed);
            }
            let status = Status::ALL.iter().position(|status| *status == part.status);
            shares.statuses[status.expect("all are there")]
                .add(Sums { loans: part.loans, outstanding: part.outstanding });
            shares.products.entry(part.product).or_insert(NOTHING).add(owed);
        }
        shares
    }

    fn by_product(self, currency: Currency) -> Vec<ProductShare> {
        let products = self.products.into_iter().map(|(product, sums)| ProductShare {
            product,
            loans: sums.loans,
            outstanding: sums.balances(currency),
        });
        products.collect()
    }

    fn by_status(&self, currency: Currency) -> Vec<StatusShare> {
        let statuses = Status::ALL.into_iter().zip(self.statuses).filter(|(_, sums)| sums.loans > 0);
        let statuses = statuses.map(|(status, sums)| StatusShare {
            status,
            loans: sums.loans,
            outstanding: sums.balances(currency),
        });
        statuses.collect()
    }

    fn by_days_past_due(&self, currency: Currency) -> Vec<BucketShare> {
        let buckets = BUCKETS.iter().zip(self.buckets).map(|((days_past_due, _), sums)| BucketShare {
            days_past_due,
            loans: sums.loans,
            outstanding: sums.balances(currency),
        });
        buckets.collect()
    }

    fn by_stage(&self, currency: Currency) -> Vec<StageShare> {
        let stages = STAGES.iter().zip(self.stages).map(|((stage, from), sums)| StageShare {
            stage: *stage,
            days_past_due_from: *from,
            loans: sums.loans,
            outstanding: sums.balances(currency),
        });
        stages.collect()
    }
}

impl Part {
    /// What is owed of it, where it is not lost.
    fn owed(&self) -> Sums {
        let is_lost = self.status == Status::WrittenOff;
        Sums { loans: self.loans, outstanding: if is_lost { Components::NOTHING } else { self.outstanding } }
    }
}

impl MonthFlow {
    fn of(month: NaiveDate, flow: Flow, currency: Currency) -> Self {
        Self {
            month: Month::of(month).to_string(),
            disbursed: from_sum(flow.disbursed, currency),
            collected: from_sum(flow.collected, currency),
            written_off: from_sum(flow.written_off, currency),
            recovered: from_sum(flow.recovered, currency),
        }
    }
}

impl BorrowerShare {
    fn of(debtor: &Debtor, total: Decimal, currency: Currency, borrowers: &HashMap<Uuid, Borrower>) -> Self {
        let mut borrower = BorrowerView::unnamed(debtor.borrower);
        borrower.name_from(borrowers);
        let mut share = (debtor.outstanding / total).round_dp(4);
        share.rescale(4);
        Self { borrower, loans: debtor.loans, outstanding: from_sum(debtor.outstanding, currency), share }
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.loans += other.loans;
        self.outstanding = self.outstanding.plus(other.outstanding);
    }

    fn balances(self, currency: Currency) -> Balances {
        Balances::of(self.outstanding, currency)
    }
}
