//! A reader of the feed never skips an event, whatever order transactions end in.

use event_store::{Feed, Log, OutgoingEvent};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::counter::{Count, Counter, without_key};
use crate::{CACHE_BYTES, id, log_on};

const STOCK_INSERT: &str = "insert into events \
    (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
    values ('Counter', $1, 1, 'Counted', '1', '{\"type\":\"Counted\",\"by\":1}', '{}')";

async fn positions(log: &Log, after: i64) -> Vec<i64> {
    let feed = Feed::start(log, CancellationToken::new());
    feed.after(after, 1000).await.unwrap().iter().map(|event| event.position).collect()
}

/// All orders of three writers.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[sqlx::test(migrations = false)]
async fn a_reader_never_skips_an_event_while_transactions_are_open(pool: PgPool) {
    let log = log_on(&pool).await;
    let feed = Feed::start(&log, CancellationToken::new());
    let mut writers = Vec::new();
    for _ in 0..3 {
        writers.push(pool.acquire().await.unwrap().detach());
    }
    let (mut read_to, mut seen) = (0, Vec::new());
    for (round, (order, rolled_back)) in
        ORDERS.iter().flat_map(|order| [(order, false), (order, true)]).enumerate()
    {
        // Every writer has its transaction open, and its snapshot taken, before the first one writes.
        for writer in &mut writers {
            run(writer, "begin").await;
            run(writer, "select count(*) from events").await;
        }
        for (turn, writer) in order.iter().enumerate() {
            let stream = id((round * 3 + writer) as u128 + 1).to_string();
            sqlx::query(STOCK_INSERT).bind(stream).execute(&mut writers[*writer]).await.unwrap();
            // While this one is open nobody sees its event; what is seen is complete up to the last position.
            seen.extend(feed.after(read_to, 1000).await.unwrap().iter().map(|event| event.position));
            read_to = seen.last().copied().unwrap_or(0);
            run(&mut writers[*writer], if rolled_back && turn == 1 { "rollback" } else { "commit" }).await;
        }
    }
    seen.extend(positions(&log, read_to).await);
    let everything = positions(&log, 0).await;
    assert_eq!(seen, everything, "the reader saw every event, once, in order");
    let last = i64::try_from(everything.len()).unwrap();
    assert_eq!(
        everything,
        (1..=last).collect::<Vec<_>>(),
        "positions have no gap, rolled back writers included"
    );
}

#[sqlx::test(migrations = false)]
async fn a_long_transaction_elsewhere_stalls_nobody(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut elsewhere = pool.acquire().await.unwrap().detach();
    run(&mut elsewhere, "begin isolation level repeatable read").await;
    run(&mut elsewhere, "create table elsewhere as select 1").await;
    let counters = event_store::Streams::<Counter>::new(log.clone(), CACHE_BYTES);
    counters.execute(id(1), &Count::By(1), &without_key()).await.unwrap();
    assert_eq!(positions(&log, 0).await, [1]);
}

#[sqlx::test(migrations = false)]
async fn a_waiting_reader_is_woken_by_an_append(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut feed = Feed::start(&log, CancellationToken::new());
    let reader = tokio::spawn(async move {
        loop {
            let events = feed.next(0, 10).await.unwrap();
            if !events.is_empty() {
                return events;
            }
        }
    });
    let counters = event_store::Streams::<Counter>::new(log, CACHE_BYTES);
    counters.execute(id(1), &Count::By(3), &without_key()).await.unwrap();
    let events = reader.await.unwrap();
    assert_eq!(events[0].payload, r#"{"type":"Counted","by":3}"#);
    assert_eq!((events[0].position, events[0].sequence), (1, 1));
}

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

/// Texts that have to be escaped, and instants with and without a fraction.
#[sqlx::test(migrations = false)]
async fn what_is_copied_for_publishing_is_what_is_read_to_the_letter(pool: PgPool) {
    let log = log_on(&pool).await;
    let insert = "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
        metadata, recorded_at) values ('Counter', $1, 1, 'Counted', $2, $3::json, $4::json, $5::timestamptz)";
    let ids = ["plain", "quo\"ted \\ back", "S\u{e3}o Paulo \u{1f3e6}\n", ""];
    let instants = [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.000120Z",
        "2999-12-31T23:59:59.9Z",
    ];
    for (place, (stream, instant)) in ids.iter().zip(instants).enumerate() {
        let version = ["1", "2", "none", "1"][place];
        let payload = format!(r#"{{"by" : {place}, "text": "\u00e7 ou \"z\""}}"#);
        let written = sqlx::query(insert).bind(stream).bind(version).bind(payload);
        written.bind(r#"{"actor":"ana"}"#).bind(instant).execute(&pool).await.unwrap();
    }
    let feed = Feed::start(&log, CancellationToken::new());
    for (after, limit) in [(0, 100), (0, 3), (2, 100), (4, 100)] {
        let read = feed.after(after, limit).await.unwrap().into_iter().map(OutgoingEvent::from);
        assert_eq!(feed.outgoing_after(after, limit).await.unwrap(), read.collect::<Vec<_>>());
    }
    assert_eq!(feed.outgoing_after(0, 100).await.unwrap().len(), 4);
}
