//! The log's own promises: positions and sequences without gaps, events that can be read, postings that balance.

use domain::Amount;
use domain::day_close::{DayClose, DayCloseEvent};
use domain::decider::{Decider, StoredEvent};
use domain::entry::{Entry, EntryEvent};
use domain::journal::{self, Posting, Side};
use domain::loan::{Loan, LoanEvent};
use domain::period::{PeriodEvent, Periods};
use domain::product::{Product, ProductEvent};
use event_store::{Feed, Log, LogError, StoredEventRow};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Checked;

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
    progress: impl Fn(u64),
    found: &mut (dyn FnMut(Fault) + Send),
) -> Result<Checked, LogError> {
    let stop = CancellationToken::new();
    let feed = Feed::start(log, stop.clone());
    let _stops = stop.drop_guard();
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
    match postings(row) {
        Err(error) => Some(Fault::Unreadable { position, event_type, cause: error.to_string() }),
        Ok(postings) => {
            (!postings.iter().all(balances)).then_some(Fault::Unbalanced { position, event_type })
        }
    }
}

/// What an event books. Of a kind of stream that this version does not know nothing can be said.
fn postings(row: &StoredEventRow) -> Result<Vec<Posting>, serde_json::Error> {
    let (event_type, payload) = (&row.event_type, &row.payload);
    Ok(match row.aggregate_type.as_str() {
        Loan::TYPE => journal::loan_postings(&LoanEvent::read(event_type, payload)?),
        Entry::TYPE => vec![journal::entry_posting(&EntryEvent::read(event_type, payload)?)],
        DayClose::TYPE => {
            let event = DayCloseEvent::read(event_type, payload)?;
            journal::day_close_posting(&event).into_iter().collect()
        }
        Product::TYPE => ProductEvent::read(event_type, payload).map(|_| Vec::new())?,
        Periods::TYPE => PeriodEvent::read(event_type, payload).map(|_| Vec::new())?,
        _ => Vec::new(),
    })
}

/// In each currency.
fn balances(posting: &Posting) -> bool {
    posting.lines.iter().all(|line| {
        let same = posting.lines.iter().filter(|other| other.currency == line.currency);
        let sum: Amount =
            same.map(|line| if line.side == Side::Debit { line.amount } else { line.amount.negated() }).sum();
        sum.is_zero()
    })
}
