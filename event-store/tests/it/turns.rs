//! Two transactions are under way at a time: what one inserts while the other commits is in the log after it, or not at
//! all.

use std::sync::Arc;

use event_store::{Feed, Streams};
use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::counter::{Count, Counter, keyed};
use crate::{CACHE_BYTES, counters_on, id, log_on};

/// Many callers at once, so that there is always enough for two transactions.
const CALLERS: u128 = 64;
const CALLS: i64 = 10;

async fn count_up(counters: Arc<Streams<Counter>>, streams: std::ops::Range<u128>) {
    let callers = streams.map(|stream| {
        let counters = Arc::clone(&counters);
        tokio::spawn(async move {
            for call in 1..=CALLS {
                let key = format!("{stream}-{call}");
                let receipt = counters.execute(id(stream), &Count::By(1), &keyed(&key, 1)).await.unwrap();
                assert_eq!((receipt.version, receipt.replayed), (call, false));
            }
        })
    });
    for caller in join_all(callers).await {
        caller.unwrap();
    }
}

/// Reads the log while it grows, to its end at `last`.
async fn positions(feed: &mut Feed, last: i64) -> Vec<i64> {
    let mut read = Vec::new();
    while read.last() != Some(&last) {
        let events = feed.next(read.last().copied().unwrap_or(0), 100).await.unwrap();
        read.extend(events.iter().map(|event| event.position));
    }
    read
}

#[sqlx::test(migrations = false)]
async fn positions_follow_each_other_without_a_gap_whatever_overlaps(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut feed = Feed::start(&log, CancellationToken::new());
    let counters = Arc::new(Streams::new(log, CACHE_BYTES));
    let last = i64::try_from(CALLERS).unwrap() * CALLS;
    let reader = tokio::spawn(async move { positions(&mut feed, last).await });
    count_up(counters, 0..CALLERS).await;
    assert_eq!(reader.await.unwrap(), (1..=last).collect::<Vec<_>>());
    assert_eq!(instants_that_go_back(&pool).await, 0);
}

#[sqlx::test(migrations = false)]
async fn two_busy_servers_take_turns(pool: PgPool) {
    let (one, other) = (Arc::new(counters_on(&pool).await), Arc::new(counters_on(&pool).await));
    let mut feed = Feed::start(&log_on(&pool).await, CancellationToken::new());
    let last = i64::try_from(CALLERS).unwrap() * CALLS;
    let reader = tokio::spawn(async move { positions(&mut feed, last).await });
    tokio::join!(count_up(one, 0..CALLERS / 2), count_up(other, CALLERS / 2..CALLERS));
    assert_eq!(reader.await.unwrap(), (1..=last).collect::<Vec<_>>());
    assert_eq!(instants_that_go_back(&pool).await, 0);
}

/// Events of one stream follow each other in batches under way, while another server appends as many events as these have.
#[sqlx::test(migrations = false)]
async fn no_stream_has_a_gap_whoever_comes_between(pool: PgPool) {
    let (one, other) = (Arc::new(counters_on(&pool).await), Arc::new(counters_on(&pool).await));
    let calls = [one, other].into_iter().zip(1..).flat_map(|(counters, stream)| {
        (0..4).map(move |caller| {
            let counters = Arc::clone(&counters);
            tokio::spawn(async move {
                for call in 0..150 {
                    let key = format!("{stream}-{caller}-{call}");
                    counters.execute(id(stream), &Count::By(1), &keyed(&key, 1)).await.unwrap();
                }
            })
        })
    });
    for caller in join_all(calls).await {
        caller.unwrap();
    }
    let lasts = "select max(sequence) from events group by aggregate_id";
    let lasts: Vec<i64> = sqlx::query_scalar(lasts).fetch_all(&pool).await.unwrap();
    assert_eq!(lasts, [600, 600], "each event is there once, and none is left out");
}

/// As many events of others do not make up for those of the batch before.
#[sqlx::test(migrations = false)]
async fn a_batch_stands_only_after_the_one_that_it_builds_on(pool: PgPool) {
    let _log = log_on(&pool).await;
    let end = async |after: i64, turn: Option<i64>, before: Option<i64>| {
        let ended = sqlx::query("select end_append($1, 1, clock_timestamp(), null, null, $2, $3)");
        let ended = ended.bind(after).bind(turn).bind(before).execute(&pool).await;
        ended.map_err(|refusal| refusal.into_database_error().unwrap().code().unwrap().into_owned())
    };
    end(0, Some(7), None).await.unwrap();
    end(1, Some(8), Some(7)).await.unwrap();
    end(2, None, None).await.unwrap();
    assert_eq!(end(3, Some(10), Some(9)).await.unwrap_err(), "RZ002", "turn 9 never came");
    assert_eq!(end(4, Some(11), Some(10)).await.unwrap_err(), "RZ003");
    end(3, Some(12), None).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn one_that_appends_now_and_then_holds_up_nobody(pool: PgPool) {
    let (busy, seldom) = (Arc::new(counters_on(&pool).await), counters_on(&pool).await);
    let counted = tokio::spawn(count_up(busy, 0..CALLERS));
    for call in 1..=CALLS {
        seldom.execute(id(1000), &Count::By(1), &keyed(&format!("seldom-{call}"), 1)).await.unwrap();
    }
    counted.await.unwrap();
    let asked = (i64::try_from(CALLERS).unwrap() + 1) * CALLS;
    let (events, last): (i64, i64) =
        sqlx::query_as("select count(*), max(position) from events").fetch_one(&pool).await.unwrap();
    assert_eq!((events, last), (asked, asked));
    assert_eq!(instants_that_go_back(&pool).await, 0);
}

#[sqlx::test(migrations = false)]
async fn what_stands_in_the_way_of_a_batch_stops_none_that_comes_after_it(pool: PgPool) {
    let (one, other) = (Arc::new(counters_on(&pool).await), counters_on(&pool).await);
    // Keys that the first server does not know to be taken until the database says so.
    for key in ["3-5", "40-1", "40-2"] {
        other.execute(id(1000), &Count::By(7), &keyed(key, 1)).await.unwrap();
    }
    let callers = (0..CALLERS).map(|stream| {
        let counters = Arc::clone(&one);
        tokio::spawn(async move {
            let mut replayed = 0;
            for call in 1..=CALLS {
                let key = format!("{stream}-{call}");
                let receipt = counters.execute(id(stream), &Count::By(1), &keyed(&key, 1)).await.unwrap();
                replayed += i64::from(receipt.replayed);
                assert!(receipt.replayed || receipt.version == call - replayed);
            }
            replayed
        })
    });
    let replayed: Vec<i64> = join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(replayed.iter().sum::<i64>(), 3, "each taken key is answered from its first events");
    let (events, last): (i64, i64) =
        sqlx::query_as("select count(*), max(position) from events").fetch_one(&pool).await.unwrap();
    let asked = i64::try_from(CALLERS).unwrap() * CALLS;
    assert_eq!((events, last), (asked, asked));
}

async fn instants_that_go_back(pool: &PgPool) -> i64 {
    let counted = "select count(*) from events e join events f on f.position = e.position + 1 \
        where f.recorded_at < e.recorded_at";
    sqlx::query_scalar(counted).fetch_one(pool).await.unwrap()
}
