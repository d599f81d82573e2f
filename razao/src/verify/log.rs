//! What can be wrong, and the log's own promises: positions and sequences without gaps, events that can be read, postings that balance.

use audit::books;
use domain::decider::Decider;
use domain::loan::Loan;
use event_store::{Feed, Log, LogError, StoredEventRow};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Checked;
use super::pace::Pace;

/// How many events are read at once.
const PAGE: i64 = 5_000;

/// Something that the log must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Positions up to `before` are missing after `after`.
    PositionsMissing {
        after: i64,
        before: i64,
    },
    /// The head says that the log is longer, or shorter, than it is.
    HeadElsewhere {
        head: i64,
        last: i64,
    },
    SequencesMissing {
        stream_type: String,
        stream_id: String,
        events: i64,
        first: i64,
        last: i64,
    },
    Unreadable {
        position: i64,
        event_type: String,
        cause: String,
    },
    /// The event is not the one that was sealed at its position.
    EventChanged {
        position: i64,
    },
    /// An event was sealed at the position, and there is none.
    EventRemoved {
        position: i64,
    },
    /// The tree has no leaf for the position, though it was sealed.
    LeafMissing {
        position: i64,
    },
    /// A tile of the tree does not follow from the leaves.
    TileChanged {
        tile: String,
    },
    /// A checkpoint, of the log's own or an anchor, that is not of this log as it is.
    CheckpointWrong {
        place: String,
        size: u64,
        cause: String,
    },
    /// A read model is not what the events come to.
    ReadModelDiffers {
        read_model: &'static str,
        table: &'static str,
        /// The key of a row, as text.
        row: String,
        cause: String,
    },
    /// What an event books does not sum to zero.
    Unbalanced {
        position: i64,
        event_type: String,
    },
}

/// Looks through the log up to a position, from its begin.
pub async fn check_log(
    log: &Log,
    head: i64,
    bound: &mut Pace,
    progress: impl Fn(u64),
    found: &mut (dyn FnMut(Fault) + Send),
) -> Result<Checked, LogError> {
    // It waits for no news, for which a replica has no channel.
    let stopped = CancellationToken::new();
    stopped.cancel();
    let feed = Feed::start(log, stopped);
    let (mut checked, mut last) = (Checked::default(), 0);
    let mut note = |fault| {
        checked.found += 1;
        found(fault);
    };
    while last < head {
        let page = feed.after(last, PAGE.min(head - last)).await?;
        if page.is_empty() {
            break;
        }
        let looked = tokio::task::spawn_blocking(move || {
            let faults: Vec<Fault> = page.iter().filter_map(look_at).collect();
            (page, faults)
        });
        let (page, faults) = looked.await.expect("looking at an event does not panic");
        for row in &page {
            if row.position != last + 1 {
                note(Fault::PositionsMissing { after: last, before: row.position });
            }
            last = row.position;
            checked.events += 1;
            checked.loans += u64::from(row.aggregate_type == Loan::TYPE && row.sequence == 1);
        }
        faults.into_iter().for_each(&mut note);
        progress(checked.events);
        bound.keep(checked.events).await;
    }
    if last != head {
        note(Fault::HeadElsewhere { head, last });
    }
    log.sequence_gaps(|gap| {
        note(Fault::SequencesMissing {
            stream_type: gap.stream_type,
            stream_id: gap.stream_id,
            events: gap.events,
            first: gap.first,
            last: gap.last,
        });
    })
    .await?;
    Ok(checked)
}

fn look_at(row: &StoredEventRow) -> Option<Fault> {
    let (position, event_type) = (row.position, row.event_type.clone());
    match books::postings(row) {
        Err(error) => Some(Fault::Unreadable { position, event_type, cause: error.to_string() }),
        Ok(postings) => {
            (!postings.iter().all(books::balances)).then_some(Fault::Unbalanced { position, event_type })
        }
    }
}
