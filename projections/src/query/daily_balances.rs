//! The balances of accounts day by day, days without movement included.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{Days, NaiveDate};
use domain::journal::Account;
use domain::{Amount, Currency};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::QueryState;
use super::answer::{Answer, List, ReadProblems, Refused, answer};
use super::request::{Limit, Params, ReadHeaders, Reading, decode_cursor, invalid};
use crate::daily_balances;
use crate::minor::from_sum;

/// How far back the first day is by default.
const DAYS_BACK: Days = Days::new(30);

/// An account's balance on one day, by booking date. A balance is debits less credits.
#[derive(Debug, Serialize, ToSchema)]
struct DailyBalance {
    account: String,
    currency: Currency,
    date: NaiveDate,
    opening: Amount,
    debits: Amount,
    credits: Amount,
    closing: Amount,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyBalancesOf {
    /// Only this account.
    account: Option<String>,
    /// 30 days before `to` by default.
    from: Option<NaiveDate>,
    /// Today by default.
    to: Option<NaiveDate>,
    /// Only this currency.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

/// An account in one currency.
type Key = (String, String);

/// What is listed: these days, from a place on.
struct Wanted {
    from: NaiveDate,
    to: NaiveDate,
    after: Option<(Key, NaiveDate)>,
    limit: Limit,
}

/// Opening and closing balances with the movements of each day, by account, currency and day.
#[utoipa::path(
    get, path = "/v1/balances/daily", tag = "ledger",
    params(DailyBalancesOf, ReadHeaders),
    responses((status = 200, description = "A page of balances", body = List<DailyBalance>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(params): Params<DailyBalancesOf>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let after = decode_cursor(params.after.as_deref(), read_place)?;
    let to = params.to.unwrap_or(today);
    let from = params.from.or_else(|| to.checked_sub_days(DAYS_BACK)).unwrap_or(to);
    if from > to {
        return Err(invalid("from", format!("{from} is after `to`, {to}")).into());
    }
    if let Some(account) = &params.account {
        Account::parse(account).map_err(|error| invalid("account", error.to_string()))?;
    }
    let wanted = Wanted { from, to, after, limit: params.limit };
    let mut snapshot = state.snapshot(&daily_balances::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let keys = wanted.keys(&mut snapshot.transaction, params.account, params.currency).await?;
    let mut items = wanted.days_of(&mut snapshot.transaction, &keys).await?;
    let next =
        params.limit.page(&mut items, |last| format!("{} {} {}", last.account, last.currency, last.date));
    Ok(answer(&reading, as_of, today, List { items, next, as_of }))
}

impl Wanted {
    /// The accounts of this page: no more than it has room for.
    async fn keys(
        &self,
        connection: &mut PgConnection,
        account: Option<String>,
        currency: Option<Currency>,
    ) -> Result<Vec<Key>, sqlx::Error> {
        let days = usize::try_from((self.to - self.from).num_days() + 1).unwrap_or(usize::MAX);
        let room = i64::try_from(self.limit.count() / days + 2).expect("at most a thousand");
        let begin = self.after.as_ref().map(|(key, _)| key.clone()).unwrap_or_default();
        sqlx::query_as(include_str!("daily_balances_accounts.sql"))
            .bind(begin.0)
            .bind(begin.1)
            .bind(account)
            .bind(currency.map(Currency::code))
            .bind(room)
            .fetch_all(connection)
            .await
    }

    /// Every day of every account, one more than the page has at most.
    async fn days_of(
        &self,
        connection: &mut PgConnection,
        keys: &[Key],
    ) -> Result<Vec<DailyBalance>, Refused> {
        let (accounts, currencies): (Vec<&str>, Vec<&str>) =
            keys.iter().map(|(account, currency)| (account.as_str(), currency.as_str())).unzip();
        let opening: Vec<(String, String, Decimal)> =
            sqlx::query_as(include_str!("daily_balances_opening.sql"))
                .bind(&accounts)
                .bind(&currencies)
                .bind(self.from)
                .fetch_all(&mut *connection)
                .await?;
        let moved: Vec<(String, String, NaiveDate, Decimal, Decimal)> =
            sqlx::query_as(include_str!("daily_balances_moved.sql"))
                .bind(&accounts)
                .bind(&currencies)
                .bind(self.from)
                .bind(self.to)
                .fetch_all(connection)
                .await?;
        let mut opening: HashMap<Key, Decimal> =
            opening.into_iter().map(|(account, currency, sum)| ((account, currency), sum)).collect();
        let moved: HashMap<(Key, NaiveDate), (Decimal, Decimal)> = moved
            .into_iter()
            .map(|(account, currency, day, debits, credits)| (((account, currency), day), (debits, credits)))
            .collect();
        let mut items = Vec::new();
        for key in keys {
            let mut balance = opening.remove(key).unwrap_or_default();
            let currency: Currency = key.1.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            for date in self.from.iter_days().take_while(|day| *day <= self.to) {
                let (debits, credits) = moved.get(&(key.clone(), date)).copied().unwrap_or_default();
                let opening = balance;
                balance += debits - credits;
                if self.after.as_ref().is_some_and(|(last, day)| last == key && date <= *day) {
                    continue;
                }
                if items.len() > self.limit.count() {
                    return Ok(items);
                }
                items.push(DailyBalance {
                    account: key.0.clone(),
                    currency,
                    date,
                    opening: from_sum(opening, currency),
                    debits: from_sum(debits, currency),
                    credits: from_sum(credits, currency),
                    closing: from_sum(balance, currency),
                });
            }
        }
        Ok(items)
    }
}

fn read_place(place: &str) -> Option<(Key, NaiveDate)> {
    let (key, day) = place.rsplit_once(' ')?;
    let (account, currency) = key.split_once(' ')?;
    Some(((account.to_owned(), currency.to_owned()), day.parse().ok()?))
}
