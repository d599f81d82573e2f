//! The same commands through stock cqrs-es and postgres-es: `CqrsFramework` on its own table.

use std::sync::Arc;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateError, CqrsFramework};
use domain::decider::{DatedCommand, DecisionDay, WholeStream};
use domain::id::PaymentId;
use domain::loan::command::{Early, RecordRepayment};
use domain::loan::{Loan, LoanCommand};
use fastrand::Rng;
use postgres_es::{PostgresCqrs, PostgresEventRepository};
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgPool};
use uuid::Uuid;

use super::append::CALLERS;
use super::book::Book;
use super::load::{Caller, Load, Span, closed_loop};

/// The table as postgres-es 0.5 documents it, filled with the book's loans.
const TABLE: &str = "
    create table stock_events (
        aggregate_type text                         not null,
        aggregate_id   text                         not null,
        sequence       bigint check (sequence >= 0) not null,
        event_type     text                         not null,
        event_version  text                         not null,
        payload        json                         not null,
        metadata       json                         not null,
        primary key (aggregate_type, aggregate_id, sequence)
    );
    insert into stock_events
    select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata
      from events where sequence <= 10;
    analyze stock_events;";

pub(super) struct Stock {
    framework: Arc<PostgresCqrs<WholeStream<Loan>>>,
    pool: PgPool,
}

impl Stock {
    /// Copies the book into a stock table of the same database.
    pub(super) async fn prepare(url: &str) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(CALLERS)?)
            .connect_with(options.disable_statement_logging())
            .await?;
        pool.execute(TABLE).await?;
        let repository =
            PostgresEventRepository::new(pool.clone()).with_tables("stock_events", "stock_snapshots");
        let store = PersistedEventStore::new_event_store(repository);
        Ok(Self { framework: Arc::new(CqrsFramework::new(store, Vec::new(), ())), pool })
    }

    pub(super) async fn measure(&self, book: &Book, loans: Arc<[Uuid]>, span: Span) -> anyhow::Result<Load> {
        let payer = |number: usize| Payer {
            framework: Arc::clone(&self.framework),
            loans: Arc::clone(&loans),
            book: book.clone(),
            rng: Rng::with_seed(number as u64),
        };
        closed_loop((0..CALLERS).map(payer).collect(), span).await
    }

    pub(super) async fn close(self) {
        self.pool.close().await;
    }
}

struct Payer {
    framework: Arc<PostgresCqrs<WholeStream<Loan>>>,
    loans: Arc<[Uuid]>,
    book: Book,
    rng: Rng,
}

impl Caller for Payer {
    /// Pays once, and again for as long as another caller was faster.
    async fn call(&mut self) -> anyhow::Result<()> {
        let loan = self.loans[self.rng.usize(..self.loans.len())].to_string();
        loop {
            let command = LoanCommand::RecordRepayment(RecordRepayment {
                repayment_id: PaymentId::new(Uuid::now_v7()),
                on: self.book.today,
                amount: Decimal::ONE,
                external_id: None,
                early: Early::Installment,
                excess: None,
            });
            let dated = DatedCommand { command, day: DecisionDay::open(self.book.today) };
            match self.framework.execute(&loan, dated).await {
                Err(AggregateError::AggregateConflict) => {}
                executed => return Ok(executed?),
            }
        }
    }
}
