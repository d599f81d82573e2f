//! Commands in a bundle are stored together or not at all, and nobody decides on what may never come to be.

use std::time::Duration;

use event_store::{Bundle, Claim, CommandContext, ExecuteError, Outcome, Receipt, Streams};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use sqlx::PgPool;

use crate::counter::{AboveLimit, Count, Counter, keyed};
use crate::{CACHE_BYTES, counters_on, id, log_on};

type Executed = Result<Receipt, ExecuteError<AboveLimit>>;

fn within(bundle: &Bundle, key: &str) -> CommandContext {
    CommandContext { bundle: Some(bundle.clone()), ..keyed(key, 1) }
}

/// Has a command join; its answer, if it is told at once.
async fn join<'a>(
    counters: &'a Streams<Counter>,
    bundle: &Bundle,
    (stream, command, context): (u128, Count, CommandContext),
) -> Result<BoxFuture<'a, Executed>, Executed> {
    let mut joins = bundle.joins();
    let mut executed = async move { counters.execute(id(stream), &command, &context).await }.boxed();
    tokio::select! {
        biased;
        executed = &mut executed => Err(executed),
        _ = joins.changed() => Ok(executed),
    }
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from events").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn each_is_decided_on_what_those_before_it_leave(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    counters.execute(id(1), &Count::By(1), &keyed("before", 1)).await.unwrap();
    let bundle = log.bundle().await;
    let mut waiting = Vec::new();
    // The third needs the history, which is in the log in part only.
    for (key, stream, command) in [("a", 1, Count::By(2)), ("b", 2, Count::By(5)), ("c", 1, Count::AllAgain)]
    {
        waiting.push(join(&counters, &bundle, (stream, command, within(&bundle, key))).await.ok().unwrap());
    }
    assert_eq!(events(&pool).await, 1, "nothing is stored before it is sent");
    assert_eq!(bundle.send().await, Outcome::Stored);
    let receipts: Vec<Receipt> = join_all(waiting).await.into_iter().map(Result::unwrap).collect();
    let places: Vec<_> = receipts.iter().map(|receipt| (receipt.version, receipt.position)).collect();
    assert_eq!(places, [(2, 2), (1, 3), (4, 5)]);
    let transactions = "select count(distinct xmin::text) from events where position > 1";
    assert_eq!(sqlx::query_scalar::<_, i64>(transactions).fetch_one(&pool).await.unwrap(), 1);
    assert_eq!(counters.state(id(1)).await.unwrap(), Counter(6));
    // What comes later goes on from there.
    let after = counters.execute(id(1), &Count::By(1), &keyed("after", 1)).await.unwrap();
    assert_eq!((after.version, after.position), (5, 6));
}

#[sqlx::test(migrations = false)]
async fn what_is_undone_was_never_there(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    for is_dropped in [false, true] {
        let bundle = log.bundle().await;
        let waiting = join(&counters, &bundle, (1, Count::By(2), within(&bundle, "a"))).await.ok().unwrap();
        let above = (1, Count::UpTo { by: 1, limit: 2 }, within(&bundle, "b"));
        let refused = join(&counters, &bundle, above).await.err().unwrap();
        assert!(matches!(refused, Err(ExecuteError::Refused(AboveLimit { sum: 3 }))), "{refused:?}");
        if is_dropped {
            drop((waiting, bundle));
        } else {
            bundle.undo();
            assert!(matches!(waiting.await, Err(ExecuteError::Undone)));
        }
        assert_eq!(counters.state(id(1)).await.unwrap(), Counter(0));
    }
    assert_eq!(events(&pool).await, 0);
    let after = counters.execute(id(1), &Count::By(1), &keyed("a", 1)).await.unwrap();
    assert_eq!((after.version, after.position, after.replayed), (1, 1, false));
}

#[sqlx::test(migrations = false)]
async fn others_wait_for_a_stream_until_the_bundle_was_sent(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    let bundle = log.bundle().await;
    let waiting = join(&counters, &bundle, (1, Count::By(2), within(&bundle, "a"))).await.ok().unwrap();
    let context = keyed("other", 1);
    let other = counters.execute(id(1), &Count::By(10), &context);
    tokio::pin!(other);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut other).await.is_err(), "it waits");
    // Elsewhere nobody does.
    counters.execute(id(2), &Count::By(1), &keyed("elsewhere", 1)).await.unwrap();
    let (outcome, other) = tokio::join!(bundle.send(), other);
    assert_eq!((outcome, waiting.await.unwrap().version, other.unwrap().version), (Outcome::Stored, 1, 2));
}

#[sqlx::test(migrations = false)]
async fn a_repeat_of_the_whole_stores_nothing_and_of_a_part_the_rest(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    let first = counters.execute(id(1), &Count::By(2), &keyed("a", 1)).await.unwrap();
    // Whoever does not look for a repeat finds out at the end.
    let bundle = log.bundle().await;
    let waiting = join(&counters, &bundle, (1, Count::By(2), within(&bundle, "a"))).await.ok().unwrap();
    assert_eq!(bundle.send().await, Outcome::Moved);
    assert!(waiting.await.unwrap().replayed);
    for (replayed, stored) in [([true, false], 2), ([true, true], 2)] {
        let bundle = log.bundle().await.looking_up_keys();
        let mut receipts = Vec::new();
        let mut waiting = Vec::new();
        for (key, stream) in [("a", 1), ("b", 2)] {
            match join(&counters, &bundle, (stream, Count::By(2), within(&bundle, key))).await {
                Ok(joined) => waiting.push(joined),
                Err(told) => receipts.push(told.unwrap()),
            }
        }
        assert_eq!(bundle.send().await, Outcome::Stored);
        receipts.extend(join_all(waiting).await.into_iter().map(Result::unwrap));
        assert_eq!(receipts[0].position, first.position);
        assert_eq!([receipts[0].replayed, receipts[1].replayed], replayed);
        assert_eq!(events(&pool).await, stored);
    }
}

#[sqlx::test(migrations = false)]
async fn where_another_process_was_faster_all_is_to_be_decided_again(pool: PgPool) {
    let (log, other) = (log_on(&pool).await, counters_on(&pool).await);
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    counters.execute(id(1), &Count::By(1), &keyed("here", 1)).await.unwrap();
    other.execute(id(1), &Count::By(1), &keyed("there", 1)).await.unwrap();
    for outcome in [Outcome::Moved, Outcome::Stored] {
        let bundle = log.bundle().await;
        let commands = [("a", 2, Count::By(1)), ("b", 1, Count::By(1))];
        let mut waiting = Vec::new();
        for (key, stream, command) in commands {
            waiting
                .push(join(&counters, &bundle, (stream, command, within(&bundle, key))).await.ok().unwrap());
        }
        assert_eq!(bundle.send().await, outcome);
        let told = join_all(waiting).await;
        assert!(told.iter().all(|told| told.is_ok() == (outcome == Outcome::Stored)), "{told:?}");
    }
    // And a refusal that rests on less than the log has is none.
    other.execute(id(1), &Count::By(-3), &keyed("less", 1)).await.unwrap();
    let bundle = log.bundle().await;
    let above = (1, Count::UpTo { by: 1, limit: 2 }, within(&bundle, "c"));
    let lost = join(&counters, &bundle, above).await.err().unwrap();
    assert!(matches!(lost, Err(ExecuteError::LostRace)) && bundle.is_lost());
}

#[sqlx::test(migrations = false)]
async fn a_claim_that_is_taken_refuses_all_and_is_told_to_whom_it_concerns(pool: PgPool) {
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    let claiming = |context: CommandContext, value: &str| CommandContext {
        claims: vec![Claim { kind: "receipt", value: value.to_owned() }],
        ..context
    };
    counters.execute(id(9), &Count::By(1), &claiming(keyed("first", 1), "taken")).await.unwrap();
    let bundle = log.bundle().await;
    let mut waiting = Vec::new();
    for (key, stream, claim) in [("a", 1, "free"), ("b", 2, "taken")] {
        let context = claiming(within(&bundle, key), claim);
        waiting.push(join(&counters, &bundle, (stream, Count::By(1), context)).await.ok().unwrap());
    }
    // What is taken by one before it in the bundle is told at once.
    let context = claiming(within(&bundle, "c"), "free");
    let taken = join(&counters, &bundle, (3, Count::By(1), context)).await.err().unwrap();
    assert!(matches!(taken, Err(ExecuteError::Claimed(_))));
    assert_eq!(bundle.send().await, Outcome::Refused);
    let told = join_all(waiting).await;
    assert!(matches!(&told[..], [Err(ExecuteError::Undone), Err(ExecuteError::Claimed(_))]), "{told:?}");
    assert_eq!(events(&pool).await, 1);
}

#[sqlx::test(migrations = false)]
async fn bundles_and_single_commands_on_the_same_streams_lose_nothing(pool: PgPool) {
    const BUNDLES: u128 = 20;
    let log = log_on(&pool).await;
    let counters = Streams::new(log.clone(), CACHE_BYTES);
    let bundles = async {
        for number in 0..BUNDLES {
            loop {
                let bundle = log.bundle().await;
                let mut waiting = Vec::new();
                for stream in [number % 3, (number + 1) % 3, number % 3] {
                    let context = within(&bundle, &format!("{number}-{}", waiting.len()));
                    waiting.extend(join(&counters, &bundle, (stream, Count::By(1), context)).await.ok());
                }
                let outcome = bundle.send().await;
                join_all(waiting).await;
                if outcome == Outcome::Stored {
                    break;
                }
                assert_eq!(outcome, Outcome::Moved);
            }
        }
    };
    let singles = (0..100_u128).map(|number| {
        let (counters, key) = (&counters, format!("single-{number}"));
        async move { counters.execute(id(number % 3), &Count::By(1), &keyed(&key, 1)).await.unwrap() }
    });
    tokio::join!(bundles, join_all(singles));
    let last = 100 + 3 * i64::try_from(BUNDLES).unwrap();
    let gaps = "select count(*), max(position), sum((payload->>'by')::bigint)::bigint, \
        count(*) filter (where sequence > (select count(*) from events o where o.aggregate_id = e.aggregate_id)) \
        from events e";
    let counted: (i64, i64, i64, i64) = sqlx::query_as(gaps).fetch_one(&pool).await.unwrap();
    assert_eq!(counted, (last, last, last, 0));
}
