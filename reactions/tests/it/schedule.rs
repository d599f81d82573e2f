//! Yesterday is closed by itself.

use event_store::BookingDay;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::lender::{Lender, day};

#[sqlx::test(migrations = false)]
async fn yesterday_is_closed_with_the_days_missed_before_it(pool: PgPool) {
    let lender = Lender::with_loans(&pool, 1).await;
    lender.close("2026-02-01").await.unwrap();
    // A booking day of one's choice is over at once, so this ends by itself.
    let today = BookingDay::Fixed(day("2026-02-05"));
    reactions::run(lender.log.clone(), today, CancellationToken::new()).await;
    assert_eq!(lender.closer.last_closed().await.unwrap(), Some(day("2026-02-04")));
    assert_eq!(lender.accruals("2026-02-03").await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn where_nothing_was_ever_lent_no_day_is_closed(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let today = BookingDay::Fixed(day("2026-02-05"));
    reactions::run(lender.log.clone(), today, CancellationToken::new()).await;
    assert_eq!(lender.log.head().await.unwrap().position, 0);
    assert_eq!(lender.closer.last_closed().await.unwrap(), None);
}
