//! Events that a later version of the program wrote.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use sqlx::PgPool;

use crate::asking::Client;
use crate::book::varied;
use crate::log_on;
use crate::parking::{BY_HAND, all_dead, change, disbursement, letters, redrive_all, status};
use crate::projecting::{caught_up, equals_its_rebuild, start_with};

/// A program that is older than who wrote an event may be able to read it, and would take it for what it is not.
#[sqlx::test(migrations = false)]
async fn an_event_of_a_later_version_waits_for_a_later_program(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(8).append(&pool).await;
    let (later, waiting) = disbursement(&pool, 2).await;
    change(&pool, later, "event_version = '2'").await;
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    all_dead(&pool, &log).await;
    let loans = &status(&pool, &log).await["loans"];
    assert_eq!((loans.parked_streams, loans.parked_events, loans.lag), (1, waiting, 0));
    let client = Client::new(&pool, &log);
    for letter in letters(&client).await {
        let cause = format!(
            "stored event {later} (LoanDisbursed) cannot be read: it is of version 2, and this program knows 1"
        );
        assert_eq!(
            (&letter["position"], letter["cause"].as_str()),
            (&later.into(), Some(&*cause)),
            "{letter}"
        );
    }
    change(&pool, later, "event_version = '1'").await;
    redrive_all(&client).await;
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}
