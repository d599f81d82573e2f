//! Daily balances: what each account was debited and credited on each day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::Currency;
use domain::journal::{Account, Side};
use futures::FutureExt;
use futures::future::BoxFuture;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::event::{Event, StreamKind};
use crate::minor::to_minor;
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "daily_balances",
    schema: "read_balances",
    tables: &[Table { name: "daily_balances", key: "account, currency, day" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: "",
    kinds: &[StreamKind::Loan, StreamKind::Entry, StreamKind::DayClose],
    begin: || Box::new(Movements::default()),
};

/// What moved in a page, by day, account and currency. In order, so that two writers cannot block each other.
#[derive(Default)]
struct Movements(BTreeMap<(NaiveDate, Account, Currency), Sums>);

#[derive(Default)]
struct Sums {
    debits: i128,
    credits: i128,
}

impl Changes for Movements {
    fn fold(&mut self, event: &Event) {
        for posting in &event.postings {
            for line in &posting.lines {
                let key = (posting.booked_on, line.account.clone(), line.currency);
                let sums = self.0.entry(key).or_default();
                let amount = i128::from(to_minor(line.amount, line.currency));
                match line.side {
                    Side::Debit => sums.debits += amount,
                    Side::Credit => sums.credits += amount,
                }
            }
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        upsert(*self, connection).boxed()
    }
}

async fn upsert(movements: Movements, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let rows = &movements.0;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("upsert.sql"))
        .bind(rows.keys().map(|(_, account, _)| account.as_str()).collect::<Vec<_>>())
        .bind(rows.keys().map(|(_, _, currency)| currency.code()).collect::<Vec<_>>())
        .bind(rows.keys().map(|(day, _, _)| *day).collect::<Vec<_>>())
        .bind(rows.values().map(|sums| Decimal::from_i128_with_scale(sums.debits, 0)).collect::<Vec<_>>())
        .bind(rows.values().map(|sums| Decimal::from_i128_with_scale(sums.credits, 0)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
