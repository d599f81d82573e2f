//! Finds out which events are to blame, and applies all others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::FutureExt;
use sqlx::PgConnection;

use super::refusal::{panic_text, refusal};
use crate::event::{Event, Fact};
use crate::read_model::{Changes, ReadModel};
use crate::session;

/// Consecutive events of one stream.
pub(crate) type Run<'e> = Vec<&'e Event>;

/// Where a run could not go on: the events before were applied, it and those behind it were not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// Which of the runs, and which of its events.
    pub(crate) run: usize,
    pub(crate) event: usize,
    pub(crate) cause: String,
}

/// What came of runs.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) stuck: Vec<Stuck>,
    /// Positions of discarded events that were left out, because they cannot be taken.
    pub(crate) left_out: Vec<i64>,
}

/// The events as runs, in the order of their first ones.
pub(crate) fn runs<'e>(events: impl Iterator<Item = &'e Event>) -> Vec<Run<'e>> {
    let mut runs: Vec<Run<'e>> = Vec::new();
    let mut place = HashMap::new();
    for event in events {
        let run = *place.entry(event.stream()).or_insert_with(|| {
            runs.push(Run::new());
            runs.len() - 1
        });
        runs[run].push(event);
    }
    runs
}

/// Applies the runs: all at once if that can be, else by halves, down to single streams and single events. So each
/// event to blame costs a few attempts, however many others there are. Of a stream nothing is applied behind it.
pub(crate) async fn settle(
    model: &ReadModel,
    connection: &mut PgConnection,
    runs: &[Run<'_>],
    discarded: &HashSet<i64>,
) -> Result<Settled, sqlx::Error> {
    let mut settled = Settled::default();
    let mut halves: Vec<_> = std::iter::once(0..runs.len()).collect();
    while let Some(range) = halves.pop() {
        let events = runs[range.clone()].iter().flatten().copied();
        let Err(cause) = attempt(model, connection, events).await? else { continue };
        if range.len() == 1 {
            let (run, left_out) = (range.start, &mut settled.left_out);
            let stuck = settle_run(model, connection, &runs[run], cause, discarded, left_out).await?;
            settled.stuck.extend(stuck.map(|(event, cause)| Stuck { run, event, cause }));
        } else {
            push_halves(&mut halves, range);
        }
    }
    Ok(settled)
}

/// The same within one run, which was refused as a whole: the event that it cannot get over, if any.
async fn settle_run(
    model: &ReadModel,
    connection: &mut PgConnection,
    run: &[&Event],
    cause: String,
    discarded: &HashSet<i64>,
    left_out: &mut Vec<i64>,
) -> Result<Option<(usize, String)>, sqlx::Error> {
    let mut halves: Vec<_> = std::iter::once(0..run.len()).collect();
    let mut known = Some(cause);
    while let Some(range) = halves.pop() {
        let attempted = match known.take() {
            Some(cause) => Err(cause),
            None => attempt(model, connection, run[range.clone()].iter().copied()).await?,
        };
        let Err(cause) = attempted else { continue };
        if range.len() > 1 {
            push_halves(&mut halves, range);
        } else if discarded.contains(&run[range.start].position) {
            left_out.push(run[range.start].position);
        } else {
            return Ok(Some((range.start, cause)));
        }
    }
    Ok(None)
}

/// The former half is tried first.
fn push_halves(halves: &mut Vec<Range<usize>>, range: Range<usize>) {
    let middle = range.start + range.len() / 2;
    halves.extend([middle..range.end, range.start..middle]);
}

/// Writes what the events change, all of them or none: why they are refused.
async fn attempt<'e>(
    model: &ReadModel,
    connection: &mut PgConnection,
    events: impl Iterator<Item = &'e Event>,
) -> Result<Result<(), String>, sqlx::Error> {
    let mut changes = (model.begin)();
    for event in events {
        if let Fact::Unreadable(unreadable) = &event.fact {
            return Ok(Err(unreadable.to_string()));
        }
        if let Err(cause) = fold(&mut *changes, event) {
            return Ok(Err(cause));
        }
    }
    write(changes, connection).await
}

/// Folds an event. After an error the changes are of no use.
pub(crate) fn fold(changes: &mut dyn Changes, event: &Event) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| changes.fold(event))).map_err(|panic| panic_text(&*panic))
}

/// Writes changes, and takes back what of them was written where they are refused.
pub(crate) async fn write(
    changes: Box<dyn Changes>,
    connection: &mut PgConnection,
) -> Result<Result<(), String>, sqlx::Error> {
    session::run(connection, "savepoint changes").await?;
    let written = AssertUnwindSafe(changes.write(connection)).catch_unwind().await;
    let refused = match written {
        Ok(Ok(())) => {
            session::run(connection, "release savepoint changes").await?;
            return Ok(Ok(()));
        }
        Ok(Err(error)) => refusal(&error).ok_or(error)?,
        Err(panic) => panic_text(&*panic),
    };
    session::run(connection, "rollback to savepoint changes; release savepoint changes").await?;
    Ok(Err(refused))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use event_store::StoredEventRow;
    use futures::future::BoxFuture;

    use super::*;

    struct Panics;

    impl Changes for Panics {
        fn fold(&mut self, event: &Event) {
            panic!("no amount is that large, at {}", event.position);
        }

        fn write(self: Box<Self>, _connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn event(stream_type: &str, stream_id: &str, position: i64) -> Event {
        Event::decode(&StoredEventRow {
            position,
            aggregate_type: stream_type.to_owned(),
            aggregate_id: stream_id.to_owned(),
            sequence: position,
            event_type: "LoanForgotten".to_owned(),
            event_version: "1".to_owned(),
            payload: "{}".to_owned(),
            metadata: "{}".to_owned(),
            recorded_at: DateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn a_panic_is_the_fault_of_the_event_that_is_folded() {
        let cause = fold(&mut Panics, &event("Other", "1", 3)).unwrap_err();
        assert_eq!(cause, "this version of the program fails on it: no amount is that large, at 3");
    }

    #[test]
    fn runs_keep_the_order_of_each_stream_also_of_one_that_has_no_proper_id() {
        let streams = ["a", "b", "a", "c", "b", "a"];
        let events: Vec<_> = (1..).zip(streams).map(|(position, id)| event("Loan", id, position)).collect();
        let runs = runs(events.iter());
        let places: Vec<Vec<i64>> =
            runs.iter().map(|run| run.iter().map(|event| event.position).collect()).collect();
        assert_eq!(places, [vec![1, 3, 6], vec![2, 5], vec![4]]);
    }
}
