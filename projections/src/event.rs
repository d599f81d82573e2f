//! An event as the read models see it: decoded once, with its journal lines, and shared by all of them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::day_close::{DayClose, DayCloseEvent};
use domain::decider::{Decider, StoredEvent};
use domain::entry::{Entry, EntryEvent};
use domain::journal::{self, Posting};
use domain::loan::{Loan, LoanEvent};
use domain::period::{PeriodEvent, Periods};
use domain::product::{Product, ProductEvent};
use event_store::StoredEventRow;
use uuid::Uuid;

/// One event of the log.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) position: i64,
    pub(crate) stream_id: Uuid,
    /// The version that the stream has with it.
    pub(crate) sequence: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) fact: Fact,
    /// The day on which it counts, where it books anything.
    pub(crate) value_date: Option<NaiveDate>,
    /// What it books.
    pub(crate) postings: Vec<Posting>,
}

/// What happened, by the kind of stream that it happened to.
#[derive(Debug)]
pub(crate) enum Fact {
    Loan(Box<LoanEvent>),
    Entry(EntryEvent),
    Product(ProductEvent),
    Period(PeriodEvent),
    DayClose(DayCloseEvent),
    /// An event that this version of the program cannot read.
    Unreadable(Unreadable),
    /// Of a kind of stream that no read model is about.
    Foreign,
}

/// Why an event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored event {position} ({event_type}) cannot be read: {cause}")]
pub(crate) struct Unreadable {
    pub(crate) kind: StreamKind,
    pub(crate) position: i64,
    pub(crate) event_type: String,
    pub(crate) cause: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    Loan,
    Entry,
    Product,
    Periods,
    DayClose,
}

impl StreamKind {
    pub(crate) fn named(stream_type: &str) -> Option<Self> {
        match stream_type {
            Loan::TYPE => Some(Self::Loan),
            Entry::TYPE => Some(Self::Entry),
            Product::TYPE => Some(Self::Product),
            Periods::TYPE => Some(Self::Periods),
            DayClose::TYPE => Some(Self::DayClose),
            _ => None,
        }
    }
}

impl Event {
    pub(crate) fn decode(row: &StoredEventRow) -> Self {
        let (stream_id, fact) = match read(row) {
            Ok(read) => read,
            Err(unreadable) => (Uuid::nil(), Fact::Unreadable(unreadable)),
        };
        let postings = match &fact {
            Fact::Loan(event) => journal::loan_postings(event),
            Fact::Entry(event) => vec![journal::entry_posting(event)],
            Fact::DayClose(event) => journal::day_close_posting(event).into_iter().collect(),
            Fact::Product(_) | Fact::Period(_) | Fact::Unreadable(_) | Fact::Foreign => Vec::new(),
        };
        let value_date = value_date(&fact);
        let (position, sequence, recorded_at) = (row.position, row.sequence, row.recorded_at);
        Self { position, stream_id, sequence, recorded_at, fact, value_date, postings }
    }

    /// The kind of stream that it happened to, if any read model is about such streams.
    pub(crate) fn kind(&self) -> Option<StreamKind> {
        match &self.fact {
            Fact::Loan(_) => Some(StreamKind::Loan),
            Fact::Entry(_) => Some(StreamKind::Entry),
            Fact::Product(_) => Some(StreamKind::Product),
            Fact::Period(_) => Some(StreamKind::Periods),
            Fact::DayClose(_) => Some(StreamKind::DayClose),
            Fact::Unreadable(unreadable) => Some(unreadable.kind),
            Fact::Foreign => None,
        }
    }
}

fn read(row: &StoredEventRow) -> Result<(Uuid, Fact), Unreadable> {
    let Some(kind) = StreamKind::named(&row.aggregate_type) else {
        return Ok((Uuid::nil(), Fact::Foreign));
    };
    let unreadable = |cause: String| Unreadable {
        kind,
        position: row.position,
        event_type: row.event_type.clone(),
        cause,
    };
    let stream_id = Uuid::parse_str(&row.aggregate_id).map_err(|error| unreadable(error.to_string()))?;
    let fact = match kind {
        StreamKind::Loan => {
            LoanEvent::read(&row.event_type, &row.payload).map(|event| Fact::Loan(Box::new(event)))
        }
        StreamKind::Entry => EntryEvent::read(&row.event_type, &row.payload).map(Fact::Entry),
        StreamKind::Product => ProductEvent::read(&row.event_type, &row.payload).map(Fact::Product),
        StreamKind::Periods => PeriodEvent::read(&row.event_type, &row.payload).map(Fact::Period),
        StreamKind::DayClose => DayCloseEvent::read(&row.event_type, &row.payload).map(Fact::DayClose),
    };
    fact.map(|fact| (stream_id, fact)).map_err(|error| unreadable(error.to_string()))
}

/// The day on which a fact counts: what it books in an open period may be of a closed one.
fn value_date(fact: &Fact) -> Option<NaiveDate> {
    match fact {
        Fact::Loan(event) => event.days().map(|(on, _)| on),
        Fact::Entry(EntryEvent::Posted(event)) => Some(event.on),
        Fact::Entry(EntryEvent::Reversed(event)) => Some(event.on),
        Fact::DayClose(event) => Some(event.on()),
        Fact::Product(_) | Fact::Period(_) | Fact::Unreadable(_) | Fact::Foreign => None,
    }
}
