//! A book of loans that lived for years: month after month each is paid, now and then late in the log, or paid back.

use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};
use domain::TermsRequest;
use domain::id::{BorrowerId, DisbursementId, PaymentId};
use domain::loan::command::{Apply, Approve, Disburse, Early, RecordRepayment, Reverse};
use domain::loan::{Loan, LoanCommand};
use event_store::{CommandContext, Log, Metadata, Streams};
use fastrand::Rng;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rust_decimal::Decimal;
use serde_json::{Map, json};
use uuid::Uuid;

use crate::bench::append::CACHE_BYTES;
use crate::bench::load::{Caller, calls_each};

const LENDERS: usize = 256;
/// The events of a loan before its first repayment.
const EVENTS_BEFORE: usize = 3;
/// One loan in so many has a repayment that is recorded late, and another that bounces.
const DISORDERED: usize = 25;

/// The loans of the book, and one of 360 installments that was paid a thousand times.
pub(super) struct ReadBook {
    pub(super) loans: Arc<[Uuid]>,
    pub(super) long: Uuid,
}

/// Lends, then lets month after month pass, for all loans together, until there are about so many events.
pub(super) async fn live(
    log: &Log,
    loans: usize,
    events: usize,
    today: NaiveDate,
) -> anyhow::Result<ReadBook> {
    let streams = Arc::new(Streams::new(log.clone(), CACHE_BYTES));
    let mut rng = Rng::with_seed(11);
    let ids: Arc<[Uuid]> = (0..loans)
        .map(|_| uuid::Builder::from_random_bytes(rng.u128(..).to_le_bytes()).into_uuid())
        .collect();
    let months = (events / loans.max(1)).saturating_sub(EVENTS_BEFORE).max(1);
    let months = u32::try_from(months)?;
    let begin = today - Months::new(months + 1);
    let expected = (months as usize + EVENTS_BEFORE) * loans + 1_000;
    let progress = progress("appended", expected as u64);
    let life = Life { streams, begin, today, progress: progress.clone() };
    let long_lived = Uuid::from_u128(1 << 90);
    life.long(long_lived).await?;
    for month in 0..=months {
        let each = loans.div_ceil(LENDERS);
        let borrowers = ids.chunks(each).enumerate().map(|(part, left)| Borrower {
            life: life.clone(),
            left: left.iter().copied().enumerate().map(|(at, loan)| (part * each + at, loan)).collect(),
            month,
        });
        calls_each(borrowers.collect(), each).await?;
    }
    progress.finish();
    Ok(ReadBook { loans: ids, long: long_lived })
}

#[derive(Clone)]
struct Life {
    streams: Arc<Streams<Loan>>,
    begin: NaiveDate,
    today: NaiveDate,
    progress: ProgressBar,
}

struct Borrower {
    life: Life,
    left: Vec<(usize, Uuid)>,
    month: u32,
}

impl Caller for Borrower {
    async fn call(&mut self) -> anyhow::Result<()> {
        let Some((number, loan)) = self.left.pop() else { return Ok(()) };
        self.life.month(number, loan, self.month).await
    }
}

impl Life {
    /// What happens to a loan in a month: it is lent in the first, and paid on in each other.
    async fn month(&self, number: usize, loan: Uuid, month: u32) -> anyhow::Result<()> {
        let offset = Days::new(number as u64 % 28);
        let on = self.begin + Months::new(month) + offset;
        if month == 0 {
            return self.lend(loan, on, "10000.00", 60).await;
        }
        let payment = PaymentId::new(Uuid::from_u128(loan.as_u128() ^ u128::from(month)));
        let is_disordered = number.is_multiple_of(DISORDERED);
        // Recorded a month late.
        let on = if is_disordered && month % 12 == 5 { on - Days::new(40) } else { on };
        let on = on.max(self.begin + offset).min(self.today);
        self.execute(loan, &repay(payment, on, 150)).await?;
        if is_disordered && month % 12 == 9 {
            let on = (on + Days::new(3)).min(self.today);
            let reverse = Reverse { payment_id: payment, on, reason: "bounced".to_owned() };
            self.execute(loan, &LoanCommand::ReverseRepayment(reverse)).await?;
        }
        Ok(())
    }

    /// A loan of 360 installments with a thousand repayments.
    async fn long(&self, loan: Uuid) -> anyhow::Result<()> {
        let begin = self.today - Days::new(1_200);
        self.lend(loan, begin, "500000.00", 360).await?;
        for number in 1..=1_000_u32 {
            let payment = PaymentId::new(Uuid::from_u128(loan.as_u128() + u128::from(number)));
            self.execute(loan, &repay(payment, begin + Days::new(u64::from(number)), 300)).await?;
        }
        Ok(())
    }

    async fn lend(
        &self,
        loan: Uuid,
        on: NaiveDate,
        principal: &str,
        installments: u32,
    ) -> anyhow::Result<()> {
        let request: TermsRequest = serde_json::from_value(json!({
            "principal": principal, "currency": "BRL", "method": "price",
            "rate": { "value": "0.01", "per": "month", "compounding": "effective" },
            "day_count": "30/360", "installments": installments, "every": { "months": 1 },
        }))?;
        let terms = request.check().map_err(|errors| anyhow::anyhow!("the terms are refused: {errors:?}"))?;
        let apply = Apply {
            borrower_id: BorrowerId::new(loan),
            external_id: None,
            product: None,
            terms: Arc::new(terms),
            metadata: Map::new(),
        };
        let disburse = Disburse { disbursement_id: DisbursementId::new(loan), on, amount: None };
        for command in [
            LoanCommand::Apply(apply),
            LoanCommand::Approve(Approve { on, reason: None }),
            LoanCommand::Disburse(disburse),
        ] {
            self.execute(loan, &command).await?;
        }
        Ok(())
    }

    async fn execute(&self, loan: Uuid, command: &LoanCommand) -> anyhow::Result<()> {
        let context = CommandContext {
            today: self.today,
            key: None,
            expected_version: None,
            claims: Vec::new(),
            borrower: None,
            metadata: Metadata { actor: "bench".to_owned(), command: "Live", ..Metadata::default() },
            bundle: None,
        };
        self.streams.execute(loan, command, &context).await?;
        self.progress.inc(1);
        Ok(())
    }
}

/// On a terminal a bar; elsewhere nothing.
pub(super) fn progress(what: &'static str, events: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(events), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template(
        "  {msg} {bar:30} {human_pos} of about {human_len}, {per_sec}, {eta} left",
    );
    bar.set_style(style.expect("the template is valid"));
    bar.with_message(what)
}

fn repay(repayment_id: PaymentId, on: NaiveDate, amount: i64) -> LoanCommand {
    let (external_id, early, excess) = (None, Early::Installment, None);
    LoanCommand::RecordRepayment(RecordRepayment {
        repayment_id,
        on,
        amount: Decimal::from(amount),
        external_id,
        early,
        excess,
    })
}
