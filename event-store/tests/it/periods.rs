//! Accounting periods: what another process closed holds for every command that comes after; and states as the log
//! has them.

use domain::period::{self, Change, Month, PeriodCommand, Periods};
use event_store::{CommandContext, Streams};
use sqlx::PgPool;

use crate::counter::{Count, Counter, without_key};
use crate::{CACHE_BYTES, counters_on, id, log_on};

fn close(month: &str) -> PeriodCommand {
    PeriodCommand::Close(Change { month: Month::parse(month).unwrap(), reason: None })
}

fn context() -> CommandContext {
    without_key()
}

#[sqlx::test(migrations = false)]
async fn a_command_decided_under_an_earlier_closing_is_decided_again(pool: PgPool) {
    let (here, there) = (log_on(&pool).await, log_on(&pool).await);
    let counters = Streams::<Counter>::new(here.clone(), CACHE_BYTES);
    let periods = Streams::<Periods>::new(there, CACHE_BYTES);
    counters.execute(id(1), &Count::By(1), &context()).await.unwrap();
    assert_eq!(here.closed_through().await.unwrap(), None);
    periods.execute(period::STREAM, &close("2025-11"), &context()).await.unwrap();
    // What this process knows is behind until an append tells it so.
    assert_eq!(here.closed_through().await.unwrap(), None);
    let counted = counters.execute(id(1), &Count::By(1), &context()).await.unwrap();
    assert_eq!((counted.version, counted.position), (2, 3));
    assert_eq!(here.closed_through().await.unwrap().unwrap().to_string(), "2025-11-30");
}

#[sqlx::test(migrations = false)]
async fn a_close_is_known_at_once_in_its_own_process(pool: PgPool) {
    let log = log_on(&pool).await;
    let periods = Streams::<Periods>::new(log.clone(), CACHE_BYTES);
    for (month, through) in [("2025-11", "2025-11-30"), ("2025-12", "2025-12-31")] {
        periods.execute(period::STREAM, &close(month), &context()).await.unwrap();
        assert_eq!(log.closed_through().await.unwrap().unwrap().to_string(), through);
    }
}

#[sqlx::test(migrations = false)]
async fn a_state_holds_all_that_any_process_recorded(pool: PgPool) {
    let (one, other) = (counters_on(&pool).await, counters_on(&pool).await);
    assert_eq!(one.state(id(1)).await.unwrap(), Counter(0));
    for sum in 1..=5 {
        other.execute(id(1), &Count::By(1), &context()).await.unwrap();
        assert_eq!(one.state(id(1)).await.unwrap(), Counter(sum));
    }
    one.execute(id(1), &Count::By(10), &context()).await.unwrap();
    assert_eq!(one.state(id(1)).await.unwrap(), Counter(15));
    assert_eq!(other.state(id(1)).await.unwrap(), Counter(15));
}
