//! A book of many active loans, decided in process: applied for, approved, disbursed, and two payments, all before the
//! days that are closed.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use domain::TermsRequest;
use domain::id::{BorrowerId, DisbursementId, PaymentId};
use domain::loan::command::{Apply, Approve, Disburse, Early, RecordRepayment};
use domain::loan::{Loan, LoanCommand};
use event_store::{CommandContext, Log, Metadata, Streams};
use fastrand::Rng;
use rust_decimal::Decimal;
use serde_json::{Map, json};
use uuid::Uuid;

use crate::bench::append::CACHE_BYTES;
use crate::bench::load::{Caller, calls_each};

/// How long ago the loans were disbursed.
pub(super) const AGE: Days = Days::new(75);
const LENDERS: usize = 256;

/// Lends so many times; the ids of the loans.
pub(in crate::bench) async fn lend(log: &Log, loans: usize, today: NaiveDate) -> anyhow::Result<Arc<[Uuid]>> {
    let streams = Arc::new(Streams::new(log.clone(), CACHE_BYTES));
    let mut rng = Rng::with_seed(7);
    let ids: Arc<[Uuid]> = (0..loans)
        .map(|_| uuid::Builder::from_random_bytes(rng.u128(..).to_le_bytes()).into_uuid())
        .collect();
    let each = loans.div_ceil(LENDERS);
    let lenders =
        ids.chunks(each).map(|part| Lender { streams: Arc::clone(&streams), left: part.to_vec(), today });
    calls_each(lenders.collect(), each).await?;
    Ok(ids)
}

struct Lender {
    streams: Arc<Streams<Loan>>,
    left: Vec<Uuid>,
    today: NaiveDate,
}

impl Caller for Lender {
    async fn call(&mut self) -> anyhow::Result<()> {
        let Some(loan) = self.left.pop() else { return Ok(()) };
        let context = CommandContext {
            today: self.today,
            key: None,
            expected_version: None,
            claims: Vec::new(),
            borrower: None,
            metadata: Metadata { actor: "bench".to_owned(), command: "Lend", ..Metadata::default() },
            bundle: None,
        };
        for command in commands(loan, self.today - AGE)? {
            self.streams.execute(loan, &command, &context).await?;
        }
        Ok(())
    }
}

fn commands(loan: Uuid, on: NaiveDate) -> anyhow::Result<[LoanCommand; 5]> {
    let request: TermsRequest = serde_json::from_value(json!({
        "principal": "10000.00", "currency": "BRL", "method": "price",
        "rate": { "value": "0.0199", "per": "month", "compounding": "effective" },
        "day_count": "30/360", "installments": 12, "every": { "months": 1 },
    }))?;
    let terms = request.check().map_err(|errors| anyhow::anyhow!("the terms are refused: {errors:?}"))?;
    let pay = |days, nth: u128| {
        LoanCommand::RecordRepayment(RecordRepayment {
            repayment_id: PaymentId::new(Uuid::from_u128(loan.as_u128() ^ nth)),
            on: on + Days::new(days),
            amount: Decimal::from(945),
            external_id: None,
            early: Early::Installment,
            excess: None,
        })
    };
    Ok([
        LoanCommand::Apply(Apply {
            borrower_id: BorrowerId::new(loan),
            external_id: None,
            product: None,
            terms: Arc::new(terms),
            metadata: Map::new(),
        }),
        LoanCommand::Approve(Approve { on, reason: None }),
        LoanCommand::Disburse(Disburse { disbursement_id: DisbursementId::new(loan), on, amount: None }),
        pay(15, 1),
        pay(30, 2),
    ])
}
