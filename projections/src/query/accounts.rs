//! The chart of accounts with balances: an account exists from its first line on.

use chrono::NaiveDate;
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{QueryBuilder, Row};
use utoipa::ToSchema;

use super::answer::{Answer, List, ReadProblems, answer};
use super::ledger::Chosen;
use super::loan_row::read_currency;
use super::point_in_time::KnownAt;
use super::request::{Limit, Params, ReadHeaders, Reading, day};
use super::{QueryState, State};
use crate::minor::from_sum;

/// What every account was debited and credited, of movements that follow.
pub(crate) const SUMS: &str =
    "select account, currency, sum(debits) as debits, sum(credits) as credits from ";

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
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

/// Every account with its balance, by name, then by currency.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "ledger", operation_id = "list_accounts",
    params(AccountPage, ReadHeaders),
    responses((status = 200, description = "A page of accounts", body = List<AccountView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(page): Params<AccountPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), read_place)?;
    let after = after.as_ref().map(|(account, currency)| (account.as_str(), currency.as_str()));
    let mut ledger = state.ledger(page.effective_on, page.known_at, &reading).await?;
    let as_of = ledger.snapshot.as_of;
    let mut query = QueryBuilder::new(SUMS);
    let chosen = Chosen { after, effective_on: page.effective_on, ..Chosen::default() };
    ledger.push_sums(&mut query, &chosen);
    query.push(" m group by account, currency order by account, currency limit ");
    query.push_bind(page.limit.and_one_more());
    let rows = query.build().fetch_all(&mut *ledger.snapshot.transaction).await?;
    let mut items = rows.iter().map(AccountView::read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(page.limit, &mut items, |last| format!("{} {}", last.account, last.currency));
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
