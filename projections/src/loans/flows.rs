//! What was disbursed, collected, written off and recovered on each value date, and in each block of the log.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::step::Step;
use crate::daily_balances::blocks::{SIZES, WHOLE, block_of};

const LOANS: &str = "select loan_id, currency, coalesce(product, '') from standings where loan_id = any($1)";

/// A block, a currency, a product and a day. In order, so that two writers cannot block each other.
type Key<'a> = (i32, i64, &'a str, &'a str, NaiveDate);

#[derive(Default)]
struct Sums([i128; 4]);

/// Adds what the events of a page came to. The loans themselves are written by then.
pub(super) async fn write(
    steps: &BTreeMap<Uuid, Vec<Step>>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let flowing = steps.iter().filter(|(_, steps)| steps.iter().any(|step| flow(step) != [0; 4]));
    let flowing: Vec<Uuid> = flowing.map(|(loan, _)| *loan).collect();
    if flowing.is_empty() {
        return Ok(());
    }
    let loans: Vec<(Uuid, String, String)> =
        sqlx::query_as(LOANS).bind(&flowing).fetch_all(&mut *connection).await?;
    let loans: HashMap<Uuid, (String, String)> =
        loans.into_iter().map(|(loan, currency, product)| (loan, (currency, product))).collect();
    let mut flows: BTreeMap<Key<'_>, Sums> = BTreeMap::new();
    for loan in &flowing {
        let Some((currency, product)) = loans.get(loan) else { continue };
        for step in &steps[loan] {
            let flow = flow(step);
            if flow == [0; 4] {
                continue;
            }
            let blocks = SIZES.map(|size| (size, block_of(step.position, size)));
            for (size, block) in blocks.into_iter().chain([WHOLE]) {
                flows.entry((size.cast_signed(), block, currency, product, step.on)).or_default().add(flow);
            }
        }
    }
    upsert(&flows, connection).await
}

fn flow(step: &Step) -> [i64; 4] {
    let disbursed = step.disbursed.map_or(0, |(amount, _)| amount);
    [disbursed, step.received, step.written_off, step.recovered]
}

impl Sums {
    fn add(&mut self, flow: [i64; 4]) {
        for (sum, amount) in self.0.iter_mut().zip(flow) {
            *sum += i128::from(amount);
        }
    }
}

async fn upsert(flows: &BTreeMap<Key<'_>, Sums>, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let keys = || flows.keys();
    let mut query = sqlx::query(include_str!("upsert_flows.sql"))
        .bind(keys().map(|key| key.0).collect::<Vec<_>>())
        .bind(keys().map(|key| key.1).collect::<Vec<_>>())
        .bind(keys().map(|key| key.2).collect::<Vec<_>>())
        .bind(keys().map(|key| key.3).collect::<Vec<_>>())
        .bind(keys().map(|key| key.4).collect::<Vec<_>>());
    for column in 0..4 {
        let amounts = flows.values().map(|sums| Decimal::from_i128_with_scale(sums.0[column], 0));
        query = query.bind(amounts.collect::<Vec<_>>());
    }
    query.execute(connection).await?;
    Ok(())
}
