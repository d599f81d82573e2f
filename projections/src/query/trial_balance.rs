//! The trial balance of a day: every account, and sums that are zero.

use axum::extract::State;
use chrono::NaiveDate;
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::QueryState;
use super::accounts::AccountView;
use super::answer::{Answer, AsOf, ReadProblems, answer};
use super::request::{Params, ReadHeaders, Reading};
use crate::daily_balances;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialBalanceOf {
    /// At the end of this day, by booking date: today by default.
    on: Option<NaiveDate>,
    /// Only this currency.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
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
    get, path = "/v1/trial-balance", tag = "ledger",
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
    let mut snapshot = state.snapshot(&daily_balances::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let rows = sqlx::query(include_str!("trial_balance.sql"))
        .bind(on)
        .bind(params.currency.map(Currency::code))
        .fetch_all(&mut *snapshot.transaction)
        .await?;
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
