//! A lender with loans of BRL 1,200.00 in four installments of 300.00, with 24.00, 18.00, 12.00 and 6.00 interest.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::Amount;
use domain::TermsRequest;
use domain::day_close::{self, AccrualsBooked, DayClose, DayCloseEvent};
use domain::id::{BorrowerId, DisbursementId, PaymentId};
use domain::journal::{Side, day_close_posting, loan_postings};
use domain::loan::command::{Apply, Approve, Disburse, Early, RecordRepayment, WriteOffLoan};
use domain::loan::{Loan, LoanCommand};
use domain::period::{self, Change, Month, PeriodCommand, Periods};
use event_store::{CommandContext, Log, Metadata, StoredStream, Streams, StreamsInOrder};
use futures::StreamExt;
use reactions::close_day::{CloseDayError, Closed, DayCloser, Progress};
use serde_json::{Map, json};
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) const TODAY: &str = "2026-12-31";
pub(crate) const DISBURSED: &str = "2026-01-15";

pub(crate) struct Lender {
    pub(crate) log: Log,
    pub(crate) closer: DayCloser,
    loans: Streams<Loan>,
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn loan_id(number: u128) -> Uuid {
    // Spread over the whole range, in the order of the numbers.
    Uuid::from_u128(number << 96)
}

impl Lender {
    pub(crate) async fn on(pool: &PgPool) -> Self {
        let options = (*pool.connect_options()).clone();
        Log::migrate(&options).await.unwrap();
        let log = Log::connect(&options).await.unwrap();
        let closer = DayCloser::new(log.clone(), "test");
        Self { loans: Streams::new(log.clone(), 1 << 20), closer, log }
    }

    /// With so many loans.
    pub(crate) async fn with_loans(pool: &PgPool, loans: u128) -> Self {
        let lender = Self::on(pool).await;
        // As many at once as do not wait for a connection until it is too late, however busy the machine is.
        let lent = futures::stream::iter(1..=loans);
        lent.for_each_concurrent(16, |number| lender.lend(number)).await;
        lender
    }

    pub(crate) async fn lend(&self, number: u128) {
        let request: TermsRequest = serde_json::from_value(json!({
            "principal": "1200.00", "currency": "BRL", "method": "sac",
            "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
            "installments": 4, "every": {"months": 1}
        }))
        .unwrap();
        let apply = Apply {
            borrower_id: BorrowerId::new(Uuid::from_u128(7)),
            external_id: None,
            product: None,
            terms: Arc::new(request.check().unwrap()),
            metadata: Map::new(),
        };
        let on = day(DISBURSED);
        let disbursement_id = DisbursementId::new(Uuid::from_u128(number));
        self.command(number, LoanCommand::Apply(apply)).await;
        self.command(number, LoanCommand::Approve(Approve { on, reason: None })).await;
        self.command(number, LoanCommand::Disburse(Disburse { disbursement_id, on, amount: None })).await;
    }

    pub(crate) async fn pay(&self, number: u128, on: &str, amount: &str) {
        self.command(
            number,
            LoanCommand::RecordRepayment(RecordRepayment {
                repayment_id: PaymentId::new(Uuid::new_v4()),
                on: day(on),
                amount: amount.parse().unwrap(),
                external_id: None,
                early: Early::Installment,
                excess: None,
            }),
        )
        .await;
    }

    pub(crate) async fn write_off(&self, number: u128, on: &str) {
        let write_off = WriteOffLoan { on: day(on), reason: "not recoverable".to_owned() };
        self.command(number, LoanCommand::WriteOff(write_off)).await;
    }

    pub(crate) async fn close_month(&self, month: &str) {
        let periods: Streams<Periods> = Streams::new(self.log.clone(), 1 << 20);
        let change = Change { month: Month::parse(month).unwrap(), reason: None };
        periods.execute(period::STREAM, &PeriodCommand::Close(change), &context()).await.unwrap();
    }

    pub(crate) async fn close(&self, on: &str) -> Result<Closed, CloseDayError> {
        self.close_while(on, |_| {}).await
    }

    pub(crate) async fn close_while(
        &self,
        on: &str,
        progress: impl FnMut(Progress),
    ) -> Result<Closed, CloseDayError> {
        let turn = loop {
            if let Some(turn) = self.closer.try_turn().await? {
                break turn;
            }
            tokio::task::yield_now().await;
        };
        self.closer.close_through(day(on), day(TODAY), &turn, progress).await
    }

    /// The days that were closed, in order.
    pub(crate) async fn closes(&self, on: &str) -> Vec<String> {
        match self.close(on).await.unwrap() {
            Closed::Days(days) => days.iter().map(|day| day.on.to_string()).collect(),
            Closed::Already => vec!["already".to_owned()],
        }
    }

    /// What was booked for a day, in order.
    pub(crate) async fn booked(&self, on: &str) -> Vec<AccrualsBooked> {
        let events = self.log.events_after::<DayClose>(day_close::stream(day(on)), 0, 10_000).await.unwrap();
        let booked = events.into_iter().filter_map(|stored| match stored.event {
            DayCloseEvent::AccrualsBooked(booked) => Some(booked),
            DayCloseEvent::Closed(_) => None,
        });
        booked.collect()
    }

    /// Each loan of a day by its number: what is receivable and what was earned.
    pub(crate) async fn accruals(&self, on: &str) -> Vec<String> {
        let booked = self.booked(on).await;
        let loans = booked.iter().flat_map(|booked| &booked.loans);
        loans
            .map(|accrual| {
                let number = accrual.loan.uuid().as_u128() >> 96;
                let lost =
                    if accrual.lost.is_zero() { String::new() } else { format!(" lost {}", accrual.lost) };
                format!("{number}: {} {}{lost}", accrual.receivable, accrual.earned)
            })
            .collect()
    }

    /// Every account of the log, debits less credits; and that all postings balance.
    pub(crate) async fn accounts(&self) -> Vec<String> {
        let mut postings = Vec::new();
        let mut loans = StreamsInOrder::open::<Loan>(&self.log, None, i64::MAX).await.unwrap();
        while let Some(page) = loans.next().await.unwrap() {
            for event in page.iter().flat_map(StoredStream::events::<Loan>) {
                postings.extend(loan_postings(&event.unwrap()));
            }
        }
        let mut days = StreamsInOrder::open::<DayClose>(&self.log, None, i64::MAX).await.unwrap();
        while let Some(page) = days.next().await.unwrap() {
            for event in page.iter().flat_map(StoredStream::events::<DayClose>) {
                postings.extend(day_close_posting(&event.unwrap()));
            }
        }
        let mut accounts = std::collections::BTreeMap::new();
        for posting in postings {
            let mut sum = Amount::ZERO;
            for line in posting.lines {
                let signed = if line.side == Side::Debit { line.amount } else { line.amount.negated() };
                let account = accounts.entry(line.account.to_string()).or_insert(Amount::ZERO);
                *account = account.plus(signed);
                sum = sum.plus(signed);
            }
            assert!(sum.is_zero(), "a posting sums to zero");
        }
        let moved = accounts.into_iter().filter(|(_, sum)| !sum.is_zero());
        moved.map(|(account, sum)| format!("{account} {sum}")).collect()
    }

    async fn command(&self, number: u128, command: LoanCommand) {
        self.loans.execute(loan_id(number), &command, &context()).await.unwrap();
    }
}

fn context() -> CommandContext {
    CommandContext {
        today: day(TODAY),
        key: None,
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        metadata: Metadata::default(),
        bundle: None,
    }
}
