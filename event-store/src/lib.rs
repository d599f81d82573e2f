//! The event log: the only code that writes events, and everything that reads them in order.
//!
//! - [`Log`]: the table, its append path and its feed.
//! - [`LogReader`]: what reads are answered from: a log or a copy of it, with limits.
//! - [`Streams`]: runs commands on the streams of one kind: loads, decides, appends, retries a lost race.
//! - [`Feed`]: events in the order of their positions, for projections and reactions.
//! - [`Lines`]: events as the text that is proven, [`StoredTile`] and [`StoredCheckpoint`]: what proves it.
//! - [`PublicEvent`] and [`Completeness`]: what others receive; [`Received`]: how they prove that nothing is missing.

mod append;
mod appender;
mod attempt;
mod batch;
mod begin;
mod booking_day;
mod borrower;
mod bundle;
mod bundled;
mod cache;
mod claims;
mod copied;
mod derived;
mod draft;
mod execute;
mod feed;
mod idempotency;
mod lines;
mod load;
mod loan_head;
mod lock;
mod log;
mod news;
mod outgoing;
mod past_head;
mod periods;
mod proposals;
mod published;
mod reader;
mod receipt;
mod received;
mod seals;
mod sequences;
mod settle;
mod snapshot;
mod standing;
mod stands_in_the_way;
mod streams_in_order;
mod tail;
mod together;
mod upcast;

pub use append::{AppendError, Claim, Outcome};
pub use begin::begin;
pub use booking_day::{BookingDay, booking_day};
pub use borrower::Borrower;
pub use bundle::Bundle;
pub use derived::{DerivedStreams, KeptStream};
pub use execute::{CommandContext, ExecuteError, Metadata, Streams};
pub use feed::{Feed, StoredEventRow};
pub use idempotency::IdempotencyKey;
pub use lines::{LineHead, Lines, StoredLines};
pub use load::StreamEvent;
pub use loan_head::LoanHead;
pub use lock::LogLock;
pub use log::{Head, Log, LogError};
pub use outgoing::OutgoingEvent;
pub use proposals::Unconcluded;
pub use published::{
    COMPLETENESS_SCHEMA, Completeness, EVENT_SCHEMA, EventDigest, LOG_HEADER, PartitionSum, PublicEvent,
    Range, SCHEMA_HEADER, digest,
};
pub use reader::{LogReader, ReaderLimits};
pub use receipt::{Receipt, RecordedEvent};
pub use received::{Incomplete, Received, ReceivedPartition};
pub use seals::{StoredCheckpoint, StoredTile};
pub use sequences::SequenceGap;
pub use streams_in_order::{StoredStream, StreamsInOrder};
pub use together::Together;
pub use upcast::upcasters;
