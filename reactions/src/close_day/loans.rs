//! The interest of every loan on a day, in the order of the loans' ids: read and derived by threads that give way to
//! whoever takes commands. What was derived for days to come is kept, and taken while nothing happens to the loan.
//! The first close of all has nothing to take, and keeps nothing: it reads the log and derives one day.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread;

use chrono::NaiveDate;
use domain::Currency;
use domain::id::LoanId;
use domain::loan::{Loan, LoanFacts, Unreceived};
use event_store::{DerivedStreams, KeptStream, Log, StoredStream, StreamsInOrder};
use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::CloseDayError;
use super::courtesy::{Courtesy, Others};
use super::kept::{KeptInterest, NAME};
use crate::priority::spawn_giving_way;

/// So many pages wait for the one who books them.
const AHEAD: usize = 8;

/// A loan that is disbursed by the day.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoanInterest {
    pub(super) loan: LoanId,
    pub(super) currency: Currency,
    pub(super) unreceived: Unreceived,
}

/// Loans in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// How many were looked at, those included of which there is nothing to say.
    pub(super) seen: u64,
    pub(super) loans: Vec<LoanInterest>,
}

/// Up to where loans are read, and for which day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) on: NaiveDate,
    pub(super) position: i64,
    /// Only loans after it.
    pub(super) after: Option<LoanId>,
    /// Whether no day was closed before.
    pub(super) is_first: bool,
}

/// Begins to read; it ends early when the receiver is dropped.
/// `appended` counts what the close itself appends meanwhile.
pub(super) fn read(
    log: Log,
    wanted: Wanted,
    appended: Arc<AtomicI64>,
) -> mpsc::Receiver<Result<Page, CloseDayError>> {
    let (pages, receiver) = mpsc::channel(AHEAD);
    spawn_giving_way("close-day", move || async move {
        if let Err(error) = send(&log, wanted, appended, &pages).await {
            let _ = pages.send(Err(error)).await;
        }
    });
    receiver
}

async fn send(
    log: &Log,
    wanted: Wanted,
    appended: Arc<AtomicI64>,
    pages: &mpsc::Sender<Result<Page, CloseDayError>>,
) -> Result<(), CloseDayError> {
    let (mut kept, parts) = if wanted.is_first {
        let after = wanted.after.map(LoanId::uuid);
        let read = StreamsInOrder::open::<Loan>(log, after, wanted.position).await?;
        (None, parts_of_all(read).boxed())
    } else {
        let mut kept = DerivedStreams::open::<Loan>(log, NAME, wanted.position).await?;
        let read = DerivedStreams::open::<Loan>(log, NAME, wanted.position).await?;
        kept.refresh().await?;
        (Some(kept), parts(read, wanted).boxed())
    };
    let mut courtesy = Courtesy::begin(Others::begin(log.clone(), appended).await?);
    let helpers = thread::available_parallelism().map_or(1, NonZero::get);
    let derived = parts.map(|part| async move {
        let part = part?;
        let deriving = tokio::task::spawn_blocking(move || part.derive(wanted.on));
        deriving.await.map_err(|_| CloseDayError::Corrupt)?
    });
    // One more is read while they derive.
    let mut derived = std::pin::pin!(derived.buffered(helpers + 1));
    while let Some(part) = derived.next().await {
        let Derived { page, to_keep } = part?;
        if let Some(kept) = &mut kept {
            kept.keep(to_keep).await?;
        }
        if pages.send(Ok(page)).await.is_err() {
            return Ok(());
        }
        courtesy.rest().await?;
    }
    Ok(())
}

/// Some loans, with the events of those of which nothing is kept for the day.
struct Part {
    kept: Vec<(Uuid, Option<KeptInterest>)>,
    streams: Vec<StoredStream>,
    /// Whether what days to come are derived for is of use.
    looks_ahead: bool,
}

/// What came of it, and what is to be kept.
struct Derived {
    page: Page,
    to_keep: Vec<(Uuid, String)>,
}

fn parts(read: DerivedStreams, wanted: Wanted) -> impl Stream<Item = Result<Part, CloseDayError>> {
    let Wanted { on, after, .. } = wanted;
    stream::try_unfold((read, after.map(LoanId::uuid)), move |(mut read, after)| async move {
        let page = read.next(after).await?;
        let Some(last) = page.last().map(|last| last.id) else { return Ok(None) };
        let kept: Vec<_> = page.iter().map(interpret).collect();
        let is_open = |kept: &Option<KeptInterest>| kept.as_ref().and_then(|kept| kept.on(on)).is_none();
        let open: Vec<Uuid> = kept.iter().filter(|(_, kept)| is_open(kept)).map(|(id, _)| *id).collect();
        let streams = if open.is_empty() { Vec::new() } else { read.streams(&open).await? };
        Ok(Some((Part { kept, streams, looks_ahead: true }, (read, Some(last)))))
    })
}

/// Every loan with its events.
fn parts_of_all(read: StreamsInOrder) -> impl Stream<Item = Result<Part, CloseDayError>> {
    stream::try_unfold(read, |mut read| async move {
        let Some(streams) = read.next().await? else { return Ok(None) };
        let kept = streams.iter().map(|stream| (stream.id, None)).collect();
        Ok(Some((Part { kept, streams, looks_ahead: false }, read)))
    })
}

/// A value that cannot be read is no loss: it is derived again.
fn interpret(stream: &KeptStream) -> (Uuid, Option<KeptInterest>) {
    (stream.id, stream.value.as_deref().and_then(KeptInterest::read))
}

impl Part {
    fn derive(self, on: NaiveDate) -> Result<Derived, CloseDayError> {
        let seen = self.kept.len();
        let mut page = Page { seen: seen as u64, loans: Vec::with_capacity(seen) };
        let mut to_keep = Vec::with_capacity(self.streams.len());
        let mut streams = self.streams.into_iter().peekable();
        for (id, kept) in self.kept {
            let (loan, found) = (LoanId::new(id), kept.as_ref().and_then(|kept| kept.on(on)));
            let found = match found {
                Some(found) => Some(found),
                None => match streams.next_if(|stream| stream.id == id) {
                    Some(stream) => {
                        let derived = interest(&stream, kept.as_ref(), on, self.looks_ahead)?;
                        let ahead = derived.as_ref().filter(|derived| derived.is_ahead());
                        to_keep.extend(ahead.map(|ahead| (id, ahead.text())));
                        derived.and_then(|derived| derived.on(on))
                    }
                    None => None,
                },
            };
            page.loans.extend(found.map(|(currency, unreceived)| LoanInterest {
                loan,
                currency,
                unreceived,
            }));
        }
        Ok(Derived { page, to_keep })
    }
}

fn interest(
    stream: &StoredStream,
    kept: Option<&KeptInterest>,
    on: NaiveDate,
    looks_ahead: bool,
) -> Result<Option<KeptInterest>, CloseDayError> {
    let mut facts = LoanFacts::default();
    stream.read_each::<Loan>(|event_type, payload| facts.record_stored(event_type, payload))?;
    let loan = LoanId::new(stream.id);
    let quiet_days = facts.last_on().map_or(0, |last_on| (on - last_on).num_days());
    let days = if looks_ahead { KeptInterest::days_after(kept, quiet_days, stream.id) } else { 1 };
    let ahead = facts.unreceived_ahead(on, days);
    let ahead = ahead.map_err(|source| CloseDayError::Underivable { loan, source: Box::new(source) })?;
    let currency = facts.terms().map(|terms| terms.currency);
    let Some((ahead, currency)) = ahead.zip(currency) else { return Ok(None) };
    let kept = KeptInterest::of(on, currency, &ahead);
    kept.map(Some).ok_or(CloseDayError::Corrupt)
}
