//! What `razao verify` finds, in logs that were tampered with.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use std::sync::Arc;

use chrono::NaiveDate;
use domain::TermsRequest;
use domain::id::{BorrowerId, DisbursementId, PaymentId};
use domain::loan::command::{Apply, Approve, Disburse, Early, RecordRepayment};
use domain::loan::{Loan, LoanCommand};
use event_store::{CommandContext, Log, Metadata, Streams};
use razao::verify::pace::Pace;
use razao::verify::{Checked, Difference, Fault, check_log, recalculate};
use serde_json::{Map, json};
use sqlx::PgPool;
use uuid::Uuid;

/// A log with a loan of which one installment is paid: 300.00 and 24.00 of interest.
async fn log_with_a_loan(pool: &PgPool) -> Log {
    let options = (*pool.connect_options()).clone();
    Log::migrate(&options).await.unwrap();
    let log = Log::connect(&options).await.unwrap();
    let request: TermsRequest = serde_json::from_value(json!({
        "principal": "1200.00", "currency": "BRL", "method": "sac",
        "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 4, "every": {"months": 1}
    }))
    .unwrap();
    let on = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (loan, disbursed) = (Uuid::from_u128(1), on("2026-01-15"));
    let apply = Apply {
        borrower_id: BorrowerId::new(loan),
        external_id: None,
        product: None,
        terms: Arc::new(request.check().unwrap()),
        metadata: Map::new(),
    };
    let repayment = RecordRepayment {
        repayment_id: PaymentId::new(Uuid::from_u128(2)),
        on: on("2026-02-15"),
        amount: "324.00".parse().unwrap(),
        external_id: None,
        early: Early::Installment,
        excess: None,
    };
    let disbursement_id = DisbursementId::new(loan);
    let loans: Streams<Loan> = Streams::new(log.clone(), 1 << 20);
    for command in [
        LoanCommand::Apply(apply),
        LoanCommand::Approve(Approve { on: disbursed, reason: None }),
        LoanCommand::Disburse(Disburse { disbursement_id, on: disbursed, amount: None }),
        LoanCommand::RecordRepayment(repayment),
    ] {
        let context = CommandContext {
            today: on("2026-12-31"),
            key: None,
            expected_version: None,
            claims: Vec::new(),
            borrower: None,
            metadata: Metadata::default(),
            bundle: None,
        };
        loans.execute(loan, &command, &context).await.unwrap();
    }
    log
}

/// Copies the loan to another, with one text in its events in place of another.
async fn copy(pool: &PgPool, to: u128, text: &str, instead: &str) {
    const COPY: &str = "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
        metadata) select aggregate_type, $1, sequence, event_type, event_version, replace(payload::text, $2, $3)::json, \
        metadata from events where aggregate_id = $4 order by sequence";
    let id = |number| Uuid::from_u128(number).to_string();
    let copied = sqlx::query(COPY).bind(id(to)).bind(text).bind(instead).bind(id(1)).execute(pool).await;
    assert_eq!(copied.unwrap().rows_affected(), 4);
}

async fn differences(log: &Log) -> (Checked, Vec<Difference>) {
    let (head, mut found) = (log.head().await.unwrap().position, Vec::new());
    let checked = recalculate(log, head, |_| {}, &mut |difference| found.push(difference)).await.unwrap();
    assert_eq!(checked.found, found.len() as u64);
    (checked, found)
}

async fn faults(log: &Log) -> Vec<Fault> {
    let (head, mut found) = (log.head().await.unwrap().position, Vec::new());
    let pace = &mut Pace::new(None);
    let checked = check_log(log, head, pace, |_| {}, &mut |fault| found.push(fault)).await.unwrap();
    assert_eq!(checked.found, found.len() as u64);
    found
}

/// Adds an event as a writer would that knows no rules.
async fn add(pool: &PgPool, stream: (&str, u128), sequence: i64, event_type: &str, payload: &str) {
    const ADD: &str = "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
        metadata) values ($1, $2, $3, $4, '1', $5::json, '{}')";
    let id = Uuid::from_u128(stream.1).to_string();
    let added = sqlx::query(ADD).bind(stream.0).bind(id).bind(sequence).bind(event_type).bind(payload);
    added.execute(pool).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_sound_log_has_nothing_to_be_found(pool: PgPool) {
    let log = log_with_a_loan(&pool).await;
    copy(&pool, 9, "nothing of that", "kind").await;
    assert_eq!(faults(&log).await, []);
    assert_eq!(differences(&log).await, (Checked { events: 8, loans: 2, found: 0 }, Vec::new()));
}

#[sqlx::test(migrations = false)]
async fn each_cent_that_was_recorded_otherwise_is_told(pool: PgPool) {
    let log = log_with_a_loan(&pool).await;
    copy(&pool, 9, r#""interest":"24.00""#, r#""interest":"23.99""#).await;
    let (checked, found) = differences(&log).await;
    assert_eq!((checked.events, checked.loans), (8, 2));
    assert!(found.iter().all(|difference| difference.loan == Uuid::from_u128(9)), "{found:#?}");
    let of_the_payment: Vec<_> = found
        .iter()
        .filter_map(|difference| {
            let Difference { fact, what, recorded, recalculated, .. } = difference;
            let fact = (*fact)?;
            Some(format!("{} {} {what} {recorded} {recalculated}", fact.number, fact.on))
        })
        .collect();
    assert_eq!(of_the_payment, ["2 2026-02-15 installment 1: covered interest 23.99 24.00"]);
    let of_the_loan: Vec<_> = found
        .iter()
        .filter(|difference| difference.fact.is_none())
        .map(|other| other.what.as_str())
        .collect();
    assert_eq!(of_the_loan, ["installment 1: due interest", "installment 1: paid interest"]);
}

#[sqlx::test(migrations = false)]
async fn a_loan_whose_events_contradict_each_other_is_told(pool: PgPool) {
    let log = log_with_a_loan(&pool).await;
    copy(&pool, 9, r#""installment":1"#, r#""installment":77"#).await;
    let (_, found) = differences(&log).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].recalculated, "contradict each other");
}

#[sqlx::test(migrations = false)]
async fn what_is_missing_is_told(pool: PgPool) {
    let log = log_with_a_loan(&pool).await;
    let tamper = "alter table events disable trigger only_append";
    sqlx::query(tamper).execute(&pool).await.unwrap();
    sqlx::query("delete from events where position in (2, 4)").execute(&pool).await.unwrap();
    let found = faults(&log).await;
    let missing = Fault::SequencesMissing {
        stream_type: "Loan".to_owned(),
        stream_id: Uuid::from_u128(1).to_string(),
        events: 2,
        first: 1,
        last: 3,
    };
    let gap = Fault::PositionsMissing { after: 1, before: 3 };
    assert_eq!(found, [gap, Fault::HeadElsewhere { head: 4, last: 3 }, missing]);
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_read_or_does_not_balance_is_told(pool: PgPool) {
    let log = log_with_a_loan(&pool).await;
    add(&pool, ("Loan", 7), 1, "LoanApproved", r#"{"on": "2026-02-30"}"#).await;
    let lines = json!([
        {"account": "expenses:rent", "debit": "2.00"},
        {"account": "assets:cash", "credit": "1.00"}
    ]);
    let posted = json!({"on": "2026-02-01", "description": "rent", "currency": "BRL", "lines": lines});
    add(&pool, ("Entry", 8), 1, "EntryPosted", &posted.to_string()).await;
    add(&pool, ("Unknown", 8), 1, "Anything", "{}").await;
    let found = faults(&log).await;
    assert!(matches!(&found[0], Fault::Unreadable { position: 5, .. }), "{found:?}");
    assert_eq!(found[1], Fault::Unbalanced { position: 6, event_type: "EntryPosted".to_owned() });
    assert_eq!(found.len(), 2);
}
