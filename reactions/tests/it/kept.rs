//! What is kept of quiet loans is what they come to, whatever happens to the others and to what is kept.

use std::collections::BTreeMap;

use chrono::Days;
use domain::loan::{Loan, LoanHistory};
use event_store::StreamsInOrder;
use sqlx::PgPool;

use crate::lender::{Lender, day};

/// Each loan's receivable on a day, derived from its events alone.
async fn derived(lender: &Lender, on: &str) -> BTreeMap<uuid::Uuid, String> {
    let mut receivable = BTreeMap::new();
    let mut loans = StreamsInOrder::open::<Loan>(&lender.log, None, i64::MAX).await.unwrap();
    while let Some(page) = loans.next().await.unwrap() {
        for stream in page {
            let history: LoanHistory = stream.history::<Loan>().unwrap();
            let unreceived = history.known().unreceived(day(on)).unwrap().unwrap();
            if !unreceived.interest.is_zero() {
                receivable.insert(stream.id, unreceived.interest.to_string());
            }
        }
    }
    receivable
}

async fn booked(lender: &Lender, on: &str) -> BTreeMap<uuid::Uuid, String> {
    let booked = lender.booked(on).await;
    let loans =
        booked.iter().flat_map(|booked| &booked.loans).filter(|accrual| !accrual.receivable.is_zero());
    loans.map(|accrual| (accrual.loan.uuid(), accrual.receivable.to_string())).collect()
}

#[sqlx::test(migrations = false)]
async fn day_after_day_each_loan_has_the_interest_that_its_events_come_to(pool: PgPool) {
    const LOANS: u128 = 60;
    let lender = Lender::with_loans(&pool, LOANS).await;
    for number in 0..45_u64 {
        let on = (day("2026-02-01") + Days::new(number)).to_string();
        // On some days something happens to some loans, dated then or before.
        if number % 4 == 1 {
            lender.pay(1 + u128::from(number) * 7 % LOANS, &on, "30.00").await;
        }
        if number % 9 == 5 {
            lender.pay(1 + u128::from(number) * 11 % LOANS, "2026-01-25", "12.00").await;
        }
        if number == 20 {
            lender.lend(LOANS + 1).await;
            lender.write_off(3, &on).await;
        }
        match number {
            // Part of what is kept is lost, all of it, or it cannot be read.
            12 => run(&pool, SOME).await,
            25 => run(&pool, "truncate derived").await,
            33 => run(&pool, "update derived set value = '{}'").await,
            _ => {}
        }
        lender.close(&on).await.unwrap();
        let mut derived = derived(&lender, &on).await;
        if number >= 20 {
            derived.remove(&crate::lender::loan_id(3));
        }
        assert_eq!(booked(&lender, &on).await, derived, "{on}");
    }
}

/// Of about half of the loans.
const SOME: &str = "delete from derived where stream_id > '00000020-0000-0000-0000-000000000000'";

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}
