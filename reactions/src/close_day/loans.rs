//! The interest of every loan on a day, in the order of the loans' ids: read and derived by threads that give way to
//! whoever takes commands.

use std::num::NonZero;
use std::thread;

use chrono::NaiveDate;
use domain::Currency;
use domain::decider::Decider;
use domain::id::LoanId;
use domain::loan::{Loan, LoanEvent, LoanHistory, Unreceived};
use event_store::{Log, StoredStream, StreamsInOrder};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::CloseDayError;
use crate::priority::spawn_giving_way;

/// So many pages wait for the one who books them.
const AHEAD: usize = 4;

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
}

/// Begins to read; it ends early when the receiver is dropped.
pub(super) fn read(log: Log, wanted: Wanted) -> mpsc::Receiver<Result<Page, CloseDayError>> {
    let (pages, receiver) = mpsc::channel(AHEAD);
    spawn_giving_way("close-day", move || async move {
        let opened = StreamsInOrder::open::<Loan>(&log, wanted.after.map(LoanId::uuid), wanted.position).await;
        let streams = match opened {
            Ok(streams) => streams,
            Err(error) => {
                let _ = pages.send(Err(error.into())).await;
                return;
            }
        };
        let stored = stream::try_unfold(streams, |mut streams| async move {
            let page = streams.next().await?;
            Ok::<_, CloseDayError>(page.map(|page| (page, streams)))
        });
        let helpers = thread::available_parallelism().map_or(1, NonZero::get);
        let derived = stored.map(|page| async move {
            let page = page?;
            let deriving = tokio::task::spawn_blocking(move || derive(&page, wanted.on));
            deriving.await.map_err(|_| CloseDayError::Corrupt)?
        });
        let mut derived = std::pin::pin!(derived.buffered(helpers));
        while let Some(page) = derived.next().await {
            if pages.send(page).await.is_err() {
                return;
            }
        }
    });
    receiver
}

fn derive(streams: &[StoredStream], on: NaiveDate) -> Result<Page, CloseDayError> {
    let mut page = Page { seen: streams.len() as u64, loans: Vec::with_capacity(streams.len()) };
    for stream in streams {
        page.loans.extend(interest(stream, on)?);
    }
    Ok(page)
}

fn interest(stream: &StoredStream, on: NaiveDate) -> Result<Option<LoanInterest>, CloseDayError> {
    let loan = LoanId::new(stream.id);
    let mut history = LoanHistory::default();
    for event in stream.events::<Loan>() {
        let event: LoanEvent = event?;
        Loan::record(&mut history, &event);
    }
    let unreceived =
        history.unreceived(on).map_err(|source| CloseDayError::Underivable { loan, source: Box::new(source) })?;
    let currency = history.terms().map(|terms| terms.currency);
    Ok(unreceived.zip(currency).map(|(unreceived, currency)| LoanInterest { loan, currency, unreceived }))
}
