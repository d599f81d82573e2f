//! What an account was debited and credited, laid out day by day.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{Amount, Currency};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::minor::from_sum;

/// An account's balance on one day. A balance is debits less credits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DailyBalance {
    pub(crate) account: String,
    pub(crate) currency: Currency,
    pub(crate) date: NaiveDate,
    pub(crate) opening: Amount,
    pub(crate) debits: Amount,
    pub(crate) credits: Amount,
    pub(crate) closing: Amount,
    /// The position of the last event that `closing` is made of; null where nothing moved by then. It stays until an
    /// event moves this day or one before it.
    pub(crate) position: Option<i64>,
}

/// An account in one currency.
pub(crate) type Key = (String, String);

/// What moved on a day, in the currency's smallest unit.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Movement {
    pub(crate) account: String,
    pub(crate) currency: String,
    /// None: before the first day.
    pub(crate) day: Option<NaiveDate>,
    pub(crate) debits: Decimal,
    pub(crate) credits: Decimal,
    pub(crate) last_position: i64,
}

/// What is listed: these days, from a place on.
pub(crate) struct Days {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) after: Option<(Key, NaiveDate)>,
    pub(crate) limit: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    debits: Decimal,
    credits: Decimal,
    last_position: Option<i64>,
}

impl Movement {
    pub(crate) fn key(&self) -> Key {
        (self.account.clone(), self.currency.clone())
    }
}

impl Days {
    /// Every day of every account, one more than the page has at most.
    pub(crate) fn balances(
        &self,
        keys: &[Key],
        movements: Vec<Movement>,
    ) -> Result<Vec<DailyBalance>, sqlx::Error> {
        let mut moved: HashMap<Key, HashMap<Option<NaiveDate>, Sums>> = HashMap::new();
        for movement in movements {
            let day = movement.day.filter(|day| *day >= self.from);
            let days = moved.entry(movement.key()).or_default();
            days.entry(day).or_default().add(&movement);
        }
        let mut items = Vec::new();
        for key in keys {
            let days = moved.remove(key).unwrap_or_default();
            let before = days.get(&None).copied().unwrap_or_default();
            let (mut balance, mut position) = (before.debits - before.credits, before.last_position);
            let currency: Currency = key.1.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            for date in self.from.iter_days().take_while(|day| *day <= self.to) {
                let sums = days.get(&Some(date)).copied().unwrap_or_default();
                let opening = balance;
                balance += sums.debits - sums.credits;
                position = position.max(sums.last_position);
                if self.after.as_ref().is_some_and(|(last, day)| last == key && date <= *day) {
                    continue;
                }
                if items.len() > self.limit {
                    return Ok(items);
                }
                items.push(DailyBalance {
                    account: key.0.clone(),
                    currency,
                    date,
                    opening: from_sum(opening, currency),
                    debits: from_sum(sums.debits, currency),
                    credits: from_sum(sums.credits, currency),
                    closing: from_sum(balance, currency),
                    position,
                });
            }
        }
        Ok(items)
    }
}

impl Sums {
    fn add(&mut self, movement: &Movement) {
        self.debits += movement.debits;
        self.credits += movement.credits;
        self.last_position = self.last_position.max(Some(movement.last_position));
    }
}

pub(crate) fn read_place(place: &str) -> Option<(Key, NaiveDate)> {
    let (key, day) = place.rsplit_once(' ')?;
    let (account, currency) = key.split_once(' ')?;
    Some(((account.to_owned(), currency.to_owned()), day.parse().ok()?))
}
