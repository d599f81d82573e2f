//! A day is closed exactly once, whatever happens meanwhile.

use domain::day_close::{self, DayClose};
use domain::decider::Decider;
use event_store::Streams;
use reactions::close_day::{CloseDayError, Closed};
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::lender::{Lender, day};

/// More than two events' worth, so that a close can be cut short between them.
const MANY: u128 = 1_100;

#[sqlx::test(migrations = false)]
async fn each_day_books_what_the_one_before_did_not(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 3).await;
    assert_eq!(lender.closes("2026-01-30").await, ["2026-01-30"]);
    assert_eq!(lender.accruals("2026-01-30").await, ["1: 11.61 11.61", "2: 11.61 11.61", "3: 11.61 11.61"]);
    lender.pay(2, "2026-01-31", "100.00").await;
    assert_eq!(lender.closes("2026-01-31").await, ["2026-01-31"]);
    // What was received of it on the day is receivable no more.
    assert_eq!(lender.accruals("2026-01-31").await, ["1: 12.39 0.78", "2: -11.61 -23.22", "3: 12.39 0.78"]);
    let accounts = lender.accounts().await;
    assert!(accounts.contains(&"assets:loans:interest 13.17".to_owned()), "{accounts:?}");
    assert!(accounts.contains(&"income:interest -37.17".to_owned()), "{accounts:?}");
}

#[sqlx::test(migrations = false)]
async fn a_closed_day_is_not_closed_again(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 2).await;
    lender.close("2026-02-01").await.unwrap();
    let head = lender.log.head().await.unwrap();
    assert_eq!(lender.close("2026-02-01").await.unwrap(), Closed::Already);
    assert_eq!(lender.log.head().await.unwrap(), head);
}

#[sqlx::test(migrations = false)]
async fn missed_days_are_closed_one_after_another(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 2).await;
    lender.close("2026-02-01").await.unwrap();
    assert_eq!(lender.closes("2026-02-04").await, ["2026-02-02", "2026-02-03", "2026-02-04"]);
    let each = async |on| lender.accruals(on).await.remove(0);
    // 24.00 over 31 days.
    assert_eq!(each("2026-02-02").await, "1: 13.94 0.78");
    assert_eq!(each("2026-02-03").await, "1: 14.71 0.77");
    assert_eq!(each("2026-02-04").await, "1: 15.48 0.77");
}

#[sqlx::test(migrations = false)]
async fn neither_a_day_to_come_nor_one_that_was_passed_over_is_closed(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 1).await;
    let to_come = lender.close("2027-01-01").await.unwrap_err();
    assert_eq!(to_come.to_string(), "2027-01-01 is after the booking day 2026-12-31");
    lender.close("2026-02-03").await.unwrap();
    let passed_over = lender.close("2026-02-02").await.unwrap_err();
    assert!(matches!(passed_over, CloseDayError::BeforeClosed { .. }));
    assert_eq!(
        passed_over.to_string(),
        "2026-02-03 is closed, and 2026-02-02 before it was not: its interest is booked with that of 2026-02-03"
    );
}

#[sqlx::test(migrations = false)]
async fn a_backdated_fact_is_caught_up_by_the_next_close(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 1).await;
    lender.close("2026-02-20").await.unwrap();
    lender.pay(1, "2026-02-15", "324.00").await;
    lender.close("2026-02-21").await.unwrap();
    // 6 of 28 days of 18.00: as if the payment had been known.
    assert_eq!(lender.accruals("2026-02-20").await, ["1: 27.21 27.21"]);
    assert_eq!(lender.accruals("2026-02-21").await, ["1: 3.86 -23.35"]);
    assert!(lender.accounts().await.contains(&"income:interest -27.86".to_owned()));
}

#[sqlx::test(migrations = false)]
async fn what_was_booked_of_a_loan_is_lost_when_it_is_written_off(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 2).await;
    lender.close("2026-02-15").await.unwrap();
    lender.write_off(1, "2026-02-16").await;
    lender.close("2026-02-17").await.unwrap();
    assert_eq!(lender.accruals("2026-02-16").await, ["1: 0.00 0.00 lost 24.00", "2: 24.64 0.64"]);
    assert_eq!(lender.accruals("2026-02-17").await, ["1: 0.00 0.00 lost 24.00", "2: 25.29 0.65"]);
    assert!(lender.accounts().await.contains(&"expenses:credit_losses 1224.00".to_owned()));
}

#[sqlx::test(migrations = false)]
async fn a_day_of_a_closed_month_is_booked_on_the_first_open_day(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 1).await;
    lender.close_month("2026-02").await;
    lender.close("2026-02-20").await.unwrap();
    assert_eq!(lender.booked("2026-02-20").await[0].booked_on, Some(day("2026-03-01")));
}

/// Closes a day up to its first event that is durable, as if it had been killed then.
async fn close_in_part(lender: &Lender, on: &str) {
    let begun = Notify::new();
    let cut = async {
        begun.notified().await;
        while lender.booked(on).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = cut => {}
        _ = lender.close_while(on, |_| begun.notify_one()) => {}
    }
}

#[sqlx::test(migrations = false)]
async fn a_day_before_one_whose_close_was_cut_short_is_passed_over(pool: PgPool) {
    let lender = Lender::with_loans(&pool, MANY).await;
    close_in_part(&lender, "2026-02-02").await;
    assert_eq!(
        lender.close("2026-02-01").await.unwrap_err().to_string(),
        "the close of 2026-02-02 has begun, and 2026-02-01 before it was not closed: its interest is booked with it"
    );
    // Of the first close of all nothing is kept, and it goes on all the same.
    lender.closes("2026-02-02").await;
    let booked = lender.booked("2026-02-02").await;
    let loans: Vec<_> = booked.iter().flat_map(|event| &event.loans).collect();
    assert_eq!(loans.len(), usize::try_from(MANY).unwrap());
    assert!(loans.is_sorted_by(|one, next| one.loan.uuid() < next.loan.uuid()), "each loan once");
}

#[sqlx::test(migrations = false)]
async fn a_close_that_is_cut_short_goes_on_after_the_last_event(pool: PgPool) {
    let lender = Lender::with_loans(&pool, MANY).await;
    lender.close("2026-02-01").await.unwrap();
    close_in_part(&lender, "2026-02-02").await;
    // What happened since belongs to the next day's close.
    lender.pay(MANY, "2026-02-02", "24.00").await;
    lender.closes("2026-02-02").await;
    let booked = lender.booked("2026-02-02").await;
    assert_eq!(booked.iter().map(|event| event.chunk).collect::<Vec<_>>(), [1, 2, 3]);
    let loans: Vec<_> = booked.iter().flat_map(|event| &event.loans).collect();
    assert_eq!(loans.len(), usize::try_from(MANY).unwrap());
    assert!(loans.is_sorted_by(|one, next| one.loan.uuid() < next.loan.uuid()), "each loan once");
    assert!(
        loans.iter().all(|loan| loan.receivable.to_string() == "13.94" && loan.earned.to_string() == "0.78")
    );
    lender.close("2026-02-03").await.unwrap();
    let last = lender.accruals("2026-02-03").await.pop().unwrap();
    assert_eq!(last, format!("{MANY}: -9.29 -23.23"));
}

#[sqlx::test(migrations = false)]
async fn two_at_once_close_each_day_once(pool: PgPool) {
    let (one, other) = (Lender::with_loans(&pool, MANY).await, Lender::on(&pool).await);
    let (first, second) = tokio::join!(one.close("2026-02-02"), other.close("2026-02-02"));
    let mut already =
        [first.unwrap(), second.unwrap()].into_iter().filter(|closed| *closed == Closed::Already);
    assert!(already.next().is_some() && already.next().is_none(), "one of them did it");
    assert_eq!(one.booked("2026-02-02").await.len(), 3);
}

#[sqlx::test(migrations = false)]
async fn one_that_lost_its_turn_books_nothing_twice(pool: PgPool) {
    let (one, other) = (Lender::with_loans(&pool, MANY).await, Lender::on(&pool).await);
    let turn = one.closer.try_turn().await.unwrap().unwrap();
    assert!(other.closer.try_turn().await.unwrap().is_none(), "the turn is taken");
    // As if its connection had been lost: both go to work under the same turn.
    let (on, today) = (day("2026-02-02"), day("2026-12-31"));
    let (first, second) = tokio::join!(
        one.closer.close_through(on, today, &turn, |_| {}),
        other.closer.close_through(on, today, &turn, |_| {})
    );
    assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
    let booked = one.booked("2026-02-02").await;
    assert_eq!(booked.iter().map(|event| event.loans.len()).sum::<usize>(), usize::try_from(MANY).unwrap());
    let days: Streams<DayClose> = Streams::new(one.log.clone(), 1 << 20);
    let state = days.state(day_close::stream(on)).await.unwrap();
    assert!(state.is_closed && state.chunks == 3, "{state:?} of {}", DayClose::TYPE);
}
