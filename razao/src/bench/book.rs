//! The book that everything is measured on: active loans with ten events each, posted through the command API.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{Days, NaiveDate};
use event_store::booking_day;
use fastrand::Rng;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::wire::Connection;
use crate::demo::tax_id::cnpj;

/// The loans over which commands are spread.
pub(super) const LOANS: usize = 10_000;
/// Loans apart from those, for what needs one of its own.
const APART: usize = 64;
/// The events of each loan: applied, approved, disbursed, and repayments.
const EVENTS: usize = 10;
const CONNECTIONS: usize = 64;
const PRODUCT: &str = "capital-de-giro";

/// The ids of the loans, and the day of the repayments.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) loans: Arc<[Uuid]>,
    apart: Arc<[Uuid]>,
    pub(super) today: NaiveDate,
}

impl Book {
    /// Posts the book to a server whose log is empty.
    pub(super) async fn post(server: SocketAddr) -> anyhow::Result<Self> {
        let loan = |number: usize| {
            let bytes = Rng::with_seed(number as u64).u128(..).to_le_bytes();
            uuid::Builder::from_random_bytes(bytes).into_uuid()
        };
        let today = booking_day(SystemTime::now().into());
        let product = json!({ "name": PRODUCT, "currency": "BRL" }).to_string();
        Connection::open(server).await?.command("/v1/products", "book-product", &product).await?;
        let mut posting = JoinSet::new();
        for first in 0..CONNECTIONS {
            posting.spawn(async move {
                let mut connection = Connection::open(server).await?;
                for number in (first..LOANS + APART).step_by(CONNECTIONS) {
                    post_loan(&mut connection, number, loan(number), today).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(posted) = posting.join_next().await {
            posted??;
        }
        let loans = (0..LOANS).map(loan).collect();
        Ok(Self { loans, apart: (LOANS..LOANS + APART).map(loan).collect(), today })
    }

    /// Loans that were lent otherwise.
    pub(super) fn of(loans: Arc<[Uuid]>, today: NaiveDate) -> Self {
        Self { apart: Arc::clone(&loans), loans, today }
    }

    /// One of the loans that are not among those of the spread.
    pub(super) fn apart(&self, number: usize) -> Arc<[Uuid]> {
        Arc::from([self.apart[number % self.apart.len()]])
    }
}

async fn post_loan(
    connection: &mut Connection,
    number: usize,
    loan: Uuid,
    today: NaiveDate,
) -> anyhow::Result<()> {
    let disbursed_on = today - Days::new(5);
    let application = json!({
        "id": loan,
        "borrower": { "tax_id": cnpj(&format!("1{number:07}0001")), "name": format!("Restaurante {number} Ltda") },
        "product": PRODUCT,
        "terms": {
            "principal": "10000000.00", "currency": "BRL", "method": "price",
            "rate": { "value": "0.0199", "per": "month", "compounding": "effective" },
            "day_count": "30/360", "installments": 12, "every": { "months": 1 },
        },
    });
    let path = format!("/v1/loans/{loan}");
    let on = json!({ "on": disbursed_on }).to_string();
    connection.command("/v1/loans", &format!("{loan}-apply"), &application.to_string()).await?;
    connection.command(&format!("{path}/approve"), &format!("{loan}-approve"), &on).await?;
    connection.command(&format!("{path}/disburse"), &format!("{loan}-disburse"), &on).await?;
    let repayment = json!({ "on": today, "amount": "1.00" }).to_string();
    for number in 3..EVENTS {
        let key = format!("{loan}-repayment-{number}");
        connection.command(&format!("{path}/repayments"), &key, &repayment).await?;
    }
    Ok(())
}
