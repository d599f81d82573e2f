//! A small book in a database of its own, sealed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use audit::keys::Keys;
use audit::note::Verifier;
use chrono::NaiveDate;
use domain::TermsRequest;
use domain::id::{BorrowerId, DisbursementId, PaymentId};
use domain::loan::command::{Apply, Approve, Disburse, Early, RecordRepayment};
use domain::loan::{Loan, LoanCommand};
use event_store::{CommandContext, IdempotencyKey, Log, Metadata, Streams};
use reactions::Sealer;
use serde_json::{Map, json};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A log of which everything is sealed, and its keys.
pub(crate) struct Book {
    pub(crate) pool: PgPool,
    pub(crate) log: Log,
    home: TempDir,
}

impl Book {
    /// A book with so many loans of four events each.
    pub(crate) async fn sealed(pool: &PgPool, loans: u128) -> Self {
        let book = Self::open(pool).await;
        book.lend(1..=loans).await;
        book.seal().await;
        book
    }

    /// A book without anything.
    pub(crate) async fn open(pool: &PgPool) -> Self {
        let options = (*pool.connect_options()).clone();
        Log::migrate(&options).await.unwrap();
        let log = Log::connect(&options).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        Keys::create(home.path(), "lender.example/log").unwrap();
        Self { pool: pool.clone(), log, home }
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    pub(crate) fn verifiers(&self) -> Vec<Verifier> {
        Keys::load(self.home.path()).unwrap().verifiers()
    }

    pub(crate) fn sealer(&self) -> Sealer {
        Sealer { log: self.log.clone(), keys: self.keys(), every: Duration::ZERO, anchors: Vec::new() }
    }

    /// One in another process than that which appends: it has nothing but what Postgres has.
    pub(crate) async fn sealer_elsewhere(&self) -> Sealer {
        Sealer { log: Log::connect(&self.pool.connect_options()).await.unwrap(), ..self.sealer() }
    }

    /// Lends, each loan under its number, and receives one installment of each.
    pub(crate) async fn lend(&self, numbers: impl IntoIterator<Item = u128>) {
        let loans: Streams<Loan> = Streams::new(self.log.clone(), 1 << 20);
        for number in numbers {
            for (step, command) in commands(number).into_iter().enumerate() {
                let key = format!("{number}-{step}");
                let context = CommandContext {
                    today: on("2026-12-31"),
                    key: Some(IdempotencyKey {
                        client: "local".into(),
                        key: key.into(),
                        request_hash: [7; 32],
                    }),
                    expected_version: None,
                    claims: Vec::new(),
                    borrower: None,
                    metadata: Metadata::default(),
                    bundle: None,
                };
                loans.execute(Uuid::from_u128(number), &command, &context).await.unwrap();
            }
        }
    }

    /// Seals all there is.
    pub(crate) async fn seal(&self) -> i64 {
        let head = self.log.head().await.unwrap().position;
        let stop = CancellationToken::new();
        let sealing = tokio::spawn(self.sealer().run(stop.clone()));
        self.until_sealed(head).await;
        stop.cancel();
        sealing.await.unwrap();
        head
    }

    pub(crate) async fn until_sealed(&self, position: i64) {
        let sealed = async {
            while self.sealed_to().await < position {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), sealed).await.expect("it is sealed within a minute");
    }

    pub(crate) async fn sealed_to(&self) -> i64 {
        self.log.latest_checkpoint().await.unwrap().map_or(0, |latest| latest.size)
    }

    /// Does to the database what only its owner can: without triggers.
    pub(crate) async fn tamper(&self, statements: &str) {
        let mut connection = self.pool.acquire().await.unwrap();
        let statements =
            format!("set session_replication_role = replica; {statements}; reset session_replication_role");
        sqlx::raw_sql(&statements).execute(&mut *connection).await.unwrap();
    }
}

pub(crate) fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn commands(number: u128) -> [LoanCommand; 4] {
    let request: TermsRequest = serde_json::from_value(json!({
        "principal": "1200.00", "currency": "BRL", "method": "sac",
        "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 4, "every": {"months": 1}
    }))
    .unwrap();
    let id = Uuid::from_u128(number);
    let apply = Apply {
        borrower_id: BorrowerId::new(id),
        external_id: None,
        product: None,
        terms: Arc::new(request.check().unwrap()),
        metadata: Map::new(),
    };
    let repayment = RecordRepayment {
        repayment_id: PaymentId::new(Uuid::from_u128(number + (1 << 64))),
        on: on("2026-02-15"),
        amount: "324.00".parse().unwrap(),
        external_id: None,
        early: Early::Installment,
        excess: None,
    };
    let disbursed = on("2026-01-15");
    let disbursement_id = DisbursementId::new(id);
    [
        LoanCommand::Apply(apply),
        LoanCommand::Approve(Approve { on: disbursed, reason: None }),
        LoanCommand::Disburse(Disburse { disbursement_id, on: disbursed, amount: None }),
        LoanCommand::RecordRepayment(repayment),
    ]
}
