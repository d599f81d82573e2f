//! An event as the read models see it: decoded once, with its journal lines, and shared by all of them.

use std::panic::catch_unwind;

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::DomainEvent;
use domain::day_close::{DayClose, DayCloseEvent};
use domain::decider::{Decider, StoredEvent};
use domain::entry::{Entry, EntryEvent};
use domain::journal::{self, Posting};
use domain::loan::{Loan, LoanEvent};
use domain::period::{PeriodEvent, Periods};
use domain::product::{Product, ProductEvent};
use domain::proposal::{Proposal, ProposalEvent};
use domain::staff::{Staff, StaffEvent};
use event_store::StoredEventRow;
use uuid::Uuid;

use crate::parking::aside::StreamKey;
use crate::parking::refusal::panic_text;

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
    Staff(StaffEvent),
    Proposal(ProposalEvent),
    /// An event that this version of the program cannot read.
    Unreadable(Unreadable),
    /// Of a kind of stream that no read model is about.
    Foreign,
}

/// Why an event cannot be read, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored event {position} ({event_type}) cannot be read: {cause}")]
pub(crate) struct Unreadable {
    pub(crate) kind: StreamKind,
    pub(crate) stream_id: String,
    pub(crate) position: i64,
    pub(crate) event_type: String,
    pub(crate) cause: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StreamKind {
    Loan,
    Entry,
    Product,
    Periods,
    DayClose,
    Staff,
    Proposal,
}

impl StreamKind {
    pub(crate) fn named(stream_type: &str) -> Option<Self> {
        match stream_type {
            Loan::TYPE => Some(Self::Loan),
            Entry::TYPE => Some(Self::Entry),
            Product::TYPE => Some(Self::Product),
            Periods::TYPE => Some(Self::Periods),
            DayClose::TYPE => Some(Self::DayClose),
            Staff::TYPE => Some(Self::Staff),
            Proposal::TYPE => Some(Self::Proposal),
            _ => None,
        }
    }

    /// As the log calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Loan => Loan::TYPE,
            Self::Entry => Entry::TYPE,
            Self::Product => Product::TYPE,
            Self::Periods => Periods::TYPE,
            Self::DayClose => DayClose::TYPE,
            Self::Staff => Staff::TYPE,
            Self::Proposal => Proposal::TYPE,
        }
    }
}

impl Event {
    /// Reads what a feed brought up to the current version of its type, or an event as it is stored. What this version
    /// of the program cannot read it says, however it fails.
    pub(crate) fn decode(row: &StoredEventRow) -> Self {
        let Some(kind) = StreamKind::named(&row.aggregate_type) else {
            return Self::of(row, Uuid::nil(), Fact::Foreign);
        };
        let read = catch_unwind(|| read(kind, row)).unwrap_or_else(|panic| Err(panic_text(&*panic)));
        read.unwrap_or_else(|cause| {
            let (stream_id, event_type) = (row.aggregate_id.clone(), row.event_type.clone());
            let unreadable = Unreadable { kind, stream_id, position: row.position, event_type, cause };
            Self::of(row, Uuid::nil(), Fact::Unreadable(unreadable))
        })
    }

    fn of(row: &StoredEventRow, stream_id: Uuid, fact: Fact) -> Self {
        let postings = match &fact {
            Fact::Loan(event) => journal::loan_postings(event),
            Fact::Entry(event) => vec![journal::entry_posting(event)],
            Fact::DayClose(event) => journal::day_close_posting(event).into_iter().collect(),
            Fact::Product(_)
            | Fact::Period(_)
            | Fact::Staff(_)
            | Fact::Proposal(_)
            | Fact::Unreadable(_)
            | Fact::Foreign => Vec::new(),
        };
        let value_date = value_date(&fact);
        let (position, sequence, recorded_at) = (row.position, row.sequence, row.recorded_at);
        Self { position, stream_id, sequence, recorded_at, fact, value_date, postings }
    }

    /// The stream that it happened to.
    ///
    /// # Panics
    /// If it is of a kind that no read model is about.
    pub(crate) fn stream(&self) -> StreamKey {
        let kind = self.kind().expect("only events of known kinds are asked");
        let id = match &self.fact {
            Fact::Unreadable(unreadable) => unreadable.stream_id.clone(),
            _ => self.stream_id.to_string(),
        };
        StreamKey { kind, id }
    }

    /// Its type, as the log calls it.
    pub(crate) fn event_type(&self) -> String {
        match &self.fact {
            Fact::Loan(event) => event.event_type(),
            Fact::Entry(event) => event.event_type(),
            Fact::Product(event) => event.event_type(),
            Fact::Period(event) => event.event_type(),
            Fact::DayClose(event) => event.event_type(),
            Fact::Staff(event) => event.event_type(),
            Fact::Proposal(event) => event.event_type(),
            Fact::Unreadable(unreadable) => unreadable.event_type.clone(),
            Fact::Foreign => String::new(),
        }
    }

    /// The kind of stream that it happened to, if any read model is about such streams.
    pub(crate) fn kind(&self) -> Option<StreamKind> {
        match &self.fact {
            Fact::Loan(_) => Some(StreamKind::Loan),
            Fact::Entry(_) => Some(StreamKind::Entry),
            Fact::Product(_) => Some(StreamKind::Product),
            Fact::Period(_) => Some(StreamKind::Periods),
            Fact::DayClose(_) => Some(StreamKind::DayClose),
            Fact::Staff(_) => Some(StreamKind::Staff),
            Fact::Proposal(_) => Some(StreamKind::Proposal),
            Fact::Unreadable(unreadable) => Some(unreadable.kind),
            Fact::Foreign => None,
        }
    }
}

fn read(kind: StreamKind, row: &StoredEventRow) -> Result<Event, String> {
    let stream_id = Uuid::parse_str(&row.aggregate_id).map_err(|error| error.to_string())?;
    let payload = row.current_payload().map_err(|error| error.to_string())?;
    let fact = match kind {
        StreamKind::Loan => {
            LoanEvent::read(&row.event_type, &payload).map(|event| Fact::Loan(Box::new(event)))
        }
        StreamKind::Entry => EntryEvent::read(&row.event_type, &payload).map(Fact::Entry),
        StreamKind::Product => ProductEvent::read(&row.event_type, &payload).map(Fact::Product),
        StreamKind::Periods => PeriodEvent::read(&row.event_type, &payload).map(Fact::Period),
        StreamKind::DayClose => DayCloseEvent::read(&row.event_type, &payload).map(Fact::DayClose),
        StreamKind::Staff => StaffEvent::read(&row.event_type, &payload).map(Fact::Staff),
        StreamKind::Proposal => ProposalEvent::read(&row.event_type, &payload).map(Fact::Proposal),
    };
    fact.map(|fact| Event::of(row, stream_id, fact)).map_err(|error| error.to_string())
}

/// The day on which a fact counts: what it books in an open period may be of a closed one.
fn value_date(fact: &Fact) -> Option<NaiveDate> {
    match fact {
        Fact::Loan(event) => event.days().map(|(on, _)| on),
        Fact::Entry(EntryEvent::Posted(event)) => Some(event.on),
        Fact::Entry(EntryEvent::Reversed(event)) => Some(event.on),
        Fact::DayClose(event) => Some(event.on()),
        Fact::Product(_)
        | Fact::Period(_)
        | Fact::Staff(_)
        | Fact::Proposal(_)
        | Fact::Unreadable(_)
        | Fact::Foreign => None,
    }
}
