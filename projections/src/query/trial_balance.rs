//! The trial balance of a day: every account, and sums that are zero.

use chrono::NaiveDate;
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use utoipa::ToSchema;

use super::accounts::{AccountView, SUMS};
use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::ledger::Chosen;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::{Params, ReadHeaders, Reading, day};
use super::{QueryState, State};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialBalanceOf {
    /// At the end of this day, by booking date: today by default.
    #[serde(default, deserialize_with = "day")]
    on: Option<NaiveDate>,
    /// Only this currency.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

#[derive(Serialize, ToSchema)]
struct TrialBalanceAnswer {
    on: NaiveDate,
    items: Vec<AccountView>,
    /// The sums of each currency: debits equal credits.
    totals: Vec<TrialBalanceTotal>,
    as_of: AsOf,
}

#[derive(Serialize, ToSchema)]
struct TrialBalanceTotal {
    currency: Currency,
    debits: Amount,
    credits: Amount,
    /// Debits less credits: zero.
    balance: Amount,
}

/// Every account's debits, credits and balance at the end of a day.
#[utoipa::path(
    get, path = "/v1/trial-balance", tag = "ledger", operation_id = "find_trial_balance",
    params(TrialBalanceOf, ReadHeaders),
    responses((status = 200, description = "The trial balance", body = TrialBalanceAnswer), ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    Params(params): Params<TrialBalanceOf>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let on = params.on.unwrap_or(today);
    in_known_years("on", on)?;
    let mut ledger = state.ledger(params.effective_on, params.known_at, &reading).await?;
    let as_of = ledger.snapshot.as_of;
    let mut query = QueryBuilder::new(SUMS);
    let (currency, effective_on) = (params.currency, params.effective_on);
    let chosen = Chosen { currency, booked_by: Some(on), effective_on, ..Chosen::default() };
    ledger.push_sums(&mut query, &chosen);
    query.push(" m group by account, currency order by currency, account");
    let rows = query.build().fetch_all(&mut *ledger.snapshot.transaction).await?;
    let items = rows.iter().map(AccountView::read).collect::<Result<Vec<_>, _>>()?;
    let totals = totals(&items);
    Ok(answer(&reading, as_of, today, TrialBalanceAnswer { on, items, totals, as_of }))
}

fn totals(items: &[AccountView]) -> Vec<TrialBalanceTotal> {
    let mut totals: Vec<TrialBalanceTotal> = Vec::new();
    for item in items {
        match totals.last_mut().filter(|total| total.currency == item.currency) {
            Some(total) => {
                total.debits = total.debits.plus(item.debits);
                total.credits = total.credits.plus(item.credits);
                total.balance = total.balance.plus(item.balance);
            }
            None => totals.push(TrialBalanceTotal {
                currency: item.currency,
                debits: item.debits,
                credits: item.credits,
                balance: item.balance,
            }),
        }
    }
    totals
}
