//! Whoever follows the log in the process that appends takes events from memory: the same as stand in the log.

use event_store::{Feed, Log, LogError, Streams};
use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::counter::{Count, Counter, keyed, without_key};
use crate::{CACHE_BYTES, id, log_on};

/// A feed that asked before: what is appended from now on is kept for it.
async fn following(log: &Log) -> Feed {
    let mut feed = Feed::start(log, CancellationToken::new());
    assert!(feed.next_lines(0, 10).await.unwrap().is_empty());
    feed
}

async fn lines_of_log(log: &Log, after: i64, limit: i64) -> Vec<u8> {
    log.lines_after(after, limit, |_| true).await.unwrap().into_text()
}

async fn lines_of_feed(feed: &mut Feed, after: i64, limit: i64) -> Vec<u8> {
    let (lines, mut text) = (feed.next_lines(after, limit).await.unwrap(), Vec::new());
    let add = |_, line: &[u8]| {
        text.extend([line, b"\n"].concat());
        Ok::<_, LogError>(())
    };
    lines.for_each(add).unwrap();
    text
}

/// Batches of many commands, commands of several events, with keys and without.
async fn append(counters: &Streams<Counter>) {
    for round in 0..3_u128 {
        let keys: Vec<_> =
            (0..20).map(|stream| keyed(&format!("S\u{e3}o \"{round}\\{stream}\""), 255)).collect();
        let count = |(stream, key)| counters.execute(id(stream), &Count::By(7), key);
        join_all((0..).zip(&keys).map(count)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        counters.execute(id(round), &Count::AllAgain, &without_key()).await.unwrap();
        counters.execute(id(round), &Count::AllAgain, &keyed(&format!("again {round}"), 9)).await.unwrap();
    }
}

#[sqlx::test(migrations = false)]
async fn what_is_in_memory_is_what_stands_in_the_log_to_the_letter(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut feed = following(&log).await;
    append(&Streams::new(log.clone(), CACHE_BYTES)).await;
    let head = log.head().await.unwrap().position;
    for (after, limit) in [(0, 1000), (0, 30), (1, 1), (17, 25), (head - 1, 10)] {
        assert_eq!(lines_of_feed(&mut feed, after, limit).await, lines_of_log(&log, after, limit).await);
        let rows = feed.next_stored(after, limit).await.unwrap();
        assert_eq!(rows, feed.stored_after(after, limit).await.unwrap());
    }
    // It was in memory: there it is still what it was.
    let before = lines_of_log(&log, 0, 1000).await;
    let change = "alter table events disable trigger only_append; update events set payload = '{}'";
    sqlx::raw_sql(change).execute(&pool).await.unwrap();
    assert_eq!(lines_of_feed(&mut feed, 0, 1000).await, before);
    assert_ne!(lines_of_log(&log, 0, 1000).await, before);
}

#[sqlx::test(migrations = false)]
async fn what_others_append_in_between_is_not_missing(pool: PgPool) {
    let (log, others) = (log_on(&pool).await, log_on(&pool).await);
    let mut feed = following(&log).await;
    let (counters, other_counters) =
        (Streams::new(log.clone(), CACHE_BYTES), Streams::<Counter>::new(others, CACHE_BYTES));
    let mut read = Vec::new();
    for round in 0..20 {
        let by = if round % 3 == 1 { &other_counters } else { &counters };
        by.execute(id(round % 5), &Count::By(1), &without_key()).await.unwrap();
        if round % 4 == 3 {
            read.extend(feed.next_stored(i64::try_from(read.len()).unwrap(), 100).await.unwrap());
        }
    }
    assert_eq!(read, feed.stored_after(0, 100).await.unwrap());
    assert_eq!(read.len(), 20);
}
