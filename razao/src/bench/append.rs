//! One-event commands in process: decide, allocate, append, each caller waiting until its event is durable.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::id::PaymentId;
use domain::loan::command::{Early, RecordRepayment};
use domain::loan::{Loan, LoanCommand};
use event_store::{CommandContext, IdempotencyKey, Log, Metadata, Streams};
use fastrand::Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::book::Book;
use super::load::{Caller, Load, Span, calls_each, closed_loop};

pub(super) const CALLERS: usize = 32;
/// As much memory for states as the server takes by default.
pub(super) const CACHE_BYTES: u64 = 64 << 20;

/// A caller of the event store that pays a little on one loan after another.
pub(super) struct Payer {
    streams: Arc<Streams<Loan>>,
    loans: Arc<[Uuid]>,
    today: NaiveDate,
    rng: Rng,
}

impl Caller for Payer {
    async fn call(&mut self) -> anyhow::Result<()> {
        let loan = self.loans[self.rng.usize(..self.loans.len())];
        pay(&self.streams, loan, self.today).await
    }
}

/// Measures the loans of the spread, or one apart.
pub(super) async fn measure(log: &Log, book: &Book, loans: Arc<[Uuid]>, span: Span) -> anyhow::Result<Load> {
    let streams = Arc::new(Streams::new(log.clone(), CACHE_BYTES));
    warm(&streams, book, &loans).await?;
    closed_loop(payers(&streams, book, &loans, CALLERS), span).await
}

/// Appends so many events to the loans of the spread, as fast as it goes.
pub(super) async fn fill(log: &Log, book: &Book, loans: Arc<[Uuid]>, events: usize) -> anyhow::Result<()> {
    const FILLERS: usize = 256;
    let streams = Arc::new(Streams::new(log.clone(), CACHE_BYTES));
    calls_each(payers(&streams, book, &loans, FILLERS), events.div_ceil(FILLERS)).await
}

/// Pays once on a loan.
pub(super) async fn pay(streams: &Streams<Loan>, loan: Uuid, today: NaiveDate) -> anyhow::Result<()> {
    let id = Uuid::now_v7();
    let key: Arc<str> = id.to_string().into();
    let command = LoanCommand::RecordRepayment(RecordRepayment {
        repayment_id: PaymentId::new(id),
        on: today,
        amount: Decimal::ONE,
        external_id: None,
        early: Early::Installment,
        excess: None,
    });
    let context = CommandContext {
        today,
        key: Some(IdempotencyKey { client: "bench".into(), key: Arc::clone(&key), request_hash: [7; 32] }),
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        metadata: Metadata {
            actor: "bench".to_owned(),
            command: "RecordRepayment",
            idempotency_key: Some(key),
            correlation_id: id.to_string(),
            causation_id: None,
            accepted_by: None,
            reason: None,
            engine: env!("CARGO_PKG_VERSION"),
            ..Metadata::default()
        },
        bundle: None,
    };
    streams.execute(loan, &command, &context).await?;
    Ok(())
}

fn payers(streams: &Arc<Streams<Loan>>, book: &Book, loans: &Arc<[Uuid]>, count: usize) -> Vec<Payer> {
    let payer = |number: usize| Payer {
        streams: Arc::clone(streams),
        loans: Arc::clone(loans),
        today: book.today,
        rng: Rng::with_seed(number as u64),
    };
    (0..count).map(payer).collect()
}

/// Pays once on every loan, so that what is measured is the steady state and not the first loading.
async fn warm(streams: &Arc<Streams<Loan>>, book: &Book, loans: &Arc<[Uuid]>) -> anyhow::Result<()> {
    let once = loans.chunks(loans.len().div_ceil(CALLERS)).map(|part| OnceEach {
        streams: Arc::clone(streams),
        left: part.to_vec(),
        today: book.today,
    });
    calls_each(once.collect(), loans.len().div_ceil(CALLERS)).await
}

struct OnceEach {
    streams: Arc<Streams<Loan>>,
    left: Vec<Uuid>,
    today: NaiveDate,
}

impl Caller for OnceEach {
    async fn call(&mut self) -> anyhow::Result<()> {
        match self.left.pop() {
            Some(loan) => pay(&self.streams, loan, self.today).await,
            None => Ok(()),
        }
    }
}
