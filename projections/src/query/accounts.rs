//! The chart of accounts with balances: an account exists from its first line on.

use axum::extract::State;
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use super::QueryState;
use super::answer::{Answer, List, ReadProblems, answer};
use super::loan_row::read_currency;
use super::request::{Limit, Params, ReadHeaders, Reading, decode_cursor};
use crate::daily_balances;
use crate::minor::from_sum;

/// An account in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountView {
    pub(crate) account: String,
    pub(crate) currency: Currency,
    pub(crate) debits: Amount,
    pub(crate) credits: Amount,
    /// Debits less credits.
    pub(crate) balance: Amount,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Every account with its balance, by name, then by currency.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "ledger",
    params(AccountPage, ReadHeaders),
    responses((status = 200, description = "A page of accounts", body = List<AccountView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(page): Params<AccountPage>,
    reading: Reading,
) -> Answer {
    let after = decode_cursor(page.after.as_deref(), read_place)?.unwrap_or_default();
    let mut snapshot = state.snapshot(&daily_balances::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let rows = sqlx::query(include_str!("accounts.sql"))
        .bind(after.0)
        .bind(after.1)
        .bind(page.limit.and_one_more())
        .fetch_all(&mut *snapshot.transaction)
        .await?;
    let mut items = rows.iter().map(AccountView::read).collect::<Result<Vec<_>, _>>()?;
    let next = page.limit.page(&mut items, |last| format!("{} {}", last.account, last.currency));
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

/// The account and the currency that a cursor stands for.
pub(crate) fn read_place(place: &str) -> Option<(String, String)> {
    let (account, currency) = place.split_once(' ')?;
    Some((account.to_owned(), currency.to_owned()))
}

impl AccountView {
    pub(crate) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let currency = read_currency(row)?;
        let debits = from_sum(row.try_get("debits")?, currency);
        let credits = from_sum(row.try_get("credits")?, currency);
        let balance = debits.minus(credits);
        Ok(Self { account: row.try_get("account")?, currency, debits, credits, balance })
    }
}
